"""OCRmyPDF's hooks: it gets the words already read, and renders no page again.

``capture.assemble`` names this module to OCRmyPDF and hands it the work order through
``OcrOptions.extra_attrs[JOB]``. OCRmyPDF's own engines are taken out, so that none of them asks an
executable for its version for each document.
"""

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pluggy
from ocrmypdf import OcrEngine, OcrOptions, OrientationConfidence, hookimpl
from ocrmypdf.pdfinfo import PdfInfo

from capture.textlayer import text_page
from domain.page import Page

JOB = "postroom_job"

_ENGINES = ("ghostscript", "tesseract_ocr", "pypdfium", "optimize")


@dataclass(frozen=True, slots=True)
class Job:
    """One document: its pages in order."""

    pages: tuple[Page, ...]


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
        """Never called: the renderer ``sandwich`` takes PDF."""
        raise NotImplementedError

    @staticmethod
    def generate_pdf(input_file: Path, output_pdf: Path, output_text: Path, options: OcrOptions) -> None:
        """The words of a page as invisible text. OCRmyPDF's files begin with the number of their page."""
        output_pdf.write_bytes(text_page(_job(options).pages[int(input_file.name[:6]) - 1]))
        output_text.touch()


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


def _job(options: OcrOptions) -> Job:
    job: Job = options.extra_attrs[JOB]
    return job


def _dot_png() -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    per_metre = struct.pack(">IIB", 2835, 2835, 1)
    body = chunk(b"IHDR", header) + chunk(b"pHYs", per_metre) + chunk(b"IDAT", zlib.compress(b"\0\xff"))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


_DOT = _dot_png()
