"""How often a first page in the middle of a document is noticed, and how often one is seen that is none.

    python -m tests.bench.beginnings

The pages after the first of real documents (papers, a handbook, invoices, letters, reports in runs of
five) and of typeset sample mail must raise no alarm. For the other side each document gets the first
page of the next one of its kind appended: the separator that was forgotten.
"""

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from random import Random

os.environ["OMP_THREAD_LIMIT"] = "1"

from capture.barcodes import BarcodeOptions
from capture.beginnings import beginnings
from capture.pages import inspect
from capture.read import ReadOptions, read_page
from capture.station import Station
from domain.document import CLASSES
from domain.errors import Refused
from domain.page import Page
from samples.compose import compose
from samples.generate import LANGUAGES
from samples.layout import typeset
from samples.style import draw_style
from tests.capture.sheets import settings
from tests.data import shared

Document = list[Page]
_MOST = 20  # pages of a file
_SAMPLES = 240
_OPTIONS = ReadOptions(languages=LANGUAGES, barcodes=BarcodeOptions(formats=()))
_PAPERS = ("pdf_bad/docling/pdf/sources", "pdf_bad/pdfminer/contrib")


def _read(paths: Sequence[Path]) -> Document:
    station = Station()
    found = []
    for path in paths:
        # A folder for each: a page whose number is there already is not read again.
        with tempfile.TemporaryDirectory() as scratch:
            try:
                pages = min(inspect(path, station.takes, station.page_limit).pages, _MOST)
                found += [
                    read_page(path, number, _OPTIONS, settings(), Path(scratch)).page
                    for number in range(1, pages + 1)
                ]
            except Refused as refusal:
                print(f"{path.name}: {refusal.reason}", file=sys.stderr)
    return [page for page in found if page.words]


def _real() -> Iterator[tuple[str, list[Document]]]:
    papers = [path for folder in _PAPERS for path in sorted(shared(folder).glob("*.pdf"))]
    scanned = shared("ocr/docling/nemotron_multipage.pdf")
    yield "papers", [_read([path]) for path in [*papers, scanned]]
    yield "invoices", [_read([path]) for path in sorted(shared("invoices/invoice2data").rglob("*.pdf"))]
    letters = sorted(shared("ocr/unlv_business_letters/images").iterdir())
    yield "letters", [_read(list(group)) for _, group in groupby(letters, lambda path: path.name[:4])]
    reports = sorted(shared("ocr/unlv_doe_reports/images").iterdir())
    yield "reports", [_read(reports[at : at + 5]) for at in range(0, len(reports), 5)]


def _samples() -> Iterator[tuple[str, list[Document]]]:
    for label in CLASSES:
        documents = []
        for number in range(_SAMPLES // len(CLASSES)):
            rng = Random(f"beginnings {label} {number}")
            draft = compose(rng, label, LANGUAGES[number % len(LANGUAGES)])
            with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
                file.write(typeset(draft, draw_style(rng), rng, label="").pdf)
                file.flush()
                documents.append(_read([Path(file.name)]))
        yield f"sample {label}", documents


def count(documents: list[Document], *, first_pages: bool) -> dict[str, int]:
    """False alarms among the pages after the first; forgotten separators noticed among those made."""
    documents = [one for one in documents if one]
    found = {
        "documents": len(documents),
        "later_pages": sum(len(one) - 1 for one in documents),
        "false_alarms": sum(len(beginnings(one)) for one in documents),
    }
    if first_pages:
        pairs = list(zip(documents, documents[1:] + documents[:1], strict=True))
        found["forgotten"] = len(pairs)
        found["noticed"] = sum(len(one) + 1 in beginnings([*one, other[0]]) for one, other in pairs)
    return found


def main() -> None:
    """Measure and print as JSON, by kind of document."""
    kinds = {**dict(_real()), **dict(_samples())}
    bodies = ("papers", "reports")  # their first pages are not those of mail
    told = {name: count(some, first_pages=name not in bodies) for name, some in kinds.items()}
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
