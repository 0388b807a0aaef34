"""Read: count the pages of a batch's files and read each of them in the pool."""

import json
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import structlog

from capture.barcodes import BarcodeOptions
from capture.pages import inspect
from capture.pool import Pool
from capture.read import ReadOptions
from domain.errors import MACHINE_TROUBLE, PostroomError, Refused, Unavailable
from domain.page import Page, Sheet
from flows.children import read_lightly
from flows.steps import Stopped
from flows.taking import local_original, station_of
from infra.wiring import Services
from register import batches
from register.filing import NewProblem
from register.models import Batch

log = structlog.get_logger()
T = TypeVar("T")
_TELL = 1.0  # seconds between notes of progress in the database


@dataclass(slots=True)
class Readings:
    """What reading a batch has brought so far. Pages are ``(file, page)``; files count from 0.

    ``files`` holds those that could be opened with where they lie; ``refused`` has the reason of each
    page that cannot be filed; ``settled`` counts the pages that an earlier attempt decided.
    """

    files: dict[int, Path] = field(default_factory=dict)
    pages: list[tuple[int, int]] = field(default_factory=list)
    sheets: dict[tuple[int, int], Sheet] = field(default_factory=dict)
    refused: dict[tuple[int, int], str] = field(default_factory=dict)
    problems: dict[tuple[int, int | None], NewProblem] = field(default_factory=dict)
    settled: int = 0

    def refuse_document(self, pages: Sequence[tuple[int, int]], error: Refused) -> None:
        """Note the refusal of a document: one line for a person, the fate of each of its pages."""
        self.refused.update(dict.fromkeys(pages, error.reason))
        source, page = pages[0]
        self.problems[source, page] = NewProblem(source, page, error.reason, error.fix, tuple(pages))

    def refuse(self, source: int, page: int | None, error: Refused) -> None:
        """Note a refusal. A file whose pages cannot be counted counts as one page."""
        self.refused[source, page or 1] = error.reason
        self.problems[source, page] = NewProblem(source, page, error.reason, error.fix)


def outcome(future: "Future[T]", what: str) -> T:
    """The future's result. What went wrong inside is a refusal, so that the rest of the batch is filed.

    A fault of ours is logged with its trace and refused as such.

    Raises:
        Refused: this page or document cannot be done.
        Unavailable: the machine or a service cannot; try again later.
    """
    try:
        return future.result()
    except PostroomError:
        raise
    except Exception as error:
        if trouble := machine_trouble(error, what):
            raise trouble from error
        log.exception("an error of Postroom's own", at=what)
        raise Refused(
            f"Postroom itself failed here: {type(error).__name__}: {error}",
            "Report it with the log. The original is safe; retry after an update.",
        ) from error


def machine_trouble(error: Exception, what: str) -> Unavailable | None:
    """What to raise instead, if this machine is to blame for the error and not ``what`` was at hand."""
    if isinstance(error, OSError) and error.errno in MACHINE_TROUBLE:
        return Unavailable(f"{error.strerror}: {error.filename or what}; free some, and it goes on")
    return None


def inspect_files(services: Services, batch: Batch, pool: Pool) -> Readings:
    """Open each file of the batch and count its pages, leaving out those that were settled before."""
    station = station_of(batch)
    settled = batches.settled(batch)
    readings = Readings(settled=len(settled))
    for one in batches.claims_of(batch):
        counted = any(source == one.ordinal for source, _ in settled)
        pages = one.pages if counted else 1
        try:
            if not counted or any((one.ordinal, page) not in settled for page in range(1, pages + 1)):
                path = local_original(services, batch, one)
                if not counted:
                    pages = outcome(
                        pool.run(inspect, path, station.takes, station.page_limit), one.source
                    ).pages
                readings.files[one.ordinal] = path
        except Refused as refusal:
            readings.refuse(one.ordinal, None, refusal)
        one.pages = pages
        one.save()
        todo = ((one.ordinal, page) for page in range(1, pages + 1))
        readings.pages += [place for place in todo if place not in settled]
    batches.count_pages(batch)
    return readings


def chunks(places: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The places in runs of at most ``size``."""
    for start in range(0, len(places), size):
        yield places[start : start + size]


def read_pages(
    services: Services,
    batch: Batch,
    pool: Pool,
    readings: Readings,
    places: Iterable[tuple[int, int]],
    stop: threading.Event,
) -> int:
    """Read these pages into the work folder and note them in ``readings``; returns how many.

    A page that a killed run has read already costs nothing.
    """
    station = station_of(batch)
    options = ReadOptions(
        languages=station.languages, barcodes=BarcodeOptions(patch=station.separation.patch)
    )
    waiting: deque[tuple[int, int, Future[Page]]] = deque()
    done = 0
    told = time.monotonic()

    def collect() -> None:
        nonlocal told
        source, page, future = waiting.popleft()
        try:
            sheet = Sheet(source, outcome(future, f"batch {batch.pk} page {page}"))
            readings.sheets[source, page] = sheet
        except Refused as refusal:
            readings.refuse(source, page, refusal)
            _note_refusal(_refusal_file(services, batch, source, page), refusal)
        if time.monotonic() - told >= _TELL:
            told = time.monotonic()
            batches.progress(batch, readings.settled + len(readings.sheets) + len(readings.refused))

    for source, page in places:
        if source not in readings.files:
            continue
        if stop.is_set():
            raise Stopped
        out = page_folder(services, batch, source)
        out.mkdir(parents=True, exist_ok=True)
        if before := _noted_refusal(_refusal_file(services, batch, source, page)):
            readings.refuse(source, page, before)
            done += 1
            continue
        task = pool.run(read_lightly, readings.files[source], page, options, services.settings.capture, out)
        waiting.append((source, page, task))
        done += 1
        if len(waiting) >= 4 * services.settings.processes:
            collect()
    while waiting:
        collect()
    return done


def _refusal_file(services: Services, batch: Batch, source: int, page: int) -> Path:
    """Beside the readings, and of this attempt only: the next one decides anew."""
    return page_folder(services, batch, source) / f"{page:06}.refused-{batch.attempt}.json"


def _note_refusal(file: Path, refusal: Refused) -> None:
    """A run that goes on from here must not decide otherwise."""
    partial = file.with_suffix(".part")
    partial.write_text(json.dumps([refusal.reason, refusal.fix]), "utf-8")
    partial.rename(file)


def _noted_refusal(file: Path) -> Refused | None:
    return Refused(*json.loads(file.read_text("utf-8"))) if file.exists() else None


def page_folder(services: Services, batch: Batch, source: int) -> Path:
    """Where the readings of a file's pages lie while the batch is in work."""
    return services.work / batch.key / f"{source:06}"
