"""Extending: one entry's deadline gets more time, with the reason. The clock follows the event of it."""

from datetime import date

from domain.deadlines import extended, measured
from domain.errors import Forbidden, Stale, Usage
from domain.rights import Action
from domain.working_time import Calendar
from register.acts import Act
from register.clocks import EXTENDED, GONE, SOON, run_of, terms_of
from register.entries import locked, recorded
from register.following import looked_at
from register.models import Clock, Entry
from register.rights import guarded, must
from register.session import write


def extend(
    number: str, deadline: str, act: Act, calendar: Calendar, *, to: date | None = None, days: int = 0
) -> Entry:
    """Give a deadline of an entry more time: until the end of a day, or so many days.

    Args:
        number: of the entry.
        deadline: its name; "" for the only one that runs.
        act: who does it, when and why; a reason is asked for.
        calendar: of the office.
        to: the last day; or
        days: after the day on which it is due: working days, or calendar days of a legal one in days.

    Raises:
        Usage: it has none of that name that goes on, there is no reason, or it would not be due later, in the
            time to come. Names field, value and what to do.
        Missing: there is no such entry, or none that the person may know of.
        Forbidden: the person may not; a legal one is extended by who approves, or registers and edits.
        Stale: something has happened to the entry that its clocks do not know of yet.
    """
    with write():
        entry = locked(number, act, Action.VIEW)
        going = {one.name: one for one in Clock.objects.filter(entry=entry, ended_at=None).order_by("name")}
        clock = going.get(deadline or next(iter(going), "")) if deadline or len(going) == 1 else None
        _must_extend(act, entry, legal=clock is not None and clock.legal)
        if clock is None:
            raise _none(entry, deadline, list(going))
        if not act.reason.strip():
            raise Usage(f"Say why {clock.name} of {entry.number} is extended: give the reason")
        if not looked_at(entry, (SOON, GONE)):
            raise Stale(
                f"{entry.number} was changed a moment ago: look at its deadlines again, then decide anew."
            )
        then = extended(run_of(clock), terms_of(clock), calendar, act.at, to, days)
        due_at = measured(then, terms_of(clock), calendar).due_at
        content = {
            "deadline": clock.name,
            "legal": clock.legal,
            "before": {"due_at": clock.due_at.isoformat() if clock.due_at else None},
            "after": {"due_at": due_at.isoformat() if due_at else None},
            "more": then.more,
            "extended": clock.extended + 1,
            "reason": act.reason,
        }
        return recorded(entry, EXTENDED, content, act)


def _must_extend(act: Act, entry: Entry, *, legal: bool) -> None:
    """See that the person may: who may edit; a legal deadline who may approve, or register too."""
    if not legal:
        must(act.rights, Action.EDIT, entry)
        return
    if act.rights is None or act.rights.may(Action.APPROVE, guarded(entry)):
        return
    if not all(act.rights.may(one, guarded(entry)) for one in (Action.EDIT, Action.REGISTER)):
        raise Forbidden(
            f"{act.rights.user.name} may not extend a legal deadline of {entry.number}: "
            "ask an approver of its department, or a registrar"
        )


def _none(entry: Entry, deadline: str, going: list[str]) -> Usage:
    if not going:
        return Usage(f"{entry.number} has no deadline that goes on: there is nothing to extend")
    there = f"There are: {', '.join(going)}" if len(going) > 1 else f"There is: {going[0]}"
    if deadline:
        return Usage(f"deadline is {deadline!r}, but none of that name goes on for {entry.number}. {there}")
    return Usage(f"{entry.number} has several deadlines: name one. {there}")
