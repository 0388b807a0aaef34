"""Where a page looks like it holds a code, whether or not one can be read there.

A code is a patch of ink and paper in about equal parts, some millimetres large each way. Seen in cells
of a millimetre, evened out over three, text is far lighter, for the paper between its lines, and a
picture or a black edge is even within a cell; what is dark enough and still text is low. Neither blur
nor noise nor a bilevel scan changes that, and it needs two reductions of the page, 5 to 10 ms at 300
dpi, where looking for codes all over it takes 50 to 80.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from domain.page import Box

_CELL = 1 / 25.4  # inches
_LONG_SIDE = 297  # cells of a page whose resolution is unknown
_COARSE = 3  # cells that make one of the second look, for codes with modules of 2 mm and more
_DARK = 0.24  # share of ink in a code's cells, at least; print of 11 points has about 0.15
_CONTRAST = 50.0  # standard deviation (of a contrast of 255) within a code's cells, at least
_FILLED = 0.3  # of its box that must look like a code; leaning by 45 degrees leaves half
# Lines of bold or dirty print reach all that, but they are low and seldom as dark as codes are inside.
_STRONG = 0.33  # share of ink in the inner cells
_FEWEST = 16  # such cells of a place at least six cells high
_MANY = 60  # such cells of a lower one
_FEW, _SQUARE = 8, 1.5  # such cells of a small one that is no longer than so many times its height
_SHORTEST, _HIGH = 4, 6  # cells, of the shorter side
_LONGEST = 16  # times the shorter side; what is longer is a rule or an edge
_MARGIN = 3  # cells left around a window for the quiet zone
_ENDS = 0.25  # of its length added at either end: linear codes have light ends and gaps
MOST = 8
"""Windows of a page that are told."""
_SAMPLES = 4  # dots of a cell that are looked at, each way

Gray = NDArray[np.uint8]
Cells = NDArray[np.float32]
_SQUARES = (np.arange(256) ** 2 / 255).round().astype(np.uint8)


def code_windows(page: Gray, dpi: float) -> tuple[Box, ...]:
    """Places with code-like texture, as fractions of ``page``, the likeliest first, at most eight.

    Args:
        page: grey image (height, width), 0 black to 255 white.
        dpi: its resolution; 0 when unknown: then the long side is taken for that of A4.
    """
    height, width = page.shape
    cell = max(round(dpi * _CELL if dpi > 0 else max(page.shape) / _LONG_SIDE), 3)
    rows, columns = height // cell, width // cell
    if rows < _SHORTEST or columns < _SHORTEST:
        return ()
    whole = page[: rows * cell, : columns * cell]  # a whole number of cells: reducing is fast then
    stride = cell // _SAMPLES
    if stride > 1 and cell % stride == 0:  # a few dots of each cell tell as much, in a fraction of the time
        fewer = columns * cell // stride, rows * cell // stride
        whole = np.asarray(cv2.resize(whole, fewer, interpolation=cv2.INTER_NEAREST), np.uint8)
    mean = _reduced(whole, rows, columns)
    square = _reduced(np.asarray(cv2.LUT(whole, _SQUARES), np.uint8), rows, columns) * 255
    paper = max(float(np.median(mean)), 120.0)
    around = np.zeros((rows, columns), np.uint8)
    strength = np.zeros((rows, columns), np.float32)  # strong cells of a blob, at its corner
    ink = float(np.percentile(whole[::7, ::7], 0.5))
    contrast = min(max(paper - ink, 100.0), 255.0)  # what is faded all over has its own measure
    for step in (1, _COARSE):
        if min(rows, columns) < step * _SHORTEST:
            break
        size = rows // step, columns // step
        part = slice(0, size[0] * step), slice(0, size[1] * step)
        for (x, y, w, h), inner in _blobs(
            _reduced(mean[part], *size), _reduced(square[part], *size), paper, contrast
        ):
            # A code may fall into several blobs: with their margins they touch.
            aside = _MARGIN + (round(_ENDS * w * step) if w > h else 0)
            above = _MARGIN + (round(_ENDS * h * step) if h > w else 0)
            top, left = max(y * step - above, 0), max(x * step - aside, 0)
            bottom, right = (y + h) * step + above, (x + w) * step + aside
            around[top:bottom, left:right] = 1
            strength[y * step, x * step] += inner * step * step
    labels, stats = cv2.connectedComponentsWithStats(around, connectivity=4)[1:3]
    strong = np.bincount(labels.ravel(), weights=strength.ravel(), minlength=len(stats))
    windows = [stats[at].tolist() for at in np.argsort(-strong[1:], kind="stable") + 1]
    return tuple(
        (
            x * cell / width,
            y * cell / height,
            # The last cells reach to the edge, over what made no whole one.
            1.0 if x + w == columns else (x + w) * cell / width,
            1.0 if y + h == rows else (y + h) * cell / height,
        )
        for x, y, w, h, _ in windows[:MOST]
    )


def _reduced(image: NDArray[np.generic], rows: int, columns: int) -> Cells:
    small = cv2.resize(np.asarray(image), (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def _blobs(
    mean: Cells, square: Cells, paper: float, contrast: float
) -> list[tuple[tuple[int, int, int, int], int]]:
    """Boxes (x, y, width, height) of connected cells that look like a code, with their strong cells."""
    level = np.asarray(cv2.blur(mean, (3, 3)), np.float32)
    spread = np.asarray(cv2.blur(square, (3, 3)), np.float32) - level * level
    mask = (level < paper - _DARK * contrast) & (spread > (_CONTRAST * contrast / 255) ** 2)
    labels, stats = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)[1:3]
    strong = np.bincount(labels[mask & (level < paper - _STRONG * contrast)], minlength=len(stats))
    return [
        ((x, y, width, height), inner)
        for (x, y, width, height, area), inner in zip(stats[1:].tolist(), strong[1:].tolist(), strict=True)
        if _SHORTEST <= min(width, height) <= max(width, height) <= _LONGEST * min(width, height)
        and area >= _FILLED * width * height
        and inner >= _least(width, height)
    ]


def _least(width: int, height: int) -> int:
    """How many strong cells a place of this size must have."""
    if min(width, height) >= _HIGH:
        return _FEWEST
    return _FEW if max(width, height) <= _SQUARE * min(width, height) else _MANY
