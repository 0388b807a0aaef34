"""What people ask of clocks: those of an entry, those that are due soon, and whether each has fired once."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet

from domain.errors import Usage
from domain.rights import Rights
from domain.working_time import Calendar
from register import views
from register.clocks import GONE, SOON, fires
from register.models import Clock, Entry, EventContent
from register.rights import within

Told = dict[str, Any]
_PLACE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?Z)?~(\d{1,18})")


def show(number: str, calendar: Calendar, now: datetime, rights: Rights | None = None) -> list[Told]:
    """The clocks of an entry, with what they have brought about and will.

    Raises:
        Missing: there is no such entry, or none that the person may know of.
    """
    entry = views.entry(number, rights)
    clocks = _with_firings().filter(entry=entry).order_by("begun_at", "name")
    return [
        {
            **_told(one, calendar, now),
            "terms": one.terms,
            "fired": [
                {"what": each.what, "due_at": each.due_at.isoformat(), "at": each.at.isoformat()}
                for each in one.firings.all()
            ],
            "to_come": [{"what": what, "at": at.isoformat()} for what, at in fires(one, calendar)],
        }
        for one in clocks
    ]


def due(number: str, rights: Rights | None = None) -> list[tuple[str, datetime | None]]:
    """Names of an entry's deadlines that have not ended and when they are due, None while one stands still.

    Raises:
        Missing: there is no such entry, or none that the person may know of.
    """
    running = Clock.objects.filter(entry=views.entry(number, rights), ended_at=None)
    return list(running.order_by(F("due_at").asc(nulls_last=True), "name").values_list("name", "due_at"))


def listed(
    now: datetime,
    *,
    due_within: float | None = None,
    limit: int = 50,
    after: str = "",
    rights: Rights | None = None,
) -> list[Clock]:
    """The clocks that have not ended, those due first at the front, those that stand still at the end.

    Args:
        now: the present moment.
        due_within: only those due within so many hours, passed ones among them.
        limit: at most so many.
        after: the ``place`` of the last of those before.
        rights: of whoever asks; None for the owner.

    Raises:
        Usage: ``after`` is no such place.
    """
    found = _with_firings().filter(
        ended_at=None, entry__in=Entry.objects.filter(within(rights), voided_at=None)
    )
    if due_within is not None:
        found = found.filter(due_at__lte=now + timedelta(hours=due_within))
    if after:
        found = found.filter(_behind(after))
    return list(found.order_by(F("due_at").asc(nulls_last=True), "pk")[:limit])


def place(clock: Clock) -> str:
    """Where a clock stands in a list: the list goes on from there, whatever becomes of this clock."""
    due = clock.due_at.astimezone(UTC).isoformat().replace("+00:00", "Z") if clock.due_at else ""
    return f"{due}~{clock.pk}"


def _behind(after: str) -> Q:
    read = _PLACE.fullmatch(after)
    try:
        due_at = datetime.fromisoformat(read[1]) if read and read[1] else None
    except ValueError:
        read = None
    if read is None:
        raise Usage(f"cursor is {after!r}: take the one that the page before gave as next")
    later = Q(due_at=due_at, pk__gt=int(read[2]))
    return later if due_at is None else later | Q(due_at__gt=due_at) | Q(due_at=None)


def told(clocks: Iterable[Clock], calendar: Calendar, now: datetime) -> list[Told]:
    """Clocks of a list as people are told of them, by the office's calendar."""
    return [_told(one, calendar, now) for one in clocks]


def totals(now: datetime) -> dict[str, int]:
    """How many clocks run, how many of them have passed, and how many wait to bring something about."""
    running = Clock.objects.filter(ended_at=None)
    return {
        "running": running.count(),
        "passed": running.filter(due_at__lte=now).count(),
        "waiting": Clock.objects.filter(next_at__lte=now).count(),
    }


def missed(now: datetime) -> list[str]:
    """Numbers and deadlines of the clocks that should have brought something about by now, and have not."""
    waiting = Clock.objects.filter(next_at__lte=now).select_related("entry").order_by("pk")
    return [f"{one.entry.number} {one.name}" for one in waiting]


def fired_twice() -> list[str]:
    """What the history has twice for one time that a clock was given: number, deadline and what."""
    contents = EventContent.objects.filter(event__kind__in=(SOON, GONE)).order_by("event__sequence")
    counts: Counter[tuple[str, str, str, int]] = Counter()
    for number, body in contents.values_list("event__entry__number", "body").iterator():
        said = json.loads(body)
        counts[number, said["deadline"], said["what"], said.get("extended", 0)] += 1
    return [" ".join(one[:3]) for one, count in counts.items() if count > 1]


def _with_firings() -> QuerySet[Clock]:
    return Clock.objects.select_related("entry").prefetch_related("firings")


def _told(clock: Clock, calendar: Calendar, now: datetime) -> Told:
    """A clock as people are told of it; times used and left in seconds of working time."""
    used = clock.used + (calendar.between(clock.resumed_at, now) if clock.resumed_at else 0.0)
    return {
        "number": clock.entry.number,
        "deadline": clock.name,
        "legal": clock.legal,
        "extended": clock.extended,
        "state": _state(clock, now),
        "begun_at": clock.begun_at.isoformat(),
        "due_at": clock.due_at.isoformat() if clock.due_at else None,
        "ended_at": clock.ended_at.isoformat() if clock.ended_at else None,
        "allowed": round(clock.allowed, 1),
        "used": round(used, 1),
        "department": clock.entry.department or None,
        "person": clock.entry.person or None,
        "subject": clock.entry.subject,
    }


def _state(clock: Clock, now: datetime) -> str:
    """``running``, ``paused``, ``passed``, or how it has ended."""
    if clock.outcome:
        return clock.outcome
    if clock.due_at and clock.due_at <= now:
        return "passed"
    return "running" if clock.resumed_at else "paused"
