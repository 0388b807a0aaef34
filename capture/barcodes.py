"""Barcodes of a page: zxing-cpp on the whole page, then both engines on windows left unread.

The page is read at 200 dpi, where zxing-cpp is fastest and loses nothing; a second pass at half
that finds PDF417s which the full scale misses. Where the page shows code-like texture
(``capture.barcode_windows``) that gave no code, zxing-cpp looks once more at the scan's own
resolution, then zbar. Most pages have no such place and cost one pass.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from capture.barcode_engines import BarcodeEngine, Gray, ZbarEngine, ZxingEngine
from capture.barcode_windows import code_windows
from capture.patch import read_patches
from domain.page import Barcode, Box

FORMATS = (
    "Code128",
    "Code39",
    "Code93",
    "ITF",
    "EAN13",
    "EAN8",
    "UPCA",
    "UPCE",
    "QRCode",
    "DataMatrix",
    "PDF417",
)
_READING_DPI = 200.0
_SMALLEST = 40  # pixels; no code fits in less
_LABEL = 640 * 640  # pixels; an image so small is a label or a photo of one, looked at as a whole
_PAGES: BarcodeEngine = ZxingEngine(thorough=False)
_WINDOWS: tuple[BarcodeEngine, ...] = (ZxingEngine(thorough=True), ZbarEngine())


@dataclass(frozen=True, slots=True)
class BarcodeOptions:
    """What to look for.

    Attributes:
        formats: of barcodes, by their names in ``domain.page.Barcode``; any that zxing-cpp knows.
        patch: letters of the patch codes wanted (``1 2 3 4 6 T``); none: patch codes are not read.
        second_look: whether unread code-like places are looked at again, with both engines.
    """

    formats: tuple[str, ...] = FORMATS
    patch: tuple[str, ...] = ()
    second_look: bool = True


def read_barcodes(gray: Gray, dpi: float, options: BarcodeOptions = BarcodeOptions()) -> tuple[Barcode, ...]:
    """All codes on the page, each once, from top to bottom and left to right.

    Args:
        gray: page image (height, width), 0 black to 255 white, in any of the four rotations.
        dpi: its resolution; 0 when unknown.
        options: what to look for.

    Returns:
        The codes, with boxes as fractions of ``gray``.
    """
    page = _at(gray, dpi, _READING_DPI)
    codes = list(_PAGES.read(page, options.formats))
    if min(page.shape) >= 2 * _SMALLEST:
        half = cv2.resize(page, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        codes = _merged(codes, _PAGES.read(np.asarray(half, np.uint8), options.formats))
    if options.second_look and options.formats:
        codes = _merged(codes, _second_look(gray, page, codes, options.formats))
    for patch in read_patches(page, _dpi_of(gray, page, dpi), options.patch):
        # Four bars of a very large barcode can pass for a patch code.
        if not any(_overlap(patch.box, code.box) > 0.3 for code in codes):
            codes.append(patch)
    return tuple(sorted(codes, key=lambda code: (code.box[1], code.box[0], code.text)))


def _second_look(
    gray: Gray, page: Gray, codes: list[Barcode], formats: tuple[str, ...]
) -> tuple[Barcode, ...]:
    found: list[Barcode] = []
    height, width = gray.shape
    windows = code_windows(page)
    if not codes and not windows and page.size <= _LABEL:
        windows = ((0.0, 0.0, 1.0, 1.0),)
    for window in windows:
        if any(_overlap(window, code.box) > 0.1 for code in codes):
            continue
        x0, x1 = int(window[0] * width), int(window[2] * width)
        y0, y1 = int(window[1] * height), int(window[3] * height)
        part = gray[y0:y1, x0:x1]
        readings = (engine.read(part, formats) for engine in _WINDOWS)
        inner = next(filter(None, readings), ())
        found.extend(replace(code, box=_outer(code.box, window)) for code in inner)
    return tuple(found)


def _merged(codes: list[Barcode], more: tuple[Barcode, ...]) -> list[Barcode]:
    """``codes`` and those of ``more`` that are not one of them found again."""
    kept = list(codes)
    for code in more:
        if not any(_same(code, other) for other in kept):
            kept.append(code)
    return kept


def _same(code: Barcode, other: Barcode) -> bool:
    """Whether two readings are of one code: same place, or same text close by (1D boxes are thin)."""
    if _overlap(code.box, other.box) > 0.3:
        return True
    if code.text.lstrip("0") != other.text.lstrip("0"):
        return False
    return all(
        abs((code.box[i] + code.box[i + 2]) - (other.box[i] + other.box[i + 2])) < 0.06 for i in (0, 1)
    )


def _overlap(one: Box, other: Box) -> float:
    """Shared area as a fraction of the smaller box; a box without height counts as a thin one."""
    thin = 1e-4
    x = min(one[2], other[2]) - max(one[0], other[0]) + thin
    y = min(one[3], other[3]) - max(one[1], other[1]) + thin
    area = min((box[2] - box[0] + thin) * (box[3] - box[1] + thin) for box in (one, other))
    return max(x, 0.0) * max(y, 0.0) / area


def _outer(inner: Box, window: Box) -> Box:
    """``inner``, fractions of ``window``, as fractions of the page."""
    x0, y0, x1, y1 = window
    width, height = x1 - x0, y1 - y0
    return (
        x0 + inner[0] * width,
        y0 + inner[1] * height,
        x0 + inner[2] * width,
        y0 + inner[3] * height,
    )


def _at(gray: Gray, dpi: float, wanted: float) -> Gray:
    """``gray`` reduced to ``wanted`` dpi; as it is when it has no more than a tenth above that."""
    # Without a resolution the page is taken for A4 when it has more pixels than A4 at 200 dpi.
    scale = wanted / dpi if dpi > 0 else 2400 / max(gray.shape)
    if scale > 0.9:
        return gray
    return np.asarray(cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _dpi_of(gray: Gray, page: Gray, dpi: float) -> float:
    return dpi * page.shape[0] / gray.shape[0] if dpi > 0 else 0.0
