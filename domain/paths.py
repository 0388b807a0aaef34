"""Paths as people read them."""

import os
from pathlib import Path


def readable(path: Path | str) -> str:
    r"""The path as text that any database and terminal takes; stray bytes and controls as ``\xNN``."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in text)
