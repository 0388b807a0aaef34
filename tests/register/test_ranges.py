"""Numbers reserved ahead: taken together, used once, or made void; never a gap."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.correspondence import Direction
from domain.errors import Forbidden, Missing, Stale, Usage
from domain.numbers import DEFAULT
from domain.office import Department, NumberRange, Post, Role, User
from domain.states import USUAL
from register import account, decisions, numbering, printing, ranges, views
from register.entries import amend, locked, move, strike
from register.models import Entry
from register.relations import relate
from register.session import borrowed, write
from tests.register.filings import AT, file_one, open_batch
from tests.register.officers import ACT, LETTER, ZONE, decide, enter, who

pytestmark = pytest.mark.usefixtures("register")
SLASHED = "{year}/{register}/{sequence}-{check}"


def reserve(count: int = 3, act: Any = ACT, **more: Any) -> NumberRange:
    return ranges.reserve("IN", count, act, zone=ZONE, **more)


def test_reserved_numbers_are_taken_together_and_no_gap() -> None:
    first, made, after = enter(), reserve(place="counter 2"), enter()
    assert made == NumberRange(
        "IN-2026:2-4", "IN", 2026, 2, 4, "counter 2", DEFAULT, "", AT, ()
    )  # fmt: skip
    assert (first.sequence, after.sequence) == (1, 5)
    assert list(account.number_gaps()) == []
    later = AT + timedelta(days=3, hours=2)
    assert ranges.listed(None, later) == [
        {
            "range": "IN-2026:2-4", "register": "IN", "year": 2026, "first": "IN-2026-000002-5",
            "last": "IN-2026-000004-1", "place": "counter 2", "department": None,
            "reserved_at": AT.isoformat(), "days": 3, "reserved": 3, "used": 0, "void": 0, "open": 3,
            "open_numbers": ["IN-2026-000002-5", "IN-2026-000003-3", "IN-2026-000004-1"],
        }
    ]  # fmt: skip


def test_a_reserved_number_is_used_once_with_the_time_it_was_received_there() -> None:
    reserve()
    at = AT - timedelta(days=1)
    made = enter(number="IN-2026-000002-5", received_at=at)
    assert (made.number, made.sequence, made.received_at, made.status) == (
        "IN-2026-000002-5", 2, at, "registered",
    )  # fmt: skip
    shown = views.show(made.number)["history"]
    assert [(one["kind"], one["content"]["reserved"]) for one in shown] == [("entered", "IN-2026:1-3")]
    with pytest.raises(Stale, match=r"IN-2026-000002-5 is used already: entered by eva at 2026-03-04"):
        enter(number="IN-2026-000002-5")
    (line,) = ranges.listed(None, AT)
    assert (line["used"], line["open_numbers"]) == (1, ["IN-2026-000001-7", "IN-2026-000003-3"])


@pytest.mark.parametrize(
    ("more", "error", "problem"),
    [
        ({"number": "IN-2026-000002-6"}, Usage,
         "the check digit of IN-2026-000002-6 is 6 and would have to be 5: IN-2026-000002-5"),
        ({"number": "12"}, Usage, "number is '12': write it as on its label, such as IN-2026-000123-7"),
        ({"number": "IN-2026-000004-1"}, Missing, "IN-2026-000004-1 was not reserved"),
        ({"number": "IN-2026-000002-5", "register": "OUT"}, Usage,
         "register is OUT, but IN-2026-000002-5 is of IN"),
        ({"number": "IN-2026-000002-5", "received_at": datetime(2025, 12, 31, 23, tzinfo=UTC)}, Usage,
         "received_at lies in 2025, before the year of IN-2026-000002-5"),
    ],
)  # fmt: skip
def test_what_is_no_reserved_number(more: dict[str, Any], error: type[Usage], problem: str) -> None:
    reserve()
    with pytest.raises(error) as told:
        enter(**more)
    assert problem in str(told.value)
    assert Entry.objects.count() == 0


def test_what_cannot_be_reserved() -> None:
    for count, more, problem in (
        (0, {}, "count is 0: reserve 1 to 5000 numbers"),
        (5001, {}, "count is 5001"),
        (1, {"year": 2025}, "year is 2025: numbers are reserved for 2026, or for 2027"),
    ):
        with pytest.raises(Usage, match=problem):
            reserve(count, **more)
    with pytest.raises(Usage, match="register is 'in'"):
        ranges.reserve("in", 1, ACT, zone=ZONE)
    decide(Department("works"))
    with pytest.raises(Usage, match="There is no department 'nowhere'"):
        reserve(department="nowhere")
    assert enter().sequence == 1
    assert reserve(year=2027).number(1) == "IN-2027-000001-9"


def test_the_rest_becomes_void_with_the_reason() -> None:
    reserve()
    enter(number="IN-2026-000002-5")
    with pytest.raises(Usage, match="Say why the rest of IN-2026:1-3 is to be void"):
        ranges.void_rest("IN-2026:1-3", ACT)
    why = replace(ACT, reason="the counter closed")
    assert ranges.void_rest("IN-2026:1-3", why) == ["IN-2026-000001-7", "IN-2026-000003-3"]
    shown = views.show("IN-2026-000001-7")
    assert (shown["void_reason"], [one["kind"] for one in shown["history"]]) == (
        "the counter closed",
        ["reserved", "voided"],
    )
    assert ranges.listed(None, AT) == []
    (line,) = ranges.listed(None, AT, every=True)
    assert (line["used"], line["void"], line["open"]) == (1, 2, 0)
    assert list(account.number_gaps()) == []
    with pytest.raises(Usage, match="No number of IN-2026:1-3 is open"):
        ranges.void_rest("IN-2026:1-3", why)
    with pytest.raises(Stale, match=r"IN-2026-000001-7 is used already: reserved by eva"):
        enter(number="IN-2026-000001-7")


def test_numbers_that_are_lost_are_a_gap_though_others_are_reserved() -> None:
    reserve()
    enter()
    with write():
        from register.numbers import take_next

        take_next("IN", 2026)
    assert list(account.number_gaps()) == [{"register": "IN", "year": 2026, "last": 5, "missing": [5]}]


def together(count: int, do: Callable[[int], Any]) -> list[Any]:
    ready = threading.Barrier(count)

    def one(at: int) -> Any:
        with borrowed():
            ready.wait()
            try:
                return do(at)
            except Usage as error:
                return error

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count)))


def test_of_many_who_use_a_number_one_gets_it() -> None:
    reserve()
    done = together(6, lambda at: enter(replace(ACT, actor=f"p{at}"), number="IN-2026-000002-5"))
    assert sum(isinstance(one, Entry) for one in done) == 1
    assert all("is used already: entered by p" in str(one) for one in done if not isinstance(one, Entry))
    assert Entry.objects.get().number == "IN-2026-000002-5"


def test_many_who_reserve_at_once_get_numbers_of_their_own() -> None:
    made = together(6, lambda at: reserve(5, place=f"counter {at}"))
    assert sorted(number for one in made for number in range(one.first, one.last + 1)) == list(range(1, 31))
    assert list(account.number_gaps()) == []
    assert list(decisions.breaks()) == []


def test_who_may_reserve_and_use() -> None:
    decide(Department("works"), Department("legal"))
    decide(User("ann", posts=(Post(Role.OPERATOR, "works"),)), User("ben", posts=(Post(Role.CASE_HANDLER),)))
    with pytest.raises(Forbidden, match="ann may not register entries without a department, nor reserve"):
        reserve(act=who("ann"))
    with pytest.raises(Forbidden, match="ben may not register entries for works, nor reserve"):
        reserve(act=who("ben"), department="works")
    made = reserve(act=who("ann"), department="works")
    other = reserve(department="legal")
    assert [one["range"] for one in ranges.listed(who("ann").rights, AT)] == [made.name]
    assert ranges.listed(who("ben").rights, AT) == []
    assert enter(who("ann"), department="works", number=made.number(1)).department == "works"
    with pytest.raises(Missing, match="was not reserved"):
        enter(who("ann"), department="works", number=other.number(4))
    for refused in (
        lambda: ranges.void_rest(other.name, who("ann")),
        lambda: ranges.find(other.name, who("ann").rights),
    ):
        with pytest.raises(Missing, match="There is no range 'IN-2026:4-6'"):
            refused()
    with pytest.raises(Missing, match=f"There is no entry {other.number(4)}"):
        printing.note([other.number(4)], who("ann"), "zpl")
    assert enter().sequence == 7  # what was refused took no number


def test_numbers_are_written_as_the_office_decides() -> None:
    old, kept = enter(), reserve(2)
    numbering.set_form(SLASHED, ACT)
    numbering.set_form("{register}.{year:02}.{sequence:03}.{check}", ACT, "OUT")
    new, out = enter(), enter(direction=Direction.OUTGOING, details=replace(LETTER, recipients=("Bob",)))
    assert (new.number, out.number) == ("2026/IN/4-1", "OUT.26.001.5")
    assert enter(number=kept.number(3)).number == "IN-2026-000003-3"  # as it stands on its label
    for number in (old.number, new.number, out.number, kept.number(2)):
        assert numbering.is_own(number)
    for number in ("2026-IN-4-1", "IN.2026.4.1", "OUT-26-001-5"):  # nobody has ever written them so
        assert not numbering.is_own(number)
        assert views.entry(number).number in (new.number, out.number)  # a person may
    numbering.set_form(DEFAULT, ACT)
    assert enter().number == "IN-2026-000005-0"
    assert numbering.is_own(new.number)
    assert decisions.office().numberings["all"].before == (SLASHED,)
    assert list(account.number_gaps()) == []


def test_an_entry_is_found_by_any_spelling_of_its_number() -> None:
    numbering.set_form(SLASHED, ACT)
    one, other = enter(), enter()
    assert (one.number, other.number) == ("2026/IN/1-7", "2026/IN/2-5")
    assert move("2026-in-1-7", "in progress", ACT, office=USUAL).number == one.number
    assert amend("IN-2026-1-7", lambda told: replace(told, location="shelf"), ACT, zone=ZONE).pk == one.pk
    relate("2026-IN-1-7", "concerns", "2026.IN.2.5", ACT)  # type: ignore[arg-type]
    assert views.show(one.number)["relations"] == [{"relation": "concerns", "number": other.number}]
    strike("IN-2026-000001-7", replace(ACT, reason="twice"), replaced_by=["IN-2026-2-5"])
    assert views.show(one.number)["replaced_by"] == [other.number]
    with pytest.raises(Usage, match="would have to be 7: IN-2026-000001-7"):
        views.entry("IN-2026-000001-8")
    with pytest.raises(Missing, match=r"There is no entry IN-2026-000009-1\. The check digit"), write():
        locked("IN-2026-000009-1", ACT)


def test_the_form_is_the_administrators() -> None:
    decide(User("ann", posts=(Post(Role.REGISTRAR),)), User("eve", posts=(Post(Role.ADMINISTRATOR),)))
    with pytest.raises(Forbidden):
        numbering.set_form(SLASHED, who("ann"))
    numbering.set_form(SLASHED, who("eve"))
    with pytest.raises(Usage, match="is so already"):
        numbering.set_form(SLASHED, who("eve"))


def test_a_scan_with_a_reserved_number_makes_the_entry_with_it() -> None:
    made = reserve()
    batch = open_batch(pages=3, received_at=AT + timedelta(days=400))
    first = file_one(batch, 0, ((0, 1),), barcode=made.number(2), reserved=made.number(2))
    again = file_one(batch, 1, ((0, 2),), barcode=made.number(2), reserved=made.number(2))
    fresh = file_one(batch, 2, ((0, 3),))
    assert (first.entry.number, first.entry.year) == (made.number(2), 2026)  # as it was reserved
    assert again.entry == first.entry
    assert (fresh.entry.year, fresh.entry.sequence) == (2027, 1)
    shown = views.show(made.number(2))["history"]
    assert [(one["kind"], one["content"].get("reserved")) for one in shown] == [
        ("registered", "IN-2026:1-3"),
        ("attached", None),
    ]
