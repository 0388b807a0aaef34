"""Firing: what clocks bring about, each once, however often this runs, dies, or runs at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from domain.deadlines import PASSED
from domain.errors import Unavailable
from register.acts import Act
from register.clocks import GONE, SOON, fires, terms_of
from register.entries import recorded
from register.following import Desk, looked_at
from register.models import Clock, Entry, Firing
from register.notices import tell
from register.rights import guarded
from register.routing import holders
from register.session import write
from register.staff import hear

log = structlog.get_logger()
ACTOR = "clock"
_REMINDER = "reminder "


@dataclass(frozen=True, slots=True)
class Fired:
    """What a clock has brought about: ``passed``, or ``reminder`` with its hours; who was told."""

    number: str
    deadline: str
    what: str
    due_at: datetime
    told: tuple[str, ...] = ()


def due(now: datetime) -> bool:
    """Whether a clock has something to bring about."""
    return Clock.objects.filter(next_at__lte=now).exists()


def fire(desk: Desk, now: datetime) -> list[Fired]:
    """Bring about all that is due; what somebody else is at, or is not known to be due still, is left.

    Raises:
        Unavailable: the database does not answer.
    """
    done: list[Fired] = []
    found = Clock.objects.filter(next_at__lte=now).order_by("next_at", "pk")
    for clock_id, entry_id in list(found.values_list("pk", "entry_id")):
        try:
            done += _fire(clock_id, entry_id, desk, now)
        except Unavailable:
            raise
        except Exception:
            log.exception("a clock could not bring about what is due", clock=clock_id)
    return done


def _fire(clock_id: int, entry_id: int, desk: Desk, now: datetime) -> list[Fired]:
    """All that is due of one clock, in one transaction: events, what is told, and that it was done."""
    with write():
        entry = Entry.objects.select_for_update().get(pk=entry_id)
        clock = Clock.objects.get(pk=clock_id)
        # Something that happened and was not looked at yet may have paused or ended it.
        if clock.next_at is None or clock.next_at > now or not looked_at(entry, (SOON, GONE)):
            return []
        all_of_it = fires(clock, desk.calendar)
        waiting = [(what, at) for what, at in all_of_it if at <= now]
        if any(what == PASSED for what, _ in waiting):  # reminders of it are of no use any more
            waiting = [one for one in waiting if one[0] == PASSED]
        done = [_bring_about(clock, entry, what, at, desk, now) for what, at in waiting]
        clock.next_at = min((at for _, at in fires(clock, desk.calendar)), default=None)
        clock.save(update_fields=["next_at"])
        return done


def _bring_about(clock: Clock, entry: Entry, what: str, at: datetime, desk: Desk, now: datetime) -> Fired:
    Firing.objects.create(clock=clock, what=what, extended=clock.extended, due_at=at, at=now)
    terms, today = terms_of(clock), desk.calendar.day_of(now)
    subject = guarded(entry)
    told = hear(desk.office, entry.department, entry.person, subject, today)
    content: dict[str, Any] = {
        "deadline": clock.name,
        "what": what,
        "moment": at.isoformat(),
        "due_at": (clock.due_at or at).isoformat(),
        "legal": clock.legal,
        "told": told,
    }
    if clock.extended:
        content["extended"] = clock.extended
    above: Sequence[str] = ()
    if what == PASSED and terms.escalate:
        above = hear(desk.office, *holders(terms.escalate), subject, today)
        content |= {"escalated": above, "escalate": terms.escalate}
    kind = GONE if what == PASSED else SOON
    recorded(entry, kind, content, Act(ACTOR, now))
    said: dict[str, Any] = {name: content[name] for name in ("deadline", "due_at")}
    said |= {"number": entry.number}
    said |= {"hours": float(what.removeprefix(_REMINDER))} if kind == SOON else {}
    everyone = tuple(dict.fromkeys([*told, *above]))
    key = f"clock {entry.number} {clock.name} {what}" + (f" {clock.extended}" if clock.extended else "")
    for name in everyone:
        tell(key, name, kind, now, entry=entry, told=said)
    return Fired(entry.number, clock.name, what, at, everyone)
