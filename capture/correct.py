"""A scan's faults, corrected for reading only: dark borders, specks, print that shines through, faded ink.

The archived image stays as it is.
A page that does not show a fault pays about a millisecond for the look. What each correction gains, and
that it costs clean pages nothing, stands in docs/measured.md.
"""

import cv2
import numpy as np
import numpy.typing as npt

from capture.clean import Gray
from capture.pyramid import Pyramid

_FRAME = 0.01  # share of the outermost dots that are dark, from which there may be a border
_FRAME_MM, _DEEP_MM = 20.0, 25.0  # a border is at least so long, and reaches no farther in
_SPECKS = 1500  # single dots on a page; real pages have at most 700
_SPECKLED = 0.03  # share of the ink that is single dots; real pages have at most 0.016
_FADED = 42  # grey levels under the paper, of the strongest ink; real pages have at least 56
_STRONG = (
    80  # grey levels under the paper; ink that is paler may itself be what would be taken for the back's
)
_SHINES = 18  # grey levels under the paper from which the other side's print troubles reading
_SHINING = (
    0.1  # dots of it, away from the ink, to those of the ink; real pages with strong ink have at most 0.02
)
_WHITE = 0.7  # of the paper's grey level; what is lighter becomes white where the other side shines through


def corrected(pyramid: Pyramid) -> tuple[Pyramid, tuple[str, ...]]:
    """The page without the faults it shows, and their names: ``border``, ``specks``, ``back``, ``faded``."""
    names = []
    image = pyramid.full.gray
    border = _border(pyramid)
    if border is not None:
        names.append("border")
        mask = cv2.resize(border, image.shape[::-1], interpolation=cv2.INTER_NEAREST)
        image = np.where(mask > 0, np.uint8(np.median(pyramid.small.gray)), image)
    pale = _paleness(pyramid)
    if pale == "faded":  # what looks like specks is its grain then
        names.append("faded")
        image = _darkened(image)
    elif _speckled(pyramid.ink):  # and what looks like print is theirs
        names.append("specks")
        image = np.asarray(cv2.medianBlur(image, 3), np.uint8)
    elif pale == "back":
        names.append("back")
        image = _flat(image, pyramid.full.dpi)
    return (pyramid.of(image) if names else pyramid), tuple(names)


def _border(pyramid: Pyramid) -> Gray | None:
    """1 where the scanner's lid shows beside the sheet, on the small image; None where it does not."""
    small = pyramid.small.gray
    dark = np.asarray(small < np.median(small[::4, ::4]) / 2, np.uint8)
    frame = np.concatenate((dark[:2].ravel(), dark[-2:].ravel(), dark[:, :2].ravel(), dark[:, -2:].ravel()))
    if frame.mean() < _FRAME:
        return None
    dots = pyramid.small.dpi / 25.4
    # thin bridges go first, so that a line of print that touches the border is not taken with it
    solid = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    at_edge = np.unique(
        np.concatenate(
            (labels[:2].ravel(), labels[-2:].ravel(), labels[:, :2].ravel(), labels[:, -2:].ravel())
        )
    )
    long = np.maximum(stats[:, 2], stats[:, 3]) > _FRAME_MM * dots
    deep = min(int(_DEEP_MM * dots), min(small.shape) // 4)
    inner = np.bincount(labels[deep:-deep, deep:-deep].ravel(), minlength=count)
    found = [one for one in at_edge.tolist() if one and long[one] and inner[one] < 0.02 * stats[one, 4]]
    if not found:
        return None
    return np.asarray(
        cv2.dilate(np.isin(labels, found).astype(np.uint8), np.ones((5, 5), np.uint8)), np.uint8
    )


def _speckled(ink: npt.NDArray[np.uint8]) -> bool:
    """Whether much of the ink is single dots."""
    around = cv2.boxFilter(ink, -1, (3, 3), normalize=False)
    single = int(cv2.countNonZero(ink & (around <= 2)))
    return single > _SPECKS and single > _SPECKLED * cv2.countNonZero(ink)


def _paleness(pyramid: Pyramid) -> str:
    """``back``: much pale print apart from strong ink; ``faded``: all ink is pale; empty: neither.

    A bilevel page has no pale ink.
    """
    few = pyramid.full.gray[::16, ::16]
    if not np.any((few > 0) & (few < 255)):
        return ""
    soft = np.asarray(cv2.blur(pyramid.small.gray, (3, 3)), np.uint8)
    paper = cv2.blur(cv2.dilate(soft, np.ones((15, 15), np.uint8)), (31, 31))
    depth = np.asarray(cv2.subtract(paper, soft), np.uint8)
    if np.percentile(depth[::2, ::2], 99.9) < _FADED:  # a letter's ink covers some hundredths, a note less
        return "faded"
    strength = float(np.percentile(depth[depth > _SHINES], 85))
    if strength < _STRONG:
        return ""
    strong = np.asarray(depth > strength / 2, np.uint8)
    apart = cv2.dilate(strong, np.ones((7, 7), np.uint8)) == 0
    pale = np.count_nonzero((depth > _SHINES) & apart)
    return "back" if pale > _SHINING * np.count_nonzero(strong) else ""


def _darkened(image: Gray) -> Gray:
    """The page softened against its noise, and its levels from ink to paper spread over all there are."""
    soft = np.asarray(cv2.GaussianBlur(image, (0, 0), 1.0), np.uint8)
    few = soft[::4, ::4]
    ink, paper = float(np.percentile(few, 1)), float(np.median(few)) - 4
    spread = (np.arange(256) - ink) * (255 / max(8.0, paper - ink))
    return np.asarray(cv2.LUT(soft, np.clip(spread, 0, 255).astype(np.uint8)), np.uint8)


def _flat(image: Gray, dpi: float) -> Gray:
    """The paper even and white, with all that is lighter than ink."""
    height, width = image.shape
    factor = max(1, round(dpi / 50))
    size = (max(1, width // factor), max(1, height // factor))
    coarse = cv2.blur(cv2.resize(image, size, interpolation=cv2.INTER_AREA), (3, 3))
    paper = cv2.blur(cv2.morphologyEx(coarse, cv2.MORPH_CLOSE, np.ones((11, 11), np.uint8)), (11, 11))
    even = cv2.divide(image, cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR), scale=255)
    return np.asarray(cv2.LUT(even, np.clip(np.arange(256) / _WHITE, 0, 255).astype(np.uint8)), np.uint8)
