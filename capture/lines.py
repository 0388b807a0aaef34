"""How the text lines of a page run: its lean, and which way up it seems to stand.

Seen by the lower edges of its ink, added up along lines of every angle: along the text lines the sum has
the sharpest steps (Postl, 1986). Baselines are sharper than the tops of letters, of which some rise above
the others; so a page with the sharper tops stands on its head. Ink is 1 where a dot is dark, else 0, at
about 100 dpi (``capture.clean.dark``).
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from capture.clean import Gray

SKEW_MOST = 8.0
_COARSE, _FINE = 0.5, 0.1
_FEW, _MANY = 6_000, 25_000  # dots looked at, for the first guess and for the last
_LEAST = 100  # dots; fewer do not make a line
_PLAIN = 1.03  # the best angle's sharpness over that of no lean at all, below which there is none
_ASIDE = 1.5  # sharpness down over across; real pages have more than 2.4 or less than 0.4
_HEAD = 0.95  # sharpness of baselines over that of tops; 2 in 100 upright pages have less

Points = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Edges:
    """Dots with their places from the left and the top, within a frame that holds them at every angle."""

    xs: Points
    ys: Points
    height: int


def skew(ink: Gray) -> float:
    """Degrees by which the text lines lean clockwise, within 8; 0 where there is nothing to tell from."""
    # a grey banner's screen has more single dots than all text has, and they too lie in lines
    edges = _edges(ink, lower=True, runs=True)
    if len(edges.xs) < _LEAST:
        return 0.0
    angles = np.arange(-SKEW_MOST, SKEW_MOST + 0.01, _COARSE)
    guess = angles[int(np.argmax(_sharpness(edges, angles, _FEW)))]
    angles = guess + np.arange(-_COARSE, _COARSE + 0.01, _FINE)
    sharp = _sharpness(edges, np.append(angles, 0.0), _MANY)
    at = int(np.argmax(sharp[:-1]))
    if sharp[at] <= _PLAIN * sharp[-1]:
        return 0.0
    best = angles[at]
    if 0 < at < len(angles) - 1:  # the top of the parabola through the three highest
        left, top, right = sharp[at - 1 : at + 2]
        best += _FINE * 0.5 * (left - right) / (left - 2 * top + right)
    return round(float(best), 2)


def turn(ink: Gray) -> tuple[int, ...]:
    """Degrees clockwise, likeliest first, that the page may have to be turned to stand upright.

    Returns:
        ``(0,)`` for nearly all upright pages and for pages with too little to tell from; else two.
    """
    angles = np.arange(-2.0, 2.1, 0.5)
    across = _edges(ink, lower=True)
    aside = np.asarray(cv2.rotate(ink, cv2.ROTATE_90_COUNTERCLOCKWISE), np.uint8)
    down = _edges(aside, lower=True)
    if min(len(across.xs), len(down.xs)) < _LEAST:
        return (0,)
    if _peak(down, angles) > _ASIDE * _peak(across, angles):
        # what stands once turned counter-clockwise by 90 has to be turned clockwise by 270
        return (270, 90) if _peak(down, angles) >= _peak(_edges(aside, lower=False), angles) else (90, 270)
    if _peak(across, angles) < _HEAD * _peak(_edges(ink, lower=False), angles):
        return (180, 0)
    return (0,)


def _edges(ink: Gray, *, lower: bool, runs: bool = False) -> _Edges:
    """Where ink ends below or above; ``runs``: only beside another such dot."""
    margin = max(2, int(0.04 * min(ink.shape)))  # a scan's border has the straightest edges of all
    inner = ink[margin:-margin, margin:-margin]
    dots = inner[:-1] & ~inner[1:] & 1 if lower else inner[1:] & ~inner[:-1] & 1
    if runs:
        dots[:, 1:-1] &= dots[:, :-2] | dots[:, 2:]
    height, width = dots.shape if dots.size else (0, 0)
    found = cv2.findNonZero(dots) if dots.size else None
    xs, ys = np.zeros((2, 0), np.float32) if found is None else found.reshape(-1, 2).T.astype(np.float32)
    reach = int(np.tan(np.radians(SKEW_MOST + _COARSE)) * width) + 2
    return _Edges(xs, ys + np.float32(reach + 0.5), height + 2 * reach)


def _sharpness(edges: _Edges, angles: npt.NDArray[np.float64], most: int) -> npt.NDArray[np.float64]:
    step = max(1, len(edges.xs) // most)
    xs, ys = edges.xs[::step], edges.ys[::step]
    found = []
    for tangent in np.tan(np.radians(angles)).astype(np.float32):
        rows = (ys - xs * tangent).astype(np.int32)
        profile = np.bincount(rows, minlength=edges.height).astype(np.float64)
        found.append(float(np.square(np.diff(profile)).sum()))
    return np.array(found)


def _peak(edges: _Edges, angles: npt.NDArray[np.float64]) -> float:
    """The sharpest angle's steps, whatever the number of dots."""
    count = len(edges.xs[:: max(1, len(edges.xs) // _FEW)])
    return float(_sharpness(edges, angles, _FEW).max()) / count**2
