"""Columns of a table: told from its row of headings, and from where nothing stands between them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from capture.fields.labels import labels
from capture.fields.layout import Line

_KINDS = ("description", "quantity", "unit_price", "amount", "discount", "tax", "other")
_PATTERNS = {kind: labels("columns", kind) for kind in _KINDS}
_GAP = 0.35 * 1.414  # of the text's height: a blank is narrower, the space between two headings wider
_LONGEST = 5  # words of a heading
_MOST = 24  # words of a row of headings
_FIGURES = re.compile(r"\d[.,]\d\d\b|\d{3}|[€$£] ?\d")


@dataclass(frozen=True)
class Column:
    """A column: what it holds (a kind of ``labels.toml``), and how far its heading reaches (fractions)."""

    kind: str
    left: float
    right: float


def headings(row: Line) -> tuple[Column, ...]:
    """The columns that a row of headings names, from left to right; none if it is no such row.

    Headings name an amount or a price and one other thing at least, in few words and without figures.
    """
    if len(row.words) > _MOST or _FIGURES.search(row.text):
        return ()
    if not any(_PATTERNS[kind].search(row.folded) for kind in ("amount", "unit_price")):
        return ()
    parts = list(_parts(row))
    columns = [Column(_kind(part), part.box[0], part.box[2]) for part in parts]
    kinds = [column.kind for column in columns]
    known = set(kinds) - {"", "other"}
    if (
        max(len(part.words) for part in parts) > _LONGEST
        or len(known) < 2
        or 3 * kinds.count("") > len(kinds)
    ):
        return ()
    if "amount" not in known:  # "Description, Price": the price is all there is to pay
        last = max(place for place, kind in enumerate(kinds) if kind == "unit_price")
        columns[last] = Column("amount", columns[last].left, columns[last].right)
    if "description" not in known:
        columns.insert(0, Column("description", 0.0, columns[0].left))
    return tuple(columns)


def _parts(row: Line) -> Iterator[Line]:
    gap = _GAP * row.height
    edges = [0, *(i for i in range(1, len(row.words)) if row.words[i].box[0] - row.words[i - 1].box[2] > gap)]
    for start, end in pairwise([*edges, len(row.words)]):
        part = Line(row.page, row.words[start:end], row.y)
        yield from _tiles(part) or (part,)


def _tiles(part: Line) -> list[Line]:
    """The headings that follow each other with only a blank between: "VAT Price incl. VAT" is two."""
    tiles: list[Line] = []
    start = 0
    while start < len(part.words):
        lengths = range(len(part.words) - start, 0, -1)
        some = (Line(part.page, part.words[start : start + length], part.y) for length in lengths)
        tile = next((one for one in some if _is_label(one)), None)
        if tile is None:
            return []
        tiles.append(tile)
        start += len(tile.words)
    kinds = [_kind(tile) for tile in tiles]
    return tiles if len(set(kinds)) == len(kinds) else []


def _is_label(part: Line) -> bool:
    text = part.folded.strip(":()")
    return any(pattern.fullmatch(text) for pattern in _PATTERNS.values())


def _kind(part: Line) -> str:
    """The kind whose label takes most of the heading; "" where none is known."""
    hits = [(len(hit[0]), kind) for kind in _KINDS for hit in _PATTERNS[kind].finditer(part.folded)]
    return max(hits, key=lambda hit: hit[0])[1] if hits else ""


def borders(columns: Sequence[Column], rows: Sequence[Line]) -> list[float]:
    """Where one column ends and the next begins: between two headings, where the fewest words stand.

    Args:
        columns: from left to right.
        rows: with figures in several columns; others only cross the borders.
    """
    boxes = [word.box for row in rows for word in row.words]
    return [_between(left.right, right.left, boxes) for left, right in pairwise(columns)]


def _between(start: float, end: float, boxes: Sequence[tuple[float, float, float, float]]) -> float:
    """The middle of the widest stretch from ``start`` to ``end`` that the fewest boxes cover."""
    if end <= start:
        return (start + end) / 2
    near = [box for box in boxes if box[0] < end and box[2] > start]
    edges = sorted({start, end, *(edge for box in near for edge in (box[0], box[2]) if start < edge < end)})

    def weight(stretch: tuple[float, float]) -> tuple[int, float]:
        low, high = stretch
        return -sum(box[0] < high and box[2] > low for box in near), high - low

    low, high = max(pairwise(edges), key=weight)
    return (low + high) / 2
