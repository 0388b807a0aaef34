"""Entries listed and shown: which are told of, in which order, and what of them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from domain.correspondence import Channel, Confidentiality, Details, Direction, Priority
from domain.errors import Missing, PostroomError, Usage
from domain.office import CustomField, Department, FieldKind, Post, Role, User
from domain.states import States
from register import entries, holding, parties, party_acts, views
from register.listing import Asked, Held, Order, Which, listed
from register.models import Clock, Entry, Party
from tests.register.filings import AT, file_one, open_batch
from tests.register.officers import ACT, LETTER, ZONE, decide, enter, rights

MADRID = ZoneInfo("Europe/Madrid")


def numbers(asked: Asked | None = None, **more: Any) -> list[str]:
    return [one["number"] for one in listed(asked or Asked(), zone=more.pop("zone", ZONE), **more)]


def test_the_class_that_is_shown_is_that_of_the_documents_where_it_has_none_of_its_own(
    register: Path,
) -> None:
    scanned = file_one(open_batch(), 0, ((0, 1), (0, 2))).entry
    assert views.show(scanned.number)["class"] == "letter"
    entries.amend(scanned.number, lambda one: replace(one, label="form"), ACT, zone=ZONE)
    assert views.show(scanned.number)["class"] == "form"


@pytest.fixture
def some(register: Path) -> list[str]:
    """A letter in all its properties, another, one that was scanned, one that goes out, and a void one."""
    decide(
        CustomField("plot"), CustomField("paid", kind=FieldKind.YES_NO),
        CustomField("cost", kind=FieldKind.MONEY),
        Department("works"), Department("legal"), User("ben", posts=(Post(Role.CASE_HANDLER, "works"),)),
    )  # fmt: skip
    whole = Details(
        subject="The LÄRM at night (again)", senders=("Ada Ltd",), reference="A-17", tags=("noise", "night"),
        channel=Channel.EMAIL, priority=Priority.HIGH, confidentiality=Confidentiality.PUBLIC, label="letter",
        custom={"plot": "4711", "paid": "yes", "cost": "12.5 EUR"},
    )  # fmt: skip
    made = [enter(details=whole, received_at=datetime(2026, 3, 1, 23, 30, tzinfo=UTC))]
    made.append(enter(details=replace(LETTER, tags=("night",), custom={"paid": "no"}), department="works"))
    made.append(file_one(open_batch(), 0, ((0, 1), (0, 2))).entry)
    made.append(enter(details=Details("Reply", recipients=("Ada Ltd",)), direction=Direction.OUTGOING))
    made.append(enter())
    entries.strike(made[-1].number, replace(ACT, reason="twice"))
    holding.assign(made[1].number, ACT, department="works", person="ben")
    return [one.number for one in made]


CASES: list[tuple[dict[str, Any], tuple[int, ...]]] = [
    ({}, (3, 2, 1, 0)),
    ({"register": "OUT"}, (3,)),
    ({"year": 2026}, (3, 2, 1, 0)),
    ({"year": 2025}, ()),
    ({"direction": "outgoing"}, (3,)),
    ({"status": "draft"}, (3,)),
    ({"status": "answered"}, ()),
    ({"department": "works"}, (1,)),
    ({"person": "ben"}, (1,)),
    ({"label": "letter"}, (2, 0)),
    ({"tags": ("night",)}, (1, 0)),
    ({"tags": ("night", "noise")}, (0,)),
    ({"custom": {"plot": "4711"}}, (0,)),
    ({"custom": {"plot": "4711", "paid": "no"}}, ()),
    ({"custom": {"paid": "true"}}, (0,)),
    ({"custom": {"cost": "12.50 EUR"}}, (0,)),
    ({"channel": "e-mail"}, (0,)),
    ({"priority": "high"}, (0,)),
    ({"confidentiality": "public"}, (0,)),
    ({"since": date(2026, 3, 2)}, (3, 2, 1)),
    ({"until": date(2026, 3, 1)}, (0,)),
    ({"party": "ada l"}, (3, 2, 0)),
    ({"party": "town hall"}, (2,)),
    ({"about": "lärm"}, (0,)),
    ({"about": "(AGAIN)"}, (0,)),
    ({"about": "a-17"}, (0,)),
    ({"about": "%"}, ()),
    ({"which": Which.VOID}, (4,)),
    ({"which": Which.ALL, "register": "IN", "order": Order.NUMBER}, (0, 1, 2, 4)),
    ({"order": Order.NUMBER}, (0, 1, 2, 3)),
    ({"open": True}, (3, 2, 1, 0)),
    ({"held": Held.UNCLAIMED}, (3, 2, 0)),
    ({"held": Held.UNCLAIMED, "department": "works"}, ()),
    ({"held": Held.REGISTRY}, (3, 2, 0)),
]


def test_they_are_listed_by_what_they_are(some: list[str]) -> None:
    assert {str(asked): [some.index(one) for one in numbers(Asked(**asked))] for asked, _ in CASES} == {
        str(asked): list(found) for asked, found in CASES
    }
    assert numbers(Asked(since=date(2026, 3, 2), until=date(2026, 3, 2)), zone=MADRID) == [some[0]]
    ada = str(Party.objects.get(name="Ada Ltd").key)
    assert numbers(Asked(party=ada)) == [some[3], some[2], some[0]]


def test_queues_hold_what_no_person_has_and_has_not_ended(some: list[str]) -> None:
    holding.give_back(some[1], replace(ACT, actor="ben", reason="not mine"))
    holding.assign(some[0], ACT, department="legal")
    entries.move(some[2], "closed", replace(ACT, reason="nothing to do"))
    assert numbers(Asked(held=Held.UNCLAIMED)) == [some[3], some[1], some[0]]
    assert numbers(Asked(held=Held.UNCLAIMED, department="legal")) == [some[0]]
    assert numbers(Asked(held=Held.REGISTRY)) == [some[3]]
    assert numbers(Asked(open=True)) == [some[3], some[1], some[0]]
    assert numbers(Asked(which=Which.ALL, held=Held.REGISTRY)) == [some[4], some[3]]
    # A class may have an end of its own, also where its documents say the class.
    states = States({"letter": {Direction.INCOMING: {"received": ("read",), "read": ()}}})
    Entry.objects.filter(number__in=(some[0], some[1], some[2])).update(status="read")
    assert numbers(Asked(open=True), states=states) == [some[3], some[1]]
    assert numbers(Asked(open=True)) == [some[3], some[2], some[1], some[0]]


def test_a_line_tells_the_deadline_that_is_due_first(some: list[str]) -> None:
    entry = Entry.objects.get(number=some[0])
    at = {"begun_at": AT, "resumed_at": AT, "allowed": 1.0}
    for name, hours, ended in (
        ("later", 5, None),
        ("first", 3, None),
        ("done", 1, AT),
        ("stands", None, None),
    ):
        due = AT + timedelta(hours=hours) if hours else None
        Clock.objects.create(entry=entry, name=name, due_at=due, ended_at=ended, **at)
    lines = {one["number"]: one["due_at"] for one in listed(Asked(), zone=ZONE)}
    assert (lines[some[0]], lines[some[1]]) == ((AT + timedelta(hours=3)).isoformat(), None)


def test_a_line_tells_class_register_and_names(some: list[str]) -> None:
    scanned = next(one for one in listed(Asked(), zone=ZONE) if one["number"] == some[2])
    assert scanned == {
        "number": some[2],
        "register": "IN",
        "received_at": AT.isoformat(),
        "direction": "incoming",
        "status": "registered",
        "class": "letter",
        "department": None,
        "person": None,
        "priority": "normal",
        "due_at": None,
        "subject": "Your parcel",
        "senders": ["Ada Ltd"],
        "recipients": ["Town Hall"],
        "voided_at": None,
    }
    (void,) = listed(Asked(which=Which.VOID), zone=ZONE)
    assert void["voided_at"] == AT.isoformat()


@pytest.mark.parametrize("order", list(Order))
def test_page_by_page_each_is_told_once(some: list[str], order: Order) -> None:
    asked = Asked(which=Which.ALL, order=order)
    whole, found, after = numbers(asked), list[str](), ""
    while page := numbers(asked, limit=2, after=after):
        found, after = found + page, page[-1]
    assert found == whole
    assert sorted(found) == sorted(some)


def test_a_party_is_found_by_each_of_its_names(some: list[str]) -> None:
    kept, other = (parties.find(str(Party.objects.get(name=name).key)) for name in ("Ada Ltd", "Ada"))
    party_acts.merge(str(kept.key), str(other.key), replace(ACT, reason="the same"))
    assert numbers(Asked(party=str(other.key))) == numbers(Asked(party="ada ltd")) == [
        some[3], some[2], some[1], some[0],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (
            Asked(status="nonsense"),
            r"status is 'nonsense', which is not there. There are: answered, approved, ",
        ),
        (Asked(department="wroks"), r"department is 'wroks', which is not there. There are: legal, works$"),
        (Asked(person="bne"), r"person is 'bne', which is not there. There are: ben$"),
        (Asked(register="INN"), r"register is 'INN', which is not there. There are: IN, INT, OUT$"),
        (Asked(custom={"plto": "1"}), r"There is no field 'plto'. There are: cost, paid, plot$"),
        (Asked(custom={"paid": "perhaps"}), "paid is 'perhaps': give yes or no"),
        (Asked(label="novel"), "no class novel"),
        (Asked(party="P-000001-2"), "its check digit is wrong"),
        (Asked(party="P-000099-9"), "There is no party"),
        (Asked(since=date.min), "from is 0001-01-01: give a day of the years 1900 to 2200"),
        (Asked(until=date.max), "to is 9999-12-31: give a day of the years 1900 to 2200"),
    ],
)
def test_what_is_not_there_is_refused(some: list[str], asked: Asked, problem: str) -> None:
    def known(label: str) -> None:
        raise Usage(f"no class {label}")

    with pytest.raises(PostroomError, match=problem):
        numbers(asked, known=known)


def test_what_entries_still_have_is_found(some: list[str]) -> None:
    Entry.objects.filter(number=some[0]).update(status="paid", department="old", person="ann")
    for asked in (Asked(status="paid"), Asked(department="old"), Asked(person="ann")):
        assert numbers(asked) == [some[0]]
    Entry.objects.filter(number=some[0]).update(confidentiality="secret")
    with pytest.raises(Missing, match="department is 'old'"):  # of what ben may not see he hears nothing
        numbers(Asked(department="old"), rights=rights("ben"))
    office = States({"invoice": {Direction.INCOMING: {"received": ("due",), "due": ()}}})
    assert numbers(Asked(status="due"), states=office) == []


def test_each_sees_what_they_may(some: list[str]) -> None:
    for asked in (Asked(), Asked(which=Which.ALL), Asked(tags=("night",)), Asked(about="n")):
        seen = numbers(asked, rights=rights("ben"))
        assert set(seen) <= {some[0], some[1]}
    assert numbers(Asked(which=Which.VOID), rights=rights("ben")) == []


def test_a_list_asks_the_database_a_few_times_however_long_it_is(
    some: list[str],
) -> None:
    for at in range(30):
        enter(received_at=AT - timedelta(minutes=at))
    with CaptureQueriesContext(connection) as asked:
        assert len(numbers(limit=30)) == 30
    assert len(asked) <= 7
