"""What an operator wants to stand otherwise in a batch: how it is written, and what comes of it. Pure.

Pages are written as in ``docs/commands.md``: ``4``, ``1-3``, ``9-7`` (backwards), ``2:1-3`` (of file 2), a
register number for all pages that its documents have in the batch, and any of these in a row with commas.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from domain.document import Cut, Fate, FateKind, Separation
from domain.errors import Usage
from domain.layout import Change, Place, StandingPage
from domain.numbers import is_like, read, wrong_check

_RANGE = re.compile(r"(?:(?P<file>[0-9]+):)?(?P<first>[0-9]+)(?:-(?P<last>[0-9]+))?")
_TURNS = ("90", "180", "270")
_FIT = (FateKind.DOCUMENT, FateKind.BLANK, FateKind.SEPARATOR)


@dataclass(frozen=True, slots=True)
class Edits:
    """As an operator writes them.

    Attributes:
        documents: the pages of each document that there is to be, in order; what is left of the documents
            that they are taken from stays together.
        blank: pages that are to be in no document, as blank.
        separator: pages that are to be in no document, as separator sheets.
        rotate: ``PAGES=DEGREES``, clockwise from how the pages stand now: 90, 180 or 270.
    """

    documents: tuple[str, ...] = ()
    blank: tuple[str, ...] = ()
    separator: tuple[str, ...] = ()
    rotate: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is to change."""
        return bool(self.documents or self.blank or self.separator or self.rotate)

    def __str__(self) -> str:
        """As they are typed."""
        options = (("--blank", self.blank), ("--separator", self.separator), ("--rotate", self.rotate))
        return " ".join([*self.documents, *(f"{name} {one}" for name, some in options for one in some)])


def apply(pages: Sequence[StandingPage], edits: Edits) -> Change:
    """What the edits make of a batch that stands like this; ``pages`` in the order they were scanned.

    A document whose pages, their order and their rotations are as before is not touched.

    Raises:
        Usage: something cannot be read, is not there or contradicts itself; names it and the fix.
    """
    batch = _Batch(pages)
    wanted = [(text, batch.places(text)) for text in edits.documents]
    dropped = [(f"--blank {text}", batch.places(text), FateKind.BLANK) for text in edits.blank]
    dropped += [(f"--separator {text}", batch.places(text), FateKind.SEPARATOR) for text in edits.separator]
    batch.each_once([*wanted, *((text, places) for text, places, _ in dropped)])
    fates = {place: kind for _, places, kind in dropped for place in places}
    turns = dict(_turns(batch, edits.rotate))
    for place in [*(place for _, places in wanted for place in places), *fates, *turns]:
        batch.refuse_unfit(place)

    layout = batch.layout([places for _, places in wanted], fates)
    filed = {place for places in layout for place in places}
    for place in turns:
        if place not in filed:
            raise Usage(f"{batch.name(place)} is in no document: name it in one, too, to turn it.")
    standing = set(batch.documents.values())
    kept = {places for places in layout if places in standing and not turns.keys() & set(places)}
    new = sorted((places for places in layout if places not in kept), key=min)
    replaced = tuple(key for key, places in batch.documents.items() if places not in kept)
    gone = [Fate(*place, kind) for place, kind in sorted(fates.items()) if batch.pages[place].kind != kind]
    if not new and not gone:
        raise Usage(f"Nothing would change: the batch stands so already ({edits}).")
    cuts = tuple(Cut(places, batch.label(places)) for places in new)
    filed_now = [
        Fate(*place, FateKind.DOCUMENT, ordinal, position)
        for ordinal, cut in enumerate(cuts)
        for position, place in enumerate(cut.pages, start=1)
    ]
    fates_in_order = tuple(sorted([*filed_now, *gone], key=lambda fate: (fate.source, fate.page)))
    return Change(Separation(cuts, fates_in_order), tuple(sorted(turns.items())), replaced)


class _Batch:
    """The batch as it stands, and how its pages are named."""

    def __init__(self, pages: Sequence[StandingPage]) -> None:
        self.pages = {page.place: page for page in pages}
        self.order = list(self.pages)
        self.files = sorted({source + 1 for source, _ in self.order})
        self.documents = _documents(pages)

    def places(self, text: str) -> tuple[Place, ...]:
        """The pages that are written so, in that order."""
        return tuple(place for part in text.split(",") for place in self._part(part.strip(), text))

    def _part(self, part: str, text: str) -> Sequence[Place]:
        if is_like(part.upper()):
            wanted = read(part.upper())
            found = [
                place
                for places in self.documents.values()
                if wanted and read(self.pages[places[0]].number or "") == wanted
                for place in places
            ]
            if not found:
                wrong = wrong_check(part.upper())
                more = f" T{wrong[1:]}." if wrong else ""
                raise Usage(f"{part} has no page in this batch; it has {self._numbers()}.{more}")
            return found
        match = _RANGE.fullmatch(part)
        if not match:
            raise Usage(
                f"{part!r} in {text!r} is not pages. Write 4, 1-3, 9-7, 2:1-3 (pages 1 to 3 of file 2), a "
                "register number, or several of them with commas."
            )
        all_of_it = self.order
        if match["file"]:
            all_of_it = [place for place in self.order if place[0] == int(match["file"]) - 1]
            if not all_of_it:
                files = ", ".join(map(str, self.files))  # one that only holds others has no pages
                raise Usage(
                    f"There is no page in file {match['file']} ({text}): the batch has files {files}."
                )
        first, last = int(match["first"]), int(match["last"] or match["first"])
        for page in (first, last):
            if not 1 <= page <= len(all_of_it):
                whose = f"file {match['file']}" if match["file"] else "the batch"
                raise Usage(f"There is no page {page} ({text}): {whose} has pages 1-{len(all_of_it)}.")
        step = 1 if first <= last else -1
        return [all_of_it[page - 1] for page in range(first, last + step, step)]

    def _numbers(self) -> str:
        numbers = dict.fromkeys(page.number for page in self.pages.values() if page.number)
        return ", ".join(numbers) or "no documents"

    def name(self, place: Place) -> str:
        """The page as people count it."""
        return f"Page {self.order.index(place) + 1}"

    def each_once(self, named: Sequence[tuple[str, Sequence[Place]]]) -> None:
        """See that no page is named twice."""
        seen: dict[Place, str] = {}
        for text, places in named:
            for place in places:
                if place in seen:
                    where = f"in {text}" if seen[place] == text else f"in {seen[place]} and in {text}"
                    raise Usage(f"{self.name(place)} is named twice, {where}. Each page is in one place.")
                seen[place] = text

    def refuse_unfit(self, place: Place) -> None:
        """See that the page was read, or can be."""
        page = self.pages[place]
        if page.kind not in _FIT:
            raise Usage(
                f"{self.name(place)} was not filed ({page.kind}: {page.reason}). First try it again, "
                "or leave it out: postroom exceptions list"
            )

    def layout(
        self, wanted: Sequence[tuple[Place, ...]], dropped: Mapping[Place, FateKind]
    ) -> list[tuple[Place, ...]]:
        """All documents that there are then."""
        taken = {place for places in wanted for place in places} | dropped.keys()
        left = [tuple(place for place in places if place not in taken) for places in self.documents.values()]
        return [*wanted, *filter(None, left)]

    def label(self, places: Sequence[Place]) -> str | None:
        """The first label barcode that stands on these pages."""
        return next((self.pages[place].barcode for place in places if self.pages[place].barcode), None)


def _documents(pages: Sequence[StandingPage]) -> dict[str, tuple[Place, ...]]:
    """The pages of each document in order, by its id."""
    found: dict[str, list[tuple[int, Place]]] = {}
    for page in pages:
        if page.document is not None:
            found.setdefault(page.document, []).append((page.position or 0, page.place))
    return {key: tuple(place for _, place in sorted(some)) for key, some in found.items()}


def _turns(batch: _Batch, texts: Sequence[str]) -> Iterator[tuple[Place, int]]:
    """The rotation that each page is to have."""
    named = []
    for text in texts:
        pages, _, degrees = text.partition("=")
        if degrees not in _TURNS:
            raise Usage(
                f"{text!r} does not say how far to turn. Write PAGES=90, PAGES=180 or PAGES=270, clockwise."
            )
        places = batch.places(pages)
        named.append((text, places))
        for place in places:
            if batch.pages[place].document and batch.pages[place].rotation is None:
                raise Usage(f"How {batch.name(place)} stands cannot be told. See: postroom verify")
            yield place, ((batch.pages[place].rotation or 0) + int(degrees)) % 360
    batch.each_once(named)
