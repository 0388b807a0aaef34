"""Hostile files through the whole intake, some of them; all: ``postroom bench hostile DIR...``."""

from tests.bench.hostile import run, well
from tests.data import shared


def test_every_hostile_file_is_filed_or_refused_with_a_reason() -> None:
    folders = [shared("pdf_bad"), shared("image_formats"), shared("mail")]
    result = run(folders, every=80, page_seconds=8, sparse=1 << 26)
    faults = ("faults", "hung", "unaccounted", "unexpected")
    assert {name: result[name] for name in faults} == {
        "faults": [],
        "hung": 0,
        "unaccounted": [],
        "unexpected": [],
    }
    assert well(result)
    refused = sum(result["refused"].values())
    assert result["filed"] + result["blank"] + refused == result["files"] >= 40
    assert result["peak_rss_mb"] < 3000
