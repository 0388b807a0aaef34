"""Alarms about a document that may be two: far longer than its class is, or a first page in its middle."""

from collections.abc import Iterator

from capture.pile import place
from domain.document import Cut, Verdict
from flows.children import MadeDocument
from flows.taking import station_of
from register import batches
from register.lengths import usual_length
from register.models import Batch

_SHORT = 4  # pages; nothing so short is ever far too long: the register is not asked


def alarms_of(batch: Batch, cut: Cut, made: MadeDocument, verdict: Verdict) -> Iterator[str]:
    """What an operator should look at in this document of the batch."""
    files = len(batches.claims_of(batch))
    for position in made.beginnings:
        yield (
            f"{place(cut.pages[position - 1], files)} looks like the first page of another document: "
            "check that no separator is missing"
        )
    if length := _too_long(batch, cut, verdict):
        yield (
            f"the document from {place(cut.pages[0], files)} on has {len(cut.pages)} pages, {length}: "
            "check that no separator is missing"
        )


def _too_long(batch: Batch, cut: Cut, verdict: Verdict) -> str:
    """What the document is far longer than: three times what is usual, or a station's limit before that."""
    pages = len(cut.pages)
    if pages <= _SHORT:
        return ""
    name = cut.cover.name or verdict.label or verdict.guess
    usual = usual_length(batch, cut.cover.register or batch.register, name)
    if usual is not None:
        told = f"where {usual} {'is' if usual == 1 else 'are'} the most that is usual for the class {name}"
        return told if pages > max(3 * usual, usual + 3) else ""
    limit = station_of(batch).separation.longest
    return f"more than the {limit} that the station's profile takes for long" if 0 < limit < pages else ""
