"""The blank test on generated backs: how many notes it loses, how many blank ones it drops.

    postroom bench blank [--pages N] [--json]

Every page is paper as a scanner sees it: grain, shadows, the other side's print shining through, dark
borders, punch holes, staples, specks. Half of the pages bear a note that covers 0.05 % of the page: by
pen, by pencil (as little as 30 grey levels under the paper), a worn stamp, ticks, or small type. At 200
and 300 dpi, in grey, and in black and white as scanners make it (each dot against the paper around it).
Seeded: the same numbers each time.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from capture.ink import ink_share
from capture.pyramid import Pyramid
from capture.settings import CaptureSettings
from capture.tools.tesseract import find_tessdata

Gray = npt.NDArray[np.uint8]
Draw = np.random.Generator

NOTES = ("pen", "pencil", "stamp", "ticks", "type")
FAULTS = ("none", "grain", "bleed", "border", "holes", "staple", "shadow", "all")
KINDS = tuple((dpi, bilevel) for dpi in (200, 300) for bilevel in (False, True))

_NOTE = 0.0005  # of the page's area
_CONTRAST = {"pen": (90, 200), "pencil": (30, 60), "stamp": (50, 120), "ticks": (40, 160), "type": (80, 200)}
_FLUX_MM = 0.35  # as far as a letter's print spreads on its way through the paper


@dataclass(frozen=True, slots=True)
class Back:
    """One page: how it was made, its picture, and whether somebody wrote on it."""

    dpi: int
    bilevel: bool
    fault: str
    note: str
    gray: Gray


def backs(pages: int, seed: int = 1) -> Iterator[Back]:
    """``pages`` pages, every other one with a note, all mixtures in turn."""
    for number in range(pages):
        draw = np.random.default_rng([seed, number])
        turn = number // 2
        dpi, bilevel = KINDS[turn % len(KINDS)]
        fault = FAULTS[turn // len(KINDS) % len(FAULTS)]
        note = NOTES[(turn // len(KINDS) + turn // len(KINDS) // len(FAULTS)) % len(NOTES)]
        yield back(dpi, bilevel, fault, note if number % 2 else "", draw)


def back(dpi: int, bilevel: bool, fault: str, note: str, draw: Draw) -> Back:
    """A page with one kind of fault (or all), and a kind of note or none."""
    height, width = round(297 / 25.4 * dpi), round(210 / 25.4 * dpi)
    white = float(draw.uniform(225, 250))
    paper = np.full((height, width), white, np.float32)
    paper += _mottle(draw, height, width) * draw.uniform(0.5, 2.0)
    has = {fault} if fault != "all" else set(FAULTS)
    if "shadow" in has:
        paper -= _shadow(draw, height, width)
    if "bleed" in has:
        paper -= _bleed(draw, height, width, dpi)
    if note:
        low, high = _CONTRAST[note]
        margin = 8.0 if "border" in has else 4.0  # the lid covers what is nearer
        paper -= float(draw.uniform(low, min(high, white - 20))) * _note(
            draw, note, height, width, dpi, margin
        )
    if "holes" in has:
        _holes(draw, paper, dpi)
    if "staple" in has:
        _staple(draw, paper, dpi)
    if "border" in has:
        paper = _border(draw, paper, dpi)
    paper = np.asarray(cv2.GaussianBlur(paper, (0, 0), dpi / 400), np.float32)  # the scanner's optics
    paper += draw.standard_normal(paper.shape, np.float32) * (
        draw.uniform(4, 8) if "grain" in has else draw.uniform(1, 3)
    )
    gray = np.clip(paper, 0, 255).astype(np.uint8)
    if bilevel:
        gray = _bilevel(gray, dpi)
    if "grain" in has:
        _specks(draw, gray, dpi)
    return Back(dpi, bilevel, fault, note, gray)


def _mottle(draw: Draw, height: int, width: int) -> npt.NDArray[np.float32]:
    coarse = draw.standard_normal((height // 60 + 1, width // 60 + 1)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def _shadow(draw: Draw, height: int, width: int) -> npt.NDArray[np.float32]:
    """A fold or a curled edge: a soft dark band from edge to edge."""
    across = bool(draw.integers(2))
    length = width if across else height
    place, soft = draw.uniform(0, length), draw.uniform(0.03, 0.12) * length
    band = draw.uniform(15, 60) * np.exp(-(((np.arange(length) - place) / soft) ** 2))
    return np.asarray(np.broadcast_to(band if across else band[:, None], (height, width)), np.float32)


def _bleed(draw: Draw, height: int, width: int, dpi: int) -> npt.NDArray[np.float32]:
    """A printed page from behind: mirrored, spread by the paper, at most as dark as thin paper lets it."""
    front = np.zeros((height, width), np.uint8)
    scale = dpi / 300
    for row in range(int(0.1 * height), int(0.85 * height), int(62 * scale)):
        text = "".join(chr(int(code)) for code in draw.integers(97, 123, 62))
        text = " ".join(text[at : at + 6] for at in range(0, 62, 6))
        place = (int(0.1 * width), row)
        cv2.putText(front, text, place, cv2.FONT_HERSHEY_COMPLEX, 1.25 * scale, 255, max(2, int(3 * scale)))
    spread = cv2.GaussianBlur(cv2.flip(front, 1), (0, 0), _FLUX_MM / 25.4 * dpi / 1.5)
    return np.asarray(spread * (draw.uniform(8, 34) / 255), np.float32)


def _note(draw: Draw, note: str, height: int, width: int, dpi: int, margin: float) -> npt.NDArray[np.float32]:
    """Where the note's ink lies, 0-1: strokes, from anywhere within the margin (mm)."""
    ink = np.zeros((height, width), np.uint8)
    wanted = _NOTE * ink.size
    dots = dpi / 25.4
    near = margin * dots
    x, y = draw.uniform(near, 0.6 * width), draw.uniform(near + 5 * dots, height - near - 3 * dots)
    while (ink > 127).sum() < wanted:
        x = _mark(draw, note, ink, (x, y), dots)
        if x > width - near - 25 * dots:
            x, y = draw.uniform(near, 0.3 * width), y + 9 * dots
            y = y if y < height - near - 3 * dots else near + 5 * dots
    if note == "stamp":  # the pad was dry in places
        worn = cv2.resize(
            draw.random((height // 12 + 1, width // 12 + 1)).astype(np.float32), (width, height)
        )
        return np.asarray(ink / np.float32(255) * np.clip(0.45 + 1.1 * worn, 0, 1), np.float32)
    return np.asarray(ink / 255, np.float32)


def _mark(draw: Draw, note: str, ink: Gray, at: tuple[float, float], dots: float) -> float:
    """One letter, tick or word; where the next one begins."""
    x, y = at
    if note in ("stamp", "type"):
        tall = 3.5 if note == "stamp" else 2.0
        size, thick = tall * dots / 21, max(1, round((0.5 if note == "stamp" else 0.25) * dots))
        text = str(draw.choice(("RECEIVED", "PAID 12", "COPY", "see over", "ref. 118/4", "nil")))
        cv2.putText(ink, text, (int(x), int(y)), cv2.FONT_HERSHEY_SIMPLEX, size, 255, thick, cv2.LINE_AA)
        return x + cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, thick)[0][0] + 2 * dots
    thick = max(1, round(float(draw.uniform(0.25, 0.6)) * dots))
    if note == "ticks":
        shape = np.array([(0, 0), (1.5, 2.5), (5.5, -5)]) * dots * draw.uniform(0.7, 1.3)
        step = draw.uniform(12, 40)
    else:  # a curl of handwriting
        turns = np.linspace(0, 2 * np.pi * draw.uniform(0.7, 1.4), 24) + draw.uniform(0, 6)
        radius = draw.uniform(0.8, 2.0)
        shape = np.stack([radius * np.cos(turns) + turns / 3, 1.4 * radius * np.sin(turns)], 1) * dots
        step = 3.5
    points = np.round((shape + np.array((x, y))) * 16).astype(np.int32)
    cv2.polylines(ink, [points], False, 255, thick, cv2.LINE_AA, 4)
    return x + step * dots


def _holes(draw: Draw, paper: npt.NDArray[np.float32], dpi: int) -> None:
    # ISO 838: 6 mm wide, 80 mm apart, 12 mm from the edge; black or white, as the lid is
    dots, level = dpi / 25.4, float(draw.choice((20, 70, 150, 215)))
    x = int((12 if draw.integers(2) else 198) * dots)
    reach = (40, 120) if draw.integers(2) else (40,)
    for away in (sign * one for one in reach for sign in (-1, 1)):
        y = paper.shape[0] // 2 + int(away * dots)
        cv2.circle(paper, (x, y), int(3 * dots), (level,), -1, cv2.LINE_AA)


def _staple(draw: Draw, paper: npt.NDArray[np.float32], dpi: int) -> None:
    dots, slope = dpi / 25.4, draw.uniform(0, np.pi)
    x, y = draw.uniform(8, 14) * dots, draw.uniform(8, 14) * dots
    if draw.integers(2):
        x = paper.shape[1] - x
    across, down = (5.5 * dots * float(part) for part in (np.cos(slope), np.sin(slope)))
    for level, thick, shift in ((200.0, 1.2, 0.5), (70.0, 0.6, 0.0)):  # its shadow, then the wire
        begin, end = (
            (int(x + sign * across + shift * dots), int(y + sign * down + shift * dots)) for sign in (-1, 1)
        )
        cv2.line(paper, begin, end, (level,), max(1, round(thick * dots)), cv2.LINE_AA)


def _border(draw: Draw, paper: npt.NDArray[np.float32], dpi: int) -> npt.NDArray[np.float32]:
    """The scanner's dark lid beside a sheet that lies askew."""
    height, width = paper.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), draw.uniform(-1.2, 1.2), 1.0)
    matrix[:, 2] += np.asarray(draw.uniform(-3.5, 3.5, 2) * dpi / 25.4)
    lid = float(draw.uniform(5, 90))
    return np.asarray(cv2.warpAffine(paper, matrix, (width, height), borderValue=(lid,)), np.float32)


def _bilevel(gray: Gray, dpi: int) -> Gray:
    """Black where a dot is darker than the paper around it, as scanners do it since the 1990s."""
    size = int(8 * dpi / 25.4) | 1
    local = cv2.blur(
        cv2.dilate(cv2.blur(gray, (3, 3)), np.ones((size // 2, size // 2), np.uint8)), (size, size)
    )
    soft = cv2.blur(gray, (3, 3)).astype(np.int16)
    lid = gray < 100
    return np.where((local.astype(np.int16) - soft > 22) | lid, 0, 255).astype(np.uint8)


def _specks(draw: Draw, gray: Gray, dpi: int) -> None:
    height, width = gray.shape
    count = int(draw.integers(10, 60))
    for x, y in draw.integers(0, (width, height), (count, 2)).tolist():
        cv2.circle(gray, (x, y), int(draw.integers(0, max(2, dpi // 120))), int(draw.integers(0, 110)), -1)


def measure(pages: int, blank_ink: float) -> dict[str, Any]:
    """Test so many pages: notes lost, blank ones dropped, in all and by fault, note and kind of scan."""
    notes, lost, blanks, dropped = (Counter[str]() for _ in range(4))
    for page in backs(pages):
        pyramid = Pyramid(page.gray, (float(page.dpi),) * 2, 200)
        empty = ink_share(pyramid.small.gray, pyramid.small.dpi, pyramid.ink) < blank_ink
        kind = f"{page.dpi} dpi {'bilevel' if page.bilevel else 'grey'}"
        for part in filter(None, (page.fault, kind, page.note, "all pages")):
            (notes if page.note else blanks)[part] += 1
            (lost if page.note else dropped)[part] += empty
    return {
        "notes": notes["all pages"],
        "lost": lost["all pages"],
        "blank": blanks["all pages"],
        "dropped": dropped["all pages"],
        "share_dropped": round(dropped["all pages"] / max(1, blanks["all pages"]), 4),
        "notes_of": {part: [lost[part], count] for part, count in notes.items()},
        "blanks_of": {part: [dropped[part], count] for part, count in blanks.items()},
    }


def run(pages: int) -> dict[str, Any]:
    """Measure with the default settings."""
    return measure(pages, CaptureSettings(find_tessdata()).blank_ink)
