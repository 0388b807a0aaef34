"""Restoring entries: numbers, parties, documents with their pages and objects, history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.utils import timezone

from register import history
from register.filing import SHARED, Kept
from register.models import (
    Batch,
    Claim,
    Correction,
    Document,
    Entry,
    EntryParty,
    Event,
    EventContent,
    Outbox,
    PageFate,
    Party,
)
from register.parties import fold
from register.records import columns_of
from register.restoring import Difference, Story, add_dated, add_objects, each, own_ids


@dataclass(frozen=True, slots=True)
class Original:
    """A file that a document was cut from, ``name`` as it was dropped."""

    name: str
    pages: int


@dataclass(frozen=True, slots=True)
class Origin:
    """What a document's manifest tells: when it was received, its originals by key, all its objects."""

    received_at: datetime | None
    originals: Mapping[str, Original]
    objects: tuple[Kept, ...]


def add_entries(stories: Sequence[Story], origins: Mapping[str, Origin]) -> list[Difference]:
    """Add these entries as their last records tell of them, with all their history.

    ``origins`` holds the origin of each document by its id.
    """
    return each(stories, partial(_add, origins), lambda story: story.records[-1].kept.key)


def _add(origins: Mapping[str, Origin], stories: Sequence[Story]) -> list[Difference]:
    told: list[dict[str, Any]] = [story.records[-1].content["entry"] for story in stories]
    names = ("number", "register", "year", "sequence", "direction", "subject", "reference", "access")
    entries = Entry.objects.bulk_create(
        Entry(
            received_at=datetime.fromisoformat(one["received_at"]),
            **columns_of(one),
            voided_at=datetime.fromisoformat(one["voided_at"]) if one.get("voided_at") else None,
            void_reason=one.get("void_reason", ""),
            **{name: one[name] for name in names},
        )
        for one in told
    )
    _add_parties(entries, told)
    places = {entry.pk: story.records[-1].kept.key for entry, story in zip(entries, stories, strict=True)}
    differences = _add_documents(
        [(entry, one) for entry, whole in zip(entries, told, strict=True) for one in whole["documents"]],
        origins,
        places,
    )
    _add_history(entries, stories)
    return differences


def _add_parties(entries: Sequence[Entry], told: Sequence[dict[str, Any]]) -> None:
    """By the number of the party, which was restored before; records of before tell the name alone."""
    named = [party for one in told for party in one["parties"]]
    by_number = {party["party"] for party in named if party.get("party")}
    known = dict(Party.objects.filter(key__in=by_number).values_list("key", "pk"))
    names = {fold(one["name"]): one["name"] for one in named if one.get("party") not in known}
    called = _oldest(names)
    Party.objects.bulk_create(
        Party(name=name, folded=folded) for folded, name in names.items() if folded not in called
    )
    called = _oldest(names)
    EntryParty.objects.bulk_create(
        EntryParty(
            entry=entry,
            party_id=known.get(party.get("party")) or called[fold(party["name"])],
            role=party["role"],
            written=party["name"],
        )
        for entry, one in zip(entries, told, strict=True)
        for party in one["parties"]
    )


def _oldest(names: Mapping[str, str]) -> dict[str, int]:
    """The first party of each of these folded names."""
    return dict(Party.objects.filter(folded__in=names).order_by("-pk").values_list("folded", "pk"))


def _add_documents(
    told: Sequence[tuple[Entry, dict[str, Any]]], origins: Mapping[str, Origin], places: Mapping[int, str]
) -> list[Difference]:
    batches = {batch.key: batch for batch in Batch.objects.filter(key__in={one["batch"] for _, one in told})}
    differences = []
    for entry, one in told:
        if one["batch"] not in batches:
            batches[one["batch"]] = _substitute(entry, one, origins[one["document"]])
            lost = f"batch {one['batch']} has no record: it is known by its documents alone"
            differences.append(Difference(places[entry.pk], lost))
    ids = own_ids(Document, [one["order"] for _, one in told])
    names = (
        "attempt", "ordinal", "barcode", "guess", "probability", "alternatives", "model", "language",
        "pages", "fields", "pdfa", "manifest",
    )  # fmt: skip
    documents = Document.objects.bulk_create(
        Document(
            pk=pk,
            key=one["document"],
            entry=entry,
            batch=batches[one["batch"]],
            label=one["class"],
            signatures=one.get("signatures", []),
            candidates=one.get("candidates", []),  # records of before had none
            lines=one.get("lines", []),  # records of before have none
            why=one.get("why", ""),
            blind=one.get("blind", []),
            forgotten=one.get("forgotten", False),
            **{name: one[name] for name in names},
        )
        for pk, (entry, one) in zip(ids, told, strict=True)
    )
    filed = [(document, one) for document, (_, one) in zip(documents, told, strict=True)]
    _add_fates(filed, origins)
    corrections = [
        Correction(
            document=document,
            at=datetime.fromisoformat(done["at"]),
            **{name: done[name] for name in ("before", "after", "actor", "model")},
            **{name: done[name] for name in ("kind", "reason") if name in done},
        )
        for document, one in filed
        for done in one["corrections"]
    ]
    add_dated(Correction, "at", corrections)
    kept = [(document, held) for document in documents for held in origins[document.key].objects]
    add_objects(
        [held for _, held in kept],
        {held.key: document for document, held in kept if held.role not in SHARED},
    )
    return differences


def _add_fates(filed: Sequence[tuple[Document, dict[str, Any]]], origins: Mapping[str, Origin]) -> None:
    rows = Claim.objects.filter(batch__in={document.batch_id for document, _ in filed})
    claims = {(claim.batch_id, claim.ordinal): claim for claim in rows}
    for document, one in filed:
        for page in one["account"]:
            place = document.batch_id, page["file"]
            if place not in claims:
                claims[place] = _substitute_file(document, one, page, origins[document.key])
    PageFate.objects.bulk_create(
        PageFate(
            claim=claims[document.batch_id, page["file"]],
            page=page["page"],
            attempt=document.attempt,
            kind="document",
            document=document,
            position=position,
        )
        for document, one in filed
        for position, page in enumerate(one["account"], start=1)
    )


def _substitute(entry: Entry, told: dict[str, Any], origin: Origin) -> Batch:
    """A batch that no record tells of, as far as its document knows it."""
    return Batch.objects.create(
        pk=own_ids(Batch, [0])[0],
        key=told["batch"],
        station=told["station"],
        register=entry.register,
        source=told["source"],
        folder=b"",
        received_at=origin.received_at or entry.received_at,
        state=Batch.State.RELEASED,
        attempt=told["attempt"],
    )


def _substitute_file(document: Document, told: dict[str, Any], page: dict[str, Any], origin: Origin) -> Claim:
    """A file that no record tells of, as far as the document's manifest knows it."""
    key = page["original"]
    sizes = {one.key: (one.size, one.sha256) for one in origin.objects}
    size, sha256 = sizes.get(key, (0, ""))
    original = origin.originals.get(key) or Original(told["source"], page["page"])
    return Claim.objects.create(
        batch_id=document.batch_id,
        ordinal=page["file"],
        source=original.name,
        path=b"",
        size=size,
        mtime_ns=0,
        sha256=sha256,
        pages=original.pages,
        original=key,
    )


def _add_history(entries: Sequence[Entry], stories: Sequence[Story]) -> None:
    written = [
        (record, *history.from_record(record.content["event"], entry))
        for entry, story in zip(entries, stories, strict=True)
        for record in story.records
    ]
    Event.objects.bulk_create(event for _, event, _ in written)
    EventContent.objects.bulk_create(content for _, _, content in written)
    now = timezone.now()
    Outbox.objects.bulk_create(
        Outbox(
            entry=event.entry,
            event=event,
            sequence=record.sequence,
            body=record.body,
            recorded_at=now,
            delivered_at=now,
        )
        for record, event, _ in written
    )
    add_objects([record.kept for record, _, _ in written])
