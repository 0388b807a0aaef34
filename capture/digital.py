"""The words a born-digital page brings along."""

import io
from typing import Any

import pdfplumber

from domain.page import Word

_GARBLED = 0.2


def own_words(pdf: bytes) -> tuple[Word, ...] | None:
    """The words of a one-page PDF in reading order, with boxes as fractions of the page as it is shown.

    Returns:
        None if a fifth of them cannot be mapped to characters: then the page must be read instead.
    """
    with pdfplumber.open(io.BytesIO(pdf)) as document:
        page = document.pages[0]
        left, top, right, bottom = (float(value) for value in page.bbox)
        width, height = right - left, bottom - top
        found = page.extract_words(x_tolerance_ratio=0.15)
    garbled = sum("(cid:" in word["text"] or "\ufffd" in word["text"] for word in found)
    if garbled > _GARBLED * len(found):
        return None
    words: list[Word] = []
    for line, members in enumerate(_lines(found)):
        for word in members:
            box = (
                _share(word["x0"] - left, width),
                _share(word["top"] - top, height),
                _share(word["x1"] - left, width),
                _share(word["bottom"] - top, height),
            )
            if box[2] > box[0] and box[3] > box[1]:
                words.append(Word(word["text"], box, 1.0, line))
    return tuple(words)


def _share(value: float, whole: float) -> float:
    return round(min(1.0, max(0.0, float(value) / whole)), 6)


def _lines(found: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Words whose middles lie within each other's heights stand on one line, left to right."""
    lines: list[list[dict[str, Any]]] = []
    for word in sorted(found, key=lambda word: (word["top"] + word["bottom"], word["x0"])):
        middle = (word["top"] + word["bottom"]) / 2
        if lines and lines[-1][0]["top"] <= middle <= lines[-1][0]["bottom"]:
            lines[-1].append(word)
        else:
            lines.append([word])
    return [sorted(line, key=lambda word: word["x0"]) for line in lines]
