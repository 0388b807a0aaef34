"""Certified time: how right this machine's clock was, and what time-stamping authorities say of events."""

import json
import socket
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.states import DISPATCHED
from register.models import Counter, Entry, Event, Mark, Stamp, StoredObject
from register.numbers import HISTORY, OFFICE
from register.session import write

FIRST = ("entered", "registered")
"""Events with which an entry begins: these are stamped, and those with which it is dispatched."""
_OLDEST = timedelta(days=30)  # what lay longer without a stamp gets none
_AT_ONCE = 500  # events looked at together


def _machine() -> str:
    return f"clock {socket.gethostname()[:48]}"


def note(seconds: float, within: float, server: str, at: datetime) -> None:
    """Write down what a time server said of this machine's clock."""
    told = {"offset_seconds": round(seconds, 6), "within_seconds": round(within, 6), "server": server}
    Mark.objects.update_or_create(name=_machine(), defaults={"at": at, "told": told})


def measured_at() -> datetime | None:
    """When this machine's clock was last compared."""
    return Mark.objects.filter(name=_machine()).values_list("at", flat=True).first()


def clock() -> dict[str, dict[str, Any]]:
    """What is known of this machine's clock, as events hold it; nothing where nobody was asked."""
    row = Mark.objects.filter(name=_machine()).first()
    if row is None:
        return {}
    return {"clock": {**row.told, "measured_at": row.at.astimezone(UTC).isoformat(timespec="seconds")}}


def unstamped(now: datetime, limit: int) -> Iterator[Event]:
    """Events with which entries begin that have no stamp yet, at most so many, oldest first by register."""
    left = limit
    for register, last in _registers():
        reached = _reached(register)
        while reached < last:
            rows = Event.objects.filter(register=register, sequence__gt=reached).order_by("sequence")
            some = list(rows.select_related("stamp", "entry", "content")[:_AT_ONCE])
            if not some:
                break
            for event in some:
                if _certified(event) and event.at > now - _OLDEST and not hasattr(event, "stamp"):
                    if not left:
                        return
                    left -= 1
                    yield event
            reached = some[-1].sequence
            _pass(register, reached)


def _certified(event: Event) -> bool:
    return event.kind in FIRST or _dispatches(event)


def _dispatches(event: Event) -> bool:
    content = getattr(event, "content", None)
    return event.kind == "moved" and content is not None and json.loads(content.body).get("to") == DISPATCHED


def dispatched(entry: Entry) -> Event | None:
    """The last event with which an entry was dispatched; None where it was not."""
    moved = Event.objects.filter(entry=entry, kind="moved").select_related("content").order_by("-sequence")
    return next(filter(_dispatches, moved), None)


def _registers() -> list[tuple[str, int]]:
    rows = Counter.objects.filter(year=HISTORY).exclude(register=OFFICE).order_by("register")
    return list(rows.values_list("register", "last"))


def _mark(register: str) -> str:
    return f"stamped {register}"


def _reached(register: str) -> int:
    told = Mark.objects.filter(name=_mark(register)).values_list("told", flat=True).first() or {}
    return int(told.get("sequence", 0))


def _pass(register: str, sequence: int) -> None:
    defaults = {"at": datetime.now(UTC), "told": {"sequence": sequence}}
    Mark.objects.update_or_create(name=_mark(register), defaults=defaults)


def stamped(event: Event, at: datetime, authority: str, token: bytes, kept: StoredObject) -> None:
    """Note what an authority certified, as the archive holds it; the first stamp of an event stays."""
    with write():
        Stamp.objects.bulk_create(
            [Stamp(event=event, at=at, authority=authority, token=token)], ignore_conflicts=True
        )
        StoredObject.objects.bulk_create([kept], ignore_conflicts=True)


def stamps() -> Iterator[tuple[Event, bytes]]:
    """All stamps with their events."""
    rows = Stamp.objects.select_related("event", "event__entry").order_by(
        "event__register", "event__sequence"
    )
    for row in rows.iterator(chunk_size=1000):
        yield row.event, bytes(row.token)


def restore(found: Sequence[tuple[str, int, datetime, str, bytes]]) -> list[tuple[str, int]]:
    """Add stamps that came back: register, sequence, time, authority, token; those of no event are told."""
    lost = []
    rows = []
    for register, sequence, at, authority, token in found:
        event = Event.objects.filter(register=register, sequence=sequence).first()
        if event is None:
            lost.append((register, sequence))
        else:
            rows.append(Stamp(event=event, at=at, authority=authority, token=token))
    Stamp.objects.bulk_create(rows)
    return lost
