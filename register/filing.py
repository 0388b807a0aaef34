"""Filing: the one transaction that makes a document an entry of the register."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from domain.attachment import Attachment
from domain.chain import body_of, content_hash
from domain.document import Candidate, Fate, FateKind, Field, Signature, Verdict
from domain.errors import Refused
from domain.numbers import Place
from domain.page import LineItem
from domain.party import Address, Sighting
from domain.states import RECEIVED, REGISTERED
from domain.wire import from_json, to_plain
from register import history, standing, timing
from register.acts import Act
from register.identifiers import as_read
from register.models import (
    Batch,
    Claim,
    Correction,
    Document,
    Entry,
    Event,
    Outbox,
    PageFate,
    Problem,
    StoredObject,
)
from register.numbering import next_number, range_of, take_reserved, taken_by
from register.parties import RECIPIENT, SENDER, fold, name_parties, named
from register.records import record_batch, snapshot, whole, write_record
from register.session import write
from register.texts import fit

RENDITION = "rendition"
SHARED = ("original", RENDITION)
"""Roles of the objects that belong to no single document: all that were cut from the file have them."""

ATTACHMENT = "attachment"
"""Where in a batch's profile stands what it is attached to, beside the station's keys."""

SHEET = "separator sheet"
"""Who says the class that a separator sheet says."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An object of a document that lies in the archive already."""

    key: str
    sha256: str
    size: int
    role: str


@dataclass(frozen=True, slots=True)
class Filing:
    """A document ready to be filed. Its content objects are in the archive.

    Attributes:
        key: the document's id, the same at each attempt to file it.
        ordinal: its place among the documents of the batch's attempt, from 0.
        pages: ``(file of the batch, page of that file)`` in order.
        barcode: the label barcode on it, or "".
        attach_to: number of the entry it belongs to; "" for a new one.
        reserved: number on its label that was reserved ahead, and that the new entry gets; "" for the next.
        access: labels of those who may see it.
        signatures: the electronic signatures of the files it was cut from, each with the file's name.
        department: that it is for; an entry that has one keeps it.
        register: of the entry; "" for the batch's.
        named: its class, as the separator sheet in front of it says: a person's word. It stands, and the
            classifier's guess beside it.
        alarms: what an operator should look at, for the batch.
        candidates: all barcodes on its pages, the label among them.
        blind: how many people are to say its class without being shown the classifier's.
        forgotten: it is learnt from no more.
    """

    key: str
    ordinal: int
    pages: tuple[tuple[int, int], ...]
    barcode: str
    attach_to: str
    verdict: Verdict
    language: str | None
    subject: str
    sender: str
    recipient: str
    reference: str
    fields: tuple[Field, ...]
    pdfa: bool
    manifest: str
    objects: tuple[Kept, ...]
    access: tuple[str, ...] = ()
    signatures: tuple[tuple[str, Signature], ...] = ()
    department: str = ""
    register: str = ""
    reserved: str = ""
    named: str = ""
    alarms: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    lines: tuple[LineItem, ...] = ()
    blind: int = 0
    forgotten: bool = False


def attachment_of(batch: Batch) -> Attachment | None:
    """What is attached by this batch, if it is one that somebody handed in for an entry."""
    said = batch.profile.get(ATTACHMENT)
    return from_json(Attachment, json.dumps(said)) if said else None


def document_filed(key: str) -> bool:
    """Whether this document is in the register already."""
    return Document.objects.filter(key=key).exists()


def file_document(batch: Batch, filing: Filing, *, zone: ZoneInfo, actor: str, at: datetime) -> Document:
    """Number, entry, parties, page account, history and outbox of a document, all or nothing.

    Doing it again returns what was filed the first time.

    Raises:
        Refused: the entry that it belongs to is void.
    """
    filing = fit(filing)
    with write():
        # The batch's row is the lock: two workers on one batch file its documents one after the other.
        batch = Batch.objects.select_for_update().get(pk=batch.pk)
        filed = Document.objects.filter(key=filing.key).select_related("entry").first()
        if filed:
            return filed
        if filing.reserved and (taken := taken_by(filing.reserved)):  # by its other pages, or by hand
            filing = replace(filing, attach_to=taken)
        if filing.attach_to:
            entry = _entry(filing.attach_to)
        else:
            entry = _new_entry(batch, filing, zone, Act(actor, at))
        if filing.department and not entry.department:
            entry.department = filing.department
            entry.save(update_fields=["department"])
        document = _add_document(entry, batch, filing)
        kind = "attached" if filing.attach_to else "registered"
        content = _content(document, filing)
        if filing.reserved and not filing.attach_to:
            reserved = range_of(Place(entry.register, entry.year, entry.sequence))
            content["reserved"] = reserved.name if reserved else ""
        record(entry, kind, content, actor=actor, at=at)
        alarms = [*batch.alarms, *filing.alarms]
        Batch.objects.filter(pk=batch.pk).update(changed_at=at, alarms=alarms)
    return document


def _entry(number: str) -> Entry:
    entry = Entry.objects.select_for_update().get(number=number)
    for void in standing.told([number]):
        raise Refused(f"the label names a void entry: {void}", "Label the pages anew and scan them again.")
    return entry


def _new_entry(batch: Batch, filing: Filing, zone: ZoneInfo, act: Act) -> Entry:
    senders, recipients = named([_sender(filing)], act), named([Sighting(filing.recipient)], act)
    if filing.reserved:
        columns = take_reserved(filing.reserved)
    else:
        columns = next_number(filing.register or batch.register, batch.received_at, zone)
    entry = Entry.objects.create(
        **columns,
        received_at=batch.received_at,
        subject=filing.subject,
        reference=filing.reference,
        language=filing.language or "",
        status=REGISTERED if fold(filing.sender) else RECEIVED,
        access=list(filing.access),
        department=filing.department,
    )
    name_parties(entry, {SENDER: senders, RECIPIENT: recipients})
    return entry


def _sender(filing: Filing) -> Sighting:
    """Who sent it, with what may identify them on its pages."""
    keys = [key for one in filing.fields if one.valid is not False for key in as_read(one.name, one.value)]
    places = tuple(Address.of(one.value) for one in filing.fields if one.name == "sender_address")
    return Sighting(filing.sender, tuple(dict.fromkeys(keys)), places)


def _add_document(entry: Entry, batch: Batch, filing: Filing) -> Document:
    document = Document.objects.create(
        key=filing.key,
        entry=entry,
        batch=batch,
        attempt=batch.attempt,
        ordinal=filing.ordinal,
        barcode=filing.barcode,
        label=filing.named or filing.verdict.label,
        guess=filing.verdict.guess,
        probability=filing.verdict.probability,
        alternatives=[list(one) for one in filing.verdict.alternatives],
        model=filing.verdict.model,
        why="" if filing.named else filing.verdict.why,
        blind=[] if filing.named else [{"answer": "", "actor": "", "at": ""} for _ in range(filing.blind)],
        forgotten=filing.forgotten,
        language=filing.language or "",
        pages=len(filing.pages),
        fields=[to_plain(field) for field in filing.fields],
        candidates=[to_plain(one) for one in filing.candidates],
        lines=[to_plain(line) for line in filing.lines],
        pdfa=filing.pdfa,
        manifest=filing.manifest,
        signatures=[{"source": source, **to_plain(one)} for source, one in filing.signatures],
    )
    for kept in filing.objects:
        StoredObject.objects.get_or_create(
            key=kept.key,
            defaults={
                "sha256": kept.sha256,
                "size": kept.size,
                "role": kept.role,
                "document": None if kept.role in SHARED else document,
            },
        )
    if filing.named:
        Correction.objects.create(
            document=document,
            before=filing.verdict.label or "",
            after=filing.named,
            actor=SHEET,
            model=filing.verdict.model,
            kind=Correction.Kind.SHEET,
        )
    claims = dict(Claim.objects.filter(batch=batch).values_list("ordinal", "id"))
    PageFate.objects.bulk_create(
        PageFate(
            claim_id=claims[source],
            page=page,
            attempt=batch.attempt,
            kind=FateKind.DOCUMENT,
            document=document,
            position=position,
        )
        for position, (source, page) in enumerate(filing.pages, start=1)
    )
    return document


def _content(document: Document, filing: Filing) -> dict[str, Any]:
    told = "classifier" if filing.verdict.label else None
    return {
        "document": document.key,
        "pages": document.pages,
        "class": document.label,
        "class_from": SHEET if filing.named else told,
        "department": filing.department,
        "status": document.entry.status,
        "guess": document.guess,
        "probability": document.probability,
        "why": document.why,
        "model": document.model,
        "manifest": document.manifest,
        "batch": document.batch.key,
        **_attached(document.batch),
        **timing.clock(),
    }


def _attached(batch: Batch) -> dict[str, str]:
    """Of a file that somebody added: why, and what it is a new version of."""
    said = attachment_of(batch)
    return {"reason": said.reason, "replaces": said.replaces} if said else {}


def record(entry: Entry, kind: str, content: dict[str, Any], *, actor: str, at: datetime) -> Event:
    """Append an event to the entry's history and to the outbox, within the caller's transaction.

    The event, and its entry with it, certifies the record of the entry as it stands in the database now.
    """
    (now,), salt = whole([entry.pk]), secrets.token_hex(32)
    told = snapshot(now)
    certified = content_hash(salt, body_of(told))
    event = history.append(now, kind, {**content, history.CERTIFIED: certified}, actor=actor, at=at)
    body = write_record({"event": history.as_record(event), "entry": told, "salt": salt})
    Outbox.objects.create(entry=entry, event=event, sequence=event.sequence, body=body)
    return event


@dataclass(frozen=True, slots=True)
class NewProblem:
    """A line for the exceptions queue: file of the batch, page or None for the file as a whole.

    ``also`` are all pages ``(file, page)`` of a document that is refused as a whole.
    """

    source: int
    page: int | None
    reason: str
    fix: str
    also: tuple[tuple[int, int], ...] = ()


def close(
    batch: Batch,
    fates: Sequence[Fate],
    problems: Sequence[NewProblem],
    alarms: Sequence[str] = (),
    received_again: Batch | None = None,
) -> None:
    """Write the fates of all pages that are in no document, queue the problems, and end the batch.

    ``alarms`` go before those that its documents raised.

    ``received_again`` is the earlier batch with the same bytes: the history of its entries notes it.
    The database refuses to end a batch whose fates do not add up to its pages.
    """
    fates, problems, alarms = fit((fates, problems, alarms))
    with write():
        now = Batch.objects.select_for_update().get(pk=batch.pk)
        if now.state != Batch.State.KEPT:
            return
        claims = dict(Claim.objects.filter(batch=now).values_list("ordinal", "id"))
        # What stands in the register counts, whatever this run has read.
        filed = PageFate.objects.filter(claim__batch=now, attempt=now.attempt)
        settled = set(filed.values_list("claim__ordinal", "page"))
        others = [
            fate
            for fate in fates
            if fate.kind != FateKind.DOCUMENT and (fate.source, fate.page) not in settled
        ]
        problems = [one for one in problems if (one.source, one.page) not in settled]
        PageFate.objects.bulk_create(
            PageFate(
                claim_id=claims[fate.source],
                page=fate.page,
                attempt=now.attempt,
                kind=fate.kind,
                reason=fate.reason,
            )
            for fate in others
        )
        Problem.objects.bulk_create(
            Problem(
                batch=now,
                claim_id=claims[problem.source],
                attempt=now.attempt,
                page=problem.page,
                also=[list(place) for place in problem.also],
                reason=problem.reason,
                fix=problem.fix,
            )
            for problem in problems
        )
        if received_again:
            again = standing.counting().filter(batch=received_again)
            of = Entry.objects.filter(pk__in=again.values("entry")).order_by("id")
            list(of.select_for_update())  # so that each is recorded as nobody else changes it
            for document in again.select_related("entry").order_by("id"):
                content = {"document": document.key, "batch": now.key, "source": now.source}
                record(document.entry, "received again", content, actor="intake", at=now.received_at)
        now.alarms = list(dict.fromkeys((*alarms, *now.alarms)))  # a retry raises its own once more
        now.pages_done = now.pages_known
        now.state = Batch.State.DONE
        now.save()
        record_batch(now)
