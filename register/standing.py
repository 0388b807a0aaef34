"""What stands. A document whose pages went to others was withdrawn; an entry may be void.

Nothing is removed: both keep their rows, their objects and their records.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from domain.rights import Rights
from register.models import Document, Entry, EventContent, PageFate
from register.rights import within

VOIDED = "voided"
"""The kind of event that makes an entry void."""


@dataclass(frozen=True, slots=True)
class Void:
    """A void entry. ``replaced_by`` are the numbers in its place: none where nothing took it."""

    number: str
    voided_at: datetime
    reason: str
    replaced_by: tuple[str, ...]

    def __str__(self) -> str:
        """As people are told."""
        instead = f"; replaced by {', '.join(self.replaced_by)}" if self.replaced_by else ""
        return f"{self.number} is void since {self.voided_at:%Y-%m-%d}: {self.reason}{instead}"


def documents() -> QuerySet[Document]:
    """The documents that have their pages, those of void entries among them."""
    return Document.objects.filter(Exists(PageFate.objects.filter(document=OuterRef("pk"))))


def counting() -> QuerySet[Document]:
    """The documents that count: they have their pages, and their entry is not void."""
    return documents().filter(entry__voided_at=None)


def classes(entries: Sequence[Entry]) -> dict[int, str]:
    """The class of each entry by its id: its own, or else that of its first document that has one; or ""."""
    found = {one.pk: one.label for one in entries}
    rows = documents().filter(entry__in=[pk for pk, label in found.items() if not label]).exclude(label=None)
    for entry, label in rows.order_by("id").values_list("entry", "label"):
        found[entry] = found[entry] or label or ""
    return found


def places(document: Document) -> list[tuple[int, int]]:
    """The document's pages ``(file, page)`` in order; of a withdrawn one those that it had."""
    held = document.fates.order_by("position").values_list("claim__ordinal", "page")
    if held:
        return list(held)
    had = (one for edit in document.batch.edits for one in edit["replaces"])
    return next(([(file, page) for file, page in one["pages"]] for one in had
                 if one["document"] == document.key), [])  # fmt: skip


def label_place(document: Document) -> tuple[int, int] | None:
    """The page ``(file, page)`` that bears the document's label; None if it has no label.

    Documents of before have no candidates: then it is the first page, as it was when they were cut.
    """
    if not document.barcode:
        return None
    for one in document.candidates:
        if one["chosen"] and one["text"] == document.barcode:
            return one["source"], one["page"]
    return places(document)[0]


def told(numbers: Collection[str], rights: Rights | None = None) -> list[Void]:
    """Those of the numbers that are void, in order, and that the person may know of."""
    entries = Entry.objects.filter(within(rights), number__in=numbers).exclude(voided_at=None)
    entries = entries.order_by("number")
    return [_void(entry) for entry in entries]


def replaced_by(entry: Entry) -> tuple[str, ...]:
    """The numbers in place of a void entry; none either where what its history says is missing."""
    contents = EventContent.objects.filter(event__entry=entry, event__kind=VOIDED)
    return tuple(
        number
        for body in contents.values_list("body", flat=True)
        for number in json.loads(body)["replaced_by"]
    )


def _void(entry: Entry) -> Void:
    assert entry.voided_at is not None
    return Void(entry.number, entry.voided_at, entry.void_reason, replaced_by(entry))
