"""Read: count the pages of a batch's files and read each of them in the pool."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import structlog

from capture.barcodes import BarcodeOptions
from capture.media import PAGED
from capture.pages import inspect
from capture.pile import mismatch
from capture.pool import Pool
from capture.read import ReadOptions
from domain.errors import MACHINE_TROUBLE, PostroomError, Refused, Unavailable
from domain.page import Page, Sheet
from flows.children import read_lightly
from flows.notes import Note, note, noted
from flows.steps import Stopped
from flows.taking import kept_inside, local_file, station_of
from infra.wiring import Services
from register import batches
from register.filing import NewProblem
from register.models import Batch
from register.resplits import rotations

log = structlog.get_logger()
T = TypeVar("T")
_TELL = 1.0  # seconds between notes of progress in the database


@dataclass(slots=True)
class Readings:
    """What reading a batch has brought so far. Pages are ``(file, page)``; files count from 0.

    ``files`` holds those that could be opened with where they lie; ``refused`` has the reason of each
    page that cannot be filed; ``settled`` counts the pages that an earlier attempt decided, ``before``
    those that a run before this one has read.
    """

    files: dict[int, Path] = field(default_factory=dict)
    pages: list[tuple[int, int]] = field(default_factory=list)
    sheets: dict[tuple[int, int], Sheet] = field(default_factory=dict)
    refused: dict[tuple[int, int], str] = field(default_factory=dict)
    problems: dict[tuple[int, int | None], NewProblem] = field(default_factory=dict)
    settled: int = 0
    before: int = 0

    @property
    def done(self) -> int:
        """How many pages are read, or were decided before."""
        return self.settled + len(self.sheets) + len(self.refused)

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


def inspect_files(services: Services, batch: Batch, pool: Pool, unopened: Mapping[int, Refused]) -> Readings:
    """Count the pages of each file of the batch, leaving out those that were settled before.

    ``unopened`` says which files could not be opened, and why. A container has no pages of its own.
    """
    station = station_of(batch)
    claims = batches.claims_of(batch)
    containers = {one.inside_id for one in claims if one.inside_id}
    settled = batches.settled(batch)
    readings = Readings(settled=len(settled))
    for one in claims:
        counted = any(source == one.ordinal for source, _ in settled)
        pages = one.pages if counted else 1
        try:
            if one.ordinal in unopened:
                raise unopened[one.ordinal]
            if kept_inside(one, station.takes) or (one.media == "zip" and one.pk in containers):
                pages = 0
            elif not counted or any((one.ordinal, page) not in settled for page in range(1, pages + 1)):
                path = local_file(services, batch, one)
                takes = PAGED if one.rendition else station.takes
                if not counted:
                    pages = outcome(pool.run(inspect, path, takes, station.page_limit), one.source).pages
                readings.files[one.ordinal] = path
        except Refused as refusal:
            readings.refuse(one.ordinal, None, refusal)
        one.pages = pages
        one.save()
        todo = ((one.ordinal, page) for page in range(1, pages + 1))
        readings.pages += [place for place in todo if place not in settled]
    batches.count_pages(batch)
    if station.duplex == "collate":
        _match_sides(readings, [one.pages for one in claims if one.pages])
    readings.before = sum(read_before(services, batch, one) for one in readings.files)
    batches.begin(batch, readings.settled + readings.before)
    return readings


def read_before(services: Services, batch: Batch, source: int) -> int:
    """How many pages of a file a run before this one has read."""
    folder = page_folder(services, batch, source)
    read = sum(1 for _ in folder.glob("[0-9]*.json"))
    return read + len(noted(notes_file(services, batch, source)))


def _match_sides(readings: Readings, pages: Sequence[int]) -> None:
    """Refuse a batch whose fronts and backs do not go together: page by page nobody would notice.

    One line for a person is about all of it, so that all of it is tried again.
    """
    source, why = 0, mismatch(pages)
    fix = "Scan all fronts, then all backs again, and dismiss this line."
    unopened = next((one for one in readings.problems.values() if one.page is None), None)
    if unopened:
        source, why, fix = unopened.source, f"file {unopened.source + 1}: {unopened.reason}", unopened.fix
    if why and readings.pages:
        if not unopened:
            source, _ = readings.pages[0]
        reason = f"the two sides of the sheets cannot be put together: {why}"
        readings.files.clear()
        readings.refused.update(dict.fromkeys(readings.pages, reason))
        problem = NewProblem(source, None, reason, fix, tuple(readings.pages))
        readings.problems = {(source, None): problem}


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
    tell: Callable[[], None] = lambda: None,
) -> int:
    """Read these pages into the work folder and note them in ``readings``; returns how many.

    A page that a killed run has read already costs nothing. ``tell`` is called after each page.

    Raises:
        Stopped: ``stop`` was set; the pages under way were read to their end.
    """
    reader = _Reader(services, batch, pool, readings, tell)
    done = 0
    for source, page in places:
        if source not in readings.files:
            continue
        if stop.is_set():
            reader.finish()
            raise Stopped
        reader.begin(source, page)
        done += 1
    reader.finish()
    return done


class _Reader:
    """Reads pages of a batch, a few of them at a time, and tells how far it is."""

    def __init__(
        self, services: Services, batch: Batch, pool: Pool, readings: Readings, tell: Callable[[], None]
    ) -> None:
        self.services, self.batch, self.pool = services, batch, pool
        self.readings, self.tell = readings, tell
        self.notes = Notes(services, batch)
        station = station_of(batch)
        policy = station.separation
        self.options = ReadOptions(
            languages=station.languages,
            barcodes=BarcodeOptions(
                patch=policy.patch,
                expected=policy.code_expected,
                label=policy.label,
                label_formats=policy.label_formats,
                separator=policy.own_separator,
            ),
            # What an operator had cut differently may hold pages that the station drops.
            keep_blank=not station.separation.drop_blank or bool(batch.edits),
            confidence_bar=station.confidence_bar,
        )
        self.said = rotations(batch)
        self.waiting: deque[tuple[int, int, Future[Page]]] = deque()
        self.told = time.monotonic()

    def begin(self, source: int, page: int) -> None:
        """Give the page to the pool, unless it is known already; wait for others when there are enough."""
        if before := self.notes.of(source, page):
            self._recall(source, before)
            self.tell()
            return
        out = page_folder(self.services, self.batch, source)
        out.mkdir(parents=True, exist_ok=True)
        file, settings = self.readings.files[source], self.services.settings
        options = replace(self.options, rotation=self.said.get((source, page)))
        task = self.pool.run(read_lightly, file, page, options, settings.capture, out)
        self.waiting.append((source, page, task))
        if len(self.waiting) >= 4 * settings.processes:
            self._collect()

    def finish(self) -> None:
        """Wait for the pages under way."""
        while self.waiting:
            self._collect()

    def _collect(self) -> None:
        source, page, future = self.waiting.popleft()
        try:
            read = outcome(future, f"batch {self.batch.pk} page {page}")
            self.readings.sheets[source, page] = Sheet(source, read)
            if read.blank and not self.options.keep_blank:
                self.notes.add(source, Note(page, blank=read))
        except Refused as refusal:
            self.readings.refuse(source, page, refusal)
            self.notes.add(source, Note(page, reason=refusal.reason, fix=refusal.fix))
        self.tell()
        if time.monotonic() - self.told >= _TELL:
            self.told = time.monotonic()
            batches.progress(self.batch, self.readings.done)

    def _recall(self, source: int, before: Note) -> None:
        """Take what a run before this one noted of a page."""
        if before.blank:
            self.readings.sheets[source, before.page] = Sheet(source, before.blank)
        else:
            self.readings.refuse(source, before.page, before.refusal)


class Notes:
    """The notes of a batch's files, each read once. Of this attempt only: the next one decides anew."""

    def __init__(self, services: Services, batch: Batch) -> None:
        self._services, self._batch = services, batch
        self._known: dict[int, dict[int, Note]] = {}

    def of(self, source: int, page: int) -> Note | None:
        """What was noted of a page before this run."""
        if source not in self._known:
            self._known[source] = noted(notes_file(self._services, self._batch, source))
        return self._known[source].get(page)

    def add(self, source: int, one: Note) -> None:
        """Write down what is known of a page of this file."""
        note(notes_file(self._services, self._batch, source), one)


def notes_file(services: Services, batch: Batch, source: int) -> Path:
    """Where the notes of this attempt at a file of the batch stand."""
    return page_folder(services, batch, source) / f"notes-{batch.attempt}.jsonl"


def page_folder(services: Services, batch: Batch, source: int) -> Path:
    """Where the readings of a file's pages lie while the batch is in work."""
    return services.work / batch.key / f"{source:06}"
