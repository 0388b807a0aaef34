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
_SKEW_LEAST = 0.2


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
    # halving is nearly free, and under half OpenCV's linear way averages as its area way does, at a sixth
    # of the cost
    while gray.shape[1] >= 2 * size[0] and gray.shape[0] >= 2 * size[1]:
        gray = halved(gray)
    if gray.shape[::-1] != size:
        gray = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    return gray, to


def halved(image: Gray) -> Gray:
    """The image with half as many dots each way; the odd last row and column are left out."""
    height, width = (max(1, side // 2) for side in image.shape[:2])
    even = image[: 2 * height, : 2 * width]
    return np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


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
