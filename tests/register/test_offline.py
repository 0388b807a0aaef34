"""What a counter received without network, from a file: each line whole, or told with its fault."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.correspondence import Channel, Direction, Priority
from domain.errors import Usage
from domain.office import CustomField, FieldKind
from register import offline, ranges
from register.entries import details_of
from register.models import Entry
from register.offline import Fault, Taken, read_csv, read_json_lines, take
from tests.register.officers import ACT, LETTER, ZONE, decide

pytestmark = pytest.mark.usefixtures("register")
FIRST, SECOND, THIRD = "IN-2026-000001-7", "IN-2026-000002-5", "IN-2026-000003-3"


@pytest.fixture(autouse=True)
def _reserved(register: Any) -> None:
    ranges.reserve("IN", 3, ACT, zone=ZONE, place="counter 2")


def taken(text: str, **more: Any) -> Taken:
    return take(read_csv(text), ACT, **{"zone": ZONE, **more})


def test_all_that_a_line_can_say() -> None:
    decide(CustomField("plot", FieldKind.NUMBER))
    text = (
        "number;subject;sender;recipient;received;channel;reference;dated;class;tag;priority;field.plot\n"
        f'{FIRST};"Noise; at night";Ada|Bob;Town Hall;2026-03-02T09:30;phone;A-1;2026-03-01;letter;a|b;'
        "high;12\n"
    )
    assert taken(text, zone=ZoneInfo("Europe/Madrid")) == Taken((FIRST,), (), ())
    entry = Entry.objects.get()
    assert entry.received_at == datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
    assert details_of(entry) == replace(
        LETTER, subject="Noise; at night", senders=("Ada", "Bob"), recipients=("Town Hall",),
        channel=Channel.PHONE, reference="A-1", dated=date(2026, 3, 1), label="letter", tags=("a", "b"),
        priority=Priority.HIGH, custom={"plot": "12"},
    )  # fmt: skip
    assert taken(text, zone=ZoneInfo("Europe/Madrid")) == Taken((), (FIRST,), ())


def test_json_lines_say_the_same() -> None:
    told = {
        "number": FIRST,
        "subject": "Noise",
        "sender": "Ada",
        "tag": ["a"],
        "received": "2026-03-02T09:30:00Z",
    }
    lines = "\n".join(
        ["", json.dumps(told), json.dumps({**told, "number": SECOND, "sender": ["Ada", "Bob"]})]
    )
    assert take(read_json_lines(lines), ACT, zone=ZONE) == Taken((FIRST, SECOND), (), ())
    assert [details_of(one).senders for one in Entry.objects.order_by("id")] == [("Ada",), ("Ada", "Bob")]


BROKEN = f"""number,subject,sender,received,dated,channel
{FIRST},Noise,Ada,2026-03-02T09:30,,
IN-2026-000002-6,Noise,Ada,,,
{SECOND},Noise,,,,
{SECOND},Noise,Ada,soon,,
{SECOND},Noise,Ada,2027-01-01T00:00,,
{SECOND},Noise,Ada,,2026-12-31,
{SECOND},Noise,Ada,,,pigeon
,Noise,Ada,,,
IN-2026-000009-0,Noise,Ada,,,
{FIRST},Another,Eve,,,
{SECOND},Noise,Ada,,,,,more
{THIRD},Noise,Ada,,,
"""
FAULTS = [
    (3, "number", "IN-2026-000002-6", "would have to be 5: IN-2026-000002-5"),
    (4, "sender", "", "sender is missing: name who sent it, or write: unknown"),
    (5, "received", "soon", "Input should be a valid datetime"),
    (6, "received", "2027-01-01 00:00:00", "received_at is 2027-01-01T00:00:00+00:00, which is yet to come"),
    (7, "dated", "2026-12-31", "dated is 2026-12-31, which is yet to come"),
    (8, "channel", "pigeon", "Input should be 'post', 'courier'"),
    (9, "number", "", "it is missing: give the number reserved for it"),
    (10, "number", "IN-2026-000009-0", "IN-2026-000009-0"),
    (11, "number", FIRST, f"{FIRST} is used already: entered by eva"),
    (12, "line", "|more", "it has 8 cells, and there are 6 columns"),
]


def test_broken_lines_are_told_and_the_good_ones_go_in() -> None:
    found = taken(BROKEN)
    assert (found.entered, found.already) == ((FIRST, THIRD), ())
    assert [(one.line, one.field, one.value) for one in found.faults] == [one[:3] for one in FAULTS]
    for one, (*_, problem) in zip(found.faults, FAULTS, strict=True):
        assert problem in one.problem
    assert sorted(Entry.objects.values_list("number", flat=True)) == [FIRST, THIRD]


def test_strict_takes_all_or_nothing() -> None:
    found = taken(BROKEN, strict=True)
    assert (found.entered, len(found.faults)) == ((), len(FAULTS))
    assert Entry.objects.count() == 0
    assert ranges.listed(None, ACT.at)[0]["open"] == 3
    whole = f"number,subject,sender\n{FIRST},a,b\n{SECOND},a,b\n"
    assert taken(whole, strict=True) == Taken((FIRST, SECOND), (), ())
    assert Entry.objects.count() == 2


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "number,sbject\n",
            "column 'sbject': 'sbject' is nothing that an entry has. There are: channel, class",
        ),
        ("subject,sender\nNoise,Ada\n", "column 'number' is missing"),
        ("", None),
    ],
)
def test_the_heading(text: str, problem: str | None) -> None:
    if problem is None:
        assert taken(text) == Taken((), (), ())
        return
    with pytest.raises(Usage, match=problem):
        taken(text)


def test_lines_that_are_no_json() -> None:
    text = '{"number": \n[1]\n{"numbr": "x"}\n{"number": 12}\n'
    found = list(read_json_lines(text))
    assert all(isinstance(one, Fault) for one in found)
    assert [(one.line, one.field) for one in found if isinstance(one, Fault)] == [
        (1, "line"), (2, "line"), (3, "numbr"), (4, "number"),
    ]  # fmt: skip


def test_a_quotation_mark_that_is_not_closed_is_told() -> None:
    found = list(read_csv(f'number,subject\n{FIRST},"Noise\n{SECOND},b\n'))
    assert [(type(one), one.field) for one in found if isinstance(one, Fault)] == [(offline.Fault, "line")]


def test_the_registers_direction_is_that_of_the_entry() -> None:
    made = ranges.reserve("OUT", 2, ACT, zone=ZONE)
    text = f"number,subject,recipient,direction\n{made.number(1)},a,Bob,\n{made.number(2)},a,Bob,internal\n"
    found = taken(text)
    assert [one.problem for one in found.faults] == ["sender is missing: name who sent it, or write: unknown"]
    assert Entry.objects.get().direction == Direction.OUTGOING
