"""A batch as a pile of sheets: where each page lies in it, and what it is for the cutting."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from capture.station import Duplex
from domain.document import NO_COVER, Cover

Key = tuple[int, int]


class Role(Enum):
    """What a page is for the cutting."""

    CONTENT = auto()
    LABEL = auto()
    SEPARATOR = auto()
    BLANK_SEPARATOR = auto()
    BLANK = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True, order=True)
class Side:
    """One side of a sheet of a pile: ``sheet`` counts from 1, ``back`` is 0 for the front.

    A pile is a file, or on a station that collates the two files that hold its sides.
    """

    pile: int
    sheet: int
    back: int = 0

    def same_sheet(self, other: "Side") -> bool:
        """Whether the two are of one sheet."""
        return (self.pile, self.sheet) == (other.pile, other.sheet)

    @property
    def turned(self) -> "Side":
        """The other side of the sheet."""
        return Side(self.pile, self.sheet, 1 - self.back)


@dataclass(frozen=True, slots=True)
class Item:
    """A page with its place and its role; ``cover`` is what it says of the document behind it."""

    key: Key
    side: Side
    role: Role
    label: str | None = None
    cover: Cover = NO_COVER
    reason: str = ""


def lay(keys: Collection[Key], duplex: Duplex, pages: Mapping[int, int]) -> dict[Key, Side]:
    """Where each page lies, in the order in which the pile is read.

    Args:
        keys: ``(file, page)`` of the pages.
        duplex: how the station scans both sides, if it does.
        pages: page counts of the files, for ``collate``: the last page of the second file of two is
            the back of the first sheet. Files without pages hold others, and are none of the two.
    """
    places = [source for source, count in sorted(pages.items()) if count]
    placed = {key: _side(key, duplex, pages, places) for key in keys}
    return dict(sorted(placed.items(), key=lambda one: one[1]))


def _side(key: Key, duplex: Duplex, pages: Mapping[int, int], places: Sequence[int]) -> Side:
    source, page = key
    if duplex == "collate":
        pile, back = divmod(places.index(source), 2)
        return Side(pile, pages[source] + 1 - page if back else page, back)
    return Side(source, (page + 1) // 2, 1 - page % 2) if duplex else Side(source, page)


def mismatch(pages: Sequence[int]) -> str:
    """Why the files with so many pages cannot be collated; "" when they can."""
    if len(pages) % 2:
        return f"fronts and backs come in files of two, but there {_are(len(pages), 'file')}"
    for pile, (fronts, backs) in enumerate(zip(pages[::2], pages[1::2], strict=True)):
        if fronts != backs:
            at = f"file {2 * pile + 1} has {_count(fronts, 'front')}, file {2 * pile + 2} "
            return at + f"{_count(backs, 'back')}: which belongs to which cannot be told"
    return ""


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _are(number: int, what: str) -> str:
    return f"{'is' if number == 1 else 'are'} {_count(number, what)}"


def place(key: Key, files: int) -> str:
    """The page as people find it; ``files`` is how many the batch has."""
    return f"page {key[1]}" if files == 1 else f"file {key[0] + 1} page {key[1]}"
