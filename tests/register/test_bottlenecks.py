"""How long entries stay where, told by their history alone."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from domain.correspondence import Confidentiality, Details, Direction, saying
from domain.office import Department, Post, Role, User
from domain.states import States
from register import entries, holding
from register.acts import Act
from register.bottlenecks import By, bottlenecks
from tests.register.filings import file_one, open_batch
from tests.register.officers import LETTER, ZONE, decide, rights

DAY = datetime(2026, 3, 2, 8, tzinfo=UTC)  # a Monday
END = DAY + timedelta(hours=100)


def at(hours: float, reason: str = "") -> Act:
    return Act("eva", DAY + timedelta(hours=hours), reason)


def enter(hours: float, details: Details = LETTER, **more: Any) -> str:
    act = at(hours)
    return entries.enter(Direction.INCOMING, details, act, zone=ZONE, **more).number


def row(name: str, ended: list[float], open_: list[float], oldest: str = "") -> dict[str, Any]:
    """Of stays in hours."""
    seconds = sorted(3600 * one for one in ended)
    longest = max(open_) * 3600 if open_ else None
    return {
        "name": name,
        "count": len(ended),
        "median_seconds": seconds[(len(seconds) + 1) // 2 - 1] if ended else None,
        "p90_seconds": seconds[-(-len(seconds) * 9 // 10) - 1] if ended else None,
        "total_seconds": 3600 * (sum(ended) + sum(open_)),
        "open": len(open_),
        "open_longest_seconds": longest,
        "oldest": oldest,
    }


@pytest.fixture
def morning(register: Path) -> tuple[str, str, str]:
    """Three letters: one goes its way to the end, one is open, one is void."""
    decide(Department("works"), Department("legal"), User("ben", posts=(Post(Role.CASE_HANDLER, "works"),)))
    first = enter(0, Details(subject="Noise", senders=("Ada",), label="letter"))
    second = enter(1)
    third = enter(1)
    holding.assign(first, at(4), department="works")
    holding.assign(first, at(6), department="works", person="ben")
    entries.move(first, "in progress", at(7))
    holding.give_back(first, at(9, "not mine"))
    entries.move(first, "closed", at(20))
    holding.assign(second, at(3), department="legal")
    entries.amend(second, partial(saying, {"subject": "More noise"}), at(5), zone=ZONE)
    entries.strike(third, at(2, "typed twice"))
    return first, second, third


def asked(by: By, **more: Any) -> list[dict[str, Any]]:
    return bottlenecks(by, since=more.pop("since", None), until=more.pop("until", END), **more)


def test_time_in_each_state(morning: tuple[str, str, str]) -> None:
    _, second, _ = morning
    # Of the first, what "given back" made of its state counts as it says.
    assert asked(By.STATE) == [
        row("assigned", [3, 11], [97], second),
        row("registered", [4, 2, 1], []),
        row("in progress", [2], []),
    ]


def test_time_with_each_holder(morning: tuple[str, str, str]) -> None:
    _, second, _ = morning
    assert asked(By.DEPARTMENT) == [
        row("legal", [], [97], second),
        row("works", [16], []),
        row("", [4, 2, 1], []),
    ]
    assert asked(By.PERSON) == [row("ben", [3], [])]


def test_time_by_class_is_from_beginning_to_end(morning: tuple[str, str, str]) -> None:
    _, second, _ = morning
    assert asked(By.CLASS) == [row("", [1], [99], second), row("letter", [20], [])]


def test_only_stays_of_the_time_asked_for_count(morning: tuple[str, str, str]) -> None:
    first, second, _ = morning
    late = asked(By.STATE, since=DAY + timedelta(hours=4))
    assert late == [
        row("assigned", [3, 11], [97], second),
        row("registered", [4], []),
        row("in progress", [2], []),
    ]
    then = asked(By.DEPARTMENT, until=DAY + timedelta(hours=5))
    assert then == [
        row("", [4, 2, 1], []), row("legal", [], [2], second), row("works", [], [1], first),
    ]  # fmt: skip


def test_nobody_is_told_of_entries_that_they_may_not_see(morning: tuple[str, str, str]) -> None:
    enter(
        50, Details(subject="S", senders=("Ada",), confidentiality=Confidentiality.SECRET), department="works"
    )
    seen = asked(By.DEPARTMENT, rights=rights("ben", END.date()))
    assert seen == [row("works", [16], []), row("", [4], [])]
    assert asked(By.DEPARTMENT)[1] == row("works", [16], [50], "IN-2026-000004-1")


def test_work_is_what_the_office_counts(morning: tuple[str, str, str]) -> None:
    def a_tenth(begin: datetime, end: datetime) -> float:
        return (end - begin).total_seconds() / 10

    assert asked(By.PERSON, worked=a_tenth) == [row("ben", [0.3], [])]


def test_a_class_has_ends_of_its_own(register: Path) -> None:
    states = States({"invoice": {Direction.INCOMING: {"new": ("paid",), "paid": ()}}})
    bill = Details(subject="Bill", senders=("Ada",), label="invoice")
    number = entries.enter(Direction.INCOMING, bill, at(0), zone=ZONE, office=states).number
    entries.move(number, "paid", at(5), office=states)
    assert asked(By.STATE, office=states) == [row("new", [5], [])]


def test_what_was_scanned_counts_alike(register: Path) -> None:
    document = file_one(open_batch(), 0, ((0, 1),), department="works")
    number = document.entry.number
    begun = document.entry.events.get().at
    entries.move(number, "in progress", Act("eva", begun + timedelta(hours=2)))
    end = begun + timedelta(hours=3)
    told = bottlenecks(By.STATE, since=None, until=end)
    assert told == [row("registered", [2], []), row("in progress", [], [1], number)]
    assert bottlenecks(By.CLASS, since=None, until=end) == [row("letter", [], [3], number)]
    assert bottlenecks(By.DEPARTMENT, since=None, until=end) == [row("works", [], [3], number)]
