"""A page taken out of its file: what it looks like and how it is archived."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from domain.errors import Refused
from domain.page import LineItem, Word

Pixels = npt.NDArray[np.uint8]

Image.MAX_IMAGE_PIXELS = (
    None  # `check_pixels` stands for it: its limit is a setting, its refusal says what to do
)

UNKNOWN_DPI = 96.0
_LARGEST_INCHES = 24.0  # A2's long edge; no office scanner takes more
_DEFAULT_TAG = 96.5  # 72 and 96 are what programs write when they do not know
_PAGE_PIXELS = 1100  # an image with a longer edge is a page, not a snippet from a screen
_A4, _LETTER = (8.27, 11.69), (8.5, 11.0)
_PDF_POINTS = (3.0, 14400.0)  # PDF 1.7, annex C


@dataclass(frozen=True, slots=True)
class Loaded:
    """One page as its file shows it.

    Attributes:
        view: grey (height, width) or RGB (height, width, 3).
        dpi: of ``view``, across and down.
        size: width and height in points.
        scan_dpi: of the scan; 0 for a page without an image.
        turn: degrees clockwise that the file itself turns the stored page.
        make: bytes of the one-page PDF, given the final turn clockwise in degrees.
        words: the file's own, of a born-digital page; None where it must be read.
        lines: the line items of its tables, where it is born-digital.
    """

    view: Pixels
    dpi: tuple[float, float]
    size: tuple[float, float]
    scan_dpi: float
    turn: int
    make: Callable[[int], bytes]
    words: tuple[Word, ...] | None = None
    lines: tuple[LineItem, ...] = ()


def check_pixels(width: int, height: int, limit: int, page: int) -> None:
    """Refuse an image over ``limit`` pixels before it is decoded."""
    if width < 1 or height < 1:
        raise Refused("the page image has no pixels", "scan or send it again", page)
    if width * height > limit:
        raise Refused(
            f"the page is {width} x {height} pixels, over the limit of {limit / 1e6:.0f} million",
            "scan it at a lower resolution",
            page,
        )


def credible_dpi(tag: tuple[float, float] | None, width: int, height: int) -> tuple[float, float]:
    """Resolution across and down, guessed from the size where the tag is missing or absurd.

    A scan whose tag is unknown is taken for a page of A4 or US letter, whichever its shape is nearer to.
    """
    longest = max(width, height)
    if tag is not None and min(tag) > 0:
        across, down = tag
        inches = max(width / across, height / down)
        default = max(tag) <= _DEFAULT_TAG and longest >= _PAGE_PIXELS
        if not default and 0.3 <= inches <= _LARGEST_INCHES and 0.25 <= across / down <= 4:
            return across, down
    if longest < _PAGE_PIXELS:
        return UNKNOWN_DPI, UNKNOWN_DPI
    shape = min(width, height) / longest
    sheet = min((_A4, _LETTER), key=lambda size: abs(size[0] / size[1] - shape))
    dpi = float(max(longest / sheet[1], min(width, height) / sheet[0]))
    return dpi, dpi


def page_points(width: int, height: int, dpi: tuple[float, float]) -> tuple[float, float]:
    """Size of the page in points, within what PDF allows."""
    low, high = _PDF_POINTS
    points = (width * 72 / dpi[0], height * 72 / dpi[1])
    return min(high, max(low, round(points[0], 3))), min(high, max(low, round(points[1], 3)))
