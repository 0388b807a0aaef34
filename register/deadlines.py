"""What the office decides of deadlines, checked before it is written down."""

import math
from collections.abc import Callable
from datetime import datetime

from domain.correspondence import Direction, Priority
from domain.deadlines import Run, measured
from domain.errors import Usage
from domain.office import Deadline, Office
from domain.states import DEFAULT, States
from domain.working_time import Calendar
from register.routing import no_holder

_MOST_HOURS, _MOST_DAYS = 10_000, 3_660
_PAUSES = Deadline("").pauses


def must_be_deadline(now: Office, one: Deadline) -> None:
    """See that a deadline can be kept.

    Raises:
        Usage: it cannot; names the field, the value and what to do.
    """
    _must_give_time(one)
    _must_remind_before(one)
    if one.legal and one.pauses not in ((), _PAUSES):
        raise Usage(f"pauses is {', '.join(one.pauses)}: a legal deadline cannot be paused, leave it out")
    for name, value, known in (("priority", one.priority, Priority), ("direction", one.direction, Direction)):
        if value and value not in tuple(known):
            raise Usage(f"{name} is {value!r}: give one of: {', '.join(known)}")
    for problem in no_holder(now, one.escalate) if one.escalate else ():
        raise Usage(f"escalate is {one.escalate!r}: {problem}")


def _must_give_time(one: Deadline) -> None:
    if not (math.isfinite(one.hours) and 0 <= one.hours <= _MOST_HOURS):
        raise Usage(f"hours is {one.hours:g}: give working hours, at most {_MOST_HOURS}")
    if not 0 <= one.days <= _MOST_DAYS:
        raise Usage(f"days is {one.days}: give days, at most {_MOST_DAYS}")
    if bool(one.hours) == bool(one.days):
        raise Usage(f"hours is {one.hours:g} and days is {one.days}: give one of them, --hours or --days")


def _must_remind_before(one: Deadline) -> None:
    given = one.hours or math.inf
    for hours in one.remind:
        if not (math.isfinite(hours) and 0 < hours < given):
            before = f", less than its {one.hours:g}" if one.hours else ""
            raise Usage(f"remind is {hours:g}: give working hours before its end, above 0{before}")
    if len({f"{hours:g}" for hours in one.remind}) != len(one.remind):
        raise Usage("remind says the same hours twice: once is enough")


def must_be_reached(one: Deadline, calendar: Calendar, at: datetime) -> None:
    """See that the office is open for so long, from this moment on.

    Raises:
        Usage: it is not, or no time is given.
    """
    _must_give_time(one)
    try:
        measured(Run(at, resumed_at=at), one, calendar)
    except Usage as error:
        given = f"hours is {one.hours:g}" if one.hours else f"days is {one.days}"
        raise Usage(f"{given}: {error}") from error


def must_be_known(one: Deadline, states: States, known: Callable[[str], None]) -> None:
    """See that the entries that a deadline is for can be of its class, and come into its states.

    Args:
        one: the deadline.
        states: of the office.
        known: raises for what is no class.

    Raises:
        Usage: they cannot; says which there are.
    """
    if one.label:
        known(one.label)
    directions = [Direction(one.direction)] if one.direction else list(Direction)
    labels = [one.label] if one.label else ["", *states.of_class]
    found = dict.fromkeys(
        state for way in directions for label in labels for state in states.follow(way, label)
    )
    usual = {state for follow in DEFAULT.values() for state in follow}
    for name, some in (("state", (one.state,)), ("until", one.until), ("pauses", one.pauses)):
        # What stands still while it waits may be said of entries that never do.
        for state in some:
            if state and state not in found and not (name == "pauses" and state in usual):
                raise Usage(f"{name} is {state!r}: the states of such entries are: {', '.join(found)}")
