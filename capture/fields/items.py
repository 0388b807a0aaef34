"""Line items: the rows of an invoice's table."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from capture.fields.columns import Column, borders, headings
from capture.fields.labels import labels
from capture.fields.layout import Line, union
from capture.fields.sums import fitting, leading, sums, sure
from domain.page import LineItem, Word

Band = tuple[float, float]
"""Top and bottom of a row that rules on the page set apart, as fractions of its height."""

_SUMMARY = [labels("amounts", name) for name in ("payable", "total", "net")]
_TAX = labels("amounts", "tax")
_NEAR = 2.2  # line heights from a row to the next that goes on with it
_END = 9.0  # line heights without a row after which a table has ended
_LONGEST = 6  # lines of one description


@dataclass(frozen=True)
class _Row:
    """A row of the page cut at the borders of the table's columns."""

    line: Line
    band: Band | None
    cells: tuple[tuple[Word, ...], ...]
    columns: tuple[Column, ...]

    def text(self, kind: str) -> str:
        """What stands in the column of this kind; of several the last that has anything."""
        cells = [
            cell
            for cell, column in zip(self.cells, self.columns, strict=True)
            if column.kind == kind and cell
        ]
        return " ".join(word.text for word in cells[-1]) if cells else ""

    @property
    def said(self) -> bool:
        """Whether it has words in a column of descriptions."""
        return bool(self.text("description"))

    @property
    def amounts(self) -> list[Decimal]:
        """What its amount may be; empty where none stands."""
        return sums(self.text("amount"))

    @property
    def counts(self) -> bool:
        """Whether it has a quantity or a price of its own."""
        return bool(leading(self.text("quantity")) or leading(self.text("unit_price")))

    @property
    def is_summary(self) -> bool:
        """Whether it sums up: one of its cells begins by saying so. "Tax advice, 3 hours" has a quantity."""
        first, *others = (cell.folded for cell in self.line.cells())
        if any(pattern.match(first) for pattern in _SUMMARY):
            return True
        said = any(re.search(rf"(?:^|\s){pattern.pattern}", text) for pattern in _SUMMARY for text in others)
        return not self.counts and (said or bool(_TAX.match(first)))


@dataclass
class _Item:
    """The rows of a line in the making; ``main`` is the one with the amount."""

    main: _Row
    rows: list[_Row] = field(default_factory=list)


def line_items(rows: Sequence[Line], bands: Sequence[Band] = ()) -> tuple[LineItem, ...]:
    """The line items of a page, from the top.

    Args:
        rows: of the page.
        bands: rows of tables that are ruled: what stands in one of them belongs together.
    """
    heads = [(place, columns) for place, row in enumerate(rows) if (columns := headings(row))]
    ends = [*(place for place, _ in heads[1:]), len(rows)]
    return tuple(
        _made(item)
        for (place, columns), end in zip(heads, ends, strict=True)
        for item in _items(list(_cut(columns, rows[place], rows[place + 1 : end], bands)))
    )


def _cut(
    columns: tuple[Column, ...], head: Line, rows: Sequence[Line], bands: Sequence[Band]
) -> Iterator[_Row]:
    """The rows under a row of headings, as far as the table reaches, cut into its columns."""
    edges = borders(columns, [head, *(row for row in rows if row.breaks and re.search(r"\d", row.text))])
    last = head
    for row in rows:
        if row.y - last.y > _END * max(row.height, head.height):
            return
        cells: list[list[Word]] = [[] for _ in columns]
        for word in row.words:
            cells[sum(edge < (word.box[0] + word.box[2]) / 2 for edge in edges)].append(word)
        band = next((band for band in bands if band[0] <= row.y <= band[1]), None)
        yield _Row(row, band, tuple(map(tuple, cells)), columns)
        last = row


def _items(rows: Sequence[_Row]) -> list[_Item]:
    items: list[_Item] = []
    current: _Item | None = None
    summed = False
    waiting: list[_Row] = []  # rows without an amount that no item above has taken
    for row in rows:
        if row.is_summary:
            current, summed, waiting = None, True, []
        elif row.amounts and row.said:
            if summed and not row.counts:
                continue  # what follows a sum is carriage, rounding, payment
            above = [one for one in waiting if one.band and one.band == row.band]
            current = _Item(row, [*above, row])
            items.append(current)
            waiting = []
        elif current is not None and _goes_on(current, row):
            current.rows.append(row)
        else:
            current = None
            waiting.append(row)
    return items


def _goes_on(item: _Item, row: _Row) -> bool:
    """Whether a row without an amount is more of the item's description."""
    last = item.rows[-1].line
    near = row.line.y - last.y < _NEAR * max(row.line.height, last.height)
    return near and row.band == item.main.band and row.said and len(item.rows) < _LONGEST


def _made(item: _Item) -> LineItem:
    row = item.main
    (amount, quantity, price), valid = fitting(
        row.amounts,
        leading(row.text("quantity")),
        leading(row.text("unit_price")),
        [(-1, row.text("discount")), (1, row.text("tax"))],
    )
    said = [
        word.text
        for place, column in enumerate(row.columns)
        if column.kind == "description"
        for one in item.rows
        for word in one.cells[place]
    ]
    words = [word for one in item.rows for word in one.line.words]
    return LineItem(
        description=" ".join(said),
        quantity=_plain(quantity),
        unit_price=_plain(price),
        amount=_plain(amount),
        page=row.line.page,
        box=union(word.box for word in words),
        confidence=round(sure(valid) * min(word.confidence for word in words), 3),
        valid=valid,
    )


def _plain(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}"
