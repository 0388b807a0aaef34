"""The words of a page: which way up it stands, in which language it is read, and how often.

One full reading is the rule. Which way the lines run is seen without reading (``capture.lines``); where
that leaves a choice, or the words read make no sense, a band of the page is read each way up and the
best way is read in full. A page is read again in another of the station's languages if that is the one
it is in, and once more, made ready in another way, if it was read poorly; the better reading counts.
"""

from dataclasses import dataclass, replace

import numpy as np

from capture import clean, lines, ocr
from capture.correct import corrected
from capture.language import detect
from capture.pyramid import Pyramid
from capture.settings import CaptureSettings
from domain.page import Box, Word

_DOUBTFUL = 0.55  # mean word confidence below which a page may stand the wrong way up
_BAND = 0.16  # share of the page read to find the way up
_OTHER_LANGUAGE = 0.9  # probability at which a page is read again in another of the station's languages


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, and how.

    Attributes:
        words: in reading order, with boxes on the upright page that still leans.
        rotation: degrees clockwise that the image was turned to stand upright.
        skew: degrees that it leans clockwise then.
        language: ISO 639-1 of the words, if there are enough.
        name: what was done, as docs/formats.md lists it.
        attempts: the names of all full readings, in order.
    """

    words: tuple[Word, ...] = ()
    rotation: int = 0
    skew: float = 0.0
    language: str | None = None
    name: str = ""
    attempts: tuple[str, ...] = ()


def read_words(
    pyramid: Pyramid,
    languages: tuple[str, ...],
    bar: float,
    settings: CaptureSettings,
    turn: int | None = None,
) -> Reading:
    """Read a page.

    Args:
        pyramid: the page's image, in any of the four rotations.
        languages: ISO 639-1, the likeliest first; at least one.
        bar: mean word confidence, 0-1, below which the page is read a second time in another way.
        settings: resolution and language data.
        turn: degrees clockwise to stand upright, where a person said so.
    """
    clear, corrections = corrected(pyramid)
    page = _Page(clear, corrections, settings)
    language = languages[0]
    turns = lines.turn(clear.ink) if turn is None else (turn,)
    best = page.read(page.upright(turns, language), language)
    attempts = [best.name]
    if turn is None and _confidence(best.words) < _DOUBTFUL:
        other = page.upright((best.rotation, *(one for one in _TURNS if one != best.rotation)), language)
        if other != best.rotation:
            best = _better(best, page.read(other, language), attempts)
    found, probability = language_of(best.words, languages)
    if found is not None and found != language and probability >= _OTHER_LANGUAGE:
        anew = page.read(best.rotation, found)
        better = _better(best, anew, attempts, margin=0.97)
        best, language = better, found if better is anew else language
    # In a coarse page Sauvola's way reads more noise than ink.
    if _confidence(best.words) < bar and not clear.coarse:
        best = _better(best, page.read(best.rotation, language, again=True), attempts)
    return replace(best, language=found, attempts=tuple(attempts))


_TURNS = (0, 180, 90, 270)


def language_of(words: tuple[Word, ...], languages: tuple[str, ...]) -> tuple[str | None, float]:
    """The likeliest of the languages that the words are in, and its probability 0-1."""
    return detect(" ".join(word.text for word in words if word.confidence > 0.3), languages)


@dataclass(frozen=True, slots=True)
class _Page:
    """A page about to be read, once or more often."""

    pyramid: Pyramid
    corrections: tuple[str, ...]
    settings: CaptureSettings

    def read(self, turn: int, language: str, *, again: bool = False) -> Reading:
        """What is read once the page is turned clockwise by ``turn`` and straightened.

        ``again``: for a page that was read poorly, ink is what is dark for its surroundings. Of the ways
        that were tried (docs/measured.md) this one gained most.
        """
        upright = clean.turned(self.pyramid.reading.gray, turn)
        lean = lines.skew(clean.turned(self.pyramid.ink, turn))
        straight = clean.straightened(upright, lean)
        image = straight.gray if straight else upright
        spots = ocr.recognise(
            image, self.pyramid.reading.dpi, language, self.settings.tessdata, sauvola=again
        )
        height, width = upright.shape
        words = tuple(
            Word(spot.text, _mapped(spot.box, straight, width, height), round(spot.confidence, 4), spot.line)
            for spot in spots
        )
        ways = [*([f"turned {turn}"] if turn else []), *(["doubled"] if self.pyramid.coarse else [])]
        name = " ".join([language, *ways, *self.corrections, *(["sauvola"] if again else [])])
        return Reading(words, turn, lean, None, name)

    def upright(self, turns: tuple[int, ...], language: str) -> int:
        """Which of the turns lets a band of the page be read best; the first of equals."""
        return turns[0] if len(turns) == 1 else max(turns, key=lambda turn: self._sense(turn, language))

    def _sense(self, turn: int, language: str) -> float:
        ink = clean.turned(self.pyramid.ink, turn)
        band = max(int(_BAND * ink.shape[0]), min(ink.shape[0], int(self.pyramid.small.dpi)))
        # upside down the same band is read, so that the two are compared on the same words
        rows = np.cumsum(np.append(0, ink.sum(axis=1, dtype=np.int64)))
        filled = rows[band:] - rows[:-band]
        top = int(filled.argmax() if turn < 180 else len(filled) - 1 - filled[::-1].argmax())
        upright = clean.turned(self.pyramid.reading.gray, turn)
        scale = upright.shape[0] / ink.shape[0]
        part = upright[int(top * scale) : int((top + band) * scale)]
        spots = ocr.recognise(part, self.pyramid.reading.dpi, language, self.settings.tessdata)
        return sum(_sense(spot.text, spot.confidence) for spot in spots)


def _better(best: Reading, other: Reading, attempts: list[str], margin: float = 1.0) -> Reading:
    attempts.append(other.name)
    return other if _evidence(other.words) > margin * _evidence(best.words) else best


def _confidence(words: tuple[Word, ...]) -> float:
    return sum(word.confidence for word in words) / len(words) if words else 0.0


def _evidence(words: tuple[Word, ...]) -> float:
    return sum(_sense(word.text, word.confidence) for word in words)


def _sense(text: str, confidence: float) -> float:
    """How much sense a word makes: its letters and digits, by the square of its confidence."""
    return sum(map(str.isalnum, text)) * confidence**2 if len(text) > 1 else 0.0


def _mapped(box: tuple[int, int, int, int], straight: clean.Straight | None, width: int, height: int) -> Box:
    left, top, right, bottom = box
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float64)
    if straight is not None:
        corners = corners @ straight.back[:, :2].T + straight.back[:, 2]
    low, high = corners.min(axis=0), corners.max(axis=0)
    return rounded((low[0] / width, low[1] / height, high[0] / width, high[1] / height))


def rounded(box: Box) -> Box:
    """The box within the page, to a millionth."""
    x0, y0, x1, y1 = (round(min(1.0, max(0.0, float(value))), 6) for value in box)
    return x0, y0, x1, y1
