"""Documents whose class a person must decide, and the decisions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from types import MappingProxyType
from typing import Any

from django.db.models import Q

from domain.document import CLASSES
from domain.errors import Usage
from domain.rights import Action, Rights
from register import standing
from register.filing import record
from register.models import Correction, Document, Entry
from register.numbering import stored
from register.rights import guarded, must, within
from register.session import write
from register.views import alternatives

_TODAY: Mapping[str, str] = MappingProxyType(dict(zip(CLASSES, CLASSES, strict=True)))


def waiting(rights: Rights | None = None, *, limit: int | None = None, after: int = 0) -> list[Document]:
    """Documents that a person must look at, oldest first, of entries that whoever asks may edit.

    Those without a class, and those drawn for a blind review that not all have answered yet. At most
    ``limit``, behind the document of the id ``after``.
    """
    mine = Entry.objects.filter(within(rights, Action.EDIT))
    found = standing.counting().filter(Q(label=None) | ~Q(blind=[]), entry__in=mine, pk__gt=after)
    rows = found.select_related("entry", "batch").order_by("id").iterator()
    return list(islice((one for one in rows if one.label is None or open_places(one)), limit))


def told(documents: Iterable[Document]) -> list[dict[str, Any]]:
    """Documents that wait, as a reviewer is told of them: in a blind review without the guess."""
    return [_told(one, blind=one.label is not None and open_places(one) > 0) for one in documents]


def _told(document: Document, *, blind: bool) -> dict[str, Any]:
    return {
        "document": document.key,
        "number": document.entry.number,
        "guess": None if blind else document.guess,
        "probability": None if blind else round(document.probability, 4),
        "alternatives": [] if blind else alternatives(document)[:3],
        "why": None if blind else document.why or None,
        "blind": blind,
        "pages": document.pages,
        "subject": document.entry.subject,
        "source": document.batch.source,
    }


def _may(rights: Rights | None, action: Action, entry: Entry) -> bool:
    return rights is None or rights.may(action, guarded(entry))


def open_places(document: Document) -> int:
    """How many people's blind word is still waited for."""
    return sum(not place["answer"] for place in document.blind)


@dataclass(frozen=True, slots=True)
class Said:
    """What came of a person's word.

    Attributes:
        blind: it was a blind review.
        differ: two people said different things without seeing the guess: somebody must decide.
    """

    document: Document
    blind: bool = False
    differ: bool = False


def label(
    document_key: str,
    label: str,
    *,
    actor: str,
    at: datetime,
    today: Mapping[str, str] = _TODAY,
    reason: str = "",
    rights: Rights | None = None,
    source: str = "",
) -> Said:
    """Write down a person's class for a document: a correction, an event of its entry, the new class.

    ``label`` "" takes the class away: a person must look again, and no model gives it one.
    A document drawn for a blind review takes the word as that: a second person's, which differs from the
    first's, leaves it without a class. ``today`` is what each class is called today: one may have gone into
    another between the two words. ``document_key`` may also be the number of an entry that has a single
    document.

    Raises:
        Usage: unknown document or class; or the same person for both places of a blind review.
        Forbidden: the person may not edit its entry.
    """
    if label and today.get(label) != label:
        raise Usage(
            f"There is no class {label!r}. The classes are: {', '.join(sorted(set(today.values())))}. "
            f"Add one: postroom classes add {label}"
        )
    with write():
        found = _find(document_key, rights)
        entry = Entry.objects.select_for_update().get(pk=found.entry_id)
        must(rights, Action.EDIT, entry)
        document = Document.objects.get(pk=found.pk)
        before = document.label
        blind = bool(label) and open_places(document) > 0
        kept, differ = (label, False) if not blind else _answered(document, label, actor, at, today)
        kind = Correction.Kind.BLIND if blind else _kind(before)
        _write_down(document, kept, actor, kind=kind, reason=reason)
        content = {
            "document": document.key,
            "from": before,
            "to": kept or None,
            "guess": document.guess,
            "kind": str(kind),
            "said": label or None,
            "reason": reason,
            **({"source": source} if source else {}),
        }
        record(entry, "labelled", content, actor=actor, at=at)
    return Said(document, blind, differ)


def _kind(before: str | None) -> Correction.Kind:
    return Correction.Kind.RECLASSIFIED if before else Correction.Kind.REVIEW


def _answered(
    document: Document, label: str, actor: str, at: datetime, today: Mapping[str, str]
) -> tuple[str, bool]:
    """Put the word into the first open place: the class that comes of it, and whether people differ."""
    if any(place["actor"] == actor for place in document.blind):
        raise Usage(f"{document.key} waits for a second person's word: {actor} has given theirs")
    place = next(one for one in document.blind if not one["answer"])
    place.update(answer=label, actor=actor, at=at.isoformat())
    Document.objects.filter(pk=document.pk).update(blind=document.blind)
    said = {today.get(one["answer"], one["answer"]) for one in document.blind if one["answer"]}
    return (label, False) if len(said) == 1 else ("", True)


def carry(document: Document, said: Correction, *, actor: str, at: datetime) -> None:
    """Keep what a person said of a document that this one has taken the place of.

    Within a transaction that has locked the entry; ``actor`` is who had the pages filed anew.
    """
    content = {
        "document": document.key,
        "from": document.label,
        "to": said.after or None,
        "guess": document.guess,
        "kind": "carried",
        "carried_from": said.document.key,
    }
    _write_down(document, said.after, said.actor, kind=Correction.Kind.CARRIED, reason=said.reason)
    record(document.entry, "labelled", content, actor=actor, at=at)


def judge_again(document: Document, label: str, told: dict[str, object], *, at: datetime) -> bool:
    """Give a document that waits without anybody's word the class that a newer model dares to give.

    ``told`` are the verdict's fields, as they stand in the register. Whether it still waited.
    """
    with write():
        entry = Entry.objects.select_for_update().get(pk=document.entry_id)
        now = Document.objects.get(pk=document.pk)
        if now.label is not None or now.corrections.exists():
            return False
        Document.objects.filter(pk=now.pk).update(label=label, why="", **told)
        content = {
            "document": now.key,
            "from": None,
            "to": label,
            "before": now.model,
            "model": told["model"],
        }
        record(entry, "classed again", content, actor="classifier", at=at)
    return True


def forget(document_key: str, *, reason: str, actor: str, at: datetime) -> Document:
    """Have a document learnt from no more. It keeps its class.

    Raises:
        Usage: unknown document.
    """
    with write():
        found = _find(document_key)
        entry = Entry.objects.select_for_update().get(pk=found.entry_id)
        Document.objects.filter(pk=found.pk).update(forgotten=True)
        content = {"document": found.key, "reason": reason}
        record(entry, "forgotten by the classifier", content, actor=actor, at=at)
    return found


def move(name: str, into: str, *, actor: str, at: datetime, reason: str = "") -> int:
    """Give the documents of a class another, because the class went into it. Returns how many."""
    moved = 0
    for key in standing.documents().filter(label=name).order_by("id").values_list("key", flat=True):
        with write():
            document = Document.objects.get(key=key)
            entry = Entry.objects.select_for_update().get(pk=document.entry_id)
            if not Document.objects.filter(key=key, label=name).update(label=into):
                continue
            content = {"document": key, "from": name, "to": into, "reason": reason}
            record(entry, "class merged", content, actor=actor, at=at)
        moved += 1
    return moved


def _write_down(document: Document, label: str, actor: str, *, kind: Correction.Kind, reason: str) -> None:
    Correction.objects.create(
        document=document,
        before=document.label or "",
        after=label,
        actor=actor,
        model=document.model,
        kind=kind,
        reason=reason,
    )
    Document.objects.filter(pk=document.pk).update(label=label or None)
    document.label = label or None


def _find(key: str, rights: Rights | None = None) -> Document:
    key = stored(key)
    named = Document.objects.filter(Q(key=key) | Q(entry__number=key)).select_related("entry").order_by("id")
    known = [one for one in named if _may(rights, Action.VIEW, one.entry)]
    counting = set(standing.counting().filter(pk__in=[one.pk for one in known]).values_list("pk", flat=True))
    found = [one for one in known if one.pk in counting]
    if not found:
        if known:
            raise Usage(_does_not_count(known[0]))
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
