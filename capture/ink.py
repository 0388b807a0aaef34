"""How much writing a page bears: the test for blank pages. Images as in ``capture.clean``."""

import cv2
import numpy as np
import numpy.typing as npt

from capture.clean import Gray, dark, scaled

_DPI = 100.0
_BLACK = 64
_BORDER_MM = 6.0
_SPECK_MM2 = 0.15
_HOLE_MM = (4.0, 10.0)
_HOLES, _STAPLES = 4, 2  # a page has at most so many; more of the kind are writing
_EDGE_MM = 25.0  # punch holes and staples are within this of an edge
_STAPLE_MM = (5.0, 16.0)  # length; standard wires are 24/6 and 26/6, 12 mm wide
_WIRE_MM = 3.0  # thickness with its shadow


def ink_share(gray: Gray, dpi: float) -> float:
    """Share of the page, 0-1, that bears writing.

    Writing is darker than the paper around it, and neither the scan's dark border, a punch hole, a
    staple in a corner, nor a speck.
    """
    small, dpi = scaled(gray, (dpi, dpi), _DPI)
    if np.median(small) < _BLACK:
        return 1.0  # not paper: a black or inverted page is for a person to judge
    ink = dark(small, 31)
    dots = dpi / 25.4
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    inner = _inner_areas(
        np.asarray(labels, np.int32), count, min(int(_BORDER_MM * dots), min(ink.shape) // 8)
    )
    height, width = ink.shape
    total = 0
    holes, staples = [], []
    for one, (left, top, across, down, area) in enumerate(stats[1:count].tolist(), start=1):
        if area < _SPECK_MM2 * dots * dots or inner[one] < area / 2:
            continue
        beside = min(left, width - left - across) / dots
        above = min(top, height - top - down) / dots
        component = labels[top : top + down, left : left + across] == one
        if min(beside, above) < _EDGE_MM and _is_hole(component, dots):
            holes.append(area)
        elif max(beside, above) < _EDGE_MM and _is_staple(component, dots):
            staples.append(area)
        else:
            total += area
    total += sum(holes) if len(holes) > _HOLES else 0
    total += sum(staples) if len(staples) > _STAPLES else 0
    return float(total / (height * width))


def _inner_areas(labels: npt.NDArray[np.int32], count: int, edge: int) -> npt.NDArray[np.intp]:
    """Of each component, the dots that lie away from the edges: a dark border has few, whatever its shape."""
    inside = labels[edge : labels.shape[0] - edge, edge : labels.shape[1] - edge]
    return np.bincount(inside.ravel(), minlength=count)


def _is_hole(component: npt.NDArray[np.bool_], dots: float) -> bool:
    """Whether it is a full disk: letters of that size are neither so round nor so full."""
    down, across = component.shape
    low, high = (limit * dots for limit in _HOLE_MM)
    full = component.sum() / (np.pi / 4 * across * down)
    return bool(
        low < across < high and low < down < high and 0.85 < across / down < 1.18 and 0.9 < full < 1.1
    )


def _is_staple(component: npt.NDArray[np.bool_], dots: float) -> bool:
    """Whether it is one straight wire: handwriting of that length bends or is thinner than it is long."""
    points = np.argwhere(component)[:, ::-1].astype(np.float32)
    _, (one, other), _ = cv2.minAreaRect(points)
    long, thick = (max(one, other) + 1) / dots, (min(one, other) + 1) / dots
    low, high = _STAPLE_MM
    return low < long < high and thick < _WIRE_MM and len(points) > 0.5 * long * thick * dots * dots
