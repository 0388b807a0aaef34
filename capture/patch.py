"""Patch codes: four bars that separate documents, read by run lengths along scan lines.

Source of the patterns and sizes: Kodak, *Patch Code Information for Kodak Scanners*, A-61599 (October
2006): four bars, two wide (0.20 in) and two narrow (0.08 in), three spaces of 0.08 in, 0.80 in in
all, bars at least 0.75 in (older readers: 2 in) long, 0.25 in free around. Its tables of edges
give Patch 1 as 0.20 0.28 0.48 0.56 0.64 0.72 0.80, and so on; the table below follows them, and is
that of the article *Patch Code* in Wikipedia, which lists all six in words: 2 WNNW, 3 WNWN, T NWNW, 1
WWNN, 4 NWWN, 6 NNWW.

Patch 1 is Patch 6 read backwards, and 3 is T: the direction counts. A code is read from the sheet
edge it lies nearest to, inwards, as the paper passes the reader, so that a sheet may be fed any
way round, and a sheet with a code along each edge gives the same letter four times. Only a code
that lies in the middle of its sheet leaves the direction open; the wanted letter decides there.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from domain.page import Barcode

PATTERNS = {"WWNN": "1", "WNNW": "2", "WNWN": "3", "NWWN": "4", "NNWW": "6", "NWNW": "T"}
"""Bars (wide or narrow) in reading order, and the letter they stand for."""

_DPI = 100.0  # resolution read at: a narrow bar is 8 pixels
_UNITS = 10  # of the narrow width make the whole code
_STEP = 4  # pixels between scan lines
_SHORTEST = 0.6  # inches that a bar must be long, less than asked for, because bars fray
_WIDTH = {"W": 2.5, "N": 1.0}  # of bars, in units; the spaces are 1
_OFF = 0.5  # units that an edge may lie off its place
_QUIET = 2.3  # units of white before the first and after the last bar, or less at the sheet's edge
_SLOPE = 0.2  # steepest lean of the bars

Gray = NDArray[np.uint8]


def read_patches(gray: Gray, dpi: float, wanted: tuple[str, ...]) -> tuple[Barcode, ...]:
    """The patch codes on the page, ``format`` ``PatchT`` and ``text`` ``T``, boxes as fractions.

    Args:
        gray: page image (height, width), 0 black to 255 white, in any of the four rotations,
            leaning by no more than about 8 degrees.
        dpi: its resolution; 0 when unknown: then the long side is taken for 11.3 inches, and what
            is smaller than 600 pixels for no sheet at all.
        wanted: letters to look for (``1 2 3 4 6 T``); none costs nothing.
    """
    known = dpi > 0
    if not wanted or min(gray.shape) < (2 if known else 600):
        return ()
    scale = _DPI / (dpi if known else max(gray.shape) / 11.3)
    size = (max(round(gray.shape[1] * scale), 1), max(round(gray.shape[0] * scale), 1))
    small = cv2.resize(gray, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    small = cv2.medianBlur(small, 5)
    level = cv2.threshold(small, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[0]
    ink = np.asarray(small < min(max(level, 60), 200), np.uint8)
    tolerance = 0.25 if known else 0.5
    upright = [*_codes(ink, tolerance)]
    turned = [replace(code, sideways=True) for code in _codes(np.ascontiguousarray(ink.T), tolerance)]
    height, width = ink.shape
    found = []
    for code in (*upright, *turned):
        letter = code.letter(height if code.sideways else width, wanted)
        if letter in wanted:
            box = (code.first / width, code.top / height, code.last / width, code.bottom / height)
            if code.sideways:
                box = (code.top / width, code.first / height, code.bottom / width, code.last / height)
            found.append(Barcode(f"Patch{letter}", letter, box, "patch"))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Code:
    """A code with upright bars: where its bars stand along the scan lines, and over which lines.

    ``sideways`` when image and code were transposed for reading.
    """

    bars: str
    first: int
    last: int
    top: int
    bottom: int
    sideways: bool = False

    def letter(self, length: int, wanted: tuple[str, ...]) -> str:
        """Its letter on a sheet ``length`` pixels long in the direction of reading."""
        before, after = self.first, length - self.last
        forwards, backwards = PATTERNS[self.bars], PATTERNS[self.bars[::-1]]
        if abs(before - after) < 0.1 * length:
            return backwards if backwards in wanted and forwards not in wanted else forwards
        return forwards if before < after else backwards


def _codes(ink: NDArray[np.uint8], tolerance: float) -> Iterator[_Code]:
    """Codes with upright bars: the same pattern on many neighbouring scan lines."""
    open_codes: list[tuple[_Code, int]] = []  # with the count of lines that show it
    need = _SHORTEST * _DPI / _STEP
    # Lines that cross no solid bar are skipped: nearly all of them on a page of text.
    solid = cv2.erode(ink, np.ones((14, 4), np.uint8))
    lines = [y for y in range(_STEP // 2, ink.shape[0], _STEP) if solid[y].any()]
    for y in lines:
        for bars, first, last in _patterns(ink[y], tolerance):
            for at, (code, count) in enumerate(open_codes):
                drift = _SLOPE * (y - code.bottom) + 2
                near = y - code.bottom <= 3 * _STEP and abs(last - code.last) <= drift
                if near and code.bars == bars and abs(first - code.first) <= drift:
                    open_codes[at] = (replace(code, first=first, last=last, bottom=y), count + 1)
                    break
            else:
                open_codes.append((_Code(bars, first, last, y, y), 1))
    return (code for code, count in open_codes if count >= need)


def _patterns(line: NDArray[np.uint8], tolerance: float) -> Iterator[tuple[str, int, int]]:
    """Bars, start and end of each four-bar pattern on one scan line (1 is ink)."""
    edges = np.flatnonzero(np.diff(line, prepend=0, append=0))
    starts, ends = edges[0::2], edges[1::2]
    if len(starts) < 4:
        return
    totals = ends[3:] - starts[:-3]
    nominal = _UNITS * 0.08 * _DPI
    for at in np.flatnonzero(np.abs(totals - nominal) <= tolerance * nominal):
        unit = totals[at] / _UNITS
        before = starts[at] - ends[at - 1] if at else np.inf
        after = starts[at + 4] - ends[at + 3] if at + 4 < len(starts) else np.inf
        if min(before, after) < _QUIET * unit:
            continue
        places = (edges[2 * at : 2 * at + 8] - starts[at]) / unit
        for bars, ideal in _EDGES.items():
            if np.abs(places - ideal).max() <= _OFF:
                yield bars, int(starts[at]), int(ends[at + 3])


def _edges(bars: str) -> NDArray[np.float64]:
    """Where the bars' edges lie, in units from the first."""
    runs = [width for bar in bars for width in (_WIDTH[bar], 1.0)]
    return np.cumsum([0.0, *runs[:-1]])


_EDGES = {bars: _edges(bars) for bars in PATTERNS}
