"""Labels that were printed, and those whose paper was never scanned."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.errors import Forbidden, Missing, Usage
from domain.office import Department, Post, Printed, Role, User
from register import decisions, printing, ranges, views
from register.entries import strike
from tests.register.filings import AT, file_one, open_batch
from tests.register.officers import ACT, ZONE, decide, enter, who

pytestmark = pytest.mark.usefixtures("register")
LATER = AT + timedelta(days=10)


def waiting(*asked: Any) -> list[tuple[str, int, str | None]]:
    found = printing.waiting(*asked) if asked else printing.waiting(None, LATER)
    return [(one["number"], one["days"], one["range"]) for one in found]


def test_what_was_printed_and_never_scanned() -> None:
    made = ranges.reserve("IN", 5, ACT, zone=ZONE, place="counter 2", printed=True)
    by_hand = enter(replace(ACT, at=AT + timedelta(days=2)), number=made.number(2))
    scanned = file_one(open_batch(), 0, ((0, 1),), barcode=made.number(3), reserved=made.number(3))
    void = enter(number=made.number(4))
    strike(void.number, replace(ACT, reason="torn"))
    after = enter()
    printing.note(
        [after.number.lower(), scanned.entry.number], replace(ACT, at=AT + timedelta(days=4)), "zpl"
    )
    assert printing.waiting(None, LATER)[1] == {
        "number": by_hand.number, "printed_at": AT.isoformat(), "range": "IN-2026:1-5", "place": "counter 2",
        "subject": "Noise", "days": 10,
    }  # fmt: skip
    assert waiting() == [
        (made.number(1), 10, "IN-2026:1-5"),
        (by_hand.number, 10, "IN-2026:1-5"),
        (made.number(5), 10, "IN-2026:1-5"),
        (after.number, 6, None),
    ]
    assert waiting(None, LATER, 7) == waiting()[:3]
    shown = views.show(scanned.entry.number)["history"][-1]
    assert (shown["kind"], shown["content"]) == ("label printed", {"form": "zpl", "reason": ""})
    file_one(open_batch("more"), 0, ((0, 1),), barcode=after.number, attach_to=after.number)
    assert waiting() == waiting(None, LATER, 7)


def test_labels_of_reserved_numbers_are_noted_with_the_range() -> None:
    made = ranges.reserve("IN", 5, ACT, zone=ZONE)
    assert waiting() == []
    wanted = [made.number(one) for one in (5, 1, 2, 1)]
    assert printing.note(wanted, ACT, "sheet L7160") == wanted[:3]
    (kept,) = decisions.office().ranges.values()
    assert kept.printed == (Printed(1, 2, AT), Printed(5, 5, AT))
    assert [number for number, _, _ in waiting()] == [made.number(one) for one in (1, 2, 5)]


def test_what_cannot_be_printed_leaves_nothing() -> None:
    number = enter().number
    for other, error, problem in (
        ("x", Usage, "'X' is no register number"),
        ("IN-2026-000001-8", Usage, "would have to be 7"),
        ("IN-2026-000002-5", Missing, "There is no entry IN-2026-000002-5"),
    ):
        with pytest.raises(error, match=problem):
            printing.note([number, other], ACT, "zpl")
    assert waiting() == []
    strike(number, replace(ACT, reason="twice"))
    with pytest.raises(Usage, match="is void: twice"):
        printing.note([number], ACT, "zpl")


def test_who_sees_what_waits() -> None:
    decide(Department("works"), Department("legal"))
    ann = User("ann", posts=(Post(Role.REGISTRAR, "works"),))
    decide(ann, User("cai", posts=(Post(Role.CASE_HANDLER, "works"),)))
    works = ranges.reserve("IN", 1, ACT, zone=ZONE, department="works", printed=True)
    legal = ranges.reserve("IN", 1, ACT, zone=ZONE, department="legal", printed=True)
    mine, other = enter(department="works"), enter(department="legal")
    printing.note([mine.number, other.number], ACT, "zpl")
    everything = [works.number(1), legal.number(2), mine.number, other.number]
    assert sorted(one["number"] for one in printing.waiting(None, AT)) == sorted(everything)
    assert [one["number"] for one in printing.waiting(who("ann").rights, AT)] == [
        works.number(1),
        mine.number,
    ]
    assert [one["number"] for one in printing.waiting(who("cai").rights, AT)] == [mine.number]
    with pytest.raises(Forbidden):
        printing.note([mine.number], who("cai"), "zpl")
    with pytest.raises(Missing):
        printing.note([other.number], who("ann"), "zpl")
