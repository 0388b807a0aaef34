"""Records: an entry and a batch as the archive holds them, enough to make their rows anew.

A record says by its own SHA-256 that it is whole. ``order`` is the id that its row had.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from django.db.models import Exists, Max, OuterRef, Prefetch, prefetch_related_objects

from domain.errors import Usage
from register.models import (
    Batch,
    Correction,
    Document,
    Entry,
    EntryParty,
    Event,
    Outbox,
    PageFate,
    Problem,
    StoredObject,
)

VERSION = 2
_DETAILS = (
    "channel", "label", "tags", "priority", "confidentiality", "language", "location",
    "status", "department", "person", "relations", "custom",
)  # fmt: skip


def write_record(content: dict[str, Any]) -> str:
    """The record with this content: JSON with keys sorted, with the SHA-256 over all else in it."""
    record = {**content, "version": VERSION}
    return _text({**record, "sha256": hashlib.sha256(_text(record).encode()).hexdigest()})


def read_record(data: bytes) -> dict[str, Any]:
    """The content of a record that ``write_record`` wrote.

    Raises:
        Usage: it is none, it was altered, or this program does not know its version.
    """
    try:
        record = json.loads(data.decode())
        version = record.pop("version")
        record.pop("sha256", None)
        whole = write_record(record).encode() == data
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise Usage("not a record of ours, or no longer") from error
    if version != VERSION:
        raise Usage(f"a record of version {version}: this program knows {VERSION}")
    if not whole:
        raise Usage("the record was altered: its SHA-256 is another")
    return dict(record)


def _text(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, sort_keys=True)


def snapshots(entries: Collection[int]) -> dict[int, dict[str, Any]]:
    """These entries by id, as they stand in the database now: each whole, as its record in the archive is."""
    return {one.pk: snapshot(one) for one in whole(entries)}


def whole(entries: Collection[int]) -> list[Entry]:
    """These entries as they stand in the database now, with all that ``snapshot`` tells of them."""
    some = Document.objects.filter(entry=OuterRef("pk"))
    rows: list[Entry] = list(
        Entry.objects.filter(pk__in=entries).annotate(scanned=Exists(some)).order_by("id")
    )
    parties = EntryParty.objects.select_related("party").only("entry", "role", "written", "party__key")
    prefetch_related_objects(rows, Prefetch("parties", parties.order_by("id")))
    if scanned := [one for one in rows if one.scanned]:  # type: ignore[attr-defined]
        _with_documents(scanned)
    return rows


def _with_documents(entries: Sequence[Entry]) -> None:
    documents = Document.objects.select_related("batch").defer(
        *(f"batch__{name}" for name in ("plan", "profile", "edits", "alarms"))
    )
    of_claims = ("ordinal", "original", "source", "sha256", "size")
    claims = ("document", "position", "page", *(f"claim__{name}" for name in of_claims))
    fates = PageFate.objects.select_related("claim").only(*claims)
    prefetch_related_objects(
        entries,
        Prefetch("documents", documents.order_by("id")),
        Prefetch("documents__fates", fates.order_by("position")),
        Prefetch("documents__corrections", Correction.objects.order_by("id")),
    )


def snapshot(entry: Entry) -> dict[str, Any]:
    """An entry as ``whole`` has read it."""
    documents = entry.documents.all() if entry.scanned else ()  # type: ignore[attr-defined]
    return {
        "number": entry.number,
        "register": entry.register,
        "year": entry.year,
        "sequence": entry.sequence,
        "direction": entry.direction,
        "received_at": entry.received_at.isoformat(),
        "subject": entry.subject,
        "reference": entry.reference,
        "access": entry.access,
        **{name: getattr(entry, name) for name in _DETAILS},
        "dated": entry.dated.isoformat() if entry.dated else None,
        "voided_at": entry.voided_at.isoformat() if entry.voided_at else None,
        "void_reason": entry.void_reason,
        "parties": [
            {"role": one.role, "name": one.written, "party": one.party.key} for one in entry.parties.all()
        ],
        "documents": [_document(one) for one in documents],
    }


def class_in(told: Mapping[str, Any]) -> str:
    """The class of an entry that ``snapshots`` told of: its own, or of its first document that has one."""
    documents = (one["class"] for one in told["documents"] if one["account"] and one["class"])
    return str(told.get("label") or next(documents, ""))


def columns_of(told: dict[str, Any]) -> dict[str, Any]:
    """Values for the columns of an entry that records of before do not all tell."""
    dated = told.get("dated")
    known = {name: told[name] for name in _DETAILS if name in told}
    return {**known, "dated": date.fromisoformat(dated) if dated else None}


def _document(document: Document) -> dict[str, Any]:
    fates = document.fates.all()
    return {
        "document": document.key,
        "order": document.pk,
        "batch": document.batch.key,
        "attempt": document.attempt,
        "ordinal": document.ordinal,
        "station": document.batch.station,
        "source": document.batch.source,
        "barcode": document.barcode,
        "class": document.label,
        "guess": document.guess,
        "probability": document.probability,
        "alternatives": document.alternatives,
        "model": document.model,
        "language": document.language,
        "pages": document.pages,
        "fields": document.fields,
        "signatures": document.signatures,
        "candidates": document.candidates,
        "lines": document.lines,
        "pdfa": document.pdfa,
        "manifest": document.manifest,
        "why": document.why,
        "blind": document.blind,
        "forgotten": document.forgotten,
        "account": [
            {"file": one.claim.ordinal, "original": one.claim.original, "page": one.page} for one in fates
        ],
        "files": [
            {"file": one.ordinal, "name": one.source, "sha256": one.sha256, "size": one.size}
            for one in {one.claim_id: one.claim for one in fates}.values()
        ],
        "corrections": [
            {
                "before": one.before,
                "after": one.after,
                "actor": one.actor,
                "model": one.model,
                "kind": one.kind,
                "reason": one.reason,
                "at": one.at.isoformat(),
            }
            for one in document.corrections.all()
        ],
    }


def record_batch(batch: Batch) -> None:
    """Append the batch as it stands to the outbox, within a transaction that has locked its row."""
    batch.records += 1
    Batch.objects.filter(pk=batch.pk).update(records=batch.records)
    body = write_record({"sequence": batch.records, "batch": batch_as_it_stands(batch)})
    Outbox.objects.create(batch=batch, sequence=batch.records, body=body)


def batch_as_it_stands(batch: Batch) -> dict[str, Any]:
    """The whole batch as its record in the archive holds it."""
    fates = PageFate.objects.filter(claim__batch=batch).select_related("claim", "document__entry")
    events = (
        Event.objects.filter(entry__documents__batch=batch).values_list("entry").annotate(Max("sequence"))
    )
    last = dict(events)
    renditions = batch.claims.exclude(rendition="").values("rendition")
    sizes = dict(StoredObject.objects.filter(key__in=renditions).values_list("key", "size"))
    problems = Problem.objects.filter(batch=batch).select_related("claim").order_by("id")
    return {
        "key": batch.key,
        "order": batch.pk,
        "host": batch.host,
        "station": batch.station,
        "register": batch.register,
        "source": batch.source,
        "folder": bytes(batch.folder).hex(),
        "markers": batch.markers,
        "received_at": batch.received_at.isoformat(),
        "state": batch.state,
        "attempt": batch.attempt,
        "digest": batch.digest,
        "duplicate_of": batch.duplicate_of.key if batch.duplicate_of else None,
        "pages_known": batch.pages_known,
        "pages_done": batch.pages_done,
        "begun_at": batch.begun_at.isoformat() if batch.begun_at else None,
        "begun_pages": batch.begun_pages,
        "alarms": batch.alarms,
        "plan": batch.plan,
        "profile": batch.profile,
        "edits": batch.edits,
        "files": [
            {
                "source": one.source,
                "path": bytes(one.path).hex(),
                "size": one.size,
                "mtime_ns": one.mtime_ns,
                "sha256": one.sha256,
                "media": one.media,
                "pages": one.pages,
                "original": one.original,
                "inside": one.inside.ordinal if one.inside else None,
                "member": one.member,
                "rendition": one.rendition,
                "rendition_sha256": one.rendition_sha256,
                "rendition_size": sizes.get(one.rendition),
                "signatures": one.signatures,
            }
            for one in batch.claims.select_related("inside").order_by("ordinal")
        ],
        "fates": [
            {
                "file": one.claim.ordinal,
                "page": one.page,
                "attempt": one.attempt,
                "kind": one.kind,
                "document": one.document.key if one.document else None,
                "number": one.document.entry.number if one.document else None,
                "event": last[one.document.entry_id] if one.document else None,
                "position": one.position,
                "reason": one.reason,
            }
            for one in fates.order_by("claim__ordinal", "page")
        ],
        "problems": [
            {
                "order": one.pk,
                "file": one.claim.ordinal,
                "attempt": one.attempt,
                "page": one.page,
                "also": one.also,
                "reason": one.reason,
                "fix": one.fix,
                "state": one.state,
                "since": one.since.isoformat(),
            }
            for one in problems
        ],
    }
