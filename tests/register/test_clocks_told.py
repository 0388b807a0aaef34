"""Who is told of what a clock brings about, who takes over, and what people see of clocks."""

from dataclasses import replace
from datetime import date

import pytest

from domain.correspondence import Confidentiality
from domain.office import Deadline, Delegation, Post, Role, User
from domain.working_time import Calendar
from register import clock_views, decisions, entries, holding, office, views
from register.acts import Act
from register.models import Entry, Notice
from tests.register.officers import LETTER
from tests.register.test_clocks import ANSWER, HOUR, ZONE, act, enter, local, put, run, works

__all__ = ("works",)
pytestmark = pytest.mark.usefixtures("works")


def test_who_hears_of_it() -> None:
    put(
        replace(ANSWER, escalate="/dan"),
        Delegation("x", "ben", "cleo", date(2026, 3, 3), date(2026, 3, 3)),
        User("old", posts=(Post(Role.CASE_HANDLER, "works"),), active=False),
    )
    details = [LETTER, LETTER, LETTER, replace(LETTER, confidentiality=Confidentiality.CONFIDENTIAL)]
    holders = [("works", "ben"), ("works", ""), ("", ""), ("works", "")]
    made = [
        enter("02T10:00", one, department=department, person=person)
        for one, (department, person) in zip(details, holders, strict=True)
    ]
    run("03T12:00")
    inbox = Notice.objects.filter(way="inbox", kind__startswith="deadline")
    heard = [sorted(inbox.filter(entry=one).values_list("to", flat=True)) for one in made]
    assert heard == [["ben", "cleo"], ["ben", "cleo"], ["ann"], []]  # nobody may know of the last one
    run("04T12:00")
    heard = [sorted(inbox.filter(entry=one, kind="deadline passed").values_list("to", flat=True))
             for one in made]  # fmt: skip
    assert heard == [["ben", "dan"], ["ben", "cleo", "dan"], ["ann"], []]


def test_who_stands_in_takes_over() -> None:
    put(Delegation("x", "ben", "cleo", date(2026, 3, 3), date(2026, 3, 4)))
    entry = enter("02T10:00", person="ben")
    for day, taken in ((date(2026, 3, 2), False), (date(2026, 3, 4), True), (date(2026, 3, 5), False)):
        may = office.rights_of(decisions.office(), "cleo", day)
        assert views.may(entry.number, may) is taken
    may = office.rights_of(decisions.office(), "cleo", date(2026, 3, 4))
    holding.claim(entry.number, Act("cleo", local("04T10:00"), rights=may))
    assert Entry.objects.get(pk=entry.pk).person == "cleo"


def test_lists() -> None:
    put(ANSWER, Deadline("law", days=10, legal=True))
    seen, paused = enter("02T10:00", department="works", person="ben"), enter("02T10:00", department="board")
    entries.move(paused.number, "in progress", act("02T11:00"))
    entries.move(paused.number, "waiting", act("02T12:00"))
    run("03T12:00")
    now, calendar = local("03T13:00"), Calendar(ZONE)
    whole = clock_views.told(clock_views.listed(now), calendar, now)
    assert [(one["number"], one["deadline"], one["state"]) for one in whole] == [
        (seen.number, "answer", "running"),
        (seen.number, "law", "running"),
        (paused.number, "law", "running"),
        (paused.number, "answer", "paused"),
    ]
    may = office.rights_of(decisions.office(), "ben", date(2026, 3, 3))
    (one, _) = clock_views.told(clock_views.listed(now, rights=may), calendar, now)
    assert one == {
        "number": seen.number,
        "deadline": "answer",
        "extended": 0,
        "legal": False,
        "state": "running",
        "begun_at": "2026-03-02T09:00:00+00:00",
        "due_at": "2026-03-04T09:00:00+00:00",
        "ended_at": None,
        "allowed": 16 * HOUR,
        "used": 11 * HOUR,
        "department": "works",
        "person": "ben",
        "subject": "Noise",
    }
    assert [one.entry.number for one in clock_views.listed(now, due_within=24)] == [seen.number]
    shown, _ = clock_views.show(seen.number, calendar, now)
    assert shown["fired"] == [
        {"what": "reminder 8", "due_at": "2026-03-03T09:00:00+00:00", "at": "2026-03-03T11:00:00+00:00"}
    ]
    assert shown["to_come"] == [{"what": "passed", "at": "2026-03-04T09:00:00+00:00"}]
    assert shown["terms"]["escalate"] == "board"
    assert clock_views.totals(local("04T12:00")) == {"running": 4, "passed": 1, "waiting": 1}
