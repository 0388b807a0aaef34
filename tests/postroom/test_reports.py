"""``postroom report``: for the owner, and for users as far as they may see."""

from pathlib import Path

import pytest
import time_machine

from tests.typed import asked, refused, run


@pytest.fixture
def home(home: Path) -> Path:
    with time_machine.travel("2026-03-02T09:00:00Z", tick=False) as clock:
        for name in ("works", "legal"):
            asked(home, "department", "add", name)
        asked(home, "user", "add", "ben", "--role", "case handler@works")
        for department in ("works", "legal"):
            asked(home, "entry", "new", "--subject", "Noise", "--sender", "Ada", "--department", department)
        clock.shift(7200)
        asked(home, "entry", "move", "IN-2026-000001-7", "in progress")
        clock.shift(3600)
        asked(home, "entry", "close", "IN-2026-000001-7")
    return home


def test_the_report(home: Path) -> None:
    with time_machine.travel("2026-03-02T15:00:00Z", tick=False):
        told = asked(home, "report", "bottlenecks", "--elapsed")
        open_ = {"open": 1, "open_longest_seconds": 21600.0, "oldest": "IN-2026-000002-5"}
        none = {"open": 0, "open_longest_seconds": None, "oldest": ""}
        one = {"count": 1, "median_seconds": 7200.0, "p90_seconds": 7200.0}
        at_once = {"count": 2, "median_seconds": 0.0, "p90_seconds": 0.0}
        hour = {"count": 1, "median_seconds": 3600.0, "p90_seconds": 3600.0}
        assert told == {
            "by": "state",
            "since": None,
            "until": "2026-03-02T15:00:00+00:00",
            "time": "elapsed",
            "stays": [
                {"name": "assigned", **one, "total_seconds": 28800.0, **open_},
                {"name": "in progress", **hour, "total_seconds": 3600.0, **none},
                {"name": "registered", **at_once, "total_seconds": 0.0, **none},
            ],
        }
        seen = asked(home, "report", "bottlenecks", "--by", "department", "--as", "ben")["stays"]
        assert [(one["name"], one["count"], one["open"]) for one in seen] == [("works", 1, 0)]
        opened = asked(home, "report", "bottlenecks")  # until five, and only on weekdays
        assert (opened["time"], opened["stays"][0]["open_longest_seconds"]) == ("working", 21600.0)
        page = run(home, "report", "bottlenecks", "--by", "department", "--elapsed").output
        assert "Where entries stay, in elapsed time" in page
        assert "6.0 h" in page
        before = asked(home, "report", "bottlenecks", "--since", "2026-02-01", "--until", "2026-03-01")
        assert (before["stays"], before["until"]) == ([], "2026-03-02T00:00:00+00:00")
        assert "No entry stayed" in run(home, "report", "bottlenecks", "--until", "2026-03-01").output


def test_nights_are_nobodys_delay(home: Path) -> None:
    with time_machine.travel("2026-03-04T09:00:00Z", tick=False):
        for words, hours in (((), 16), (("--elapsed",), 48)):
            told = asked(home, "report", "bottlenecks", *words)["stays"][0]
            assert told["open_longest_seconds"] == hours * 3600.0


def test_what_cannot_be_asked_for(home: Path) -> None:
    for words, why in (
        (("--by", "colour"), "--by is 'colour': say state, department, person, class"),
        (("--since", "soon"), "--since is 'soon': give a day, such as 2026-03-31"),
        (
            ("--since", "2026-03-02", "--until", "2026-03-01"),
            "since is 2026-03-02, which is not before 2026-03-01",
        ),
    ):
        assert why in refused(home, "report", "bottlenecks", *words)
