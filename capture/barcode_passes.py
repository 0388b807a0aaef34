"""Ways to look at a window that shows a code nobody could read yet, the most fruitful first.

What each adds was counted on zxing-cpp's own test pictures (docs/measured.md): raised local contrast
reads most of what a plain look leaves, then a threshold of its own for each place, straightening, a finer
scale. Smoothing along the bars is for grain: a scan line through a grainy linear code holds no bar that
is whole, the mean of fifteen does.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from capture.barcode_engines import BarcodeEngine, Gray, ZbarEngine, ZxingEngine
from domain.page import Barcode

READING_DPI = 200.0
"""Where zxing-cpp is fastest and loses least."""
SMOOTH_DPI = 240.0
"""Enough for what is smoothed; at 300 no more is read, in half as much time again."""
SCAN_DPI = 300.0
"""What most scans have."""
FINE_DPI = 400.0
"""For modules of one or two pixels; zxing-cpp loses leaning codes of fine print at less."""
_ALONG = 15  # pixels smoothed along the bars
_STRIPED = 0.5  # of 1; bars have 0.65 and more, white on black 0.53; so have 5 of 88 other windows
_LARGEST = 4_000_000  # pixels that a window may grow to


@dataclass(frozen=True, slots=True)
class Pass:
    """An engine, what is done to the image before, and the resolution at which it is looked at.

    ``prepare`` keeps the middle in the middle; where a turned picture's codes lie is told roughly.
    """

    engine: BarcodeEngine
    prepare: Callable[[Gray], Gray]
    dpi: float = READING_DPI

    def read(self, gray: Gray, dpi: float, formats: tuple[str, ...]) -> tuple[Barcode, ...]:
        """The codes in a window of a scan of ``dpi``, boxes as fractions of it."""
        # What is finer than fine stays so: the scan's own modules are the best there are.
        wanted = max(self.dpi, dpi) if self.dpi >= FINE_DPI else self.dpi
        return self.engine.read(self.prepare(scaled(gray, dpi, wanted)), formats)


def scaled(gray: Gray, dpi: float, wanted: float) -> Gray:
    """``gray`` at about ``wanted`` dpi, at most twice as large as it was."""
    scale = min(wanted / dpi, 2.0)
    if 0.9 < scale < 1.1 or (scale > 1 and gray.size * scale**2 > _LARGEST):
        return gray
    size = max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(gray, size, interpolation=way), np.uint8)


def plain(gray: Gray) -> Gray:
    """As it is."""
    return gray


def contrasted(gray: Gray) -> Gray:
    """Contrast raised place by place: for shadows, fading, blur."""
    return np.asarray(cv2.createCLAHE(3.0, (8, 8)).apply(gray), np.uint8)


def halved(gray: Gray) -> Gray:
    """Half the size: for grain, and for PDF417s that the full scale misses."""
    if min(gray.shape) < 80:
        return gray
    return np.asarray(cv2.resize(gray, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)


def sharpened(gray: Gray) -> Gray:
    """Edges raised against blur."""
    soft = cv2.GaussianBlur(gray, (0, 0), 1.75)
    return np.asarray(cv2.addWeighted(gray, 3, soft, -2, 0), np.uint8)


def bilevel(gray: Gray) -> Gray:
    """Black and white by the mean of each place's surroundings."""
    size = max(11, min(gray.shape) // 8 | 1)
    return np.asarray(
        cv2.adaptiveThreshold(gray, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, size, 5), np.uint8
    )


def smoothed(gray: Gray) -> Gray:
    """Softened, for dots and grain."""
    return np.asarray(cv2.GaussianBlur(gray, (0, 0), 1.2), np.uint8)


def inverted(gray: Gray) -> Gray:
    """White on black: zxing-cpp tries that by itself for matrix codes only."""
    return np.asarray(255 - gray, np.uint8)


def mended(gray: Gray) -> Gray:
    """White lines of two pixels closed: creases, and streaks of a dirty print head."""
    return np.asarray(cv2.morphologyEx(gray, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)


def mended_wide(gray: Gray) -> Gray:
    """White lines of four pixels closed, where modules have more."""
    return np.asarray(cv2.morphologyEx(gray, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)), np.uint8)


def mended_and_straightened(gray: Gray) -> Gray:
    """Both, for a leaning code with a crease across."""
    return straightened(mended_wide(gray))


def straightened(gray: Gray) -> Gray:
    """Turned so that the edges of bars or modules lie level and upright."""
    return _turned(gray, _lean(gray, 4))


def along_bars(gray: Gray) -> Gray:
    """Turned so that the bars of a linear code stand upright, then smoothed along them."""
    return np.asarray(cv2.blur(_turned(gray, _lean(gray, 2)), (1, _ALONG)), np.uint8)


def striped(gray: Gray) -> bool:
    """Whether nearly all steps go one way, as those of bars do: text and pictures have steps all around."""
    return abs(_direction(gray, 2)) > _STRIPED


def _lean(gray: Gray, fold: int) -> float:
    """Degrees of the commonest direction of steps, alike every 360 / ``fold``."""
    return float(np.degrees(np.angle(_direction(gray, fold)))) / fold


def _direction(gray: Gray, fold: int) -> complex:
    """The mean direction of steps, ``fold`` times turned: a number of length 0 (all ways) to 1 (one way)."""
    soft = cv2.GaussianBlur(gray, (0, 0), 1.5)
    across, down = cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)
    angle, weight = fold * np.arctan2(down, across), across**2 + down**2
    return complex((weight * np.exp(1j * angle)).sum() / max(float(weight.sum()), 1.0))


def _turned(gray: Gray, degrees: float) -> Gray:
    height, width = gray.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    cos, sin = abs(turn[0, 0]), abs(turn[0, 1])
    size = round(width * cos + height * sin), round(width * sin + height * cos)
    turn[:, 2] += (size[0] - width) / 2, (size[1] - height) / 2
    turned = cv2.warpAffine(gray, turn, size, borderValue=255, flags=cv2.INTER_CUBIC)
    return np.asarray(turned, np.uint8)


_QUICK = ZxingEngine(thorough=False)
_SEEING = ZxingEngine(thorough=False, damaged=True)
_THOROUGH = ZxingEngine(thorough=True)
_HISTOGRAM = ZxingEngine(thorough=True, histogram=True)
_ZBAR = ZbarEngine()

CHEAP = (Pass(_QUICK, plain), Pass(_SEEING, smoothed, SMOOTH_DPI))
"""For every window of every page; also tells of codes that can be seen only."""

CHEAP_LARGE = (Pass(_SEEING, plain), Pass(_QUICK, halved))
"""For windows of a good part of the page, such as separator sheets are: several codes, and large ones."""

CHEAP_LABEL = (*CHEAP, Pass(_QUICK, halved))
"""For an image that is no page, but a label."""

FIRST_HARD = Pass(_THOROUGH, mended_wide, SCAN_DPI)
"""For windows of a page that should bear a code: most that the cheap looks leave have a crease."""

HARD = (
    Pass(_THOROUGH, plain),
    Pass(_THOROUGH, contrasted),
    Pass(_HISTOGRAM, plain, FINE_DPI),
    Pass(_THOROUGH, sharpened, FINE_DPI),
    Pass(_ZBAR, plain),
    Pass(_ZBAR, sharpened),
    Pass(_THOROUGH, bilevel),
    Pass(_THOROUGH, halved),
    Pass(_THOROUGH, along_bars),
    Pass(_THOROUGH, straightened, SCAN_DPI),
    Pass(_HISTOGRAM, mended),
    Pass(_THOROUGH, mended_and_straightened, FINE_DPI),
    Pass(_THOROUGH, plain, SCAN_DPI),
    Pass(_THOROUGH, sharpened),
    Pass(_QUICK, inverted),
    Pass(_ZBAR, smoothed),
)
"""For windows that show a code for sure, after ``FIRST_HARD``."""
