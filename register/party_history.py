"""What became of parties: one chain of events, each linked to the one before, with what it says beside it.

What an event says lies beside it, for the chain holds its salted hash alone.
"""

import json
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.chain import START, body_of, content_hash, link, moment
from domain.party import format_party
from register.models import Outbox, Party, PartyContent, PartyEvent
from register.numbers import HISTORY, PARTIES, events_of, take_next
from register.records import write_record
from register.texts import fit

CAME_UP, ENTERED, CHANGED = "came up", "entered", "changed"
MERGED, MERGED_INTO = "merged", "merged into"
SEPARATED, SPLIT = "separated", "split"
CERTIFIED = "party_sha256"
"""Where in an event's content stands the hash of the party's record, and of its salt."""


def begin(
    columns: Mapping[str, Any],
    kind: str,
    content: dict[str, Any],
    *,
    actor: str,
    at: datetime,
    source: str = "",
) -> Party:
    """A new party with the next number, and the first event of its history."""
    sequence = take_next(PARTIES, HISTORY)
    party = Party.objects.create(key=format_party(sequence), **fit(dict(columns)))
    _add(party, sequence, kind, _from(source, content), actor=actor, at=at)
    return party


def append(
    party: Party, kind: str, content: dict[str, Any], *, actor: str, at: datetime, source: str = ""
) -> PartyEvent:
    """Add an event to the history of a party as it stands now, within the caller's transaction."""
    return _add(party, take_next(PARTIES, HISTORY), kind, _from(source, content), actor=actor, at=at)


def _from(source: str, content: dict[str, Any]) -> dict[str, Any]:
    return {**content, "source": source} if source else content


def _add(
    party: Party, sequence: int, kind: str, content: dict[str, Any], *, actor: str, at: datetime
) -> PartyEvent:
    event, said, change = _made(party, sequence, kind, content, fit(actor), at, _hash_of(sequence - 1))
    event.save(force_insert=True)
    said.save(force_insert=True)
    change.save(force_insert=True)
    return event


def _hash_of(sequence: int) -> str:
    found = PartyEvent.objects.filter(sequence=sequence).values_list("hash", flat=True).first()
    return found or START


def _made(
    party: Party, sequence: int, kind: str, content: dict[str, Any], actor: str, at: datetime, previous: str
) -> tuple[PartyEvent, PartyContent, Outbox]:
    """An event that certifies the record of the party as it is now; nothing is saved."""
    told, hidden, salt = snapshot(party), secrets.token_hex(32), secrets.token_hex(32)
    body = body_of({**fit(content), CERTIFIED: content_hash(hidden, body_of(told))})
    event = PartyEvent(
        sequence=sequence,
        party=party,
        kind=kind,
        actor=actor,
        at=at,
        content_hash=content_hash(salt, body),
        previous=previous,
    )
    event.hash = _link(event)
    said = PartyContent(event=event, salt=salt, body=body)
    record = write_record({"event": as_record(event, said), "party": told, "salt": hidden})
    return event, said, Outbox(party_event=event, sequence=sequence, body=record)


def adopt(limit: int, at: datetime) -> list[Party]:
    """Number at most ``limit`` parties of before there were numbers; within the caller's transaction."""
    found = list(Party.objects.filter(key=None).order_by("id")[:limit])
    if not found:
        return []
    sequences = [take_next(PARTIES, HISTORY) for _ in found]
    previous = _hash_of(sequences[0] - 1)
    made = []
    for party, sequence in zip(found, sequences, strict=True):
        party.key = format_party(sequence)
        content = {"after": {"name": party.name}, "similar": []}
        made.append(_made(party, sequence, CAME_UP, content, "upgrade", at, previous))
        previous = made[-1][0].hash
    Party.objects.bulk_update(found, ["key"])
    PartyEvent.objects.bulk_create(event for event, _, _ in made)
    PartyContent.objects.bulk_create(said for _, said, _ in made)
    Outbox.objects.bulk_create(change for _, _, change in made)
    return found


def as_record(event: PartyEvent, said: PartyContent) -> dict[str, Any]:
    """The event as its record in the archive holds it, with all that its hash was made of."""
    return {
        "sequence": event.sequence,
        "party": event.party.key,
        "kind": event.kind,
        "actor": event.actor,
        "at": moment(event.at),
        "content": json.loads(said.body),
        "salt": said.salt,
        "content_hash": event.content_hash,
        "previous": event.previous,
        "hash": event.hash,
    }


def from_record(record: Mapping[str, Any], party: Party) -> tuple[PartyEvent, PartyContent]:
    """The event that ``as_record`` wrote, with what it says; nothing is saved, nothing checked."""
    names = ("sequence", "kind", "actor", "content_hash", "previous", "hash")
    event = PartyEvent(
        party=party, at=datetime.fromisoformat(record["at"]), **{name: record[name] for name in names}
    )
    body = body_of(record["content"])
    return event, PartyContent(event=event, salt=record["salt"], body=body)


def snapshot(party: Party) -> dict[str, Any]:
    """The whole party as its record in the archive holds it."""
    return {
        "number": party.key,
        "name": party.name,
        "kind": party.kind,
        "about": party.about,
        "merged_into": party.merged_into.key if party.merged_into else None,
    }


def snapshots(parties: Collection[int]) -> dict[int, dict[str, Any]]:
    """These parties by id, as they stand in the database now."""
    rows = Party.objects.filter(pk__in=parties).select_related("merged_into").order_by("id")
    return {one.pk: snapshot(one) for one in rows}


def _link(event: PartyEvent) -> str:
    number = event.party.key or ""
    chained = event.content_hash, event.previous
    return link(PARTIES, event.sequence, number, event.kind, event.actor, moment(event.at), *chained)


def last_event(party: Party) -> PartyEvent:
    """The last thing that was done to it."""
    return PartyEvent.objects.filter(party=party).latest("sequence")


def breaks() -> Iterator[dict[str, Any]]:
    """Each place where the chain of parties does not hold."""
    previous, last = START, 0
    for event in PartyEvent.objects.select_related("party", "content").order_by("sequence").iterator():
        said: PartyContent | None = getattr(event, "content", None)
        wrong = ""
        if event.sequence != last + 1:
            wrong = f"event {last + 1} is missing"
        elif event.previous != previous or event.hash != _link(event):
            wrong = "the event was altered"
        elif said is None:
            wrong = "what the event says is missing"
        elif content_hash(said.salt, said.body) != event.content_hash:
            wrong = "the event's content was altered"
        if wrong:
            yield _break(event.sequence, event.party.key or "", wrong)
        previous, last = event.hash, event.sequence
    counted = events_of(PARTIES)
    if counted != last:
        yield _break(counted, "", f"the chain ends at event {last}, but {counted} were written")


def _break(sequence: int, number: str, problem: str) -> dict[str, Any]:
    return {"register": PARTIES, "sequence": sequence, "number": number, "problem": problem}


def told_similar(similar: Sequence[tuple[str, Any]]) -> list[dict[str, Any]]:
    """Those that a party may be, as an event tells them: ``(number, Likeness)``."""
    return [{"party": number, "score": how.score, "why": list(how.why)} for number, how in similar]
