"""Receipts: what the register certifies of an entry, and what it knows of receipts that come back."""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from domain.correspondence import Direction
from domain.errors import Usage
from domain.receipt import VERSION, Receipt, ReceivedFile
from domain.rights import Action
from domain.wire import to_plain
from register import attaching, history, standing, timing
from register.acts import Act
from register.entries import locked, recorded
from register.models import Claim, Document, Entry, Event, EventContent, Stamp, StoredObject
from register.numbering import stored
from register.parties import RECIPIENT, SENDER, parties
from register.session import write
from register.texts import fit

_TOGETHER = timedelta(minutes=1)  # that an entry is made later than it was received is told from then on
ISSUED = "receipt issued"
"""The kind of event that notes it; its content holds the receipt and the SHA-256 of its PDF."""


def receipt_of(entry: Entry, office: str, *, zone: ZoneInfo, at: datetime) -> Receipt:
    """What a receipt that is made at this moment says.

    Raises:
        Usage: the entry is void, or was not dispatched yet.
    """
    if void := standing.told([entry.number]):
        raise Usage(f"{void[0]}. No receipt is given for a void entry.")
    begun = Event.objects.filter(entry=entry).earliest("sequence")
    sent = timing.dispatched(entry)
    if entry.direction == Direction.OUTGOING and sent is None:
        raise Usage(f"{entry.number} is {entry.status}: a receipt is given once it was dispatched")
    first, received = (sent, sent.at) if sent else (begun, entry.received_at)
    entered = first.at if abs(first.at - received) >= _TOGETHER else None
    rows = standing.documents().filter(entry=entry).select_related("batch").order_by("id")
    documents, names = attaching.newest(list(rows)), parties(entry)
    return Receipt(
        version=VERSION,
        office=office,
        number=entry.number,
        direction=entry.direction,
        received_at=_in(zone, received),
        channel=entry.channel,
        senders=names[SENDER],
        recipients=names[RECIPIENT],
        subject=entry.subject,
        reference=entry.reference,
        pages=sum(one.pages for one in documents),
        files=_files(documents),
        sequence=first.sequence,
        hash=first.hash,
        issued_at=_in(zone, at),
        code=_code(begun),
        clock=_clock(first),
        stamp=_stamp(first, zone),
        entered_at=_in(zone, entered) if entered else "",
    )


def _clock(first: Event) -> str:
    """What the first event says of the server's clock, for people."""
    body = EventContent.objects.filter(event=first).values_list("body", flat=True).first()
    told = (json.loads(body) if body else {}).get("clock")
    if not told:
        return ""
    right = f"{-told['offset_seconds']:+.3f} s ± {told['within_seconds']:.3f} s"
    return f"{right} ({told['server']}, {told['measured_at']})"


def _stamp(first: Event, zone: ZoneInfo) -> str:
    """Who certified when that the first event was there by then."""
    found = Stamp.objects.filter(event=first).first()
    return f"{found.authority}, {_in(zone, found.at)}" if found else ""


def stamp_of(receipt: Receipt) -> tuple[str, bytes] | None:
    """The hash of the event that a receipt tells of, and its time stamp; None where it has none."""
    found = Stamp.objects.filter(event__entry__number=fit(receipt.number), event__sequence=receipt.sequence)
    row = found.select_related("event").first()
    return (row.event.hash, bytes(row.token)) if row else None


def _code(first: Event) -> str:
    """What nobody knows who has no receipt: made of the first event's salt.

    The event's hash would not do: it may be the one that is published as the chain's head.
    """
    salt = EventContent.objects.filter(event=first).values_list("salt", flat=True).first()
    if not salt:
        return ""
    return base64.b32encode(hashlib.sha256(f"receipt\n{salt}".encode()).digest()[:10]).decode()


def knows(number: str, code: str) -> bool:
    """Whether this is the code of the entry's receipts, in whatever form somebody typed it."""
    first = Event.objects.filter(entry__number=stored(fit(number))).order_by("sequence").first()
    own = _code(first) if first else ""
    typed = "".join(sign for sign in code.upper() if sign.isalnum())
    return hmac.compare_digest(own.encode(), typed.encode()) and bool(own)


def _in(zone: ZoneInfo, at: datetime) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds")


def _files(documents: list[Document]) -> tuple[ReceivedFile, ...]:
    """The files that the documents' pages lie in, in order, as they were received."""
    pages: dict[int, int] = {}
    for document in documents:
        for claim in document.fates.order_by("position").values_list("claim_id", flat=True):
            pages[claim] = pages.get(claim, 0) + 1
    claims = Claim.objects.in_bulk(list(pages))
    return tuple(
        ReceivedFile(claims[pk].source.rsplit("/", 1)[-1], claims[pk].sha256, claims[pk].size, count)
        for pk, count in pages.items()
    )


def issued(receipt: Receipt, sha256: str, act: Act, language: str = "", to: str = "") -> None:
    """Note in the entry's history that this receipt was given, in this language, and mailed to whom.

    Raises:
        Usage: the entry is void by now.
    """
    with write():
        entry = locked(receipt.number, act, Action.EXPORT)
        content = {"receipt": to_plain(receipt), "sha256": sha256, "language": language, "reason": act.reason}
        content |= {"mailed_to": to} if to else {}
        recorded(entry, ISSUED, content, act)


def given(number: str) -> list[dict[str, Any]]:
    """The receipts that were given for an entry, the oldest first: ``receipt``, ``sha256``, ``language``.

    Raises:
        Usage: somebody altered in the database what is known of them.
    """
    found = given_by(number)
    for one in found:
        if wrong := history.altered(one):
            raise Usage(
                f"What the history says of receipts of {number} is not to be trusted (event {one.sequence}: "
                f"{wrong}). Find out who wrote to the database: postroom verify"
            )
    return [json.loads(one.content.body) for one in found]


def given_by(number: str) -> Sequence[Event]:
    """The events with which receipts were given for an entry whose content is still there, oldest first."""
    found = Event.objects.filter(entry__number=stored(fit(number)), kind=ISSUED, content__isnull=False)
    return list(found.select_related("entry", "content").order_by("sequence"))


def holds(sha256: str) -> tuple[str, str, str] | None:
    """Entry's number, role and key of what the archive holds with these bytes; None where it does not."""
    stored = StoredObject.objects.filter(sha256=sha256).exclude(role="model").order_by("id").first()
    if stored is None:
        return None
    if stored.document:
        return stored.document.entry.number, stored.role, stored.key
    if stored.role in ("heads", "time stamp"):
        return "", f"{stored.role} of the audit chain", stored.key
    fate = Document.objects.filter(fates__claim__sha256=sha256).select_related("entry").order_by("id").first()
    return (fate.entry.number if fate else ""), stored.role, stored.key
