"""The audit chain: one per register, each event linked to the one before it by hash."""

import hashlib
import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.db.models import Max

from register.models import Counter, Entry, Event, EventContent
from register.numbers import HISTORY, OFFICE, take_next

_START = "0" * 64


def _content_hash(salt: str, body: str) -> str:
    return hashlib.sha256(f"{salt}\n{body}".encode()).hexdigest()


def _link(event: Event, number: str) -> str:
    at = event.at.astimezone(UTC).isoformat(timespec="microseconds")
    parts = [event.register, event.sequence, number, event.kind, event.actor, at]
    parts += [event.content_hash, event.previous]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def append(entry: Entry, kind: str, content: dict[str, Any], *, actor: str, at: datetime) -> Event:
    """Add an event to the chain of the entry's register, within the caller's transaction."""
    sequence = take_next(entry.register, HISTORY)
    last = Event.objects.filter(register=entry.register, sequence=sequence - 1).first()
    body = json.dumps(content, ensure_ascii=False, sort_keys=True)
    salt = secrets.token_hex(32)
    event = Event(
        register=entry.register,
        sequence=sequence,
        entry=entry,
        kind=kind,
        actor=actor,
        at=at,
        content_hash=_content_hash(salt, body),
        previous=last.hash if last else _START,
    )
    event.hash = _link(event, entry.number)
    event.save(force_insert=True)
    EventContent.objects.create(event=event, salt=salt, body=body)
    return event


def as_record(event: Event) -> dict[str, Any]:
    """The event as its record in the archive holds it, with all that its hash was made of."""
    return {
        "register": event.register,
        "sequence": event.sequence,
        "number": event.entry.number,
        "kind": event.kind,
        "actor": event.actor,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "content": json.loads(event.content.body),
        "salt": event.content.salt,
        "content_hash": event.content_hash,
        "previous": event.previous,
        "hash": event.hash,
    }


def from_record(record: dict[str, Any], entry: Entry) -> tuple[Event, EventContent]:
    """The event that ``as_record`` wrote, with its content; nothing is saved, nothing checked."""
    body = json.dumps(record["content"], ensure_ascii=False, sort_keys=True)
    event = Event(
        register=record["register"],
        sequence=record["sequence"],
        entry=entry,
        kind=record["kind"],
        actor=record["actor"],
        at=datetime.fromisoformat(record["at"]),
        content_hash=record["content_hash"],
        previous=record["previous"],
        hash=record["hash"],
    )
    return event, EventContent(event=event, salt=record["salt"], body=body)


def breaks() -> Iterator[dict[str, Any]]:
    """Each place where a chain does not hold: register, sequence, entry's number and what is wrong."""
    previous: Event | None = None
    events = Event.objects.select_related("entry", "content").order_by("register", "sequence")
    for event in events.iterator(chunk_size=2000):
        same = previous is not None and previous.register == event.register
        expected_sequence = previous.sequence + 1 if same and previous else 1
        expected_previous = previous.hash if same and previous else _START
        content: EventContent | None = getattr(event, "content", None)
        wrong = ""
        if event.sequence != expected_sequence:
            wrong = f"event {expected_sequence} is missing"
        elif event.previous != expected_previous or event.hash != _link(event, event.entry.number):
            wrong = "the event was altered"
        elif content and _content_hash(content.salt, content.body) != event.content_hash:
            wrong = "the event's content was altered"
        if wrong:
            yield {
                "register": event.register,
                "sequence": event.sequence,
                "number": event.entry.number,
                "problem": wrong,
            }
        previous = event
    for counter in Counter.objects.filter(year=HISTORY).exclude(register=OFFICE).order_by("register"):
        last = Event.objects.filter(register=counter.register).aggregate(last=Max("sequence"))["last"] or 0
        if last != counter.last:
            yield {
                "register": counter.register,
                "sequence": counter.last,
                "number": "",
                "problem": f"the chain ends at event {last}, but {counter.last} were written",
            }
