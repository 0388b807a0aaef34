from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from flows import filing
from infra.settings import load_settings


def test_no_batch_depends_on_finding_the_packages_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Amid other threads' imports ``version`` was seen to miss one that is there."""

    def lost(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(filing, "version", lost)
    told = filing._tools.__wrapped__(load_settings(tmp_path).capture.tessdata)
    assert {"tesseract", "postroom", "ocrmypdf", "img2pdf"} <= set(told)
    assert all(told.values())
