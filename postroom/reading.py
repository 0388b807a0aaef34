"""Files as documents that nobody files: their pages, and what the classifier looks at."""

import sys
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from itertools import islice
from pathlib import Path
from typing import Any

from domain.errors import Refused, Usage
from domain.evidence import Evidence
from domain.page import Page
from postroom.context import services
from postroom.output import aside

Looked = tuple[Path, Page | Refused, bytes]
"""A page of a file, or why there is none; and the page's thumbnail, a JPEG."""


def read_files(files: Iterable[Path], *, ocr: bool = True) -> Iterator[Looked]:
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
    files = list(files)
    for file in files:
        if not file.is_file():
            raise Usage(f"{file} is not a file.")
    with tempfile.TemporaryDirectory() as scratch, Pool(settings.processes, settings.capture) as pool:
        looked_at = [(file, pool.run(inspect, file, station.takes, station.page_limit)) for file in files]

        def begin() -> Iterator[tuple[Path, int, Future[Any] | Refused]]:
            for place, (file, found) in enumerate(looked_at):
                out = Path(scratch) / str(place)
                out.mkdir()
                try:
                    pages = found.result().pages
                except Refused as refusal:
                    yield file, 0, refusal
                    continue
                for number in range(1, pages + 1):
                    yield file, number, pool.run(read_page, file, number, options, settings.capture, out)

        # So many are begun before the first is asked for: each process has a page to go on with.
        begun = begin()
        ahead = deque(islice(begun, 4 * settings.processes))
        while ahead:
            yield _read(*ahead.popleft())
            ahead.extend(islice(begun, 1))


def _read(file: Path, number: int, task: "Future[Any] | Refused") -> Looked:
    if isinstance(task, Refused):
        return file, task, b""
    try:
        read = task.result()
    except Refused as refusal:
        return file, Refused(refusal.reason, refusal.fix, refusal.page or number), b""
    return file, read.page, Path(read.thumbnail).read_bytes() if read.thumbnail else b""


class Refusals:
    """What could not be read is said on standard error, and makes the exit code 1."""

    def __init__(self) -> None:
        self.number = 0

    def good(self, found: Iterator[Looked]) -> Iterator[tuple[Path, Page, bytes]]:
        """The pages that could be read."""
        for file, page, thumbnail in found:
            if isinstance(page, Refused):
                self.number += 1
                where = f" page {page.page}" if page.page else ""
                aside.print(f"{file}{where}: {page.reason}. {page.fix}", style="red", markup=False)
            else:
                yield file, page, thumbnail

    def end(self) -> None:
        """Exit with 1 if anything was refused."""
        if self.number:
            sys.exit(1)


def evidence_of(files: Iterable[Path], refusals: Refusals) -> Mapping[Path, Evidence]:
    """What the classifier looks at, by file; texts (``.txt``) as they are, all else read by OCR.

    A file of which no page could be read is missing.
    """
    from models.evidence import of_pages, of_text

    texts: dict[Path, Evidence] = {}
    scans: dict[Path, tuple[list[Page], bytes]] = {}
    files = list(dict.fromkeys(files))
    for file in files:
        if not file.is_file():
            raise Usage(f"{file} is not a file.")
        if file.suffix.lower() == ".txt":
            texts[file] = of_text(file.read_text("utf-8", "replace"))
    left = [file for file in files if file not in texts]
    for file, page, thumbnail in refusals.good(read_files(left)) if left else ():
        pages, _ = scans.setdefault(file, ([], thumbnail))
        pages.append(page)
    read = {file: of_pages(pages, thumbnail) for file, (pages, thumbnail) in scans.items()}
    return {file: one for file in files if (one := texts.get(file) or read.get(file))}
