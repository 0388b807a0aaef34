"""Restoring parties: what is known of each, who turned out to be whom, who may be one, their history."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils import timezone

from register import party_history
from register.models import Outbox, Party, PartyContent, PartyEvent, PartyPair
from register.parties import details_of, fold, index
from register.restoring import Difference, Story, add_objects, each


def add_parties(stories: Sequence[Story]) -> list[Difference]:
    """Add these parties as their last records tell of them, with all their history."""
    return each(stories, _add, lambda story: story.records[-1].kept.key)


def _add(stories: Sequence[Story]) -> list[Difference]:
    told = [story.records[-1].content["party"] for story in stories]
    parties = Party.objects.bulk_create(
        Party(
            key=one["number"],
            name=one["name"],
            folded=fold(one["name"]),
            kind=one["kind"],
            about=one["about"],
        )
        for one in told
    )
    for party, one in zip(parties, told, strict=True):
        # What a merged one was known by is the other's.
        index(party, details_of(party), keys=one["merged_into"] is None)
    written = [
        (record, *party_history.from_record(record.content["event"], party))
        for party, story in zip(parties, stories, strict=True)
        for record in story.records
    ]
    PartyEvent.objects.bulk_create(event for _, event, _ in written)
    PartyContent.objects.bulk_create(said for _, _, said in written)
    now = timezone.now()
    Outbox.objects.bulk_create(
        Outbox(
            party_event=event, sequence=record.sequence, body=record.body, recorded_at=now, delivered_at=now
        )
        for record, event, _ in written
    )
    add_objects([record.kept for record, _, _ in written])
    return []


def settle_parties(told: Sequence[Mapping[str, Any]], merged: Mapping[str, str]) -> None:
    """Say, once all parties are there, who was merged into whom, and which pairs a person should look at.

    Args:
        told: events of parties that tell of pairs, oldest first.
        merged: by the number of a party that of the one it was merged into.
    """
    ids = dict(Party.objects.filter(key__in={*merged, *merged.values()}).values_list("key", "pk"))
    gone = Party.objects.in_bulk([ids[one] for one in merged if one in ids])
    for party in gone.values():
        party.merged_into_id = ids.get(merged[str(party.key)])
    Party.objects.bulk_update(gone.values(), ["merged_into"], batch_size=500)
    pairs: dict[tuple[str, str], dict[str, Any]] = {}
    for event in told:
        for other, values in _pairs_of(event["kind"], event["content"]):
            first, second = sorted((event["party"], other), key=lambda one: int(one.split("-")[1]))
            pair = pairs.setdefault((first, second), {})
            if not pair or "score" not in values:
                pair.update(values)
    _add_pairs(pairs)


def tells_of_pairs(event: Mapping[str, Any]) -> bool:
    """Whether an event says of two parties that they may be one, or are two."""
    return any(True for _ in _pairs_of(event["kind"], event["content"]))


def _pairs_of(kind: str, content: Mapping[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    for one in content.get("similar", ()):
        yield one["party"], {"score": one["score"], "why": one["why"]}
    if kind == party_history.MERGED:
        yield content["other"], {"separate": False}
    elif kind in (party_history.SEPARATED, party_history.SPLIT) and "other" in content:
        yield content["other"], {"separate": True}


def _add_pairs(pairs: Mapping[tuple[str, str], Mapping[str, Any]]) -> None:
    named = {number for both in pairs for number in both}
    ids = dict(Party.objects.filter(key__in=named).values_list("key", "pk"))
    PartyPair.objects.bulk_create(
        PartyPair(first_id=ids[first], second_id=ids[second], **values)
        for (first, second), values in pairs.items()
        if first in ids and second in ids
    )
