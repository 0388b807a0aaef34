"""Restoring batches: the files, and what became of the pages that are in no document."""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Count, Sum
from django.utils import timezone

from register.filing import RENDITION, Kept
from register.models import Batch, Claim, Document, Outbox, PageFate, Problem
from register.restoring import RUN, Difference, Story, add_dated, add_objects, each, free_ids, own_ids

KeyOf = Callable[[str, int], str]
"""The archive's key of a batch's record."""


@dataclass(frozen=True, slots=True)
class Home:
    """The home that restores: its name, and the batches by key whose files lie in its spool."""

    host: str
    spool: Collection[str]


def add_batches(stories: Sequence[Story], home: Home, twins: list[Story]) -> list[Difference]:
    """Add these batches as their last records tell of them, their files and exceptions.

    One whose place in the order another batch has goes to ``twins`` instead.
    """
    return each(stories, partial(_add_own, home, twins), _last_record)


def add_twins(stories: Sequence[Story], home: Home) -> list[Difference]:
    """Add batches whose places others have, at the end: once all others are there, it costs none its own."""
    return each(stories, partial(_add_last, home), _last_record)


def _last_record(story: Story) -> str:
    return story.records[-1].kept.key


def _add_own(home: Home, twins: list[Story], stories: Sequence[Story]) -> list[Difference]:
    orders = [story.records[-1].content["batch"]["order"] for story in stories]
    free = free_ids(Batch, orders)
    _add(home, [story for story, own in zip(stories, free, strict=True) if own])
    twins += [story for story, own in zip(stories, free, strict=True) if not own]
    return []


def _add_last(home: Home, stories: Sequence[Story]) -> list[Difference]:
    batches = _add(home, stories, own=False)
    return [
        Difference(
            _last_record(story),
            f"batch {story.records[-1].content['batch']['order']} is another one as well, so it is "
            f"{batch.pk} now: two registers wrote into this archive",
        )
        for batch, story in zip(batches, stories, strict=True)
    ]


def _add(home: Home, stories: Sequence[Story], *, own: bool = True) -> list[Batch]:
    told: list[dict[str, Any]] = [story.records[-1].content["batch"] for story in stories]
    ids = own_ids(Batch, [one["order"] if own else 0 for one in told])
    rows = zip(ids, stories, told, strict=True)
    batches = Batch.objects.bulk_create(_batch(pk, story, one, home) for pk, story, one in rows)
    claims = {(one.batch_id, one.ordinal): one for one in _add_claims(batches, told)}
    _add_problems(batches, told, claims)
    now = timezone.now()
    Outbox.objects.bulk_create(
        Outbox(batch=batch, sequence=record.sequence, body=record.body, recorded_at=now, delivered_at=now)
        for batch, story in zip(batches, stories, strict=True)
        for record in story.records
    )
    add_objects([*_originals(told), *(record.kept for story in stories for record in story.records)])
    return batches


def _add_claims(batches: Sequence[Batch], told: Sequence[dict[str, Any]]) -> list[Claim]:
    files = [
        (batch, ordinal, file)
        for batch, one in zip(batches, told, strict=True)
        for ordinal, file in enumerate(one["files"])
    ]
    others = {"inside", "rendition_size", "path"}
    claims = Claim.objects.bulk_create(
        Claim(
            batch=batch,
            ordinal=ordinal,
            path=bytes.fromhex(file["path"]),
            **{name: value for name, value in file.items() if name not in others},
        )
        for batch, ordinal, file in files
    )
    at = {(one.batch_id, one.ordinal): one for one in claims}
    members = []
    for claim, (batch, _, file) in zip(claims, files, strict=True):
        if file.get("inside") is not None:
            claim.inside = at[batch.pk, file["inside"]]
            members.append(claim)
    Claim.objects.bulk_update(members, ["inside"], batch_size=RUN)
    return claims


def _originals(told: Sequence[dict[str, Any]]) -> Iterator[Kept]:
    for batch in told:
        for file in batch["files"]:
            if file["original"]:
                yield Kept(file["original"], file["sha256"], file["size"], "original")
            if file.get("rendition"):
                size = file["rendition_size"]
                yield Kept(file["rendition"], file["rendition_sha256"], size, RENDITION)


def given(stories: Sequence[Story]) -> Iterator[tuple[str, int]]:
    """Numbers that documents of these batches have, each with the last event that its entry had then.

    Records of before that was written down do not tell.
    """
    for story in stories:
        for record in story.records:
            for fate in record.content["batch"].get("fates", ()):
                if fate.get("number"):
                    yield str(fate["number"]), int(fate.get("event") or 0)


def _batch(pk: int, story: Story, told: dict[str, Any], home: Home) -> Batch:
    given = {
        name: told[name]
        for name in (
            "key", "host", "station", "register", "source", "markers", "state", "attempt", "digest",
            "pages_known", "pages_done", "alarms", "plan", "profile",
        )
    }  # fmt: skip
    here = story.name in home.spool
    if given["state"] != Batch.State.KEPT:
        given["state"] = Batch.State.DONE if here else Batch.State.RELEASED
    elif not here:
        # The home that had its files may be no more; the originals are in the archive for any to go on.
        given["host"] = ""
    if here:
        given["host"] = home.host
    return Batch(
        **given,
        pk=pk,
        edits=told.get("edits", []),  # records of before have none
        folder=bytes.fromhex(told["folder"]),
        received_at=datetime.fromisoformat(told["received_at"]),
        begun_at=datetime.fromisoformat(told["begun_at"]) if told.get("begun_at") else None,
        begun_pages=told.get("begun_pages", 0),
        records=story.last,
    )


def _add_problems(
    batches: Sequence[Batch], told: Sequence[dict[str, Any]], claims: dict[tuple[int, int], Claim]
) -> None:
    lines = [(batch, line) for batch, one in zip(batches, told, strict=True) for line in one["problems"]]
    ids = own_ids(Problem, [line["order"] for _, line in lines])
    problems = [
        Problem(
            pk=pk,
            batch=batch,
            claim=claims[batch.pk, line["file"]],
            since=datetime.fromisoformat(line["since"]),
            **{name: line[name] for name in ("attempt", "page", "also", "reason", "fix", "state")},
        )
        for pk, (batch, line) in zip(ids, lines, strict=True)
    ]
    add_dated(Problem, "since", problems)


def settle(key_of: KeyOf) -> Iterator[Difference]:
    """Once the documents are there: give every other page its fate, and say where pages have none."""
    last = 0
    while batches := list(Batch.objects.filter(pk__gt=last).order_by("pk")[:RUN]):
        last = batches[-1].pk
        rows = Outbox.objects.filter(batch__in=batches).order_by("sequence")
        records = {row.batch_id: row for row in rows}

        def place(batch: Batch, records: dict[int | None, Outbox] = records) -> str:
            return key_of(batch.key, records[batch.pk].sequence if batch.pk in records else 1)

        told = [batch for batch in batches if batch.pk in records]
        yield from each(told, partial(_give_fates, records, place), place)
        yield from _uneven(batches, place)


def _give_fates(
    records: dict[int | None, Outbox], place: Callable[[Batch], str], batches: Sequence[Batch]
) -> list[Difference]:
    differences = []
    rows = Claim.objects.filter(batch__in=batches).values_list("batch_id", "ordinal", "pk")
    claims = {(batch, ordinal): pk for batch, ordinal, pk in rows}
    filed = set(Document.objects.filter(batch__in=batches).values_list("key", flat=True))
    fates = []
    for batch in batches:
        told = json.loads(records[batch.pk].body)["batch"]
        named = dict.fromkeys(fate["document"] for fate in told["fates"] if fate["document"])
        differences += [
            Difference(place(batch), f"document {key} has no entry") for key in named if key not in filed
        ]
        fates += [
            PageFate(
                claim_id=claims[batch.pk, fate["file"]],
                **{name: fate[name] for name in ("page", "attempt", "kind", "reason")},
            )
            for fate in told["fates"]
            if not fate["document"]
        ]
        if told["duplicate_of"]:
            batch.duplicate_of = Batch.objects.filter(key=told["duplicate_of"]).first()
            batch.save(update_fields=["duplicate_of"])
            if batch.duplicate_of is None:
                gone = f"the batch {told['duplicate_of']} that it repeats is not there"
                differences.append(Difference(place(batch), gone))
    # A page that a document has keeps it, if the batch's last record could not be read.
    PageFate.objects.bulk_create(fates, ignore_conflicts=True)
    return differences


def _uneven(batches: Sequence[Batch], place: Callable[[Batch], str]) -> Iterator[Difference]:
    some = Batch.objects.filter(pk__in=[one.pk for one in batches])
    pages = dict(some.values_list("pk").annotate(Sum("claims__pages")))
    fates = dict(some.values_list("pk").annotate(Count("claims__fates")))
    for batch in batches:
        known, settled = pages[batch.pk] or 0, fates[batch.pk]
        if batch.pages_known < known:  # where no record told of it
            Batch.objects.filter(pk=batch.pk).update(pages_known=known, pages_done=settled)
        if batch.state != Batch.State.KEPT and known != settled:
            yield Difference(place(batch), f"of its {known} pages {settled} have a fate")
