"""What people said of documents' classes, as the classifier learns from it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from register import standing
from register.models import Correction, Document, StoredObject


@dataclass(frozen=True, slots=True)
class Word:
    """The last word of a person on a document.

    Attributes:
        document: its id.
        label: the class that they gave.
        at: when.
        guess: what the classifier said when the document was filed, and ``model`` the version that said so.
        text, thumbnail: keys of its objects in the archive; "" where there is none.
    """

    document: str
    label: str
    at: datetime
    guess: str
    model: str
    text: str
    thumbnail: str


def words() -> list[Word]:
    """The last words that stand, but none that was taken away.

    Forgotten, void and withdrawn documents have none.
    """
    learnable = standing.counting().filter(forgotten=False)
    last = {
        one.document_id: one
        for one in Correction.objects.filter(document__in=learnable).select_related("document").order_by("id")
    }
    said = [one for one in last.values() if one.after]
    held = objects_of(one.document for one in said)
    return sorted(
        (
            Word(
                one.document.key,
                one.after,
                one.at,
                one.document.guess,
                one.document.model,
                *held.get(one.document_id, ("", "")),
            )
            for one in said
        ),
        key=lambda word: word.document,
    )


def objects_of(documents: Iterable[Document]) -> dict[int, tuple[str, str]]:
    """Keys of the text and of the thumbnail of each document, by its primary key."""
    found: dict[int, dict[str, str]] = {}
    held = StoredObject.objects.filter(
        document__in=[one.pk for one in documents], role__in=("text", "thumbnail")
    )
    for document, role, key in held.values_list("document_id", "role", "key"):
        found.setdefault(document, {})[role] = key
    return {document: (keys.get("text", ""), keys.get("thumbnail", "")) for document, keys in found.items()}


def said_since(at: datetime | None) -> int:
    """How many corrections there are after this moment; all where it is None."""
    rows = Correction.objects.all()
    return (rows.filter(at__gt=at) if at else rows).count()


@dataclass(frozen=True, slots=True)
class Blind:
    """A blind review: what the classifier had said, what each person said, in order, and when the first."""

    model: str
    guess: str
    answers: tuple[str, ...]
    at: str


def blind_reviews() -> list[Blind]:
    """Those that somebody answered, oldest answer first."""
    found = [
        Blind(one.model, one.guess, tuple(place["answer"] for place in answered), answered[0]["at"])
        for one in standing.documents().exclude(blind=[])
        if (answered := [place for place in one.blind if place["answer"]])
    ]
    return sorted(found, key=lambda one: one.at)


def waits_for_a_class() -> list[Document]:
    """Documents without a class that nobody has said anything of."""
    return list(standing.counting().filter(label=None, corrections=None).order_by("id"))


def filed_since(at: datetime) -> int:
    """How many documents were filed since then."""
    return Document.objects.filter(entry__received_at__gte=at).count()
