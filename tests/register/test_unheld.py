"""Entries that nobody can work on: found, brought back, told."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.correspondence import Confidentiality, Direction
from domain.office import Delegation, Department, Post, Role, User
from domain.states import USUAL, States
from domain.working_time import Calendar
from register import decisions, entries, holding, office, unheld, views
from register.acts import Act
from register.following import Desk
from register.models import Entry, Notice
from tests.register.filings import AT
from tests.register.officers import ACT, LETTER, TODAY, ZONE, decide, enter

WORKER = (Post(Role.CASE_HANDLER, "works"),)
SECRET = replace(LETTER, confidentiality=Confidentiality.SECRET)


@pytest.fixture(autouse=True)
def works(register: Path) -> Path:
    decide(
        Department("works"),
        Department("roads", parent="works"),
        Department("empty"),
        User("ann", posts=(Post(Role.REGISTRAR),)),
        User("ben", posts=WORKER),
        User("cleo", posts=WORKER),
        User("dan", posts=(Post(Role.AUDITOR),)),
    )
    return register


def desk(states: States = USUAL) -> Desk:
    return Desk(decisions.office(), ZONE, states, calendar=Calendar(ZoneInfo("UTC")))


def found() -> list[tuple[str, str, str]]:
    now = unheld.without_holder(decisions.office(), TODAY, USUAL)
    return [(one.number, one.holder, one.why) for one in now]


def check() -> list[str]:
    return [one.number for one in unheld.check(desk(), AT)]


def held(entry: Entry) -> tuple[str, str, str]:
    now = Entry.objects.get(pk=entry.pk)
    return now.status, now.department, now.person


def test_what_somebody_can_work_on_stays() -> None:
    for department, person in (("works", "ben"), ("", "cleo"), ("roads", ""), ("", "")):
        enter(department=department, person=person)
    enter(department="empty")  # nobody is there, but a registrar of all the office can work on it
    assert (found(), check()) == ([], [])


def test_who_has_left() -> None:
    entry = enter(department="works")
    holding.assign(entry.number, ACT, department="works", person="ben")
    closed, void = enter(person="ben"), enter(person="ben")
    entries.move(closed.number, "closed", ACT)
    entries.strike(void.number, replace(ACT, reason="twice"))
    office.change("user", "ben", {"active": False}, ACT)
    assert found() == [(entry.number, "ben of works", "ben has left")]
    assert check() == [entry.number]
    assert held(entry) == ("registered", "", "")
    event = views.show(entry.number)["history"][-1]
    assert (event["kind"], event["actor"], event["content"]) == (
        "brought back",
        "clock",
        {
            "from": {"department": "works", "person": "ben"},
            "to": {"department": "", "person": ""},
            "reason": "ben has left",
            "status": "registered",
        },
    )
    told = Notice.objects.get(kind="brought back")
    assert (told.to, told.entry, told.told) == (
        "ann",
        entry,
        {"number": entry.number, "holder": "ben of works", "why": "ben has left"},
    )
    assert (found(), check()) == ([], [])
    assert Notice.objects.filter(kind="brought back").count() == 1


def test_who_is_not_known() -> None:
    entry = enter()
    Entry.objects.filter(pk=entry.pk).update(person="zoe")
    other = enter()
    Entry.objects.filter(pk=other.pk).update(department="gone")
    assert found() == [
        (entry.number, "zoe", "zoe is no user"),
        (other.number, "gone", "there is no department gone any more"),
    ]
    assert check() == [entry.number, other.number]
    assert [held(one) for one in (entry, other)] == [("registered", "", "")] * 2


def test_who_is_away() -> None:
    entry = enter(person="ben")
    week = (TODAY - timedelta(days=1), TODAY + timedelta(days=5))
    decide(Delegation("x", "ben", "cleo", *week))
    assert found() == []
    office.change("user", "cleo", {"active": False}, ACT)
    away = "ben is away, and so is who stands in for them"
    assert found() == [(entry.number, "ben", away)]
    decide(Delegation("y", "ben", "ann", *week))
    assert found() == []
    decide(Delegation("z", "ann", "ben", *week))
    assert found() == [(entry.number, "ben", away)]
    later = unheld.without_holder(decisions.office(), TODAY + timedelta(days=6), USUAL)
    assert later == []


def test_who_may_not_know_of_it() -> None:
    entry = enter(details=SECRET)
    Entry.objects.filter(pk=entry.pk).update(department="works")
    assert found() == [(entry.number, "works", "nobody of works may work on what is secret")]
    assert check() == []  # nor may the registrar: it stays, and is counted
    office.change("user", "ann", {"clearance": Confidentiality.SECRET}, ACT)
    assert found() == []
    Entry.objects.filter(pk=entry.pk).update(person="ben")
    assert found() == [(entry.number, "ben of works", "ben may not know of what is secret")]
    assert check() == [entry.number]


def test_an_entry_without_a_sender_goes_back_as_it_is() -> None:
    draft = enter(details=replace(LETTER, recipients=("Ada",)), direction=Direction.OUTGOING, person="ben")
    received = enter(person="ben")
    Entry.objects.filter(pk=received.pk).update(status="received")
    received.parties.all().delete()
    waiting = enter(person="ben")
    for state in ("in progress", "waiting"):
        entries.move(waiting.number, state, replace(ACT, reason="which nights?"))
    office.change("user", "ben", {"active": False}, ACT)
    assert check() == sorted(one.number for one in (draft, received, waiting))
    assert [held(one)[0] for one in (draft, received, waiting)] == ["draft", "received", "waiting"]


def test_without_registrars_it_is_counted() -> None:
    entry = enter()
    office.change("user", "ann", {"active": False}, ACT)
    assert found() == [(entry.number, "", "nobody of the registry may work on what is internal")]
    assert check() == []


def test_a_class_with_states_of_its_own_ends_where_nothing_follows() -> None:
    own = States({"invoice": {Direction.INCOMING: {"new": ("paid",), "paid": ()}}})
    bill = enter(details=replace(LETTER, label="invoice"), person="ben", office=own)
    office.change("user", "ben", {"active": False}, ACT)
    assert len(unheld.without_holder(decisions.office(), TODAY, own)) == 1
    entries.move(bill.number, "paid", ACT, office=own)
    assert unheld.without_holder(decisions.office(), TODAY, own) == []


def test_whom_somebody_gave_it_to_meanwhile_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = enter(person="ben")
    office.change("user", "ben", {"active": False}, ACT)

    @contextmanager
    def slowly() -> Iterator[None]:
        holding.assign(entry.number, Act("ann", AT), person="cleo")
        monkeypatch.undo()
        yield

    monkeypatch.setattr(unheld, "write", slowly)
    assert check() == []
    assert held(entry) == ("assigned", "", "cleo")
    assert Notice.objects.count() == 0


def test_an_office_that_names_nobody_is_believed(tmp_path: Path) -> None:
    assert unheld.without_holder(replace(decisions.office(), users={}), date(2026, 3, 4), USUAL) == []


def test_what_others_are_told(works: Any) -> None:
    """A registrar of one department only does not look after the registry's queue."""
    decide(User("eva", posts=(Post(Role.REGISTRAR, "works"),)))
    enter(person="ben")
    office.change("user", "ben", {"active": False}, ACT)
    check()
    assert list(Notice.objects.values_list("to", flat=True)) == ["ann"]
