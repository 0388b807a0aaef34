"""Documents whose class a person must decide, and the decisions."""

from datetime import datetime

from django.db.models import Q

from domain.document import CLASSES
from domain.errors import Usage
from register import standing
from register.filing import record
from register.models import Correction, Document, Entry
from register.session import write


def waiting() -> list[Document]:
    """Documents that the classifier abstained on and nobody has labelled yet, oldest first."""
    return list(standing.counting().filter(label=None).select_related("entry", "batch").order_by("id"))


def label(document_key: str, label: str, *, actor: str, at: datetime) -> Document:
    """Write down a person's class for a document: a correction, an event of its entry, the new class.

    ``document_key`` may also be the number of an entry that has a single document.

    Raises:
        Usage: unknown document or class.
    """
    if label not in CLASSES:
        raise Usage(f"There is no class {label!r}. The classes are: {', '.join(CLASSES)}")
    with write():
        found = _find(document_key)
        entry = Entry.objects.select_for_update().get(pk=found.entry_id)
        document = Document.objects.get(pk=found.pk)
        before = document.label
        _write_down(document, label, actor)
        content = {"document": document.key, "from": before, "to": label, "guess": document.guess}
        record(entry, "labelled", content, actor=actor, at=at)
    return document


def carry(document: Document, said: Correction, *, actor: str, at: datetime) -> None:
    """Keep what a person said of a document that this one has taken the place of.

    Within a transaction that has locked the entry; ``actor`` is who had the pages filed anew.
    """
    content = {
        "document": document.key,
        "from": document.label,
        "to": said.after,
        "guess": document.guess,
        "carried_from": said.document.key,
    }
    _write_down(document, said.after, said.actor)
    record(document.entry, "labelled", content, actor=actor, at=at)


def _write_down(document: Document, label: str, actor: str) -> None:
    Correction.objects.create(
        document=document, before=document.label or "", after=label, actor=actor, model=document.model
    )
    Document.objects.filter(pk=document.pk).update(label=label)
    document.label = label


def _find(key: str) -> Document:
    counting = standing.counting()
    found = list(counting.filter(key=key)) or list(counting.filter(entry__number=key))
    if not found:
        if gone := Document.objects.filter(Q(key=key) | Q(entry__number=key)).select_related("entry").first():
            raise Usage(_does_not_count(gone))
        raise Usage(f"There is no document {key}. See those that wait: postroom review list")
    if len(found) > 1:
        keys = ", ".join(document.key for document in found)
        raise Usage(f"{key} has {len(found)} documents. Name one of them: {keys}")
    return found[0]


def _does_not_count(document: Document) -> str:
    number = document.entry.number
    if void := standing.told([number]):
        return f"{void[0]}. Label what counts now."
    return (
        f"Document {document.key} of {number} was withdrawn. See what took its place: postroom show {number}"
    )
