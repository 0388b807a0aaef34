"""How a deadline runs for an entry: begun, paused, ended by the entry's states; when it is due. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from domain.errors import Usage
from domain.office import Deadline
from domain.states import ANSWERED
from domain.working_time import Calendar

Spans = tuple[tuple[datetime, datetime], ...]
PASSED = "passed"
"""What a deadline brings about at its end."""
_HOUR = 3600.0
_MOST_DAYS = 3_660
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Run:
    """A deadline on its way for an entry.

    Attributes:
        begun_at: when it began.
        ran: from when to when it ran, until it was last paused or ended.
        resumed_at: since when it has been running; None while it does not.
        ended_at: since when nothing is waited for; None while something is.
        more: what it was given beyond its terms: working seconds, or days of one in calendar days.
    """

    begun_at: datetime
    ran: Spans = ()
    resumed_at: datetime | None = None
    ended_at: datetime | None = None
    more: float = 0.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What the working time says of a run: seconds; ``due_at`` None where it stands still with time left."""

    allowed: float
    used: float
    due_at: datetime | None


def is_for(deadline: Deadline, direction: str, label: str, priority: str) -> bool:
    """Whether entries of this direction, class and priority have the deadline without a rule that says so."""
    asked = ((deadline.direction, direction), (deadline.label, label), (deadline.priority, priority))
    return not deadline.by_rule and all(wanted in ("", found) for wanted, found in asked)


def step(run: Run, status: str, at: datetime, deadline: Deadline, ends: frozenset[str]) -> Run:
    """The run once its entry is in this state; ``ends`` are those in which nothing is to be done any more.

    A state that ends it and is left again, as of an entry that is reopened, was a pause.
    """
    ended = status in (deadline.until or (ANSWERED,)) or status in ends
    paused = not deadline.legal and status in deadline.pauses
    if run.resumed_at is None and not (ended or paused):
        return replace(run, resumed_at=at, ended_at=None)
    if run.resumed_at is not None and (ended or paused):
        ran = (*run.ran, (run.resumed_at, max(run.resumed_at, at)))
        return replace(run, ran=ran, resumed_at=None, ended_at=at if ended else None)
    return replace(run, ended_at=(run.ended_at or at) if ended else None)


def measured(run: Run, deadline: Deadline, calendar: Calendar) -> Measured:
    """How much time it gives, how much of it was used when it was last paused, and when it is due.

    Raises:
        Usage: the office is never open for so long.
    """
    used = sum(calendar.between(begin, end) for begin, end in run.ran)
    allowed = _allowed(run, deadline, calendar)
    due = _legal(run, deadline, calendar) if deadline.legal else _reached(run, allowed, calendar)
    return Measured(allowed, used, due)


def late(run: Run, due_at: datetime | None) -> bool:
    """Whether a run that has ended had passed before."""
    return bool(run.ended_at and due_at and run.ended_at > due_at)


def moments(run: Run, deadline: Deadline, calendar: Calendar) -> Iterator[tuple[str, datetime]]:
    """What it brings about when, as far as that is known: ``reminder HOURS``, in order, and ``passed``.

    Of one that has ended, only that it had passed before.

    Raises:
        Usage: the office is never open for so long.
    """
    found = measured(run, deadline, calendar)
    for hours in sorted(deadline.remind, reverse=True) if run.ended_at is None else ():
        left = hours * _HOUR
        if deadline.legal and found.due_at:
            yield reminder(hours), max(calendar.back(found.due_at, left), run.begun_at)
        elif at := _reached(run, found.allowed - left, calendar):
            yield reminder(hours), at
    if found.due_at and (run.ended_at is None or late(run, found.due_at)):
        yield PASSED, found.due_at


def reminder(hours: float) -> str:
    """What a reminder so many working hours before the end is called."""
    return f"reminder {hours:g}"


def extended(
    run: Run, deadline: Deadline, calendar: Calendar, now: datetime, to: date | None, days: int
) -> Run:
    """The same run with more time: until the end of a day, or so many days after the day on which it is due.

    The end of a day is when the office closes on it, days are working days; of one in calendar days it is
    midnight, and they are calendar days. What stands still has the time that it would have if it went on now.

    Raises:
        Usage: it would not be due later, or in the past; names the value.
    """
    if (to is None) == (days == 0):
        raise Usage("to and days: give one of them, a day or how many more")
    if not 0 <= days <= _MOST_DAYS:
        raise Usage(f"days is {days}: give days, at most {_MOST_DAYS}")
    today = calendar.day_of(now)
    if to and not today <= to <= today + timedelta(days=_MOST_DAYS):
        raise Usage(f"to is {to}: give a day from {today} on, at most {_MOST_DAYS} later")
    waits = run.resumed_at is None and not deadline.legal
    if waits and to:
        raise Usage(f"to is {to}, but it stands still, and is due on no day yet: say how many days more")
    going = replace(run, resumed_at=now) if waits else run
    due = measured(going, deadline, calendar).due_at
    assert due  # of what goes on it is known
    last = calendar.day_of(due - _INSTANT)
    if in_calendar_days(deadline):
        wanted = to or last + timedelta(days=days)
        then = replace(run, more=(wanted - calendar.day_of(run.begun_at)).days - deadline.days)
        ends = _legal(then, deadline, calendar)
    else:
        ends = _closing(to, calendar) if to else calendar.add_days(due - _INSTANT, days)
        begun = run.begun_at if deadline.legal else going.resumed_at
        assert begun
        ran = () if deadline.legal else going.ran
        passes = sum(calendar.between(*span) for span in ran) + calendar.between(begun, ends)
        then = replace(run, more=passes - _allowed(replace(run, more=0.0), deadline, calendar))
    said = f"to is {to}" if to else f"days is {days}"
    written, until = (f"{one.astimezone(calendar.zone):%Y-%m-%d %H:%M}" for one in (due, ends))
    if ends <= now:
        raise Usage(f"{said}, which ends on {until}, and that has passed: give more")
    if ends <= due:
        raise Usage(f"{said}, which ends on {until}, but it is due on {written}: give more")
    return then


def _closing(day: date, calendar: Calendar) -> datetime:
    if openings := calendar.openings(day):
        return openings[-1][1]
    raise Usage(f"to is {day}, on which the office is closed: give a day on which it is open")


def in_calendar_days(deadline: Deadline) -> bool:
    """Whether it counts calendar days; else it is working time."""
    return deadline.legal and bool(deadline.days)


def _legal(run: Run, deadline: Deadline, calendar: Calendar) -> datetime:
    if deadline.days:
        return calendar.add_calendar_days(run.begun_at, deadline.days + int(run.more))
    return calendar.add(run.begun_at, deadline.hours * _HOUR + run.more)


def _allowed(run: Run, deadline: Deadline, calendar: Calendar) -> float:
    """Working seconds that it gives; of working days those until the office closes on the last of them."""
    if in_calendar_days(deadline):
        return calendar.between(run.begun_at, _legal(run, deadline, calendar))
    if not deadline.days:
        return deadline.hours * _HOUR + run.more
    return calendar.between(run.begun_at, calendar.add_days(run.begun_at, deadline.days)) + run.more


def _reached(run: Run, seconds: float, calendar: Calendar) -> datetime | None:
    """When it had, or will have, run for so many working seconds; None where it stands still before."""
    left = seconds
    for begin, end in run.ran:
        here = calendar.between(begin, end)
        if here >= left:
            return calendar.add(begin, left)
        left = round(left - here, 6)  # what a sum of seconds is off by must not be the next day
    return calendar.add(run.resumed_at, left) if run.resumed_at else None
