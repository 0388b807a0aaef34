"""A page's image at the resolutions that its reading needs, each made once."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from capture.clean import Gray, scaled
from capture.ink import ink_of

SMALL_DPI = 100.0
"""Writing, lean and faults of a page are seen at this."""

# Tesseract was trained on print of some 30 dots. At 80 dots an inch doubling leaves a third of its errors,
# at 100 nine of ten, and from 120 on it gains nothing (docs/measured.md).
_COARSE_DPI = 110.0
_COARSE = 1400  # dots of the longer side; who has more and says 72 dpi has told nothing


@dataclass(frozen=True, slots=True)
class Level:
    """The image, as ``capture.clean`` has it, with square dots, and its resolution."""

    gray: Gray
    dpi: float

    def at(self, dpi: float) -> "Level":
        """The image at ``dpi``, if it is finer."""
        return Level(*scaled(self.gray, (self.dpi, self.dpi), dpi))


class Pyramid:
    """A page's image, finer and coarser; all levels have the same outline.

    Args:
        gray: as ``capture.clean`` has it.
        dpi: across and down.
        reading_dpi: of the level for OCR, if the scan is finer.
    """

    def __init__(self, gray: Gray, dpi: tuple[float, float], reading_dpi: float) -> None:
        self.full = Level(*scaled(gray, dpi, max(dpi)))
        self._reading_dpi = reading_dpi

    def of(self, image: Gray) -> "Pyramid":
        """That of another image with the dots of ``full``."""
        return Pyramid(image, (self.full.dpi, self.full.dpi), self._reading_dpi)

    @cached_property
    def coarse(self) -> bool:
        """Whether print is too small in the scan to be read as it is."""
        return self.full.dpi < _COARSE_DPI and max(self.full.gray.shape) <= _COARSE

    @cached_property
    def reading(self) -> Level:
        """For OCR: coarser than the scan; of twice its dots where it is ``coarse``."""
        if not self.coarse:
            return self.full.at(self._reading_dpi)
        doubled = cv2.resize(self.full.gray, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        return Level(np.asarray(doubled, np.uint8), 2 * self.full.dpi)

    @cached_property
    def small(self) -> Level:
        """For a look at the whole, of about 100 dpi or as scanned."""
        return self.full.at(SMALL_DPI)

    @cached_property
    def ink(self) -> Gray:
        """1 where ``small`` is darker than its paper, else 0."""
        return ink_of(self.small.gray)
