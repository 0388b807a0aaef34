"""Pages in the middle of a document that look like the first of another: a separator may be missing.

A page is looked at for what stands on top of a first page: a date, a reference, an address, a salutation,
a title, ways to reach the sender; and for a page number that begins again. What stood on an earlier
page in the same words is the document's own heading and counts for nothing, but for a salutation.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from capture.fields.blocks import CONTACT, POSTCODE, STREET, greeting, is_title
from capture.fields.dates import Reading, find, reading
from capture.fields.labels import labels
from capture.fields.layout import Line, rows
from domain.page import Page

_TOP = 0.42  # of the page's height: how far the head of a first page reaches
_EDGE = 0.12  # where page numbers stand, at the top and at the bottom
_ENOUGH = 3  # signs that make a first page; a salutation alone does
_SOME = 2  # signs that do on a page which says that it is number 1, where none before said its number
_NUMBERED = re.compile(r"\b(?:page|seite|blatt|pagina|pag|hoja|folio)\.? ?(?:n[°o.]+ ?)?(\d{1,4})\b")
_OF = re.compile(r"(\d{1,4}) ?(?:of|von|de|sur|/) ?\d{1,4}")
_BARE = re.compile(r"[-–— ]*(\d{1,3})[-–— ]*")
_SALUTATION = 5  # words of a salutation that lost its comma
_FEW = 9  # words of a cell; more are a sentence
_REFERENCE = labels("references", "own")


def beginnings(pages: Sequence[Page]) -> tuple[int, ...]:
    """Places, from 2, of the pages that look like the first page of another document."""
    if len(pages) < 2:
        return ()
    found = []
    said: set[str] = set()
    numbered = False  # whether a page before says which it is
    for place, page in enumerate(pages, start=1):
        lines = rows(page, place)
        number = page_number(lines, place)
        if place > 1 and number in (None, 1):
            enough = _ENOUGH if number is None else 0 if numbered else _SOME
            if _signs_on(lines, said, page) >= enough:
                found.append(place)
        numbered = numbered or number is not None
        said.update(line.folded for line in lines)
    return tuple(found)


def page_number(lines: Sequence[Line], place: int) -> int | None:
    """The number that the page bears at its top or bottom, if it says that it is one, or fits its place."""
    top = [line for line in lines if line.y < _TOP]
    edges = [line for line in lines if line.y < _EDGE or line.y > 1 - _EDGE]
    for cell in (cell for line in (*top, *edges) for cell in line.cells()):
        if (match := _NUMBERED.search(cell.folded)) and len(cell.words) <= 12:
            return int(match[1])
    for cell in (cell for line in edges for cell in line.cells()):
        if match := _OF.fullmatch(cell.folded):
            return int(match[1])
        if (match := _BARE.fullmatch(cell.folded)) and int(match[1]) == place:
            return place
    return None


def _signs_on(lines: Sequence[Line], said: Collection[str], page: Page) -> int:
    """How many kinds of signs of a first page stand on top of this page, and on no page before."""
    at = greeting(lines)
    # Also one in the same words as before: no running head holds a salutation.
    if at is not None and lines[at].y < _TOP and _alone(lines[at]):
        return _ENOUGH
    top = [line for line in lines if line.y < _TOP and line.folded not in said]
    how = reading(top, "", page.language, None)
    cells = (cell for line in top for cell in line.cells() if len(cell.words) <= _FEW)
    return len({sign for cell in cells for sign in _signs(cell, how)})


def _alone(line: Line) -> bool:
    """Whether a salutation is all of the line, not the beginning of a sentence."""
    return line.text.endswith((",", ":", "!")) or len(line.words) <= _SALUTATION


def _signs(cell: Line, how: Reading) -> Iterator[str]:
    if next(find(cell, how), None):
        yield "date"
    if POSTCODE.search(cell.text) or STREET.search(cell.text):
        yield "address"
    if CONTACT.search(cell.folded):
        yield "contact"
    if (match := _REFERENCE.match(cell.folded)) and re.search(r"\d{3}", cell.folded[match.end() :]):
        yield "reference"
    if is_title(cell):
        yield "title"
