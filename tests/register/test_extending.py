"""One entry's deadline gets more time: until when, who may, and what comes of it, each once."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.correspondence import Priority, saying
from domain.deadlines import PASSED, Run, extended, measured, moments
from domain.errors import Forbidden, Missing, Stale, Usage
from domain.office import Closure, Deadline, User
from domain.working_time import Calendar
from register import clock_views, decisions, entries, extending, office, views
from register.acts import Act
from register.models import Clock, Entry, Event, Firing, Mark, Notice
from tests.register.officers import LETTER
from tests.register.test_clocks import ANSWER, HOUR, ZONE, desk, enter, local, put, row, run, works

__all__ = ["works"]
USUAL = Calendar(ZONE)


def extend(
    entry: Entry, text: str, deadline: str = "", who: str = "", reason: str = "they asked", **more: Any
) -> Any:
    at = local(text)
    rights = office.rights_of(decisions.office(), who, at.date()) if who else None
    doing = Act(who or "eva", at, reason, rights=rights)
    return extending.extend(entry.number, deadline, doing, desk().calendar, **more)


@given(
    st.integers(0, 8 * 3_600_000_000 - 1),
    st.sampled_from([Deadline("a", hours=16), Deadline("a", days=3), Deadline("a", hours=20, legal=True)]),
    st.lists(st.integers(1, 4 * 3600), max_size=4),
    st.integers(9, 28),
)
def test_until_a_day_is_until_the_office_closes(
    micro: int, terms: Deadline, pauses: list[int], last: int
) -> None:
    at = local("02T09:00") + timedelta(microseconds=micro)
    ran, begun = [], at
    for seconds in () if terms.legal else pauses:  # runs for a while, and pauses as long
        ran.append((at, at + timedelta(seconds=seconds)))
        at += timedelta(seconds=2 * seconds)
    before = Run(begun, tuple(ran), at)
    now, to = at + timedelta(minutes=1), date(2026, 3, last)
    due = measured(before, terms, USUAL).due_at
    assert due
    try:
        after = extended(before, terms, USUAL, now, to, 0)
    except Usage:
        closing = USUAL.openings(to)
        assert not closing or closing[-1][1] <= max(due, now)
        return
    assert measured(after, terms, USUAL).due_at == USUAL.openings(to)[-1][1]
    again = extended(after, terms, USUAL, now, None, 2)
    assert measured(again, terms, USUAL).due_at == USUAL.add_days(USUAL.openings(to)[-1][0], 2)
    assert dict(moments(again, terms, USUAL))[PASSED] == measured(again, terms, USUAL).due_at


def test_of_calendar_days() -> None:
    begun = local("02T10:00")
    terms, before = Deadline("law", days=3, legal=True), Run(begun, resumed_at=begun)

    def due(calendar: Calendar = USUAL, **more: Any) -> datetime | None:
        then = extended(before, terms, USUAL, begun, more.get("to"), more.get("days", 0))
        return measured(then, terms, calendar).due_at

    assert measured(before, terms, USUAL).due_at == local("06T00:00")
    assert due(to=date(2026, 3, 12)) == local("13T00:00")
    assert due(days=1) == local("07T00:00")
    assert due(days=2) == due(to=date(2026, 3, 7)) == local("10T00:00")  # a Saturday: the next that is open
    closed = USUAL.closed([Closure("storm", date(2026, 3, 12), date(2026, 3, 12))])
    assert due(closed, to=date(2026, 3, 12)) == local("14T00:00")


pytestmark = pytest.mark.usefixtures("works")


def test_what_comes_of_it_comes_at_the_new_time() -> None:
    put(ANSWER)
    entry = enter("02T10:00", department="works", person="ben")
    assert run("03T10:00") == [("answer", "reminder 8")]
    extend(entry, "03T11:00", to=date(2026, 3, 6))
    assert run("03T11:00") == []
    assert row(entry) == (True, 0.0, local("06T17:00"), "")
    event = views.show(entry.number)["history"][-1]
    assert (event["kind"], event["actor"], event["content"]) == (
        "deadline extended",
        "eva",
        {
            "deadline": "answer",
            "legal": False,
            "before": {"due_at": "2026-03-04T09:00:00+00:00"},
            "after": {"due_at": "2026-03-06T16:00:00+00:00"},
            "more": 23 * HOUR,
            "extended": 1,
            "reason": "they asked",
        },
    )
    assert run("05T16:59") == []
    assert run("05T17:00") == [("answer", "reminder 8")]
    assert run("06T17:00") == [("answer", "passed")]
    assert run("30T17:00") == []
    assert Notice.objects.filter(to="ben", kind__startswith="deadline").count() == 3
    # It had passed, and is extended all the same: it passes once more.
    extend(entry, "31T09:00", to=date(2026, 3, 31))
    assert run("31T09:00") == []
    (one,) = clock_views.show(entry.number, desk().calendar, local("31T09:00"))
    assert (one["state"], one["extended"]) == ("running", 2)
    assert run("31T18:00") == [("answer", "passed")]
    assert clock_views.fired_twice() == []


def test_it_stands_as_it_stood_after_a_rebuild() -> None:
    put(ANSWER, Deadline("law", days=3, legal=True))
    entry, paused = enter("02T10:00", department="works", person="ben"), enter("02T10:00")
    run("03T10:00")
    extend(entry, "03T11:00", "answer", to=date(2026, 3, 6))
    run("03T11:00")
    extend(entry, "03T11:00", "law", to=date(2026, 3, 7))
    for to in ("in progress", "waiting"):
        entries.move(paused.number, to, Act("eva", local("03T11:00"), "x"))
    run("03T12:00")
    extend(paused, "04T12:00", "answer", days=2)
    run("06T12:00")

    def state() -> list[Any]:
        fields = [one.name for one in Clock._meta.concrete_fields if one.name != "id"]
        fired = Firing.objects.order_by("clock__entry", "clock__name", "what", "extended")
        return [
            list(Clock.objects.order_by("entry", "name").values_list(*fields)),
            list(fired.values_list("clock__name", "what", "extended", "due_at", "at")),
        ]

    before, events, notices = state(), Event.objects.count(), Notice.objects.count()
    Firing.objects.all().delete()
    Clock.objects.all().delete()
    Mark.objects.all().delete()
    assert run("06T12:00") == []
    assert state() == before
    assert (Event.objects.count(), Notice.objects.count()) == (events, notices)


def test_what_stands_still_gets_days_that_it_has_when_it_goes_on() -> None:
    put(ANSWER)
    entry = enter("02T10:00")
    for state in ("in progress", "waiting"):
        entries.move(entry.number, state, Act("eva", local("02T11:00"), "x"))
    run("02T11:00")
    with pytest.raises(Usage, match="to is 2026-03-20, but it stands still, and is due on no day yet"):
        extend(entry, "03T09:00", to=date(2026, 3, 20))
    extend(entry, "03T09:00", days=1)  # from then fifteen hours left: until the 4th at four; one day more
    run("03T09:00")
    assert row(entry) == (False, 1.0, None, "")
    entries.move(entry.number, "in progress", Act("eva", local("09T09:00"), "x"))
    run("09T09:00")
    assert row(entry)[2] == local("11T17:00")


def test_the_extension_stays_with_a_class_that_comes_back() -> None:
    put(replace(ANSWER, priority="urgent"))
    entry = enter("02T10:00", replace(LETTER, priority=Priority.URGENT))
    run("02T10:00")
    extend(entry, "02T11:00", to=date(2026, 3, 10))
    for level in (Priority.LOW, Priority.URGENT):
        run("02T11:00")
        entries.amend(
            entry.number, partial(saying, {"priority": level}), Act("eva", local("02T12:00")), zone=ZONE
        )
    run("02T12:00")
    assert row(entry)[2] == local("10T17:00")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "to and days: give one of them"),
        ({"to": date(2026, 3, 9), "days": 1}, "to and days: give one of them"),
        ({"days": -1}, "days is -1: give days, at most 3660"),
        ({"days": 3661}, "days is 3661: give days, at most 3660"),
        ({"to": date(2026, 3, 2)}, "to is 2026-03-02: give a day from 2026-03-03 on, at most 3660 later"),
        ({"to": date(9999, 12, 31)}, "to is 9999-12-31: give a day from 2026-03-03 on"),
        ({"to": date(2026, 3, 8)}, "to is 2026-03-08, on which the office is closed: give a day on which"),
        (
            {"to": date(2026, 3, 3)},
            "to is 2026-03-03, which ends on 2026-03-03 17:00, but it is due on 2026-03-04 10:00: give more",
        ),
        ({"days": 1, "reason": " "}, "Say why answer of IN-2026-000001-7 is extended: give the reason"),
        ({"days": 1, "deadline": "law"}, "deadline is 'law', but none of that name goes on for "),
    ],
)
def test_what_cannot_be(more: dict[str, Any], said: str) -> None:
    put(ANSWER)
    entry = enter("02T10:00")
    run("02T10:00")
    with pytest.raises(Usage) as refused:
        extend(entry, "03T10:00", **more)
    assert str(refused.value).startswith(said)
    assert row(entry)[2] == local("04T10:00")


def test_neither_into_the_past_nor_where_there_is_none() -> None:
    put(ANSWER, Deadline("law", days=1, legal=True))
    entry, none = enter("02T10:00"), enter("02T10:00")
    run("05T10:00")
    entries.move(none.number, "closed", Act("eva", local("05T10:00")))
    with pytest.raises(Stale, match="was changed a moment ago"):
        extend(none, "05T10:00", "answer", days=9)
    run("05T10:00")
    with pytest.raises(
        Usage, match="days is 1, which ends on 2026-03-05 17:00, and that has passed: give more"
    ):
        extend(entry, "05T17:00", "answer", days=1)
    with pytest.raises(Usage, match=r"has several deadlines: name one. There are: answer, law"):
        extend(entry, "05T11:00", days=1)
    with pytest.raises(Usage, match="has no deadline that goes on: there is nothing to extend"):
        extend(none, "05T11:00", days=1)


def test_who_may() -> None:
    put(ANSWER, Deadline("law", days=9, legal=True))
    put(User("eve"))
    entry = enter("02T10:00", department="works", person="ben")
    run("02T10:00")
    with pytest.raises(Missing):
        extend(entry, "02T11:00", "answer", "eve", days=1)
    with pytest.raises(Forbidden, match=r"ben may not extend a legal deadline of .*: ask an approver of its"):
        extend(entry, "02T11:00", "law", "ben", days=1)
    with pytest.raises(Forbidden, match="dan may not edit"):
        extend(entry, "02T11:00", "answer", "dan", days=1)
    for who, name in (("ben", "answer"), ("ann", "answer"), ("ann", "law"), ("dan", "law")):
        extend(entry, "02T11:00", name, who, days=1)
        run("02T11:00")
    assert [row(entry, name)[2] for name in ("answer", "law")] == [local("06T17:00"), local("14T00:00")]
