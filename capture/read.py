"""Reads one page of a file: the archived page, its words, barcodes, and which way up it stands."""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from capture import clean, ocr
from capture.barcodes import BarcodeOptions, read_barcodes
from capture.clean import Gray
from capture.ink import ink_share
from capture.language import detect
from capture.loaded import Loaded, Pixels
from capture.media import sniff
from capture.pages import refusing, within_memory
from capture.pdf import load_pdf
from capture.raster import load_image
from capture.settings import CaptureSettings
from domain.errors import Refused
from domain.page import Box, LineItem, Page, PageFile, Word
from domain.wire import from_json, to_json

T = TypeVar("T", Word, LineItem)

_DOUBTFUL = 0.55  # mean word confidence below which a page may stand the wrong way up
_FEW_WORDS = 12  # a page with fewer, and no orientation found, is tried all ways up
_OTHER_LANGUAGE = 0.9  # probability at which a page is read again in another of the station's languages
_READABLE = 24  # pixels; smaller images hold no words


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What to expect on the pages.

    Attributes:
        languages: ISO 639-1, the likeliest first; a page is read in the first, and again in another if it
            turns out to be in that. None: pages are not read, only looked at.
        barcodes: which barcodes to look for.
        keep_blank: blank pages are archived like others; else nothing is written of them.
        rotation: the page's, as ``Page.rotation`` counts it, where a person said so; None: as it reads best.
    """

    languages: tuple[str, ...] = ("en",)
    barcodes: BarcodeOptions = field(default_factory=BarcodeOptions)
    keep_blank: bool = True
    rotation: int | None = None


@dataclass(frozen=True, slots=True)
class _Reading:
    words: tuple[Word, ...]
    rotation: int
    skew: float
    language: str | None


def read_page(
    path: Path, number: int, options: ReadOptions, settings: CaptureSettings, out: Path
) -> PageFile:
    """Read page ``number`` (from 1) of a file into the folder ``out``.

    Writes ``<number>.pdf`` (the archived page: image data as it came where PDF can hold it, upright by
    /Rotate), ``<number>.jpg`` (thumbnail) and, last, ``<number>.json`` (what is returned), six digits each;
    all atomically. If the last is there, it is returned and nothing is done, unless the page was turned
    otherwise than asked for. Same input, same bytes. Of a blank page that is not kept nothing is written, and
    its file names are "".

    Raises:
        Refused: the page cannot be decoded or is over a limit; names the page.
        Usage: a language's data is not installed.
    """
    stem = f"{number:06}"
    done = out / f"{stem}.json"
    if done.exists():
        before = from_json(PageFile, done.read_bytes())
        if options.rotation in (None, before.page.rotation):
            return before
    with refusing("page", number):
        loaded = _load(path, number, settings)
    with within_memory(number):
        page = _read(loaded, number, options, settings)
        if page.blank and not options.keep_blank:
            return PageFile(page, "", "")
        archived = loaded.make(page.rotation)
    image, thumbnail = out / f"{stem}.pdf", out / f"{stem}.jpg"
    _write(image, archived)
    _write(thumbnail, _thumbnail(loaded.view, (page.rotation - loaded.turn) % 360, settings))
    lines = _turned(loaded.lines, (page.rotation - loaded.turn) % 360)
    result = PageFile(page, str(image), str(thumbnail), lines)
    _write(done, to_json(result))
    return result


def _load(path: Path, number: int, settings: CaptureSettings) -> Loaded:
    media = sniff(path)
    if media == "pdf":
        return load_pdf(path, number, settings)
    if media in ("tiff", "jpeg", "png"):
        return load_image(path, number, media, settings)
    raise Refused(f"type not taken here: {media}", "send it as pdf, tiff, jpeg or png", number)


def _read(loaded: Loaded, number: int, options: ReadOptions, settings: CaptureSettings) -> Page:
    gray = _gray(loaded.view)
    scan, dpi = clean.scaled(gray, loaded.dpi, settings.ocr_dpi)
    readable = min(scan.shape) >= _READABLE
    barcodes = read_barcodes(*_square(gray, loaded.dpi), options.barcodes) if readable else ()
    own = loaded.words
    forced = None if options.rotation is None else (options.rotation - loaded.turn) % 360
    blank = not own and not barcodes and ink_share(scan, dpi) < settings.blank_ink
    if own is not None:
        reading = _Reading(_turned(own, forced or 0), forced or 0, 0.0, _language(own, options.languages)[0])
    elif blank or not readable or not options.languages:
        reading = _Reading((), forced or 0, 0.0, None)
    else:
        reading = _words(scan, dpi, options.languages, settings, forced)
    turn = reading.rotation
    width, height = loaded.size if turn % 180 == 0 else loaded.size[::-1]
    return Page(
        number=number,
        width=round(width, 3),
        height=round(height, 3),
        dpi=loaded.scan_dpi,
        rotation=(loaded.turn + turn) % 360,
        skew=reading.skew,
        blank=blank,
        born_digital=own is not None,
        language=reading.language,
        words=reading.words,
        barcodes=tuple(
            type(code)(code.format, code.text, _rounded(clean.turned_box(code.box, turn)), code.engine)
            for code in barcodes
        ),
    )


def _turned(parts: tuple[T, ...], degrees: int) -> tuple[T, ...]:
    if not degrees:
        return parts
    return tuple(replace(part, box=_rounded(clean.turned_box(part.box, degrees))) for part in parts)


def _words(
    scan: Gray, dpi: float, languages: tuple[str, ...], settings: CaptureSettings, forced: int | None
) -> _Reading:
    first = languages[0]
    best = _at(scan, dpi, forced or 0, first, settings)
    if forced is None and _runs_down(best, scan.shape):  # lines that Tesseract read sideways, and well
        best = max((_at(scan, dpi, turn, first, settings) for turn in (90, 270)), key=_evidence)
    elif forced is None and _confidence(best) < _DOUBTFUL:
        for turn in _other_ways(scan, dpi, len(best.words), settings):
            best = max(best, _at(scan, dpi, turn, first, settings), key=_evidence)
    language, probability = _language(best.words, languages)
    if language not in (None, first) and probability >= _OTHER_LANGUAGE:
        assert language is not None
        again = _at(scan, dpi, best.rotation, language, settings)
        if _evidence(again) >= 0.97 * _evidence(best):
            best = again
    return _Reading(best.words, best.rotation, best.skew, language)


def _other_ways(scan: Gray, dpi: float, words: int, settings: CaptureSettings) -> tuple[int, ...]:
    turn = ocr.orientation(scan, dpi, settings.tessdata)
    if turn is not None:
        return (turn,) if turn else ()
    return (180, 90, 270) if words <= _FEW_WORDS else ()


def _runs_down(reading: _Reading, shape: tuple[int, ...]) -> bool:
    """Whether most longer words are higher than wide: the page lies on its side."""
    height, width = shape
    longer = [word.box for word in reading.words if len(word.text) > 3]
    down = sum((box[3] - box[1]) * height > 1.5 * (box[2] - box[0]) * width for box in longer)
    return down > len(longer) / 2


def _at(scan: Gray, dpi: float, turn: int, language: str, settings: CaptureSettings) -> _Reading:
    """What is read once the scan is turned clockwise by ``turn`` and straightened."""
    upright = clean.turned(scan, turn)
    lean = clean.skew(upright, dpi)
    straight = clean.straightened(upright, lean)
    spots = ocr.recognise(straight.gray if straight else upright, dpi, language, settings.tessdata)
    height, width = upright.shape
    words = tuple(
        Word(spot.text, _mapped(spot.box, straight, width, height), round(spot.confidence, 4), spot.line)
        for spot in spots
    )
    return _Reading(words, turn, lean, None)


def _mapped(box: tuple[int, int, int, int], straight: clean.Straight | None, width: int, height: int) -> Box:
    left, top, right, bottom = box
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float64)
    if straight is not None:
        corners = corners @ straight.back[:, :2].T + straight.back[:, 2]
    low, high = corners.min(axis=0), corners.max(axis=0)
    return _rounded((low[0] / width, low[1] / height, high[0] / width, high[1] / height))


def _rounded(box: Box) -> Box:
    x0, y0, x1, y1 = (round(min(1.0, max(0.0, float(value))), 6) for value in box)
    return x0, y0, x1, y1


def _confidence(reading: _Reading) -> float:
    words = reading.words
    return sum(word.confidence for word in words) / len(words) if words else 0.0


def _evidence(reading: _Reading) -> float:
    """How much a reading makes sense: letters and digits in words, by the square of their confidence."""
    return sum(
        sum(map(str.isalnum, word.text)) * word.confidence**2 for word in reading.words if len(word.text) > 1
    )


def _language(words: tuple[Word, ...], languages: tuple[str, ...]) -> tuple[str | None, float]:
    text = " ".join(word.text for word in words if word.confidence > 0.3)
    return detect(text, languages)


def _gray(view: Pixels) -> Gray:
    return view if view.ndim == 2 else np.asarray(cv2.cvtColor(view, cv2.COLOR_RGB2GRAY), np.uint8)


def _square(gray: Gray, dpi: tuple[float, float]) -> tuple[Gray, float]:
    if abs(dpi[0] - dpi[1]) < 0.05 * max(dpi):
        return gray, max(dpi)
    return clean.scaled(gray, dpi, max(dpi))


def _thumbnail(view: Pixels, turn: int, settings: CaptureSettings) -> bytes:
    height, width = view.shape[:2]
    across = width if turn % 180 == 0 else height
    scale = min(1.0, settings.thumbnail_width / across)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = clean.turned(np.asarray(cv2.resize(view, size, interpolation=cv2.INTER_AREA), np.uint8), turn)
    if small.ndim == 3:
        small = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2BGR), np.uint8)
    _, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 70])
    return bytes(data)


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_bytes(data)
    part.replace(path)
