"""The audit chain: one per register, each event linked to the one before it by hash."""

import json
import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Max

from domain.chain import START, body_of, content_hash, link, moment
from register.models import Counter, Entry, Event, EventContent
from register.numbers import HISTORY, NO_REGISTERS, take_next

_AT_ONCE = 5000  # events read together
CERTIFIED = "entry_sha256"
"""Where in an event's content stands the hash of the entry's record, and of its salt."""
_GONE = "what the event says is missing"
_NEXT = f"""UPDATE {Counter._meta.db_table} SET last = last + 1 WHERE register = %s AND year = {HISTORY}
    RETURNING last, (SELECT hash FROM {Event._meta.db_table} event
                     WHERE event.register = %s AND event.sequence = {Counter._meta.db_table}.last - 1)"""  # noqa: S608 - names of ours


def append(entry: Entry, kind: str, content: dict[str, Any], *, actor: str, at: datetime) -> Event:
    """Add an event to the chain of the entry's register, within the caller's transaction."""
    sequence, previous = _next(entry.register)
    body = body_of(content)
    salt = secrets.token_hex(32)
    event = Event(
        register=entry.register,
        sequence=sequence,
        entry=entry,
        kind=kind,
        actor=actor,
        at=at,
        content_hash=content_hash(salt, body),
        previous=previous,
    )
    event.hash = link(
        event.register,
        sequence,
        entry.number,
        kind,
        actor,
        moment(at),
        event.content_hash,
        event.previous,
    )
    event.save(force_insert=True)
    EventContent.objects.create(event=event, salt=salt, body=body)
    return event


def _next(register: str) -> tuple[int, str]:
    """The place of the next event, which is the caller's until its transaction ends; the hash before it."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [register, register])
        row = cursor.fetchone()
    sequence, previous = row or (take_next(register, HISTORY), None)
    if previous is None:  # the first of all, or written while this statement waited for it
        before = Event.objects.filter(register=register, sequence=sequence - 1)
        previous = before.values_list("hash", flat=True).first() or START
    return sequence, previous


def as_record(event: Event) -> dict[str, Any]:
    """The event as its record in the archive holds it, with all that its hash was made of."""
    return {
        "register": event.register,
        "sequence": event.sequence,
        "number": event.entry.number,
        "kind": event.kind,
        "actor": event.actor,
        "at": moment(event.at),
        "content": json.loads(event.content.body),
        "salt": event.content.salt,
        "content_hash": event.content_hash,
        "previous": event.previous,
        "hash": event.hash,
    }


def from_record(record: dict[str, Any], entry: Entry) -> tuple[Event, EventContent]:
    """The event that ``as_record`` wrote, with its content; nothing is saved, nothing checked."""
    body = body_of(record["content"])
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


def differences(event: Event, was: dict[str, Any] | None) -> list[str]:
    """What of an event is not as this record of it has it."""
    if was is None:
        return []
    content: EventContent | None = getattr(event, "content", None)
    now = {"number": event.entry.number, "kind": event.kind, "actor": event.actor, "at": moment(event.at)}
    differs = [name for name, value in now.items() if was.get(name) != value]
    before: dict[str, Any] = was.get("content") or {}
    if content is None:
        return [*differs, "content"]
    try:
        said: dict[str, Any] = json.loads(content.body)
    except ValueError:
        return [*differs, "content"]
    differs += [name for name in sorted({*said, *before}) if said.get(name) != before.get(name)]
    chained = ("content_hash", "previous", "hash")
    return differs or [name for name in chained if was.get(name) != getattr(event, name)]


def altered(event: Event) -> str:
    """What of an event is not as it was chained; "" for nothing. What it says may be gone."""
    chained = event.content_hash, event.previous
    number = event.entry.number
    if event.hash != link(
        event.register, event.sequence, number, event.kind, event.actor, moment(event.at), *chained
    ):
        return "the event was altered"
    said: EventContent | None = getattr(event, "content", None)
    wrong = said is not None and content_hash(said.salt, said.body) != event.content_hash
    return "the event's content was altered" if wrong else ""


def breaks() -> Iterator[dict[str, Any]]:
    """Each place where a chain does not hold: register, sequence, entry's number and what is wrong.

    Rows are read as they are, without objects made of them: a register has millions.
    """
    events = Event.objects.order_by("register", "sequence").values_list(
        "register", "sequence", "entry__number", "kind", "actor", "at", "content_hash", "previous", "hash",
        "content__salt", "content__body",
    )  # fmt: skip
    chain, last, before = "", 0, START
    for row in events.iterator(chunk_size=_AT_ONCE):
        register, sequence, number, kind, actor, at, content, previous, own, salt, body = row
        if register != chain:
            chain, last, before = register, 0, START
        wrong = ""
        if sequence != last + 1:
            wrong = f"event {last + 1} is missing"
        elif link(register, sequence, number, kind, actor, moment(at), content, previous) != own:
            wrong = "the event was altered"
        elif previous != before:
            wrong = f"event {last} was altered, or this one: they do not follow each other"
        elif body is None or content_hash(salt, body) != content:
            wrong = _GONE if body is None else "the event's content was altered"
        if wrong:
            yield {"register": register, "sequence": sequence, "number": number, "problem": wrong}
        last, before = sequence, own
    counters = Counter.objects.filter(year=HISTORY).exclude(register__in=NO_REGISTERS)
    for counter in counters.order_by("register"):
        ended = Event.objects.filter(register=counter.register).aggregate(last=Max("sequence"))["last"] or 0
        if ended != counter.last:
            yield {
                "register": counter.register,
                "sequence": counter.last,
                "number": "",
                "problem": f"the chain ends at event {ended}, but {counter.last} were written",
            }
