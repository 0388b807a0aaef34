"""How much writing a page bears: the test for blank pages. Ink as in ``capture.clean.dark``."""

import cv2
import numpy as np
import numpy.typing as npt

from capture.clean import Gray, dark

_BLACK = 64
_BORDER_MM = 6.0
_AT_EDGE_MM, _LONG_MM = 1.5, 30.0  # within the border: what touches the edge, or runs along it
_SPECK_MM2 = 0.15
_HOLE_MM = (4.0, 10.0)
_HOLES, _STAPLES = 4, 2  # a page has at most so many; more of the kind are writing
_EDGE_MM = 25.0  # punch holes and staples are within this of an edge
_STAPLE_MM = (5.0, 16.0)  # length; standard wires are 24/6 and 26/6, 12 mm wide
_WIRE_MM = 3.0  # thickness with its shadow
_WIDE = 31  # dots within which paper is looked for


def ink_of(small: Gray) -> Gray:
    """1 where a page image of about 100 dpi is darker than its paper, else 0."""
    return dark(small, _WIDE)


def ink_share(small: Gray, dpi: float, ink: Gray) -> float:
    """Share of the page, 0-1, that bears writing.

    Writing is darker than the paper around it, and neither the scan's dark border, a punch hole, a
    staple in a corner, nor a speck.

    Args:
        small: page image of about 100 dpi, as in ``capture.clean``.
        dpi: its resolution.
        ink: ``ink_of(small)``.
    """
    if np.median(small[::4, ::4]) < _BLACK:
        return 1.0  # not paper: a black or inverted page is for a person to judge
    dots = dpi / 25.4
    height, width = ink.shape
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    left, top, across, down, area = stats[1:].T
    beside = np.minimum(left, width - left - across) / dots
    above = np.minimum(top, height - top - down) / dots
    edge = min(int(_BORDER_MM * dots), min(ink.shape) // 8)
    border = _outer(np.asarray(labels, np.int32), count, edge) > area / 2
    border &= (np.minimum(beside, above) < _AT_EDGE_MM) | (np.maximum(across, down) > _LONG_MM * dots)
    writing = (area >= _SPECK_MM2 * dots * dots) & ~border
    low = np.minimum(_HOLE_MM[0], _STAPLE_MM[0] / 1.5) * dots  # of a slanting staple's longer side
    high = max(*_HOLE_MM, *_STAPLE_MM) * dots
    longer = np.maximum(across, down)
    odd = writing & (np.minimum(beside, above) < _EDGE_MM) & (longer > low) & (longer < high)
    total = int(area[writing & ~odd].sum())
    holes, staples = [], []
    for one in np.flatnonzero(odd).tolist():
        window = (slice(top[one], top[one] + down[one]), slice(left[one], left[one] + across[one]))
        component = labels[window] == one + 1
        if _is_hole(component, dots):
            holes.append(int(area[one]))
        elif max(beside[one], above[one]) < _EDGE_MM and _is_staple(component, dots):
            staples.append(int(area[one]))
        else:
            total += int(area[one])
    total += sum(holes) if len(holes) > _HOLES else 0
    total += sum(staples) if len(staples) > _STAPLES else 0
    return float(total / (height * width))


def _outer(labels: npt.NDArray[np.int32], count: int, edge: int) -> npt.NDArray[np.intp]:
    """Of each component, the dots that lie near the edges: a dark border's do, whatever its shape."""
    middle = labels[edge : len(labels) - edge]
    bands = (
        labels[:edge],
        labels[len(labels) - edge :],
        middle[:, :edge],
        middle[:, middle.shape[1] - edge :],
    )
    return np.bincount(np.concatenate([band.ravel() for band in bands]), minlength=count)[1:]


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
