"""How deadlines run through the states of an entry, and what an office may decide of them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.correspondence import Direction
from domain.deadlines import PASSED, Run, is_for, late, measured, moments, step
from domain.errors import Usage
from domain.office import Closure, Deadline, Department, Rule, User
from domain.states import ENDS, States
from domain.working_time import Calendar, opening_hours
from register import decisions, office
from register.deadlines import must_be_known, must_be_reached
from tests.register.officers import ACT, decide

MADRID = ZoneInfo("Europe/Madrid")
USUAL = Calendar(MADRID)
HOUR = 3600.0


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=MADRID)


def through(deadline: Deadline, *states: tuple[str, str]) -> Run:
    """The run of an entry that came into these states at these moments."""
    run = Run(local(states[0][0]))
    for at, status in states:
        run = step(run, status, local(at), deadline, ENDS)
    return run


def due(deadline: Deadline, *states: tuple[str, str], calendar: Calendar = USUAL) -> datetime | None:
    return measured(through(deadline, *states), deadline, calendar).due_at


FIVE = Deadline("five", hours=5, remind=(2, 1))
RECEIVED = ("2026-03-06T15:00", "registered")  # a Friday
WAITS = ("2026-03-06T16:00", "waiting")
GOES_ON = ("2026-03-09T12:00", "in progress")


def test_hours_run_while_the_office_is_open() -> None:
    assert due(FIVE, RECEIVED) == local("2026-03-09T12:00")
    closed = USUAL.closed([Closure("moving", date(2026, 3, 9), date(2026, 3, 10))])
    assert due(FIVE, RECEIVED, calendar=closed) == local("2026-03-11T12:00")


def test_they_stand_still_while_the_other_side_is_waited_for() -> None:
    assert due(FIVE, RECEIVED, WAITS) is None
    assert due(FIVE, RECEIVED, WAITS, GOES_ON) == local("2026-03-09T16:00")
    again = through(FIVE, RECEIVED, WAITS, GOES_ON, ("2026-03-09T13:00", "waiting"))
    assert measured(again, FIVE, USUAL).used == 2 * HOUR
    assert list(moments(again, FIVE, USUAL)) == []
    on = step(again, "in progress", local("2026-03-10T09:00"), FIVE, ENDS)
    assert list(moments(on, FIVE, USUAL)) == [
        ("reminder 2", local("2026-03-10T10:00")),
        ("reminder 1", local("2026-03-10T11:00")),
        (PASSED, local("2026-03-10T12:00")),
    ]


def test_what_has_passed_is_not_undone_by_waiting() -> None:
    late_pause = through(FIVE, RECEIVED, ("2026-03-09T13:00", "waiting"))
    assert list(moments(late_pause, FIVE, USUAL))[-1] == (PASSED, local("2026-03-09T12:00"))
    ended = step(late_pause, "answered", local("2026-03-20T09:00"), FIVE, ENDS)
    assert list(moments(ended, FIVE, USUAL)) == [(PASSED, local("2026-03-09T12:00"))]
    assert late(ended, local("2026-03-09T12:00"))


def test_answered_at_the_last_moment_is_in_time() -> None:
    ended = through(FIVE, RECEIVED, ("2026-03-09T12:00", "answered"))
    assert list(moments(ended, FIVE, USUAL)) == []
    assert not late(ended, measured(ended, FIVE, USUAL).due_at)


def test_an_entry_that_is_reopened_has_its_deadline_still() -> None:
    closed = ("2026-03-06T16:00", "closed")
    again = through(FIVE, RECEIVED, closed, GOES_ON)
    assert (again.ended_at, again.resumed_at) == (None, local("2026-03-09T12:00"))
    assert measured(again, FIVE, USUAL).due_at == local("2026-03-09T16:00")


def test_states_that_end_it() -> None:
    own = replace(FIVE, until=("in progress",))
    assert through(own, RECEIVED, GOES_ON).ended_at == local("2026-03-09T12:00")
    assert through(own, RECEIVED, ("2026-03-06T16:00", "withdrawn")).ended_at
    assert not through(own, RECEIVED, ("2026-03-06T16:00", "answered")).ended_at
    assert through(FIVE, RECEIVED, ("2026-03-06T16:00", "answered")).ended_at


def test_working_days_end_when_the_office_closes() -> None:
    ten = Deadline("ten", days=10)
    assert due(ten, RECEIVED) == local("2026-03-20T17:00")
    assert measured(through(ten, RECEIVED), ten, USUAL).allowed == 82 * HOUR
    assert due(ten, RECEIVED, WAITS, GOES_ON) == local("2026-03-23T13:00")


@given(st.integers(0, 8 * 3_600_000_000 - 1), st.integers(1, 12))
def test_days_end_when_the_office_closes_whatever_the_moment_of_receipt(micro: int, days: int) -> None:
    """Not when it opens again: what a sum of seconds is off by is no time."""
    begun = local("2026-03-02T09:00") + timedelta(microseconds=micro)
    run, terms = Run(begun, resumed_at=begun), Deadline("days", days=days)
    assert measured(run, terms, USUAL).due_at == USUAL.add_days(begun, days)
    paused = replace(
        run, ran=((begun, begun + timedelta(minutes=7)),), resumed_at=begun + timedelta(minutes=7)
    )
    assert measured(paused, terms, USUAL).due_at == USUAL.add_days(begun, days)


def test_a_legal_deadline_runs_whatever_happens() -> None:
    legal = Deadline("legal", days=15, legal=True, remind=(8,))
    assert due(legal, RECEIVED) == local("2026-03-24T00:00")  # the 21st is a Saturday: to Monday's end
    run = through(legal, RECEIVED, WAITS)
    assert list(moments(run, legal, USUAL)) == [
        ("reminder 8", local("2026-03-23T09:00")),
        (PASSED, local("2026-03-24T00:00")),
    ]
    hours = Deadline("legal", hours=5, legal=True)
    assert due(hours, RECEIVED, WAITS) == local("2026-03-09T12:00")


def test_which_entries_have_it() -> None:
    some = Deadline("x", hours=1, label="invoice", priority="high", direction="incoming")
    assert is_for(some, "incoming", "invoice", "high")
    for other in (("outgoing", "invoice", "high"), ("incoming", "", "high"), ("incoming", "invoice", "low")):
        assert not is_for(some, *other)
    assert is_for(Deadline("x", hours=1), "internal", "", "low")
    assert not is_for(Deadline("x", hours=1, by_rule=True), "internal", "", "low")


STATES = ("registered", "in progress", "waiting", "answered", "closed")
stories = st.lists(st.tuples(st.integers(1, 30 * 3600), st.sampled_from(STATES)), min_size=1, max_size=12)
zones = st.sampled_from(["Europe/Madrid", "America/Santiago", "Australia/Lord_Howe"])
starts = st.sampled_from([datetime(2026, 3, 27, 10), datetime(2025, 12, 30, 10), datetime(2026, 10, 23, 10)])


@settings(max_examples=200, deadline=None)
@given(stories, zones, starts, st.floats(0.5, 60))
def test_what_is_used_is_the_time_that_it_ran(
    story: list[tuple[int, str]], zone: str, start: datetime, hours: float
) -> None:
    """Over pauses, the turn of the year and changed clocks: in all spans in which it ran, no second twice."""
    calendar = Calendar(ZoneInfo(zone), opening_hours("Mon-Sat 06:00-12:00, 13:00-23:00"))
    deadline = Deadline("x", hours=hours, remind=(hours / 4,))
    at = start.replace(tzinfo=UTC)
    run, ran, status = step(Run(at), "registered", at, deadline, ENDS), 0.0, "registered"
    for seconds, then in story:
        later = at + timedelta(seconds=seconds)
        if status in ("registered", "in progress"):
            ran += calendar.between(at, later)
        run, at, status = step(run, then, later, deadline, ENDS), later, then
    found = measured(run, deadline, calendar)
    runs = status in ("registered", "in progress")
    assert (run.resumed_at is not None, run.ended_at is not None) == (runs, status in ("answered", "closed"))
    assert found.used + (calendar.between(run.resumed_at, at) if run.resumed_at else 0) == pytest.approx(ran)
    if runs:
        assert found.due_at is not None
        left = hours * HOUR - ran
        if left > 1e-3:
            assert calendar.between(at, found.due_at) == pytest.approx(left, abs=1e-3)
        (soon, before), (passed, end) = moments(run, deadline, calendar)
        assert (soon, passed) == (f"reminder {hours / 4:g}", PASSED)
        assert before <= end
    elif ran < hours * HOUR - 1e-3:
        assert found.due_at is None


WRONG: dict[str, tuple[Deadline, str]] = {
    "a name": (Deadline("a/b", hours=1), "name is 'a/b'"),
    "no time": (Deadline("x"), "hours is 0 and days is 0: give one of them, --hours or --days"),
    "two times": (Deadline("x", hours=1, days=2), "hours is 1 and days is 2: give one of them"),
    "hours": (Deadline("x", hours=-1), "hours is -1: give working hours, at most 10000"),
    "no number": (Deadline("x", hours=float("nan")), "hours is nan: give working hours"),
    "days": (Deadline("x", days=-2), "days is -2: give days, at most 3660"),
    "a priority": (Deadline("x", hours=1, priority="soon"), "priority is 'soon': give one of: low, normal"),
    "a direction": (Deadline("x", hours=1, direction="up"), "direction is 'up': give one of: incoming"),
    "a pause": (
        Deadline("x", days=1, legal=True, pauses=("in progress",)),
        "pauses is in progress: a legal deadline cannot be paused, leave it out",
    ),
    "a reminder": (Deadline("x", hours=4, remind=(4,)), "remind is 4: give working hours before"),
    "no reminder": (Deadline("x", days=4, remind=(0,)), "remind is 0: give working hours"),
    "two reminders": (Deadline("x", days=4, remind=(2, 2.0)), "remind says the same hours twice"),
    "a department": (
        Deadline("x", hours=1, escalate="wroks"),
        "escalate is 'wroks': there is no department 'wroks'. There are: works",
    ),
    "a person": (Deadline("x", hours=1, escalate="works/bne"), "there is no user 'bne'. There are: ben"),
}  # fmt: skip


@pytest.mark.parametrize(("made", "said"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_is_refused_with_the_value(register: Path, made: Deadline, said: str) -> None:
    decide(Department("works"), User("ben"))
    with pytest.raises(Usage) as error:
        decide(made)
    assert said in str(error.value)
    assert decisions.office().version == 2


UNKNOWN: dict[str, Any] = {
    "a state": (Deadline("x", state="begun"), "state is 'begun': the states of such entries are: received"),
    "an end": (Deadline("x", until=("done",)), "until is 'done'"),
    "another direction's": (Deadline("x", direction="incoming", state="draft"), "state is 'draft'"),
    "another class's": (Deadline("x", label="letter", state="paid"), "state is 'paid'"),
    "a pause": (Deadline("x", pauses=("asleep",)), "pauses is 'asleep'"),
    "a class": (Deadline("x", label="novel"), "no class 'novel'"),
}


@pytest.mark.parametrize(("made", "said"), UNKNOWN.values(), ids=UNKNOWN)
def test_states_and_classes_are_those_of_the_office(made: Deadline, said: str) -> None:
    def known(label: str) -> None:
        if label == "novel":
            raise Usage("There is no class 'novel'")

    own = States({"invoice": {Direction.INCOMING: {"new": ("paid",), "paid": ()}}})
    with pytest.raises(Usage) as error:
        must_be_known(made, own, known)
    assert said in str(error.value)
    must_be_known(Deadline("x", label="invoice", direction="incoming", until=("paid",)), own, known)
    must_be_known(Deadline("x", until=("paid",), state="draft"), own, known)


REACHED = {
    "the most days": (Deadline("x", days=3660), ""),
    "the most legal days": (Deadline("x", days=3660, legal=True), ""),
    "the most hours": (Deadline("x", hours=10_000), ""),
    "no such days": (Deadline("x", days=10**9, legal=True), "days is 1000000000: give days, at most 3660"),
}


@pytest.mark.parametrize(("made", "said"), REACHED.values(), ids=REACHED)
def test_what_can_be_reckoned_is_accepted(made: Deadline, said: str) -> None:
    if not said:
        must_be_reached(made, USUAL, local("2026-03-06T15:00"))
        return
    with pytest.raises(Usage) as error:
        must_be_reached(made, USUAL, local("2026-03-06T15:00"))
    assert said in str(error.value)


@pytest.mark.parametrize("legal", [False, True])
def test_what_is_due_never_is_refused(legal: bool) -> None:
    rarely = Calendar(MADRID, opening_hours("Sun 10:00-11:00"))
    must_be_reached(Deadline("x", hours=900), rarely, local("2026-03-06T15:00"))
    with pytest.raises(Usage, match="hours is 10000: The office is not open for long enough until 2046"):
        must_be_reached(Deadline("x", hours=10_000, legal=legal), rarely, local("2026-03-06T15:00"))
    with pytest.raises(Usage, match="days is 3660: The office"):
        must_be_reached(Deadline("x", days=3660), rarely, local("2026-03-06T15:00"))


def test_what_is_needed_stays_and_closures_end(register: Path) -> None:
    decide(Department("works"), User("ben"), Deadline("soon", hours=4, escalate="works/ben"))
    with pytest.raises(Usage, match="the deadline soon is escalated to it"):
        office.take_away("department", "works", ACT)
    office.put("rule", Rule("all", 1, "true", {"deadline": "soon"}), ACT)
    with pytest.raises(Usage, match="the rule all sets it"):
        office.take_away("deadline", "soon", ACT)
    with pytest.raises(Usage, match="more than a year after it begins"):
        decide(Closure("for ever", date(2026, 1, 1), date(2126, 1, 1)))


def test_what_held_at_a_moment(register: Path) -> None:
    at = ACT.at
    for minutes, made in ((0, 4.0), (10, 8.0)):
        act = replace(ACT, at=at + timedelta(minutes=minutes))
        office.put("deadline", Deadline("soon", hours=made), act)
    office.take_away("deadline", "soon", replace(ACT, at=at + timedelta(minutes=20)))
    office.put("deadline", Deadline("soon", hours=2), replace(ACT, at=at + timedelta(minutes=30)))
    found = [
        {name: (one.value.hours, one.since - at) for name, one in decisions.held("deadline", then).items()}
        for then in (at + timedelta(minutes=minutes) for minutes in (-1, 0, 10, 20, 30))
    ]
    begun = timedelta()
    assert found == [{}, {"soon": (4, begun)}, {"soon": (8, begun)}, {}, {"soon": (2, timedelta(minutes=30))}]
