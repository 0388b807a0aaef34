"""Reads one page of a file: the archived page, its words, barcodes, and which way up it stands."""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from capture import clean
from capture.barcodes import BarcodeOptions, read_barcodes
from capture.clean import Gray
from capture.ink import ink_share
from capture.loaded import Loaded, Pixels
from capture.media import sniff
from capture.pages import refusing, within_memory
from capture.pdf import load_pdf
from capture.pyramid import Pyramid
from capture.raster import load_image
from capture.settings import CaptureSettings
from capture.station import CONFIDENCE_BAR
from capture.words import Reading, language_of, read_words, rounded
from domain.errors import Refused
from domain.page import Box, LineItem, Page, PageFile, Word
from domain.wire import from_json, to_json

T = TypeVar("T", Word, LineItem)

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
        confidence_bar: mean word confidence, 0-1, below which a page is read a second time in another way.
    """

    languages: tuple[str, ...] = ("en",)
    barcodes: BarcodeOptions = field(default_factory=BarcodeOptions)
    keep_blank: bool = True
    rotation: int | None = None
    confidence_bar: float = CONFIDENCE_BAR


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
        page, pyramid = _read(loaded, number, options, settings)
        if page.blank and not options.keep_blank:
            return PageFile(page, "", "")
        archived = loaded.make(page.rotation)
    image, thumbnail = out / f"{stem}.pdf", out / f"{stem}.jpg"
    _write(image, archived)
    turned = (page.rotation - loaded.turn) % 360
    _write(thumbnail, _thumbnail(loaded.view, pyramid, turned, settings))
    result = PageFile(page, str(image), str(thumbnail), _turned(loaded.lines, turned))
    _write(done, to_json(result))
    return result


def _load(path: Path, number: int, settings: CaptureSettings) -> Loaded:
    media = sniff(path)
    if media == "pdf":
        return load_pdf(path, number, settings)
    if media in ("tiff", "jpeg", "png"):
        return load_image(path, number, media, settings)
    raise Refused(f"type not taken here: {media}", "send it as pdf, tiff, jpeg or png", number)


def _read(
    loaded: Loaded, number: int, options: ReadOptions, settings: CaptureSettings
) -> tuple[Page, Pyramid]:
    pyramid = Pyramid(_gray(loaded.view), loaded.dpi, settings.ocr_dpi)
    readable = min(pyramid.reading.gray.shape) >= _READABLE
    barcodes = read_barcodes(pyramid.full.gray, pyramid.full.dpi, options.barcodes) if readable else ()
    own = loaded.words
    forced = None if options.rotation is None else (options.rotation - loaded.turn) % 360
    blank = (
        not own
        and not barcodes
        and ink_share(pyramid.small.gray, pyramid.small.dpi, pyramid.ink) < settings.blank_ink
    )
    if own is not None:
        language = language_of(own, options.languages)[0] if options.languages else None
        reading = Reading(_turned(own, forced or 0), forced or 0, language=language)
    elif blank or not readable or not options.languages:
        reading = Reading(rotation=forced or 0)
    else:
        reading = read_words(pyramid, options.languages, options.confidence_bar, settings, forced)
    turn = reading.rotation
    codes = tuple(replace(code, box=rounded(clean.turned_box(code.box, turn))) for code in barcodes)
    if own is None:  # bars read as letters are no words
        words = tuple(
            word for word in reading.words if not any(_in_code(word.box, code.box) for code in codes)
        )
        reading = replace(reading, words=words)
    width, height = loaded.size if turn % 180 == 0 else loaded.size[::-1]
    page = Page(
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
        barcodes=codes,
        attempts=reading.attempts,
        reading=reading.name,
    )
    return page, pyramid


def _turned(parts: tuple[T, ...], degrees: int) -> tuple[T, ...]:
    if not degrees:
        return parts
    return tuple(replace(part, box=rounded(clean.turned_box(part.box, degrees))) for part in parts)


def _in_code(word: Box, code: Box) -> bool:
    """Whether a word stands where a barcode is. The box of a linear one may be a single line."""
    across, down = (word[0] + word[2]) / 2, (word[1] + word[3]) / 2
    at = (code[1] + code[3]) / 2
    return code[0] < across < code[2] and (word[1] < at < word[3] or code[1] < down < code[3])


def _gray(view: Pixels) -> Gray:
    return view if view.ndim == 2 else np.asarray(cv2.cvtColor(view, cv2.COLOR_RGB2GRAY), np.uint8)


def _thumbnail(view: Pixels, pyramid: Pyramid, turn: int, settings: CaptureSettings) -> bytes:
    image = pyramid.small.gray if view.ndim == 2 else view
    width = settings.thumbnail_width
    while min(image.shape[:2]) >= 2 * width:
        image = clean.halved(image)
    image = clean.turned(image, turn)
    if width < image.shape[1]:
        size = (width, max(1, round(image.shape[0] * width / image.shape[1])))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    if image.ndim == 3:
        image = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), np.uint8)
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 70])
    return bytes(data)


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_bytes(data)
    part.replace(path)
