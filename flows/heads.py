"""Heads: each day it is put beyond anybody's reach how far each audit chain goes, to compare with later."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from archive.keys import HEADS, heads_key, record_key
from archive.port import Archive, Conflict, Damaged, NotFound
from domain.chain import Before, Heads
from domain.errors import Usage
from domain.wire import from_json, to_plain
from flows.records import ahead
from infra.wiring import Services
from register import heads as chains
from register import history, outbox
from register.filing import Kept
from register.models import Event, StoredObject
from register.numbers import NO_REGISTERS
from register.records import read_record, write_record

ROLE = "heads"
"""Of these objects, among those that the archive must hold."""


@dataclass(frozen=True, slots=True)
class Published:
    """Heads as they lie in the archive: what they say, and their bytes' own account of themselves."""

    heads: Heads
    sha256: str
    kept: Kept


def export(services: Services, now: datetime) -> tuple[Published, bool]:
    """Put the heads of today into the archive, locked as long as records are; and whether that was new.

    Those of a day stay as they are, however often this runs, on however many machines.

    Raises:
        Usage: the archive has heads of a day that is yet to come.
        Unavailable: the archive or the database does not answer.
    """
    day = now.astimezone(services.settings.zone).date().isoformat()
    before = last(services.archive)
    if before is not None and before.heads.day > day:
        raise Usage(
            f"the archive has heads of {before.heads.day}, and today is {day}: set this machine's clock"
        )
    if before is not None and before.heads.day == day:
        _note(before)
        return before, False
    made = Heads(
        day,
        now.astimezone(UTC).isoformat(timespec="seconds"),
        services.settings.office.name,
        chains.heads(),
        Before(before.heads.day, before.sha256) if before else None,
    )
    key, body = heads_key(day), write_record({"heads": to_plain(made)}).encode()
    try:
        services.archive.put(key, body, media_type="application/json")
    except Conflict:  # another machine was faster
        body = services.archive.read(key)
    if days := services.settings.archive.retention_days:
        services.archive.lock(key, now + timedelta(days=days))
    done = read(key, body)
    _note(done)
    return done, True


def due(services: Services, now: datetime) -> bool:
    """Whether there are no heads of today yet, in the office's time zone."""
    day = now.astimezone(services.settings.zone).date().isoformat()
    return not any(services.archive.list(heads_key(day)))


def _note(one: Published) -> None:
    kept = one.kept
    row = StoredObject(key=kept.key, sha256=kept.sha256, size=kept.size, role=ROLE)
    outbox.recorded((), [row])


def last(archive: Archive) -> Published | None:
    """The last heads that the archive has."""
    keys = list(archive.list(HEADS))
    return read(keys[-1], archive.read(keys[-1])) if keys else None


def read(key: str, data: bytes) -> Published:
    """The heads that an object or a file holds.

    Raises:
        Usage: they were altered, or are none.
    """
    content = read_record(data)
    try:
        heads = from_json(Heads, json.dumps(content["heads"]))
    except (KeyError, ValueError) as error:
        raise Usage("these are no heads of audit chains") from error
    sha256 = hashlib.sha256(data).hexdigest()
    return Published(heads, sha256, Kept(key, sha256, len(data), ROLE))


def published(archive: Archive, wrong: list[dict[str, Any]]) -> Iterator[Published]:
    """All heads of the archive, day by day. What is wrong with them themselves goes to ``wrong``."""
    before: Published | None = None
    for key, data in ahead(archive.read, archive.list(HEADS)):
        day = key.removeprefix(HEADS).removesuffix(".json")
        try:
            if not isinstance(data, bytes):
                raise data
            found = read(key, data)
        except (Usage, NotFound, Damaged) as error:
            wrong.append(_wrong(day, problem=str(error)))
            before = None
            continue
        if found.heads.day != day:
            wrong.append(_wrong(day, problem=f"these are the heads of {found.heads.day}"))
            continue
        linked = found.heads.previous
        if before is not None and linked != Before(before.heads.day, before.sha256):
            what = f"they follow those of {linked.day if linked else 'no day'}, as those were not"
            if linked and linked.day != before.heads.day:
                what = f"the heads of {linked.day}, which they follow, are gone"
            wrong.append(_wrong(day, problem=what))
        before = found
        yield found


def check(archive: Archive, others: Sequence[Published] = ()) -> list[dict[str, Any]]:
    """Where the chains are not as the heads of the archive, and these ``others``, say they were.

    Each with ``day``, ``register``, ``sequence``, ``number`` and ``problem``; of a chain the first only. A
    chain that was rewritten as a whole holds in itself, and is told by this.
    """
    wrong: list[dict[str, Any]] = []
    told: dict[str, list[tuple[int, str, str]]] = {}
    for one in (*published(archive, wrong), *others):
        for head in one.heads.chains:
            told.setdefault(head.register, []).append((head.sequence, head.hash, one.heads.day))
    for register, heads in sorted(told.items()):
        now, ends = chains.hashes_at(register, {sequence for sequence, _, _ in heads}), 0
        for sequence, own, day in sorted(heads):
            if now.get(sequence) == own:
                continue
            ends = chains.last_of(register)
            what = "the chain was rewritten: the event has another hash than then"
            if ends < sequence:
                what = f"the chain ends at event {ends}, and had {sequence} then"
            number = chains.number_of(register, sequence)
            wrong.append(_wrong(day, register, sequence, number, what))
            break
    return wrong


def _wrong(
    day: str, register: str = "", sequence: int = 0, number: str = "", problem: str = ""
) -> dict[str, Any]:
    return {"day": day, "register": register, "sequence": sequence, "number": number, "problem": problem}


def first_altered(
    archive: Archive, breaks: Sequence[dict[str, Any]], heads: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Of each register whose chain or heads do not hold, the first event that was altered, with what of it.

    The records in the archive say what an event was. Where they do not tell, it is the first break.
    """
    found = []
    for register in sorted({one["register"] for one in (*breaks, *heads)} - {""}):
        broken = [one for one in breaks if one["register"] == register]
        rewritten = [one for one in heads if one["register"] == register]
        places = [one["sequence"] for one in (*broken, *rewritten)]
        first = max(min(places) - 1, 1)
        if rewritten:
            first = min(first, _agreed(archive, register, rewritten[0]["sequence"]) + 1)
        told = _differing(archive, register, first, max(places)) if register not in NO_REGISTERS else []
        one = min((*told, *broken, *rewritten), key=lambda one: one["sequence"])
        found.append({name: one[name] for name in ("register", "sequence", "number", "problem")})
    return found


def _agreed(archive: Archive, register: str, before: int) -> int:
    """The last event before this one whose hash stands in heads that agree with the chain."""
    heads = [
        head
        for one in published(archive, [])
        for head in one.heads.chains
        if head.register == register and head.sequence < before
    ]
    now = chains.hashes_at(register, {head.sequence for head in heads})
    return max((head.sequence for head in heads if now.get(head.sequence) == head.hash), default=0)


def _differing(archive: Archive, register: str, first: int, last: int) -> list[dict[str, Any]]:
    """The first of these events that the archive has otherwise, if any."""
    rows = Event.objects.filter(register=register, sequence__range=(first, last))
    events = rows.select_related("entry", "content").order_by("sequence").iterator(chunk_size=1000)
    expected = first
    for event, record in ahead(lambda one: archive.read(record_key(one.entry.number, one.sequence)), events):
        if event.sequence != expected:
            break
        expected += 1
        if differs := history.differences(event, _was(record)):
            what = f"the event was altered: its {', '.join(differs)} differs from its record in the archive"
            return [_wrong("", register, event.sequence, event.entry.number, what)]
    return [_wrong("", register, expected, "", f"event {expected} is missing")] if expected <= last else []


def _was(record: bytes | NotFound | Damaged) -> dict[str, Any] | None:
    """The event as its record has it; None where that does not tell: it is not published yet, or damaged."""
    try:
        was: dict[str, Any] | None = read_record(record)["event"] if isinstance(record, bytes) else None
    except (Usage, KeyError):
        return None
    return was
