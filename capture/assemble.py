"""Makes one searchable PDF/A-2b of the pages of a document."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pikepdf

from capture.fixed import date_document, make_fixed
from capture.settings import CaptureSettings
from capture.sharing import share_streams
from domain.page import PageFile

_PRODUCER = "Postroom"
_TEMPORARY = re.compile(r"/\S+\.pdf\S*")


@dataclass(frozen=True, slots=True)
class Rendition:
    """The document as a PDF; ``reason`` says why it is not PDF/A where it is not."""

    path: Path
    pdfa: bool
    reason: str = ""


def assemble(
    pages: Sequence[PageFile], out: Path, *, title: str, created: datetime, settings: CaptureSettings
) -> Rendition:
    """Write the pages of a document, as ``capture.read.read_page`` left them, to one PDF.

    Scanned pages get their words as invisible text in place, through OCRmyPDF; born-digital pages keep
    theirs. The result is PDF/A-2b if it validates as such; a document with scanned pages only always does.

    Args:
        pages: in order; at least one.
        out: the file to write; replaced whole or not at all.
        title: for the document's metadata.
        created: all dates in the file, with time zone. Same pages, title and time: same bytes.
        settings: of capture.

    Raises:
        ValueError: no pages, or ``created`` has no time zone.
    """
    if not pages:
        raise ValueError("a document has at least one page")
    if created.tzinfo is None:
        raise ValueError("created needs a time zone")
    for name in ("ocrmypdf", "fontTools"):
        logging.getLogger(name).setLevel(logging.ERROR)  # what matters comes back as the reason
    with TemporaryDirectory(prefix="assemble-", dir=out.parent) as folder:
        merged, made = Path(folder) / "merged.pdf", Path(folder) / "made.pdf"
        _merge(pages, merged, title, created)
        if any(_needs_words(page) for page in pages):
            merged = _with_words(pages, merged, Path(folder) / "worded.pdf")
        reason = _declared(merged, made, created)
        made.replace(out)
    return Rendition(out, not reason, reason)


def _needs_words(page: PageFile) -> bool:
    return bool(page.page.words) and not page.page.born_digital


def _merge(pages: Sequence[PageFile], target: Path, title: str, created: datetime) -> None:
    with pikepdf.new() as merged:
        for page in pages:
            with pikepdf.open(page.image) as one:
                merged.add_pages_from(one)
        if sum(page.page.born_digital for page in pages) > 1:
            share_streams(merged)
        merged.docinfo["/Title"] = title
        merged.docinfo["/Producer"] = _PRODUCER
        language = next((page.page.language for page in pages if page.page.language), None)
        if language:
            merged.Root.Lang = language
        date_document(merged, created)
        with merged.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as meta:
            meta["dc:title"] = title
            meta["pdf:Producer"] = _PRODUCER
        merged.save(target, deterministic_id=True)


def _declared(source: Path, made: Path, created: datetime) -> str:
    """Save a document as PDF/A if it validates as such; else as it is. Returns why not."""
    from pikepdf.pdfa import PdfaError, prepare, save

    with pikepdf.open(source) as pdf:
        prepare(pdf, "2b")  # it dates the document with today, so the dates are set after it
        make_fixed(pdf, created)
        try:
            save(pdf, made, "2b", repair=False, deterministic_id=True)
        except PdfaError as error:
            reason = _why(error)
        else:
            return ""
    with pikepdf.open(source) as pdf:  # anew: what was prepared for PDF/A in vain stays out of it
        make_fixed(pdf, created)
        pdf.save(made, deterministic_id=True)
    return reason


def _why(error: Exception) -> str:
    # a reason must not differ from run to run
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return _TEMPORARY.sub("the file", "; ".join(lines[:4]))[:400]


def _with_words(pages: Sequence[PageFile], merged: Path, target: Path) -> Path:
    """Write the document with the words of its scanned pages in place; returns where."""
    import ocrmypdf
    from ocrmypdf._options import ProcessingMode

    from capture.plugin import JOB, Job

    worded = {number for number, page in enumerate(pages) if _needs_words(page)}
    # A plain PDF into a stream: OCRmyPDF itself would write, validate and read back PDF/A three times over.
    with target.open("w+b") as written:
        options = ocrmypdf.OcrOptions(
            input_file=merged,
            output_file=written,
            output_type="pdf",
            mode=ProcessingMode.skip,
            pdf_renderer="sandwich",
            pages=worded,
            jobs=1,
            use_threads=True,
            optimize=0,
            progress_bar=False,
            quiet=True,
            fast_web_view=1e6,
            languages=["eng"],
        )
        options.extra_attrs[JOB] = Job(tuple(page.page for page in pages))
        ocrmypdf.ocr(options, plugins=["capture.plugin"])
    return target
