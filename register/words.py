"""What people said of documents, where their pages are filed anew: the class that goes with the pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.layout import Place
from register.models import Correction, Document

Lost = tuple[tuple[str, tuple[Place, ...]], ...]
"""Classes that people gave and that do not stay, each with the pages that it was given to."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What people, or separator sheets, said of the pages of a new document.

    Attributes:
        kept: the class that stays, as it was said; None where none does.
        lost: those that do not.
        torn: several would stay: a person must decide.
    """

    kept: Correction | None = None
    lost: Lost = ()
    torn: bool = False


def heard(old: Sequence[Document], had: Mapping[int, Sequence[Place]], pages: Sequence[Place]) -> Heard:
    """What people said of the ``old`` documents that ``pages`` come from; ``had`` are theirs, by their keys.

    A class stays where the new document begins as the old one did, or where at least half of its pages had
    it: one page of an invoice that goes to a long contract does not make that an invoice.
    """
    there = set(pages)
    said: dict[str, Correction] = {}
    given: dict[str, set[Place]] = {}
    begins: str | None = None  # "" is the word of who took the class away
    for one in old:
        word = one.corrections.select_related("document").order_by("id").last()
        if word is None:
            continue
        said.setdefault(word.after, word)
        given.setdefault(word.after, set()).update(there.intersection(had[one.pk]))
        if had[one.pk][0] == pages[0]:
            begins = word.after
    staying = [name for name in said if name == begins or 2 * len(given[name]) >= len(pages)]
    kept = said[staying[0]] if len(staying) == 1 else None
    lost = tuple(
        (name, tuple(place for place in pages if place in given[name]))
        for name in said
        if kept is None or name != kept.after
    )
    return Heard(kept, lost, len(staying) > 1)
