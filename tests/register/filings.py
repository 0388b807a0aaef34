"""Batches and filings as the flows make them, without the reading."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from domain.correspondence import Channel, Confidentiality, Details, Priority
from domain.document import Verdict
from register import batches
from register.filing import Filing, Kept, file_document
from register.models import Batch, Claim, Document

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
ALL = Details(
    subject="The noise at night",
    senders=("Ada Ltd", "Bob"),
    recipients=("Town Hall",),
    channel=Channel.EMAIL,
    reference="A-17",
    dated=date(2026, 3, 1),
    label="letter",
    tags=("noise", "night"),
    priority=Priority.HIGH,
    confidentiality=Confidentiality.SECRET,
    language="en",
    location="shelf 3",
)
"""What a person may say of an entry, all of it."""

PROFILE = {"duplicate": "review", "after": "delete"}


def open_batch(name: str = "scan.pdf", pages: int = 2, files: int = 1, received_at: datetime = AT) -> Batch:
    """A batch whose originals are kept and whose pages are counted."""
    new = [batches.NewFile(Path(f"/drop/a/{index}-{name}"), 10, 1) for index in range(files)]
    batch = batches.open_batch(
        station="a", register="IN", source=Path(f"/drop/a/{name}"), files=new,
        received_at=received_at, profile=PROFILE, folder=Path("/drop/a"),
    )  # fmt: skip
    Claim.objects.filter(batch=batch).update(
        pages=pages, sha256="ab" * 32, original="originals/ab/x/original"
    )
    batches.count_pages(batch)
    return batches.keep(batch, f"digest of {name}", "review")


def filing(batch: Batch, ordinal: int, pages: tuple[tuple[int, int], ...], **changes: object) -> Filing:
    """A letter of these pages."""
    values: dict[str, object] = {
        "key": f"{batch.key}-{batch.attempt}-{ordinal}"[:36],
        "ordinal": ordinal,
        "pages": pages,
        "barcode": "",
        "attach_to": "",
        "verdict": Verdict("letter", "letter", 0.9, (("letter", 0.9), ("form", 0.1)), "v1"),
        "language": "en",
        "subject": "Your parcel",
        "sender": "Ada Ltd",
        "recipient": "Town Hall",
        "reference": "A-1",
        "fields": (),
        "pdfa": True,
        "manifest": "documents/x/manifest.json",
        "objects": (Kept(f"documents/{batch.key}/{ordinal}/document.pdf", "cd" * 32, 9, "pdfa"),),
    }
    return Filing(**{**values, **changes})  # type: ignore[arg-type]


def file_one(batch: Batch, ordinal: int, pages: tuple[tuple[int, int], ...], **changes: object) -> Document:
    """File it."""
    return file_document(
        batch, filing(batch, ordinal, pages, **changes), zone=ZoneInfo("UTC"), actor="test", at=AT
    )
