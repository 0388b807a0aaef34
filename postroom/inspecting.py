"""``text``, ``barcodes``, ``classify``: looking at a file without filing it."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from domain.errors import Refused, Usage
from domain.page import Page
from postroom.context import services
from postroom.output import answer, aside, percent, say, table
from postroom.searching import Json

_SIGNIFICANT = 4  # decimals of boxes and confidences


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    app.command()(text)
    app.command()(barcodes)
    app.command()(classify)
    app.command()(train)


def _read(files: list[Path], *, ocr: bool = True) -> Iterator[tuple[Path, Page | Refused]]:
    """The pages of the files in order. Several are read at a time."""
    from capture.barcodes import BarcodeOptions
    from capture.pages import inspect
    from capture.patch import PATTERNS
    from capture.pool import Pool
    from capture.read import ReadOptions, read_page
    from capture.station import Station

    settings = services(database=False).settings
    station = Station()
    options = ReadOptions(
        languages=station.languages if ocr else (),
        barcodes=BarcodeOptions(patch=() if ocr else tuple(PATTERNS.values())),
    )
    for file in files:
        if not file.is_file():
            raise Usage(f"{file} is not a file.")
    with tempfile.TemporaryDirectory() as scratch, Pool(settings.processes, settings.capture) as pool:
        for place, file in enumerate(files):
            out = Path(scratch) / str(place)
            out.mkdir()
            try:
                found = pool.run(inspect, file, station.takes, station.page_limit).result()
            except Refused as refusal:
                yield file, refusal
                continue
            tasks = [
                pool.run(read_page, file, number, options, settings.capture, out)
                for number in range(1, found.pages + 1)
            ]
            for number, task in enumerate(tasks, start=1):
                try:
                    yield file, task.result().page
                except Refused as refusal:
                    yield file, Refused(refusal.reason, refusal.fix, refusal.page or number)


class _Looked:
    """Pages that could be read; what could not is said on standard error, and makes the exit code 1."""

    def __init__(self) -> None:
        self.refused = False

    def pages(self, found: Iterator[tuple[Path, Page | Refused]]) -> Iterator[tuple[Path, Page]]:
        for file, page in found:
            if isinstance(page, Refused):
                self.refused = True
                where = f" page {page.page}" if page.page else ""
                aside.print(f"{file}{where}: {page.reason}. {page.fix}", style="red", markup=False)
            else:
                yield file, page

    def end(self) -> None:
        if self.refused:
            sys.exit(1)


def _round(values: tuple[float, ...]) -> list[float]:
    return [round(value, _SIGNIFICANT) for value in values]


def text(
    file: Annotated[Path, typer.Argument(help="PDF, TIFF, JPEG or PNG.")], as_json: Json = False
) -> None:
    """Read a file's text, with the place and confidence of each word."""
    looked = _Looked()
    pages = [page for _, page in looked.pages(_read([file]))]
    data = {
        "pages": [
            {
                "page": page.number,
                "text": page.text,
                "words": [
                    {
                        "text": word.text,
                        "box": _round(word.box),
                        "confidence": round(word.confidence, _SIGNIFICANT),
                    }
                    for word in page.words
                ],
                "mean_confidence": page.mean_confidence,
                "rotation": page.rotation,
                "skew": page.skew,
                "blank": page.blank,
                "language": page.language,
            }
            for page in pages
        ]
    }

    def show() -> None:
        for page in pages:
            say(f"--- page {page.number} ---", style="bold")
            say(page.text)

    answer(as_json, data, show)
    looked.end()


def barcodes(
    files: Annotated[list[Path], typer.Argument(help="Files to look at.")], as_json: Json = False
) -> None:
    """Read all barcodes and patch codes of files."""
    looked = _Looked()
    data = [
        {
            "file": str(file),
            "page": page.number,
            "format": code.format,
            "text": code.text,
            "box": _round(code.box),
        }
        for file, page in looked.pages(_read(files, ocr=False))
        for code in page.barcodes
    ]

    def show() -> None:
        if not data:
            say("No barcode found.")
            return
        table("Barcodes", ["file", "page", "format", "text"], [list(one.values())[:4] for one in data])

    answer(as_json, data, show)
    looked.end()


def train(as_json: Json = False) -> None:
    """Train the classifier anew on labelled sample mail."""
    from infra.classifier import train_on_samples

    version = train_on_samples(services(database=False))
    answer(as_json, {"model": version}, lambda: say(f"Model {version} is in use now."))


def classify(
    files: Annotated[list[Path], typer.Argument(help="Files to look at; .txt too.")], as_json: Json = False
) -> None:
    """Say what class files are, without filing them."""
    from infra.classifier import champion
    from models.classify import classify as tell

    looked = _Looked()
    texts: dict[Path, list[str]] = {}
    for file in files:
        if not file.is_file():
            raise Usage(f"{file} is not a file.")
        if file.suffix.lower() == ".txt":
            texts[file] = [file.read_text("utf-8", "replace")]
    scans = [file for file in files if file not in texts]
    for file, page in looked.pages(_read(scans)) if scans else ():
        texts.setdefault(file, []).append(page.text)
    read = [file for file in files if file in texts]
    verdicts = tell(champion(services(database=False)), ["\n".join(texts[file]) for file in read])
    data: list[dict[str, Any]] = [
        {
            "file": str(file),
            "class": verdict.label,
            "guess": verdict.guess,
            "probability": round(verdict.probability, _SIGNIFICANT),
            "abstained": verdict.abstained,
            "alternatives": [
                {"class": name, "probability": round(share, _SIGNIFICANT)}
                for name, share in verdict.alternatives
            ],
        }
        for file, verdict in zip(read, verdicts, strict=True)
    ]
    rows = [
        (
            one["file"],
            one["class"] or f"a person must look; perhaps {one['guess']}",
            percent(one["probability"]),
        )
        for one in data
    ]
    answer(as_json, data, lambda: table("Classes", ["file", "class", "probability"], rows))
    looked.end()
