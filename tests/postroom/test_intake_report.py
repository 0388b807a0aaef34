"""What an intake tells people."""

from typing import Any

import pytest

from postroom.intaking import print_report


def entry(number: str, **changes: Any) -> dict[str, Any]:
    return {
        "number": number,
        "class": None,
        "guess": "receipt",
        "probability": 0.998,
        "why": "unlike anything seen of its class",
        "pages": 1,
        "language": "en",
        "source": "/drop/small/a.tif",
        "page_range": [1, 1],
        **changes,
    }


def test_what_goes_to_a_person_is_told_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    entries = [
        entry("A-1", **{"class": "letter", "guess": "letter", "probability": 0.97, "why": None}),
        entry("A-2"),
        entry("A-3"),
        entry("A-4", why=None),
    ]
    parts = ("refused", "duplicates", "alarms", "failed", "held", "unfinished", "stopped")
    counts = {"batches": 1, "pages": 4, "seconds": 1.0, "fates": {"document": 4}}
    print_report({**counts, "entries": entries, **{name: [] for name in parts}})
    said = capsys.readouterr().out
    told = " ".join(said.split())
    assert "3 to review (postroom review list): 2 unlike anything seen of its class, 1 no class" in told
    assert "97%" in said
    assert "100%" not in said  # of a guess that nobody should trust


def test_nobody_is_asked_for_what_was_filed_by_machine(capsys: pytest.CaptureFixture[str]) -> None:
    parts = ("refused", "duplicates", "alarms", "failed", "held", "unfinished", "stopped")
    counts = {"batches": 1, "pages": 1, "seconds": 1.0, "fates": {"document": 1}}
    print_report({**counts, "entries": [entry("A-1", **{"class": "letter"})], **{one: [] for one in parts}})
    assert "to review" not in capsys.readouterr().out
