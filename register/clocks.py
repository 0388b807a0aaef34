"""Clocks: the deadlines of entries, made from events alone. What they bring about is in ``register.firing``.

An entry has a deadline while its class, priority and direction are those of the deadline, or once a rule gave
it. It runs on the terms that were decided when it began; with a changed calendar what is due moves.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog
from django.utils import timezone

from domain.deadlines import PASSED, Run, in_calendar_days, is_for, late, measured, moments, step
from domain.errors import Usage
from domain.notices import ROUTED
from domain.office import Deadline
from domain.wire import from_json, to_plain
from domain.working_time import Calendar
from register import decisions
from register.following import Desk, Happened, by_itself, done_after_all, snapshot_of
from register.models import Clock, Entry, EventContent, Firing, Mark, Outbox
from register.records import class_in
from register.session import write

log = structlog.get_logger()
SOON, GONE, EXTENDED = "deadline soon", "deadline passed", "deadline extended"
IN_TIME, LATE, VOID, DROPPED = "in time", "late", "void", "dropped"
_SETTLED = "calendar of the clocks"
_CLOCKS = "clocks"
_MOVES = ("allowed", "used", "due_at", "next_at")  # with the calendar


@dataclass(frozen=True, slots=True)
class _Facts:
    """Of an entry as an event left it: what its deadlines depend on."""

    status: str
    direction: str
    label: str
    priority: str
    void: bool


def on_event(happened: Happened, desk: Desk) -> None:
    """Begin, pause, go on with and end the clocks of the event's entry."""
    clocks = {one.name: one for one in Clock.objects.filter(entry=happened.entry)}
    held = happened.decided.held("deadline", happened.at)
    if happened.kind in (SOON, GONE):
        _has_fired(clocks, happened, desk)
        return
    if happened.kind == EXTENDED:
        _has_more(clocks, happened, desk)
        return
    if not (clocks or held):
        return
    if happened.undone:
        done_after_all(happened.entry, _CLOCKS)
    now = _facts(snapshot_of(happened))
    for clock in clocks.values():
        with by_itself(f"{_CLOCKS} {clock.name}", happened):
            _go_on(clock, now, happened, desk)
    new = {name: one for name, one in held.items() if name not in clocks or clocks[name].outcome == DROPPED}
    if new and not now.void:
        _begin(new, clocks, now, happened, desk)


def run_of(clock: Clock) -> Run:
    """How the clock has run so far."""
    ran = tuple((datetime.fromisoformat(begin), datetime.fromisoformat(end)) for begin, end in clock.ran)
    return Run(clock.begun_at, ran, clock.resumed_at, clock.ended_at, clock.more)


def terms_of(clock: Clock) -> Deadline:
    """What had been decided of the deadline when the clock began."""
    return from_json(Deadline, json.dumps(clock.terms))


def fires(clock: Clock, calendar: Calendar) -> list[tuple[str, datetime]]:
    """What the clock brings about and when, in order, that it has not yet; nothing once it has passed.

    A clock that has ended keeps what was known then: a calendar that changes later moves it no more. One that
    was given more time brings all of it about at the new time, but for reminders that would be late already.
    """
    firings = Firing.objects.filter(clock=clock.pk, extended=clock.extended)
    fired = set(firings.values_list("what", flat=True))
    if PASSED in fired or clock.outcome in (VOID, DROPPED):
        return []
    if clock.ended_at:
        return [(PASSED, clock.due_at)] if clock.outcome == LATE and clock.due_at else []
    try:
        found = list(moments(run_of(clock), terms_of(clock), calendar))
    except Usage:
        return []
    since = clock.extended_at
    old = {what for what, at in found if since and at <= since and what != PASSED}
    return [one for one in found if one[0] not in fired | old]


def settle(desk: Desk) -> int:
    """Move what is due where the calendar has changed since the last time; returns of how many clocks.

    Killed half-way, it is done again: what it writes does not depend on what was written before.
    """
    if settled(desk):
        return 0
    count = 0
    for running in list(Clock.objects.filter(ended_at=None).order_by("pk").values_list("pk", flat=True)):
        seen = Clock.objects.select_related("entry").get(pk=running)
        if not _stand(seen, run_of(seen), desk.calendar):
            continue
        with write():
            Entry.objects.select_for_update().get(pk=seen.entry_id)
            clock = Clock.objects.get(pk=running)
            if clock.ended_at is None:
                keep(clock, run_of(clock), desk.calendar)
                count += 1
    with write():
        now = {"at": timezone.now(), "told": _calendar_name(desk)}
        Mark.objects.update_or_create(name=_SETTLED, defaults=now)
    return count


def settled(desk: Desk) -> bool:
    """Whether all that runs is measured by the calendar as it is now."""
    told = Mark.objects.filter(name=_SETTLED).values_list("told", flat=True).first()
    return told == _calendar_name(desk)


def _calendar_name(desk: Desk) -> dict[str, str]:
    return {"calendar": hashlib.sha256(desk.calendar.name.encode()).hexdigest()}


def keep(clock: Clock, run: Run, calendar: Calendar, outcome: str = "") -> None:
    """Write down how the clock stands, within a transaction that holds its entry's row."""
    _stand(clock, run, calendar, outcome)
    clock.save()


def _stand(clock: Clock, run: Run, calendar: Calendar, outcome: str = "") -> bool:
    """Let the clock stand as the run and the calendar say; whether anything of it moves."""
    before = [getattr(clock, name) for name in _MOVES]
    clock.ran = [[begin.isoformat(), end.isoformat()] for begin, end in run.ran]
    clock.begun_at, clock.resumed_at, clock.ended_at = run.begun_at, run.resumed_at, run.ended_at
    try:
        found = measured(run, terms_of(clock), calendar)
        clock.allowed, clock.used, clock.due_at = found.allowed, found.used, found.due_at
    except Usage as error:
        log.warning("a deadline is due never", number=clock.entry.number, name=clock.name, reason=str(error))
        clock.due_at = None
    ended = (LATE if late(run, clock.due_at) else IN_TIME) if run.ended_at else ""
    clock.outcome = outcome or ended
    clock.next_at = min((at for _, at in fires(clock, calendar)), default=None)
    return before != [getattr(clock, name) for name in _MOVES]


def _facts(snapshot: Mapping[str, Any]) -> _Facts:
    return _Facts(
        snapshot["status"],
        snapshot["direction"],
        class_in(snapshot),
        snapshot["priority"],
        bool(snapshot["voided_at"]),
    )


def _go_on(clock: Clock, now: _Facts, happened: Happened, desk: Desk) -> None:
    """Let the clock go on as the entry stands now."""
    terms, run = terms_of(clock), run_of(clock)
    if clock.outcome in (VOID, DROPPED):
        return
    if now.void or not (clock.given or is_for(terms, now.direction, now.label, now.priority)):
        if not run.ended_at:
            ran = (*run.ran, (run.resumed_at, happened.at)) if run.resumed_at else run.ran
            ended = replace(run, ran=ran, resumed_at=None, ended_at=happened.at)
            keep(clock, ended, _calendar(desk, ended, happened), VOID if now.void else DROPPED)
        return
    then = step(run, now.status, happened.at, terms, desk.states.ends(now.direction, now.label))
    if then != run:
        keep(clock, then, _calendar(desk, then, happened))


def _begin(
    new: Mapping[str, decisions.Held],
    clocks: Mapping[str, Clock],
    now: _Facts,
    happened: Happened,
    desk: Desk,
) -> None:
    """Begin what the entry has now, from when it was first in the state that begins it."""
    entry, by_rule = happened.entry, _by_rules(happened)
    wanted = {
        name: one
        for name, one in new.items()
        if name in by_rule or is_for(one.value, now.direction, now.label, now.priority)
    }
    story = _story(happened) if wanted else []
    ends = desk.states.ends(now.direction, now.label)
    for name, one in wanted.items():
        with by_itself(f"{_CLOCKS} {name}", happened):
            run = _run(one, story, entry.received_at, ends)
            if run is None:
                continue
            clock = clocks.get(name) or Clock(entry=entry, name=name, allowed=0.0)  # if it is due never
            # Of one that ended as its entry was of another class meanwhile, what it was given stays.
            alike = in_calendar_days(one.value) == (clock.pk and in_calendar_days(terms_of(clock)))
            clock.more = clock.more if alike else 0.0
            run = replace(run, more=clock.more)
            clock.terms, clock.legal = to_plain(one.value), one.value.legal
            clock.given = name in by_rule
            keep(clock, run, _calendar(desk, run, happened))


def _run(
    held: decisions.Held,
    story: Iterable[tuple[datetime, str]],
    received_at: datetime,
    ends: frozenset[str],
) -> Run | None:
    """How it has run through the states of an entry so far; None where it has not begun.

    It begins after it was decided only; where it begins with the entry, when that was received.
    """
    run: Run | None = None
    before = ""
    for at, status in story:
        if run is not None:
            run = step(run, status, at, held.value, ends)
        elif at >= held.since and _comes(held.value, before, status):
            begun = at if held.value.state else min(received_at, at)
            run = step(Run(begun), status, begun, held.value, ends)
        before = status
    return run


def _comes(deadline: Deadline, before: str, status: str) -> bool:
    """Whether it begins as an entry comes from the one state, "" before it was made, into the other."""
    return status == deadline.state != before if deadline.state else not before


def _story(happened: Happened) -> list[tuple[datetime, str]]:
    """The states of the entry up to this event, and since when."""
    rows = Outbox.objects.filter(entry=happened.entry, sequence__lte=happened.sequence).order_by("sequence")
    return [(at, json.loads(body)["entry"]["status"]) for at, body in rows.values_list("event__at", "body")]


def _by_rules(happened: Happened) -> set[str]:
    """The deadlines that rules have given the entry so far."""
    if not happened.routed:
        return set()
    routed = EventContent.objects.filter(
        event__entry=happened.entry, event__kind=ROUTED, event__sequence__lte=happened.sequence
    )
    bodies = routed.values_list("body", flat=True)
    return {str(said) for body in bodies if (said := json.loads(body).get("deadline"))}


def _calendar(desk: Desk, run: Run, happened: Happened) -> Calendar:
    """Of a run that has ended that of then: what is decided later changes nothing of it."""
    if run.ended_at is None:
        return desk.calendar
    held = happened.decided.held("closure", happened.at)
    return desk.calendar.closed(one.value for one in held.values())


def _has_fired(clocks: Mapping[str, Clock], happened: Happened, desk: Desk) -> None:
    """After a rebuild: what a clock has brought about stands in the history, and is not done again."""
    said = happened.content
    clock = clocks.get(said.get("deadline", ""))
    if clock is None:
        return
    due_at = datetime.fromisoformat(said["moment"])
    told = {"due_at": due_at, "at": happened.at}
    key = {"clock": clock, "what": said["what"], "extended": said.get("extended", 0)}
    _, made = Firing.objects.get_or_create(**key, defaults=told)
    if made:
        clock.next_at = min((at for _, at in fires(clock, desk.calendar)), default=None)
        clock.save(update_fields=["next_at"])


def _has_more(clocks: Mapping[str, Clock], happened: Happened, desk: Desk) -> None:
    """Somebody gave it more time: what it has now stands in the event, so that it may be looked at again."""
    said = happened.content
    clock = clocks.get(said["deadline"])
    if clock is None or said["extended"] <= clock.extended:
        return
    clock.more, clock.extended, clock.extended_at = said["more"], said["extended"], happened.at
    keep(clock, run_of(clock), _calendar(desk, run_of(clock), happened))
