"""Finds the real documents to test against, which are never part of this repository."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def shared(path: str) -> Path:
    """A file or folder of the shared data; skips the test, saying so, where it is missing."""
    found = SHARED / path
    if not found.exists():
        pytest.skip(f"no {found}: the shared documents are not on this machine")
    return found
