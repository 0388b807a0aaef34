"""Intake: watch the drop folders, claim what stands still, file it batch by batch, publish, release."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from capture.drop import Tracker, changes, scan
from capture.pool import Pool
from domain.errors import PostroomError, Unavailable
from flows.file_batch import Tools, file_batch
from flows.publish import publish
from flows.steps import Step, Stopped, Watcher, patient, unwatched
from flows.sweep import sweep
from flows.taking import claim
from infra.classifier import lazy_champion
from infra.wiring import Services, sole_intake, sole_worker
from register import batches, outbox
from register.batches import readable
from register.models import Batch
from register.session import borrowed

log = structlog.get_logger()
_LOOK = 0.25  # seconds between looks at files that are not ready yet
_IN_LINE = 8  # batches claimed and not filed, for each reading process
_PUBLISH = 2.0  # seconds between deliveries while batches are in work

FileBatch = Callable[[Tools, Batch], Batch]
Publish = Callable[[Services, Watcher], int]


@dataclass(frozen=True, slots=True)
class Failure:
    """A batch that could not be carried to its end now. It goes on at the next start."""

    batch: int
    source: str
    reason: str


@dataclass(slots=True)
class Intake:
    """What one run of the intake did; batches by id. ``held`` are files not taken, and why."""

    batches: list[int] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    held: list[tuple[str, str]] = field(default_factory=list)


def intake(
    services: Services,
    drop: Path,
    *,
    once: bool,
    stop: threading.Event,
    watch: Watcher = unwatched,
    file_one: FileBatch = file_batch,
    deliver: Publish = publish,
) -> Intake:
    """Take in what is dropped until ``stop`` is set; with ``once`` until nothing is left to take.

    Batches that a killed run left behind come first. A batch that fails stays where it is, the
    others go on.
    """
    done = Intake()
    with sole_intake(services), Pool(services.settings.processes, services.settings.capture) as pool:
        tools = Tools(services, pool, lazy_champion(services), stop, watch=watch)
        # More batches than processes, so that the pool has pages to read while one is being filed.
        with ThreadPoolExecutor(services.settings.processes + 2, "batch") as threads:
            line = _Line(tools, threads, stop, file_one, done)
            publisher = threading.Thread(target=_publisher, args=(services, deliver, watch, line))
            publisher.start()
            try:
                sweep(services)
                for batch in batches.unfinished():
                    line.add(batch)
                _watch_drop(drop, once, stop, line, done)
                line.wait()
            finally:
                line.ended.set()
                line.idle.set()
                publisher.join()
    if not stop.is_set():
        with borrowed():
            _drain(services, deliver, watch, done)
    return done


class _Line:
    """The batches in work."""

    def __init__(
        self,
        tools: Tools,
        threads: ThreadPoolExecutor,
        stop: threading.Event,
        file_one: FileBatch,
        done: Intake,
    ) -> None:
        self.tools, self.threads, self.stop, self.file_one, self.done = tools, threads, stop, file_one, done
        self.told, self.tools = tools.watch, replace(tools, watch=self.watch)
        self.futures: set[Future[None]] = set()
        self.ended = threading.Event()
        self.idle = threading.Event()  # the last batch in work has just come to its end
        self.taking: dict[int, set[Path]] = {}  # files claimed that still lie in the drop folder

    def add(self, batch: Batch) -> None:
        """Queue the batch."""
        self.done.batches.append(batch.pk)
        if batch.state == Batch.State.CLAIMED:
            self.taking[batch.pk] = {batches.path_of(one) for one in batches.claims_of(batch)}
        future = self.threads.submit(self._run, batch)
        self.futures.add(future)
        future.add_done_callback(self._off)

    def _off(self, future: "Future[None]") -> None:
        self.futures.discard(future)
        if not self.futures:
            self.idle.set()

    def room(self) -> bool:
        """Whether another batch may be claimed: what is not in work yet stays with its scanner."""
        return len(self.futures) < _IN_LINE * self.tools.services.settings.processes

    def watch(self, step: Step) -> None:
        """Note which files have left the drop folder, and pass the step on."""
        if step.name == "taken":
            self.taking.pop(step.batch, None)
        self.told(step)

    def wait(self) -> None:
        """Until all batches are through, or as far as they get after a stop."""
        for future in list(self.futures):
            future.result()

    def _run(self, batch: Batch) -> None:
        if self.stop.is_set():
            return
        with borrowed(), sole_worker(self.tools.services, batch.key) as free:
            if not free:
                return  # a person's retry has it
            try:
                patient(self.stop)(self.file_one, self.tools, batch)
            except Stopped:
                return
            except PostroomError as error:
                self._failed(batch, str(error))
            except Exception as error:
                log.exception("an error of Postroom's own", batch=batch.pk, source=batch.source)
                self._failed(batch, f"{type(error).__name__}: {error}")

    def _failed(self, batch: Batch, reason: str) -> None:
        if not self.stop.is_set():
            self.done.failures.append(Failure(batch.pk, batch.source, reason))
            self.tools.watch(Step("failed", batch.pk, text=f"{batch.source}: {reason}"))


def _watch_drop(drop: Path, once: bool, stop: threading.Event, line: _Line, done: Intake) -> None:
    tracker = Tracker(drop, patience=0.0 if once else None, close_gaps=once)
    told: dict[Path, str] = {}

    def look() -> bool:
        """Claim what is ready, as far as there is room; whether some is left for the next look."""
        # Before observing: a file is moved while we look, and must not be claimed a second time.
        claimed = set().union(*line.taking.copy().values())
        left = False
        for ready in tracker.observe(time.monotonic()):
            if any(file.path in claimed for file in ready.files):
                continue
            if line.room():
                line.add(claim(ready))
            else:
                left = True
        for folder, complaint in tracker.complaints.items():
            if told.get(folder) != complaint:
                told[folder] = complaint
                done.failures.append(Failure(0, readable(folder), complaint))
                line.tools.watch(Step("failed", text=complaint))
        return left

    if once:
        while (look() or tracker.settling) and not stop.wait(_LOOK):
            pass
        done.held = [(readable(held.path), held.why) for held in tracker.held]
    else:
        polls = any(at.station.poll for at in scan(drop))
        look()
        for _ in changes(drop, stop, polls):
            look()


def _publisher(services: Services, deliver: Publish, watch: Watcher, line: _Line) -> None:
    with borrowed():
        while True:
            line.idle.wait(_PUBLISH)
            line.idle.clear()
            if line.ended.is_set():
                return
            try:
                deliver(services, watch)
            except Unavailable as error:
                log.warning("not published yet; will be tried again", reason=str(error))


def _drain(services: Services, deliver: Publish, watch: Watcher, done: Intake) -> None:
    keep_trying = patient(threading.Event())
    try:
        while outbox.pending(1):
            if not keep_trying(deliver, services, watch):
                time.sleep(_LOOK)
        keep_trying(deliver, services, watch)
    except Unavailable as error:
        done.failures.append(Failure(0, "", f"not everything could be published: {error}"))
