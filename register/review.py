"""Documents whose class a person must decide, and the decisions."""

from datetime import datetime

from domain.document import CLASSES
from domain.errors import Usage
from register.filing import record
from register.models import Correction, Document, Entry
from register.session import write


def waiting() -> list[Document]:
    """Documents that the classifier abstained on and nobody has labelled yet, oldest first."""
    return list(Document.objects.filter(label=None).select_related("entry", "batch").order_by("id"))


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
        Correction.objects.create(
            document=document, before=before or "", after=label, actor=actor, model=document.model
        )
        Document.objects.filter(pk=document.pk).update(label=label)
        content = {"document": document.key, "from": before, "to": label, "guess": document.guess}
        record(entry, "labelled", content, actor=actor, at=at)
    document.label = label
    return document


def _find(key: str) -> Document:
    found = list(Document.objects.filter(key=key)) or list(Document.objects.filter(entry__number=key))
    if not found:
        raise Usage(f"There is no document {key}. See those that wait: postroom review list")
    if len(found) > 1:
        keys = ", ".join(document.key for document in found)
        raise Usage(f"{key} has {len(found)} documents. Name one of them: {keys}")
    return found[0]
