"""How a deadline runs for an entry: begun, paused, ended by the entry's states; when it is due. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from domain.office import Deadline
from domain.states import ANSWERED
from domain.working_time import Calendar

Spans = tuple[tuple[datetime, datetime], ...]
PASSED = "passed"
"""What a deadline brings about at its end."""
_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Run:
    """A deadline on its way for an entry.

    Attributes:
        begun_at: when it began.
        ran: from when to when it ran, until it was last paused or ended.
        resumed_at: since when it has been running; None while it does not.
        ended_at: since when nothing is waited for; None while something is.
    """

    begun_at: datetime
    ran: Spans = ()
    resumed_at: datetime | None = None
    ended_at: datetime | None = None


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


def _legal(run: Run, deadline: Deadline, calendar: Calendar) -> datetime:
    if deadline.days:
        return calendar.add_calendar_days(run.begun_at, deadline.days)
    return calendar.add(run.begun_at, deadline.hours * _HOUR)


def _allowed(run: Run, deadline: Deadline, calendar: Calendar) -> float:
    """Working seconds that it gives; of working days those until the office closes on the last of them."""
    if not deadline.days:
        return deadline.hours * _HOUR
    whole = calendar.add_calendar_days if deadline.legal else calendar.add_days
    return calendar.between(run.begun_at, whole(run.begun_at, deadline.days))


def _reached(run: Run, seconds: float, calendar: Calendar) -> datetime | None:
    """When it had, or will have, run for so many working seconds; None where it stands still before."""
    left = seconds
    for begin, end in run.ran:
        here = calendar.between(begin, end)
        if here >= left:
            return calendar.add(begin, left)
        left = round(left - here, 6)  # what a sum of seconds is off by must not be the next day
    return calendar.add(run.resumed_at, left) if run.resumed_at else None
