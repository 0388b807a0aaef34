"""Intake: watch the drop folders, claim what stands still, file it batch by batch, publish, release."""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import chain
from math import inf
from pathlib import Path

import structlog

from capture.drop import Tracker, changes
from capture.folders import polls
from capture.pool import Pool
from domain.errors import Denied, PostroomError, Unavailable
from domain.paths import readable
from flows import certify
from flows.clock import EVERY, tick_if_due
from flows.file_batch import Tools, file_batch
from flows.notify import notify
from flows.publish import deliver
from flows.reading import machine_trouble
from flows.start import look_around
from flows.steps import Step, Stopped, Watcher, patient, unwatched
from flows.sweep import sweep
from flows.taking import claim
from infra.classifier import lazy_champion
from infra.wiring import Services, sole_intake, sole_worker
from register import batches, outbox
from register.models import Batch
from register.session import asking, borrowed

log = structlog.get_logger()
_LOOK = 0.25  # seconds between looks at files that are not ready yet
_IN_LINE = 8  # batches claimed and not filed, for each reading process
_PUBLISH = 2.0  # seconds between deliveries while batches are in work

FileBatch = Callable[[Tools, Batch], Batch]
Publish = Callable[[Services, Watcher], int]
Tick = Callable[[Services], None]
Notify = Callable[[Services], int]


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
    deliver: Publish = deliver,
    tick: Tick = tick_if_due,
    notify: Notify = notify,
    drain: bool = True,
) -> Intake:
    """Take in what is dropped until ``stop`` is set; with ``once`` until nothing is left to take.

    Batches that a killed run left behind come first. A batch that fails stays where it is, the
    others go on. Without ``drain`` what the batches bring is delivered by others. Each minute the clocks are
    looked at.

    Raises:
        Denied: the archive refuses us, or does not do what the settings demand; nothing more is claimed.
        Unavailable: another intake works on this home.
    """
    done = Intake()
    look_around(services)
    with sole_intake(services), Pool(services.settings.processes, services.settings.capture) as pool:
        tools = Tools(services, pool, lazy_champion(services), stop, watch=watch)
        # More batches than processes, so that the pool has pages to read while one is being filed.
        with ThreadPoolExecutor(services.settings.processes + 2, "batch") as threads:
            line = _Line(tools, threads, stop, file_one, done)
            publisher = threading.Thread(target=_publisher, args=(services, deliver, watch, line, tick))
            notifier = threading.Thread(target=_notifier, args=(services, notify, line.ended))
            # A station's host leaves stamps to those who publish; its clock is its own.
            certifier = threading.Thread(
                target=certify.keep, args=(services, line.ended), kwargs={"stamps": drain}
            )
            publisher.start()
            notifier.start()
            certifier.start()
            try:
                _swept(services)
                for batch in batches.unfinished(services.host):
                    line.add(batch)
                dropped = _Drop(drop, once, line, done)
                if once:
                    dropped.empty(stop)
                else:
                    dropped.watch(stop)
                line.wait()
            finally:
                line.ended.set()
                line.idle.set()
                publisher.join()
                notifier.join()
                certifier.join()
    if line.denied:
        raise line.denied
    if drain and not stop.is_set():
        with borrowed():
            _drain(services, deliver, tick, watch, done, stop)
            _told(services, notify)
    return done


def _swept(services: Services) -> None:
    try:
        sweep(services)
    except Unavailable as error:
        log.warning("what killed runs left behind stays for now", reason=str(error))


class _Line:
    """The batches in work. A service that refuses us ends them all: ``denied``."""

    def __init__(
        self,
        tools: Tools,
        threads: ThreadPoolExecutor,
        stop: threading.Event,
        file_one: FileBatch,
        done: Intake,
    ) -> None:
        self.tools, self.told = replace(tools, watch=self.watch), tools.watch
        self.threads, self.stop, self.file_one, self.done = threads, stop, file_one, done
        self.futures: set[Future[None]] = set()
        self.ended = threading.Event()
        self.idle = threading.Event()  # the last batch in work has just come to its end
        self.taking: dict[int, set[Path]] = {}  # files claimed that still lie in the drop folder
        self.later: deque[tuple[float, Batch]] = deque()  # given up for now, and when to go on
        self.denied: Denied | None = None

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

    def go_on(self) -> None:
        """Queue again the batches whose service may answer by now."""
        while self.later and self.later[0][0] <= time.monotonic():
            self.add(self.later.popleft()[1])

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
                patient(self.stop)(asking, self.file_one, self.tools, batch)
            except Stopped:
                return
            except Unavailable as error:
                self._not_now(batch, error)
            except Denied as error:
                self.denied = error
                self.stop.set()
            except PostroomError as error:
                self._failed(batch, str(error))
            except Exception as error:
                if trouble := machine_trouble(error, batch.source):
                    self._not_now(batch, trouble)
                    return
                log.exception("an error of Postroom's own", batch=batch.pk, source=batch.source)
                self._failed(batch, f"{type(error).__name__}: {error}")

    def _not_now(self, batch: Batch, error: Unavailable) -> None:
        self._failed(batch, str(error))
        later = self.tools.services.settings.retry_after_seconds
        self.later.append((time.monotonic() + later, batch))

    def _failed(self, batch: Batch, reason: str) -> None:
        if not self.stop.is_set():
            self.done.failures.append(Failure(batch.pk, batch.source, reason))
            self.tools.watch(Step("failed", batch.pk, text=f"{batch.source}: {reason}"))


class _Drop:
    """The drop folder: what is ready in it is claimed and queued."""

    def __init__(self, folder: Path, once: bool, line: _Line, done: Intake) -> None:
        self.folder, self.line, self.done = folder, line, done
        self.tracker = Tracker(folder, patience=0.0 if once else None, close_gaps=once)
        self.told: dict[Path, str] = {}

    def look(self) -> bool:
        """Claim what is ready, as far as there is room; whether some is left for the next look."""
        # Before observing: a file is moved while we look, and must not be claimed a second time.
        claimed = set().union(*self.line.taking.copy().values())
        left = False
        for ready in self.tracker.observe(time.monotonic()):
            if any(file.path in claimed for file in ready.files):
                continue
            if self.line.room():
                self.line.add(claim(self.line.tools.services, ready))
            else:
                left = True
        for folder, complaint in self.tracker.complaints.items():
            if self.told.get(folder) != complaint:
                self.told[folder] = complaint
                self.done.failures.append(Failure(0, readable(folder), complaint))
                self.line.tools.watch(Step("failed", text=complaint))
        return left

    def empty(self, stop: threading.Event) -> None:
        """Take all that is there, or will be ready when it has stood still."""
        while (self.look() or self.tracker.settling) and not stop.wait(_LOOK):
            pass
        self.done.held = [(readable(held.path), held.why) for held in self.tracker.held]

    def watch(self, stop: threading.Event) -> None:
        """Take what comes until told to stop, whatever happens to the disk or the database meanwhile."""
        while not stop.is_set():
            try:
                for _ in chain([None], changes(self.folder, stop, polls(self.folder))):
                    self.line.go_on()
                    asking(self.look)
            except (PostroomError, OSError, RuntimeError) as error:
                log.warning("cannot claim now; will be tried again", reason=str(error))
                stop.wait(_PUBLISH)


def _publisher(services: Services, deliver: Publish, watch: Watcher, line: _Line, tick: Tick) -> None:
    pause, looked = _PUBLISH, -inf
    with borrowed():
        while True:
            line.idle.wait(pause)
            line.idle.clear()
            if line.ended.is_set():
                return
            try:
                if time.monotonic() - looked >= EVERY:
                    looked = time.monotonic()
                    asking(tick, services)
                asking(deliver, services, watch)
                pause = _PUBLISH
            except Denied as error:
                line.denied = error
                line.stop.set()
                return
            except Unavailable as error:
                pause = min(2 * pause, services.settings.retry_after_seconds)
                log.warning("not published yet; will be tried again", reason=str(error), seconds=pause)
            except Exception:
                log.exception("an error of Postroom's own; publishing goes on")


def _notifier(services: Services, notify: Notify, ended: threading.Event) -> None:
    """Mail and webhooks go out beside the rest: a slow mail server holds up no page."""
    with borrowed():
        pause = _PUBLISH
        while not ended.wait(pause):
            pause = _PUBLISH if _told(services, notify) else services.settings.retry_after_seconds


def _told(services: Services, notify: Notify) -> bool:
    try:
        asking(notify, services)
    except Unavailable as error:
        log.warning("nobody is told now; will be tried again", reason=str(error))
    except Exception:
        log.exception("an error of Postroom's own; people are told all the same")
    else:
        return True
    return False


def _drain(
    services: Services, deliver: Publish, tick: Tick, watch: Watcher, done: Intake, stop: threading.Event
) -> None:
    keep_trying = patient(stop)
    try:
        keep_trying(asking, tick, services)
        asking(outbox.hurry)
        # What nobody has tried yet is another publisher's, who is at it.
        while keep_trying(asking, deliver, services, watch) or outbox.untried():
            if stop.wait(_LOOK):
                return
        if left := outbox.pending(1):
            raise Unavailable(left[0].error)
    except Exception as error:
        log.exception("not everything could be published")
        done.failures.append(Failure(0, "", f"not everything could be published: {error}"))
