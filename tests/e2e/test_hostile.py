"""Hostile files through the whole intake, some of them; all: ``python -m tests.bench.hostile DIR...``."""

from tests.bench.hostile import run
from tests.data import shared


def test_every_hostile_file_is_filed_or_refused_with_a_reason() -> None:
    result = run([shared("pdf_bad"), shared("image_formats")], every=24, page_seconds=20)
    assert {name: result[name] for name in ("crashed", "hung", "unaccounted")} == {
        "crashed": [],
        "hung": 0,
        "unaccounted": [],
    }
    refused = sum(result["refused"].values())
    assert result["filed"] + result["blank"] + refused == result["files"] >= 20
    assert refused >= 5
    assert result["filed"] >= 5
    assert result["peak_rss_mb"] < 3000
