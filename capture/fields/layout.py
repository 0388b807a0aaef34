"""Pages as visual rows and cells, so that the rules can look left, right and below."""

import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from statistics import median

from domain.document import Field
from domain.page import Box, Page, Word

WIDE_GAP = 1.3
"""A gap this many times the height of the text parts two cells of a row."""

_LEGIBLE = 0.6  # mean confidence of a line's words


@dataclass(frozen=True)
class Line:
    """Words that stand on one line, from left to right. Heights and boxes are fractions of the page.

    Attributes:
        page: page of the document, from 1.
        words: from left to right.
        y: of the middle of the line once the page's lean is taken out, to sort and compare lines by.
        breaks: positions in ``words`` before which a wide gap stands.
    """

    page: int
    words: tuple[Word, ...]
    y: float
    breaks: frozenset[int] = frozenset()

    @cached_property
    def text(self) -> str:
        """The words with single spaces, and a tab where a wide gap parts two cells."""
        parts = []
        for position, word in enumerate(self.words):
            if position:
                parts.append("\t" if position in self.breaks else " ")
            parts.append(word.text)
        return "".join(parts)

    @cached_property
    def folded(self) -> str:
        """``text`` in lower case without accents, of the same length."""
        return fold(self.text)

    @cached_property
    def box(self) -> Box:
        """Around all words."""
        return union(word.box for word in self.words)

    @cached_property
    def height(self) -> float:
        """Median height of the words."""
        return median(word.box[3] - word.box[1] for word in self.words)

    @cached_property
    def legible(self) -> bool:
        """Whether it was read well enough to name somebody or something; else it may be a smudge."""
        return sum(word.confidence for word in self.words) / len(self.words) >= _LEGIBLE

    def between(self, start: int, end: int) -> tuple[Word, ...]:
        """The words that ``text[start:end]`` touches."""
        found, position = [], 0
        for word in self.words:
            if position < end and position + len(word.text) > start:
                found.append(word)
            position += len(word.text) + 1
        return tuple(found)

    def cells(self) -> Iterator["Line"]:
        """The parts of the row between wide gaps."""
        edges = [0, *sorted(self.breaks), len(self.words)]
        for start, end in pairwise(edges):
            yield Line(self.page, self.words[start:end], self.y)


def fold(text: str) -> str:
    """Lower case without accents, character for character, so that positions stay."""
    return "".join(map(_fold, text))


@cache
def _fold(char: str) -> str:
    plain = (unicodedata.normalize("NFKD", char)[:1] or char).lower()[:1]
    return {"’": "'", "º": "o"}.get(plain, plain) or char


def union(boxes: Iterable[Box]) -> Box:
    """The smallest box around all given."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def rows(page: Page, number: int) -> list[Line]:
    """The visual rows of a page, from the top, with the page's lean taken out."""
    words = [word for word in page.words if word.text.strip()]
    if not words:
        return []
    lean = math.tan(math.radians(page.skew)) * (page.width / page.height if page.height else 1.0)
    groups: dict[int, list[Word]] = {}
    for word in words:
        groups.setdefault(word.line, []).append(word)
    measured = sorted((_measure(group, lean) for group in groups.values()), key=lambda row: row[:2])
    merged: list[tuple[float, float, list[Word]]] = []
    for middle, height, group in measured:
        if merged and _same_row(merged[-1], (middle, height)):
            merged[-1][2].extend(group)
        else:
            merged.append((middle, height, list(group)))
    return [_row(number, middle, height, group) for middle, height, group in merged]


def _measure(group: list[Word], lean: float) -> tuple[float, float, list[Word]]:
    middle = median((w.box[1] + w.box[3]) / 2 - lean * ((w.box[0] + w.box[2]) / 2 - 0.5) for w in group)
    return middle, max(median(w.box[3] - w.box[1] for w in group), 1e-6), group


def _same_row(above: tuple[float, float, list[Word]], below: tuple[float, float]) -> bool:
    tall, small = max(above[1], below[1]), min(above[1], below[1])
    return below[0] - above[0] < small * 0.5 and tall < small * 2


def _row(number: int, middle: float, height: float, group: list[Word]) -> Line:
    group.sort(key=lambda word: (word.box[0], word.box[2]))
    # Boxes are fractions of width and height: a gap is compared with the text's height on A4's shape.
    gap = WIDE_GAP * height * 1.414
    breaks = {i for i in range(1, len(group)) if group[i].box[0] - group[i - 1].box[2] > gap}
    return Line(number, tuple(group), middle, frozenset(breaks))


def below(line: Line, words: Sequence[Word], all_rows: Sequence[Line], reach: float = 3.5) -> Iterator[Line]:
    """Cells under the given words of a line, nearest first, within ``reach`` line heights."""
    left, _, right, _ = union(word.box for word in words)
    for row in all_rows:
        if row.page != line.page or not 0 < row.y - line.y <= reach * max(line.height, row.height):
            continue
        for cell in row.cells():
            if cell.box[0] < right and cell.box[2] > left:
                yield cell


def field(
    name: str, value: str, line: Line, words: Sequence[Word], sure: float, valid: bool | None = None
) -> Field:
    """A field read from these words; ``sure`` 0-1 is how certain the rule is of well-read words."""
    read = min((word.confidence for word in words), default=0.0)
    mean = sum(word.confidence for word in words) / len(words)
    confidence = round(max(0.0, min(1.0, sure * (0.5 * read + 0.5 * mean))), 3)
    text = " ".join(word.text for word in words)
    return Field(name, value, line.page, union(word.box for word in words), confidence, valid, text)
