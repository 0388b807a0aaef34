"""Reading processes work on pages alone: they never get to the database."""

import sys

from capture.pool import Pool
from capture.settings import CaptureSettings
from capture.tools.tesseract import find_tessdata


def loaded() -> list[str]:
    """What this process has imported of the register and its database."""
    import flows.children  # noqa: F401

    heads = ("django", "register", "psycopg", "sqlite3")
    return sorted({name.split(".")[0] for name in sys.modules} & set(heads))


def test_reading_processes_know_no_database() -> None:
    with Pool(1, CaptureSettings(tessdata=find_tessdata())) as pool:
        assert pool.run(loaded).result() == []
