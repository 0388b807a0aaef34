"""What a document is about, in its own words."""

import re
from collections.abc import Sequence

from capture.fields.blocks import (
    MONEY,
    NOT_NAMES,
    greeting,
    is_address,
    is_salutation,
    is_title,
)
from capture.fields.dates import Reading, find
from capture.fields.layout import Line, field
from domain.document import Field
from domain.page import Word

LONGEST = 200
"""Characters of a subject that are kept."""

_PROSE = 7  # words of a row that is no address, label or heading

_NAME = (
    r"(?:subject|subj|re|regarding|in re|asunto|referente a|obj|objet|concerne|betreff|betrifft|betr"
    r"|bez|bezug|onderwerp)"
)
_LABEL = re.compile(rf"^{_NAME} ?(?:[:.]|-(?= ))[ \t:]*")
_REFERENCE = re.compile(r"ref\. ?: ?")
_BARE = re.compile(rf"^{_NAME}$")


def subject(rows: Sequence[Line], how: Reading, parties: Sequence[Field]) -> list[Field]:
    """The subject line: labelled, right over the salutation, the document's title, or a line over its text.

    Args:
        rows: of the document; the first page's count.
        how: to know dates by.
        parties: sender and recipient as found, which are no titles.
    """
    first = [row for row in rows if row.page == 1]
    found = (
        _labelled(first)
        or _over_salutation(first, how, parties)
        or _title(first, parties)
        or _over_text(first, how, parties)
    )
    return [found] if found else []


def _labelled(first: Sequence[Line]) -> Field | None:
    for position, row in enumerate(first):
        for cell in row.cells() if row.y < 0.75 else ():
            words: tuple[Word, ...] = ()
            if match := _LABEL.match(cell.folded):
                words = cell.between(match.end(), len(cell.text))
            elif not _BARE.match(cell.folded.rstrip(" :.")):
                continue
            words = words or tuple(word for word in row.words if word.box[0] >= cell.box[2])
            if sum(map(str.isalnum, "".join(word.text for word in words))) >= 3:
                more = _continued(words, cell, first[position + 1 : position + 2])
                return _field(cell, (*words, *more), 0.9)
    return None


def _continued(words: Sequence[Word], cell: Line, following: Sequence[Line]) -> tuple[Word, ...]:
    """The next line, where it goes on under the subject's text and the first one was nearly full."""
    for row in following:
        below = next(row.cells())
        near = 0 < row.y - cell.y < 1.7 * cell.height and words[-1].box[2] > 0.75
        if near and abs(below.box[0] - words[0].box[0]) < cell.height and not is_salutation(below):
            return below.words
    return ()


def _over_salutation(first: Sequence[Line], how: Reading, parties: Sequence[Field]) -> Field | None:
    place = greeting(first)
    if not place:
        return None
    names = {item.text for item in parties}
    while place > 1 and first[place - 1].text in names:
        place -= 1  # a name between the two is somebody's, not what it is about
    row = first[place - 1]
    if first[place].y - row.y > 7 * row.height:
        return None
    if match := _REFERENCE.match(row.folded):  # "Ref.: Reserva 71889: mal servicio" says it in words
        words = row.between(match.end(), len(row.text))
        return _field(row, words, 0.7) if _in_words(words) else None
    if not _may_be(row, how):
        return None
    above = first[place - 2] if place > 1 else None
    if above is None or row.y - above.y >= 1.8 * row.height:
        return _field(row, row.words, 0.7)
    # Part of a block. A subject of two lines has a full first line and stands alone; an address has neither.
    wide = above.box[2] > 0.75 and abs(above.box[0] - row.box[0]) < row.height and _may_be(above, how)
    alone = place == 2 or above.y - first[place - 3].y >= 1.8 * row.height
    return _field(above, (*above.words, *row.words), 0.65) if wide and alone else None


def _may_be(row: Line, how: Reading) -> bool:
    """Whether a row may be a subject: one cell of words, no address, no contact, not just a date."""
    if len(list(row.cells())) != 1 or sum(map(str.isalpha, row.text)) < 5:
        return False
    if is_address(row.text) or NOT_NAMES.match(row.folded):
        return False
    dated = next(find(row, how), None)
    # "Lyon, le 4 mai 2021" is a date with its place, "Nuestra reunión del 7/1/2024" is about something.
    return dated is None or ("," not in row.text[: dated.start] and _in_words(row.between(0, dated.start)))


def _in_words(words: Sequence[Word]) -> bool:
    return sum(len(word.text) > 1 and word.text.strip(".,:;").isalpha() for word in words) >= 2


def _title(first: Sequence[Line], parties: Sequence[Field]) -> Field | None:
    """The heading of a document: of the upper half's larger print, or a short line that names its kind."""
    heights = sorted(cell.height for row in first for cell in row.cells())
    usual = heights[len(heights) // 2] if heights else 1.0
    best: tuple[float, Line] | None = None
    letter = greeting(first) is not None
    for row in first:
        cells = list(row.cells())
        for cell in cells if row.y < 0.55 else ():
            if not _may_be_title(cell, parties) or (letter and not is_title(cell)):
                continue  # of a letter, what is printed large is somebody's name
            alone = len(cells) == 1
            large = min(cell.height / usual - 1, 1.0)
            kind = 0.4 * is_title(cell) if alone or large > 0.1 else 0.0
            if not (alone or kind):
                continue  # heads of tables, labels of forms, two signatures
            # A name in large print on top is the letterhead's more often than the document's.
            score = large + kind - (0.3 if row.y < 0.2 and not kind else 0.0)
            if score >= 0.2 and (best is None or score > best[0]):
                best = score, cell
    return _field(best[1], best[1].words, 0.6 if best[0] > 0.35 else 0.45) if best else None


def _over_text(first: Sequence[Line], how: Reading, parties: Sequence[Field]) -> Field | None:
    """The line that stands alone over the first sentences, where nobody is greeted."""
    if greeting(first) is not None:
        return None
    for above, row, text in zip(first, first[1:], first[2:], strict=False):
        if len(text.words) < _PROSE or len(list(text.cells())) > 1:
            continue
        apart = row.y - above.y > 1.8 * row.height and text.y - row.y > 1.5 * row.height
        phrase = len(row.words) > 1 and ":" not in row.text
        found = apart and phrase and _may_be(row, how) and _may_be_title(row, parties)
        return _field(row, row.words, 0.5) if found else None
    return None


def _may_be_title(cell: Line, parties: Sequence[Field]) -> bool:
    if (
        len(cell.words) > 10
        or sum(map(str.isalpha, cell.text)) < 4
        or cell.text.rstrip().endswith((":", ","))
    ):
        return False
    if not cell.legible or _of_sentence(cell):
        return False  # a smudge, or the middle of a sentence
    if MONEY.search(cell.text) or is_address(cell.text):
        return False
    if NOT_NAMES.match(cell.folded) and not is_title(cell):
        return False
    return not any(item.text in cell.text or item.value in cell.text for item in parties)


def _of_sentence(cell: Line) -> bool:
    """Whether a line of several words begins or ends within a text."""
    count = len(cell.words)
    return (count > 3 and cell.text[0].islower()) or (count > 2 and cell.text.endswith("."))


def _field(line: Line, words: Sequence[Word], sure: float) -> Field:
    text = " ".join(word.text for word in words).strip(" :-–*_")
    return field("subject", text[:LONGEST].rstrip(), line, words, sure)
