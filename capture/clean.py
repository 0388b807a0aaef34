"""A page image made ready for reading: scaled, turned and straightened.

All images are grey, (height, width), 0 black to 255 white.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from domain.page import Box

cv2.setNumThreads(1)  # pages run side by side in processes; OpenCV's threads would only fight

Gray = npt.NDArray[np.uint8]

_CONTRAST = 24  # grey levels under the paper around it; faint pencil is about 30, bleed-through 10-20
_SKEW_MOST = 6.0
_SKEW_LEAST = 0.5
_SKEW_DPI = 75.0


@dataclass(frozen=True, slots=True)
class Straight:
    """A straightened image and the way back: ``back`` maps its pixels to the leaning image's (2 x 3)."""

    gray: Gray
    back: npt.NDArray[np.float64]


def scaled(gray: Gray, dpi: tuple[float, float], target: float) -> tuple[Gray, float]:
    """The image with square dots, at ``target`` dpi if the scan is finer; and its resolution then."""
    horizontal, vertical = dpi
    to = min(target, max(horizontal, vertical))
    if abs(horizontal - to) < 0.08 * to and abs(vertical - to) < 0.08 * to:
        return gray, (horizontal + vertical) / 2
    height, width = gray.shape
    size = (max(1, round(width * to / horizontal)), max(1, round(height * to / vertical)))
    shrinks = size[0] <= width and size[1] <= height
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(gray, size, interpolation=way), np.uint8), to


def turned(image: npt.NDArray[np.uint8], degrees: int) -> npt.NDArray[np.uint8]:
    """The image turned clockwise by 0, 90, 180 or 270 degrees."""
    return np.ascontiguousarray(np.rot90(image, -degrees // 90))


def turned_box(box: Box, degrees: int) -> Box:
    """A box of fractions on the page once the page is turned clockwise by 0, 90, 180 or 270 degrees."""
    x0, y0, x1, y1 = box
    match degrees % 360:
        case 90:
            return (1 - y1, x0, 1 - y0, x1)
        case 180:
            return (1 - x1, 1 - y1, 1 - x0, 1 - y0)
        case 270:
            return (y0, 1 - x1, y1, 1 - x0)
    return box


def skew(gray: Gray, dpi: float) -> float:
    """Degrees by which the text lines lean clockwise, within 6; 0 where there is nothing to tell from.

    The angle whose projection on the vertical has the sharpest steps (Postl, 1986), to 0.1 degree.
    """
    small, _ = scaled(gray, (dpi, dpi), _SKEW_DPI)
    ink = dark(small, 15).astype(np.float32)
    margin = max(2, int(0.04 * min(ink.shape)))
    ink = ink[margin:-margin, margin:-margin]
    if ink.size == 0 or ink.sum() < 200:
        return 0.0
    ys, xs = np.nonzero(ink)
    if len(xs) > 60_000:
        step = len(xs) // 60_000 + 1
        xs, ys = xs[::step], ys[::step]
    best = _sharpest(xs, ys, np.arange(-_SKEW_MOST, _SKEW_MOST + 0.01, 0.5), ink.shape)
    best = _sharpest(xs, ys, best + np.arange(-0.4, 0.41, 0.1), ink.shape)
    flat = _sharpness(xs, ys, 0.0, ink.shape)
    return round(float(best), 1) if _sharpness(xs, ys, best, ink.shape) > 1.03 * flat else 0.0


def _sharpest(
    xs: npt.NDArray[np.int64],
    ys: npt.NDArray[np.int64],
    angles: npt.NDArray[np.float64],
    shape: tuple[int, ...],
) -> float:
    return float(max(angles, key=lambda angle: _sharpness(xs, ys, float(angle), shape)))


def _sharpness(
    xs: npt.NDArray[np.int64], ys: npt.NDArray[np.int64], angle: float, shape: tuple[int, ...]
) -> float:
    tangent = np.tan(np.radians(angle))
    reach = int(abs(tangent) * shape[1]) + 2
    rows = (ys - xs * tangent).round().astype(np.int64) + reach
    profile = np.bincount(rows, minlength=shape[0] + 2 * reach).astype(np.float64)
    return float(np.square(np.diff(profile)).sum())


def straightened(gray: Gray, degrees: float) -> Straight | None:
    """The image turned back by its skew about its middle; None if it is straight enough to read."""
    if abs(degrees) < _SKEW_LEAST:
        return None
    height, width = gray.shape
    forth = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    paper = int(np.percentile(gray[::8, ::8], 90))
    flat = cv2.warpAffine(gray, forth, (width, height), flags=cv2.INTER_LINEAR, borderValue=float(paper))
    return Straight(np.asarray(flat, np.uint8), np.asarray(cv2.invertAffineTransform(forth), np.float64))


def dark(small: Gray, size: int) -> Gray:
    """1 where a dot is darker than the paper around it (within ``size`` dots), else 0."""
    bright = cv2.dilate(cv2.blur(small, (3, 3)), np.ones((size // 2, size // 2), np.uint8))
    paper = cv2.blur(bright, (size, size)).astype(np.int16)
    return np.asarray(paper - small.astype(np.int16) > _CONTRAST, np.uint8)
