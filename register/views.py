"""What people ask of the register: one entry whole, the state of the queues."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Min

from domain.rights import Action, Rights
from register import attaching, party_views, standing
from register.batches import pace
from register.history import CERTIFIED
from register.models import Batch, Claim, Document, Entry, Event, Outbox, PageFate, Problem, StoredObject
from register.numbering import no_entry, stored
from register.records import class_in
from register.rights import must, within
from register.texts import fit
from register.timing import dispatched


def entry(number: str, rights: Rights | None = None, action: Action = Action.VIEW) -> Entry:
    """The entry of this number.

    Raises:
        Missing: there is none, or none that the person may know of.
        Forbidden: the person may not do this with it.
    """
    found = Entry.objects.filter(number=stored(fit(number))).first()
    if found is None:
        raise no_entry(number)
    must(rights, action, found)
    return found


def may(number: str, rights: Rights | None, action: Action = Action.VIEW) -> bool:
    """Whether the person may do this with the entry."""
    return Entry.objects.filter(within(rights, action), number=stored(fit(number))).exists()


def show(number: str, rights: Rights | None = None) -> dict[str, Any]:
    """Everything about an entry: documents with fields and page account, objects, history.

    Of entries that it is related to, only those are named that the person may know of.

    Raises:
        Missing: there is none, or none that the person may know of.
    """
    found = entry(number, rights)
    documents = Document.objects.filter(entry=found).select_related("batch").order_by("id")
    versions = attaching.replaced(list(documents))
    told = [_document(document, versions) for document in documents]
    classes = [{"class": one["class"], "account": not one["withdrawn"]} for one in told]
    related = Entry.objects.filter(within(rights), number__in=[one["number"] for one in found.relations])
    known = set(related.values_list("number", flat=True))
    return {
        "number": found.number,
        "register": found.register,
        "direction": found.direction,
        "received_at": found.received_at.isoformat(),
        "dispatched_at": sent.at.isoformat() if (sent := dispatched(found)) else None,
        "subject": found.subject,
        "reference": found.reference,
        "channel": found.channel,
        "dated": found.dated.isoformat() if found.dated else None,
        "class": class_in({"label": found.label, "documents": classes}) or None,
        "tags": found.tags,
        "priority": found.priority,
        "confidentiality": found.confidentiality,
        "language": found.language or None,
        "location": found.location or None,
        "status": found.status,
        "department": found.department or None,
        "person": found.person or None,
        "access": found.access,
        "custom": found.custom,
        "relations": [one for one in found.relations if one["number"] in known],
        "voided_at": found.voided_at.isoformat() if found.voided_at else None,
        "void_reason": found.void_reason or None,
        "replaced_by": list(standing.replaced_by(found)),
        "parties": party_views.of_entry(found),
        "alarms": [
            {"batch": one.pk, "alarm": alarm}
            for one in Batch.objects.filter(documents__in=documents).distinct().order_by("id")
            for alarm in one.alarms
        ],
        "documents": told,
        "history": [
            _event(one, rights, known) for one in found.events.select_related("content").order_by("sequence")
        ],
    }


def _document(document: Document, versions: Mapping[str, str]) -> dict[str, Any]:
    claims = {one.ordinal: one for one in document.batch.claims.all()}
    places = [(claims[file], page) for file, page in standing.places(document)]
    objects = StoredObject.objects.filter(document=document).order_by("role")
    shared = {key for claim, _ in places for key in (claim.original, claim.rendition)}
    files = {claim.pk for claim, _ in places}
    kept_inside = Claim.objects.filter(inside__in=files, pages=0).order_by("ordinal")
    return {
        "document": document.key,
        "withdrawn": not document.fates.exists(),
        "replaces": versions.get(document.key),
        "replaced_by": [new for new, old in versions.items() if old == document.key],
        "class": document.label,
        "guess": document.guess,
        "probability": round(document.probability, 4),
        "alternatives": alternatives(document),
        "why": document.why or None,
        "model": document.model,
        "language": document.language or None,
        "pages": document.pages,
        "pdfa": document.pdfa,
        "label": document.barcode or None,
        "station": document.batch.station,
        "batch": document.batch.pk,
        "manifest": document.manifest,
        "fields": document.fields,
        "signatures": document.signatures,
        "attachments": [{"source": one.source, "key": one.original} for one in kept_inside],
        "candidates": document.candidates,
        "lines": document.lines,
        "page_account": [
            {"position": position, "source": claim.source, "page": page}
            for position, (claim, page) in enumerate(places, start=1)
        ],
        "objects": [
            {"role": one.role, "key": one.key, "sha256": one.sha256, "size": one.size} for one in objects
        ]
        + [
            {"role": one.role, "key": one.key, "sha256": one.sha256, "size": one.size}
            for one in StoredObject.objects.filter(key__in=shared).order_by("role", "key")
        ],
    }


def alternatives(document: Document) -> list[dict[str, Any]]:
    """What else the document might be, best first."""
    return [{"class": name, "probability": round(share, 4)} for name, share in document.alternatives]


def _event(event: Event, rights: Rights | None, known: Collection[str]) -> dict[str, Any]:
    """What happened; of an entry that one may not know of, not which it is."""
    said = json.loads(event.content.body) if hasattr(event, "content") else None
    if said:
        said.pop(CERTIFIED, None)
    if said and event.kind in ("related", "no longer related"):
        other = said["number"]
        said["number"] = other if other in known or may(other, rights) else ""
    return {
        "sequence": event.sequence,
        "kind": event.kind,
        "actor": event.actor,
        "at": event.at.isoformat(),
        "content": said,
        "hash": event.hash,
    }


def source_range(document: Document) -> tuple[str, tuple[int, int]]:
    """The dropped file a document comes from and its first and last page there.

    For a document from a series of images it is the batch's own path (the folder) and the pages are
    counted through its files; where fronts and backs were collated, through the sides of its sheets.
    """
    fates = list(document.fates.select_related("claim").order_by("claim__ordinal", "page"))
    first, last = fates[0], fates[-1]
    series = document.batch.profile.get("batch") == "folder" and first.claim.pages == 1
    if first.claim_id == last.claim_id and not series:
        return first.claim.source, (first.page, last.page)
    if document.batch.profile.get("duplex") == "collate":
        sides = [_side(fate) for fate in fates]
        return document.batch.source, (min(sides), max(sides))
    before: dict[int, int] = {}
    total = 0
    for claim in document.batch.claims.order_by("ordinal"):
        before[claim.pk] = total
        total += claim.pages
    pages = (before[first.claim_id] + first.page, before[last.claim_id] + last.page)
    return document.batch.source, pages


def _side(fate: PageFate) -> int:
    """Which side of the batch's sheets a page is, from 1, where the files are fronts and backs in turn."""
    files = list(fate.claim.batch.claims.filter(pages__gt=0).order_by("ordinal"))
    place = files.index(fate.claim)
    earlier = sum(one.pages for one in files[: place - place % 2])
    sheet = fate.claim.pages + 1 - fate.page if place % 2 else fate.page
    return earlier + 2 * sheet - 1 + place % 2


def fates(batches: list[int]) -> dict[str, int]:
    """How many pages of these batches met which fate."""
    counts = {"document": 0, "separator": 0, "blank": 0, "duplicate": 0, "refused": 0}
    for kind in PageFate.objects.filter(claim__batch__in=batches).values_list("kind", flat=True):
        counts[kind] += 1
    return counts


def status(now: datetime, stuck_after_seconds: float) -> dict[str, Any]:
    """Queue lengths and ages in seconds, batches in work with their pages, and those that are stuck."""

    def age(since: datetime | None) -> float | None:
        return round((now - since).total_seconds(), 1) if since else None

    work = Batch.objects.filter(state__in=(Batch.State.CLAIMED, Batch.State.KEPT)).order_by("id")
    batches = [
        {
            "batch": one.pk,
            "station": one.station,
            "source": one.source,
            "state": one.state,
            "pages_done": one.pages_done,
            "pages_known": one.pages_known,
            "pages_per_minute": pace(one, now)[0],
            "seconds_left": pace(one, now)[1],
            "attempt": one.attempt,
            "age": age(one.received_at),
            "stuck": (now - one.changed_at).total_seconds() > stuck_after_seconds,
        }
        for one in work
    ]
    outbox = Outbox.objects.filter(delivered_at=None)
    problems = Problem.objects.filter(state=Problem.State.OPEN)
    review = standing.counting().filter(label=None)
    return {
        "batches": batches,
        "stuck": [one["batch"] for one in batches if one["stuck"]],
        "alarms": _alarms(now),
        "queues": {
            "outbox": {"length": outbox.count(), "age": age(outbox.aggregate(at=Min("created_at"))["at"])},
            "exceptions": {"length": problems.count(), "age": age(problems.aggregate(at=Min("since"))["at"])},
            "review": {
                "length": review.count(),
                "age": age(review.aggregate(at=Min("entry__received_at"))["at"]),
            },
            "release": {"length": Batch.objects.filter(state=Batch.State.DONE).count(), "age": None},
        },
        "entries": Entry.objects.count(),
        "void": Entry.objects.exclude(voided_at=None).count(),
        "damaged_objects": StoredObject.objects.exclude(damage="").count(),
    }


def _alarms(now: datetime) -> list[dict[str, Any]]:
    """Alarms of the last day, the latest batches first; not of those that were filed anew since."""
    raised = Batch.objects.exclude(alarms=[]).filter(received_at__gt=now - timedelta(days=1))
    return [
        {"batch": one.pk, "source": one.source, "alarm": alarm}
        for one in raised.only("source", "alarms", "edits").order_by("-id")
        if all(edit["refused"] for edit in one.edits)
        for alarm in one.alarms
    ]


def first_number(batch: Batch) -> str | None:
    """The register number of the batch's first document that counts, if there is one."""
    counting = standing.counting().filter(batch=batch).select_related("entry")
    document = counting.order_by("attempt", "ordinal").first()
    return document.entry.number if document else None


def filed_in(batches: list[int]) -> list[Document]:
    """The documents of the last attempt at these batches, in the order of their numbers."""
    documents = Document.objects.filter(batch__in=batches, attempt=F("batch__attempt"))
    documents = documents.select_related("entry", "batch")
    return list(documents.order_by("entry__year", "entry__sequence", "id"))


def batches(ids: list[int]) -> list[dict[str, Any]]:
    """Source, pages, alarms of these batches, and whether they are done."""
    return [
        {
            "batch": one.pk,
            "source": one.source,
            "pages": one.pages_known,
            "alarms": one.alarms,
            "done": one.state in (Batch.State.DONE, Batch.State.RELEASED),
        }
        for one in Batch.objects.filter(pk__in=ids).order_by("id")
    ]


def refused_in(ids: list[int]) -> list[Problem]:
    """What was refused in the last attempt at these batches; duplicates are not among them."""
    problems = Problem.objects.filter(batch__in=ids, batch__duplicate_of=None, attempt=F("batch__attempt"))
    return list(problems.select_related("claim").order_by("batch_id", "claim__ordinal", "page", "id"))


def duplicates_in(ids: list[int]) -> list[dict[str, str]]:
    """Which of these batches had the bytes of an earlier one, and the number or source of that."""
    again = Batch.objects.filter(pk__in=ids).exclude(duplicate_of=None).select_related("duplicate_of")
    return [
        {"source": one.source, "of": first_number(one.duplicate_of) or one.duplicate_of.source}
        for one in again.order_by("id")
        if one.duplicate_of
    ]
