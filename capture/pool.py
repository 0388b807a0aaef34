"""Long-lived processes that read pages within limits, so that no page can harm the others.

A page that hangs, crashes its process or goes over a limit is refused, and its process replaced.
"""

import ctypes
import errno
import os
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import SpawnContext, SpawnProcess
from threading import Lock, Thread
from types import ModuleType, TracebackType
from typing import Any, ParamSpec, Self, TypeVar

import pebble.pool.process
from pebble import ProcessExpired, ProcessPool

from capture import sandbox
from capture.settings import CaptureSettings
from domain.errors import Refused

P = ParamSpec("P")
T = TypeVar("T")

_PR_SET_PDEATHSIG = 1
_TRIES = 3
_OVER = {
    errno.ENOMEM: ("needs more memory than a page may use", "scan it at a lower resolution"),
    errno.EFBIG: ("needs a larger file than a page may write", "scan it at a lower resolution"),
    errno.EMFILE: ("needs more open files than a page may have", "print it to PDF again"),
}
"""Reason and fix by the number that a process ends with which met a limit."""
_STARTING = Lock()


class _Steady:
    """The clock that Pebble counts a task's seconds on, for its own: that of the day can be set meanwhile.

    A step of it by an hour had the pages refused that were being read, or a hanging page go on for an hour.
    """

    time, sleep = staticmethod(time.monotonic), staticmethod(time.sleep)


pebble.pool.process.time = _Steady  # type: ignore[assignment, attr-defined]


class _Process(SpawnProcess):
    """A process that is started without its owner's ``__main__``.

    Spawn runs the owner's script anew in each process, with all that it imports: for the command line that
    is every verb, and reading needs none of them.
    """

    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802 - multiprocessing's name
        with _STARTING:
            owner, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
            try:
                return SpawnProcess._Popen(process_obj)
            finally:
                sys.modules["__main__"] = owner


class _Context(SpawnContext):
    Process = _Process


class Pool:
    """A pool of reading processes, to be used as a context manager.

    The processes are started afresh (spawn), import what reading needs once, are kept within limits and
    off the network (``capture.sandbox``), write nothing to the terminal, and are replaced after
    ``settings.process_tasks`` tasks. None outlives the pool, nor its owner's process, however that ends.
    """

    def __init__(self, processes: int, settings: CaptureSettings) -> None:
        self._processes, self._settings = processes, settings
        self._lock = Lock()
        self._ended: list[Thread] = []
        self._pool = self._started()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._pool.close()  # type: ignore[no-untyped-call]
        else:
            self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()
        for thread in self._ended:
            thread.join()

    def run(self, function: Callable[..., T], *args: Any, pages: int = 1) -> "Future[T]":
        """Call an importable function in one of the processes.

        Args:
            function: importable by name.
            args: what it gets; picklable, as must be its result.
            pages: that it is about. It may take ``settings.page_seconds`` of wall time for each once it
                runs, and write files of ``settings.page_file_mb`` for each.

        Returns:
            A future of its result or of the exception it raised; ``Refused`` if it went over a limit or
            its process died.
        """
        outer: Future[T] = Future()
        outer.set_running_or_notify_cancel()
        bounded = (self._settings.page_file_mb * pages, function, *args)
        self._schedule(outer, _bounded, bounded, self._settings.page_seconds * pages, _TRIES)
        return outer

    def _started(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self._processes,
            max_tasks=self._settings.process_tasks,
            initializer=_start,
            initargs=(os.getpid(), self._settings.page_memory_mb),
            context=_Context(),
        )

    def _schedule(
        self,
        outer: "Future[T]",
        function: Callable[..., T],
        args: tuple[Any, ...],
        timeout: float,
        tries: int,
    ) -> None:
        pool = self._working()

        def settle(inner: "Future[T]") -> None:
            try:
                outer.set_result(inner.result())
            except BrokenProcessPool as error:  # a process died between tasks: nobody's page is to blame
                try:
                    if tries == 1:
                        raise error
                    self._schedule(outer, function, args, timeout, tries - 1)
                except BaseException as final:
                    outer.set_exception(final)  # whoever waits must not wait for ever
            except ProcessExpired as error:
                outer.set_exception(Refused(*_OVER.get(error.exitcode, _died(error.exitcode))))
            except TimeoutError:
                reason = f"not done after {timeout:g} seconds"
                outer.set_exception(Refused(reason, "scan or send it again, or raise the limit page_seconds"))
            except (Exception, CancelledError) as error:
                outer.set_exception(error)

        pool.schedule(function, args=args, timeout=timeout).add_done_callback(settle)

    def _working(self) -> ProcessPool:
        """The pool, or a new one: Pebble's breaks for good when a process dies while it is idle."""
        with self._lock:
            broken = self._pool
            if not broken.active:
                self._pool = self._started()
                thread = Thread(target=_end, args=(broken,), daemon=True)  # Pebble's own thread may be here
                thread.start()
                self._ended.append(thread)
            return self._pool


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def _bounded(megabytes: int, function: Callable[..., T], *args: Any) -> T:
    """Call the function, and end this process if it met a limit: nobody knows what it still holds."""
    sandbox.bound_files(megabytes)
    try:
        return function(*args)
    except Exception as error:
        for one in (error, error.__cause__):
            if (met := _limit(one)) in _OVER:
                os._exit(met)
        raise


def _limit(error: BaseException | None) -> int:
    """The number of the error, as the system counts them, if it may say that a limit was met; else 0."""
    import cv2

    if isinstance(error, MemoryError) or (isinstance(error, cv2.error) and error.code == cv2.Error.StsNoMem):
        return errno.ENOMEM
    return error.errno or 0 if isinstance(error, OSError) else 0


def _died(code: int) -> tuple[str, str]:
    if code == -signal.SIGKILL:
        how = "killed: it may have used too much memory"
    else:
        how = signal.Signals(-code).name if -code in set(signal.Signals) else f"exit code {code}"
    return f"reading it ended its process ({how})", "scan or send it again"


def _start(owner: int, memory_mb: int) -> None:
    """Prepare a process: it dies with its owner, is bounded, and has imported what it will need."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != owner:  # it died before the line above
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the owner decides
    sandbox.cut_off()  # where it cannot, `postroom doctor` says so
    os.environ["OMP_THREAD_LIMIT"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 2)  # the codecs' own remarks; exceptions travel by themselves
    os.close(quiet)
    import ocrmypdf  # noqa: F401

    import capture.read  # noqa: F401

    sandbox.bound_memory(memory_mb)
