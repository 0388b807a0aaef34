"""The words a born-digital page brings along, and the line items of its tables."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pdfplumber

from capture.fields.columns import headings
from capture.fields.items import Band, line_items
from capture.fields.layout import rows
from domain.page import LineItem, Page, Word

_GARBLED = 0.2
_NARROW = 0.3  # width over height of a sign whose font does not tell its width


@dataclass(frozen=True, slots=True)
class Own:
    """What a page says by itself: words in reading order, line items with page 1."""

    words: tuple[Word, ...]
    lines: tuple[LineItem, ...]


def own_text(pdf: bytes) -> Own | None:
    """The words of a one-page PDF with boxes as fractions of the page as it is shown, and its line items.

    Returns:
        None if a fifth of the words cannot be mapped to characters: then the page must be read instead.
    """
    with pdfplumber.open(io.BytesIO(pdf)) as document:
        page = document.pages[0]
        found = page.extract_words(x_tolerance_ratio=0.15)
        garbled = sum("(cid:" in word["text"] or "\ufffd" in word["text"] for word in found)
        if garbled > _GARBLED * len(found):
            return None
        words = tuple(_words(found, page.bbox))
        return Own(words, _lines_of(page, words))


def _words(found: list[dict[str, Any]], bbox: tuple[float, ...]) -> Iterator[Word]:
    left, top, right, bottom = (float(value) for value in bbox)
    width, height = right - left, bottom - top
    for line, members in enumerate(_rows(found)):
        for word in members:
            narrowest = _NARROW * (word["bottom"] - word["top"])
            box = (
                _share(word["x0"] - left, width),
                _share(word["top"] - top, height),
                _share(max(word["x1"], word["x0"] + narrowest) - left, width),
                _share(word["bottom"] - top, height),
            )
            if box[2] > box[0] and box[3] > box[1]:
                yield Word(word["text"], box, 1.0, line)


def _share(value: float, whole: float) -> float:
    return round(min(1.0, max(0.0, float(value) / whole)), 6)


def _rows(found: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Words whose middles lie within each other's heights stand on one line, left to right."""
    lines: list[list[dict[str, Any]]] = []
    for word in sorted(found, key=lambda word: (word["top"] + word["bottom"], word["x0"])):
        middle = (word["top"] + word["bottom"]) / 2
        if lines and lines[-1][0]["top"] <= middle <= lines[-1][0]["bottom"]:
            lines[-1].append(word)
        else:
            lines.append([word])
    return [sorted(line, key=lambda word: word["x0"]) for line in lines]


def _lines_of(page: Any, words: Sequence[Word]) -> tuple[LineItem, ...]:
    """The page's line items. Its rules are looked for only where a row of headings stands."""
    lines = rows(Page(1, float(page.width), float(page.height), 0, words=tuple(words)), 1)
    if not any(headings(line) for line in lines):
        return ()
    return line_items(lines, tuple(_bands(page)))


def _bands(page: Any) -> Iterator[Band]:
    """The rows of the page's ruled tables."""
    top, height = float(page.bbox[1]), float(page.height)
    for table in page.find_tables():
        if len(table.rows) > 1:
            for row in table.rows:
                yield _share(row.bbox[1] - top, height), _share(row.bbox[3] - top, height)
