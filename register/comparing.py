"""Entries and parties beside their history: what of a row is not as its last event left it.

The event certifies the record of the entry or party by a hash in its content. Events of before do not:
their record is compared with the hash of the one that the archive holds.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max

from domain.chain import body_of, content_hash
from domain.errors import Usage
from register import history, party_history
from register.models import Entry, Event, Party, PartyEvent, StoredObject
from register.numbers import PARTIES
from register.parties import details_of, fold, keys_of
from register.records import snapshots

Key = Callable[[str, int], str]
"""Where the record of an event lies in the archive, by number of its entry or party and sequence."""

_AT_ONCE = 100  # entries read together
_TRIES = 5  # looks at an entry that others change meanwhile
_NAMED = 5  # fields that are named
_MOMENTS = ("received_at", "voided_at", "at", "begun_at", "since")
_ROWS = ("parties", "documents", "corrections", "files", "fates", "problems")


@dataclass(frozen=True, slots=True)
class Kind:
    """What is compared.

    Attributes:
        name: of it in a record, and in an event.
        rows: all that there are.
        events: of which its history is made.
        whole: those of these ids, as a record tells of them.
        certified: where in an event's content the hash of the record stands.
        strange: of these ids, by what each is found that is not its own.
    """

    name: str
    rows: Any
    events: Any
    whole: Callable[[Collection[int]], Mapping[int, dict[str, Any]]]
    certified: str
    strange: Callable[[Collection[int]], Mapping[int, str]] = lambda ids: {}


def _strange(ids: Collection[int]) -> dict[int, str]:
    """By which names, identifiers and addresses not its own a party is found: mail would go to another."""
    found = {}
    for party in Party.objects.filter(pk__in=ids).prefetch_related("keys"):
        own = set(keys_of(details_of(party))) if party.merged_into_id is None else set()
        held = {(one.kind, one.value) for one in party.keys.all()}
        others = [f"{kind} {value}" for kind, value in sorted(held - own)]
        if party.folded != fold(party.name):
            others.insert(0, f"name {party.folded}")
        if others:
            found[party.pk] = f"found by what is not its own: {named(others)}"
    return found


ENTRIES = Kind("entry", Entry.objects.all(), Event.objects.all(), snapshots, history.CERTIFIED)
_NUMBERED = Party.objects.exclude(key=None)  # those of before have no history until they are
_OF_PARTIES = PartyEvent.objects.all()
_PARTIES = Kind("party", _NUMBERED, _OF_PARTIES, party_history.snapshots, party_history.CERTIFIED, _strange)


def differing(key: Key) -> Iterator[dict[str, Any]]:
    """Each entry that is not as its history says: register, sequence of its last event, number, problem.

    Others may write meanwhile: an entry that moved on between two looks is looked at again.
    """
    yield from _all(ENTRIES, key)


def differing_parties(key: Key) -> Iterator[dict[str, Any]]:
    """The same of parties."""
    yield from _all(_PARTIES, key)


def _all(kind: Kind, key: Key) -> Iterator[dict[str, Any]]:
    ids = kind.rows.order_by("id").values_list("id", flat=True)
    last = 0
    while some := list(ids.filter(id__gt=last)[:_AT_ONCE]):
        yield from _differing(kind, some, key)
        last = some[-1]


def must_agree(entry: Entry, key: Key) -> None:
    """See that an entry is as its history says, and this as it was written.

    Raises:
        Usage: it is not.
    """
    events = Event.objects.filter(entry=entry).select_related("entry", "content").order_by("sequence")
    altered = [f"event {one.sequence}: {said}" for one in events if (said := history.altered(one))]
    differing = [one["problem"] for one in _differing(ENTRIES, [entry.pk], key)]
    for problem in (*altered, *differing):
        raise Usage(
            f"{entry.number} is not as its history says ({problem}): nothing is certified of it. "
            "Find out who wrote to the database: postroom verify"
        )


def _differing(kind: Kind, ids: Collection[int], key: Key) -> Iterator[dict[str, Any]]:
    waiting = list(ids)
    for _ in range(_TRIES):
        before = _last(kind, waiting)
        events = kind.events.filter(pk__in=before.values()).select_related("content", "outbox")
        by_id = {getattr(one, f"{kind.name}_id"): one for one in events}
        now = kind.whole(waiting)
        kept = _kept(now, by_id, key)
        wrong = {pk: _problem(kind, told, by_id.get(pk), kept.get(pk)) for pk, told in now.items()}
        wrong |= kind.strange([pk for pk, problem in wrong.items() if not problem])
        after = _last(kind, waiting)
        for pk, told in now.items():
            if before.get(pk) == after.get(pk) and wrong[pk]:
                yield {
                    "register": told.get("register", PARTIES),
                    "sequence": by_id[pk].sequence if pk in by_id else 0,
                    "number": told["number"],
                    "problem": wrong[pk],
                }
        waiting = [pk for pk in waiting if before.get(pk) != after.get(pk)]
        if not waiting:
            return


def _last(kind: Kind, ids: Collection[int]) -> dict[int, int]:
    """The id of the last event of each of these."""
    found = kind.events.filter(**{f"{kind.name}__in": ids}).values_list(kind.name).annotate(Max("id"))
    return dict(found.order_by())


def _kept(now: Mapping[int, dict[str, Any]], events: Mapping[int, Any], key: Key) -> dict[int, str]:
    """The SHA-256 of the record that the archive holds of each of these last events."""
    keys = {}
    for pk, told in now.items():
        with suppress(Usage):  # a number that somebody forged may be none
            if pk in events:
                keys[key(told["number"], events[pk].sequence)] = pk
    found = StoredObject.objects.filter(key__in=keys).values_list("key", "sha256")
    return {keys[one]: sha256 for one, sha256 in found}


def _problem(kind: Kind, now: dict[str, Any], event: Any, kept: str | None) -> str:
    """What is wrong with it; ``kept`` is the SHA-256 of the record that the archive holds."""
    if event is None:
        return "no event tells of it"
    body = event.outbox.body if hasattr(event, "outbox") else ""
    try:
        record = json.loads(body)
        was, said = record[kind.name], record["event"]
        content = json.loads(event.content.body) if hasattr(event, "content") else {}
        certified = content.get(kind.certified)
        whole = said["hash"] == event.hash
        if certified:
            whole &= content_hash(record["salt"], body_of(was)) == certified
        elif kept:
            whole &= hashlib.sha256(body.encode()).hexdigest() == kept
    except (ValueError, KeyError, TypeError, AttributeError):
        return "the record of its last event is gone, or cannot be read"
    if not whole:
        return "the record of its last event was altered"
    found = differences(now, was)
    return f"not as its last event left it: {named(found)}" if found else ""


def named(found: Sequence[str]) -> str:
    """Paths of what differs, for people: the first ones."""
    return ", ".join(found[:_NAMED]) + (f" and {len(found) - _NAMED} more" if len(found) > _NAMED else "")


def differences(now: Mapping[str, Any], was: Mapping[str, Any], path: str = "") -> list[str]:
    """Paths of what is another, but for what records of before do not tell and ids that a rebuild changes."""
    found = []
    for name in was:
        if name not in now or name == "order" or (name == "party" and was[name] is None):
            continue
        if name in _ROWS:
            found += _of_rows(now[name], was[name], f"{path}{name}")
        elif name == "about" and isinstance(now[name], dict):
            known = sorted({*now[name], *was[name]})
            found += [f"about.{one}" for one in known if now[name].get(one) != was[name].get(one)]
        elif not _same(name, now[name], was[name]):
            found.append(f"{path}{name}")
    return found


def _of_rows(now: Sequence[Any], was: Sequence[Any], path: str) -> list[str]:
    if len(now) != len(was):
        return [path]
    pairs = enumerate(zip(now, was, strict=True))
    return [one for at, (mine, its) in pairs for one in differences(mine, its, f"{path}[{at}].")]


def _same(name: str, now: Any, was: Any) -> bool:
    if name in _MOMENTS and now and was:
        return datetime.fromisoformat(now) == datetime.fromisoformat(was)
    return bool(now == was)
