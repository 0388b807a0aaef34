"""OCRmyPDF's hooks: it gets the words already read, and renders no page again.

``capture.assemble`` names this module to OCRmyPDF and hands it the work order through
``OcrOptions.extra_attrs[JOB]``. OCRmyPDF's own engines are taken out, so that none of them asks an
executable for its version for each document.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import radians, tan
from pathlib import Path
from typing import Any

import pluggy
from ocrmypdf import OcrEngine, OcrOptions, OrientationConfidence, hookimpl
from ocrmypdf._concurrent import Executor
from ocrmypdf.models.ocr_element import Baseline, BoundingBox, OcrClass, OcrElement
from ocrmypdf.pdfinfo import PdfInfo

from domain.page import Page, Word

JOB = "postroom_job"

_ENGINES = ("ghostscript", "tesseract_ocr", "pypdfium", "optimize")
_POINT_DPI = 72.0
_DESCENT = 0.2  # of the line's height, below the baseline
_STRAIGHT = 0.25  # degrees


@dataclass(frozen=True, slots=True)
class Job:
    """One document: its pages in order, and the time it is dated with."""

    pages: tuple[Page, ...]
    created: datetime


class Words(OcrEngine):
    """The engine that has already read the page."""

    def __str__(self) -> str:
        """Name of the engine, for messages."""
        return "Postroom"

    @staticmethod
    def version() -> str:
        """Not asked for anything."""
        return "1"

    @staticmethod
    def creator_tag(options: OcrOptions) -> str:
        """What stands in the PDF as its creator."""
        return "Postroom, Tesseract OCR"

    @staticmethod
    def languages(options: OcrOptions) -> set[str]:
        """Empty: the language was chosen while reading."""
        return set()

    @staticmethod
    def get_orientation(input_file: Path, options: OcrOptions) -> OrientationConfidence:
        """Pages come upright."""
        return OrientationConfidence(0, 0.0)

    @staticmethod
    def generate_hocr(input_file: Path, output_hocr: Path, output_text: Path, options: OcrOptions) -> None:
        """Never called: ``generate_ocr`` is supported."""
        raise NotImplementedError

    @staticmethod
    def generate_pdf(input_file: Path, output_pdf: Path, output_text: Path, options: OcrOptions) -> None:
        """Never called: ``generate_ocr`` is supported."""
        raise NotImplementedError

    @staticmethod
    def supports_generate_ocr() -> bool:
        """Whether words come as a tree; they do."""
        return True

    @staticmethod
    def generate_ocr(input_file: Path, options: OcrOptions, page_number: int = 0) -> tuple[OcrElement, str]:
        """The words of a page (from 0) as OCRmyPDF's tree; coordinates in points."""
        return _tree(_job(options).pages[page_number], page_number), ""


@hookimpl
def initialize(plugin_manager: pluggy.PluginManager) -> None:
    """Take the built-in engines' hooks out; their option models stay, which OCRmyPDF asks for."""
    for name in _ENGINES:
        module = plugin_manager.get_plugin(f"ocrmypdf.builtin_plugins.{name}")
        if module is not None:
            for hook in ("check_options", "validate", "filter_ocr_image"):
                _silence(plugin_manager, module, hook)


def _silence(plugin_manager: pluggy.PluginManager, module: Any, hook: str) -> None:
    caller = getattr(plugin_manager.hook, hook)
    if any(found.plugin is module for found in caller.get_hookimpls()):
        caller._remove_plugin(module)


@hookimpl(tryfirst=True)
def get_ocr_engine(options: OcrOptions | None) -> OcrEngine:
    """The words already read."""
    return Words()


@hookimpl
def validate(pdfinfo: PdfInfo, options: OcrOptions) -> None:
    """Let the pages to be given words count as having none: a scanner's stamp is text, too."""
    for page in pdfinfo.pages:
        if page is not None and _job(options).pages[page.pageno].words:
            page._has_text = False


@hookimpl(tryfirst=True)
def rasterize_pdf_page(output_file: Path, raster_dpi: Any) -> Path:
    """A dot in place of the page: nobody looks at it."""
    output_file.write_bytes(_DOT)
    return output_file


@hookimpl(tryfirst=True)
def is_optimization_enabled() -> bool:
    """The last step below is to be taken."""
    return False


@hookimpl(tryfirst=True)
def optimize_pdf(
    input_pdf: Path, output_pdf: Path, context: Any, executor: Executor, linearize: bool
) -> tuple[Path, Sequence[str]]:
    """The last step before the file is validated: no random name, no date of today is left in it."""
    from capture.fixed import make_fixed

    make_fixed(input_pdf, output_pdf, _job(context.options).created)
    return output_pdf, []


def _job(options: OcrOptions) -> Job:
    job: Job = options.extra_attrs[JOB]
    return job


def _tree(page: Page, number: int) -> OcrElement:
    lines = [_line(words, page) for words in page.lines]
    return OcrElement(
        ocr_class=OcrClass.PAGE,
        bbox=BoundingBox(0, 0, page.width, page.height),
        dpi=_POINT_DPI,
        page_number=number,
        children=[line for line in lines if line is not None],
    )


def _line(words: tuple[Word, ...], page: Page) -> OcrElement | None:
    children = [
        OcrElement(ocr_class=OcrClass.WORD, bbox=box, text=word.text, confidence=word.confidence)
        for word in words
        if (box := _points(word, page)) is not None
    ]
    boxes = [child.bbox for child in children if child.bbox is not None]
    if not boxes:
        return None
    if _runs_down(boxes, words):
        return _down(boxes, children)
    slope = tan(radians(page.skew)) if abs(page.skew) >= _STRAIGHT else 0.0
    lean = abs(slope)
    # a leaning word's box is higher than the word: by its width times the slope
    height = max(box.height - lean * box.width for box in boxes)
    height = max(height, 0.4 * max(box.height for box in boxes), 1.0)
    left, right = min(box.left for box in boxes), max(box.right for box in boxes)
    # where the line's underside meets its left end, taking each word's own underside down the slope
    bottom = max(
        (box.bottom - (lean * box.width if slope > 0 else 0.0)) - slope * (box.left - left) for box in boxes
    )
    return OcrElement(
        ocr_class=OcrClass.LINE,
        bbox=BoundingBox(left, bottom - height, right, bottom),
        baseline=Baseline(slope, -_DESCENT * height),
        children=children,
    )


def _runs_down(boxes: list[BoundingBox], words: tuple[Word, ...]) -> bool:
    longer = [box for box, word in zip(boxes, words, strict=False) if len(word.text) > 2]
    return bool(longer) and all(box.height > 1.2 * box.width for box in longer)


def _down(boxes: list[BoundingBox], children: list[OcrElement]) -> OcrElement:
    """A line that runs up the page, or down it if its words come in that order."""
    left, right = min(box.left for box in boxes), max(box.right for box in boxes)
    top, bottom = min(box.top for box in boxes), max(box.bottom for box in boxes)
    return OcrElement(
        ocr_class=OcrClass.LINE,
        bbox=BoundingBox(left, top, right, bottom),
        textangle=-90.0 if boxes[-1].top > boxes[0].top else 90.0,
        children=children,
    )


def _points(word: Word, page: Page) -> BoundingBox | None:
    x0, y0, x1, y1 = word.box
    if x1 <= x0 or y1 <= y0:
        return None
    return BoundingBox(x0 * page.width, y0 * page.height, x1 * page.width, y1 * page.height)


def _dot_png() -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    per_metre = struct.pack(">IIB", 2835, 2835, 1)
    body = chunk(b"IHDR", header) + chunk(b"pHYs", per_metre) + chunk(b"IDAT", zlib.compress(b"\0\xff"))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


_DOT = _dot_png()
