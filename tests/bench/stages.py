"""Where the CPU time of a filed page goes, stage by stage.

Some files go the whole way from claim to search hit in this one process. The functions named below are
wrapped while that runs; a stage's time is that of the process and its children between entering and leaving
one of its functions, and calls from one stage into another count for the outer one.
"""

import resource
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from functools import wraps
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

from capture.drop import Tracker
from capture.pool import Pool
from domain.wire import to_plain
from infra.classifier import lazy_champion
from infra.wiring import Services

STAGES = {
    "decode": ("capture.read.load_image", "capture.read.load_pdf"),
    "blank": ("capture.read.ink_share",),
    "barcodes": ("capture.read.read_barcodes",),
    "clean": (
        "capture.pyramid.scaled",
        "capture.pyramid.ink_of",
        "capture.lines.skew",
        "capture.lines.turn",
        "capture.words.corrected",
        "capture.clean.straightened",
        "capture.clean.turned",
    ),
    "ocr": ("capture.ocr.recognise",),
    "pdfa": ("flows.children.assemble",),
    "fields": ("flows.children.extract_fields", "flows.children.summary"),
    "classify": ("flows.filing.classify",),
    "archive": ("archive.local.LocalArchive.put", "archive.local.LocalArchive.read"),
    "register": (
        "register.batches.open_batch",
        "register.batches.claims_of",
        "register.batches.settled",
        "register.batches.count_pages",
        "register.batches.keep",
        "register.batches.reload",
        "register.batches.releasable",
        "register.batches.release",
        "register.filing.document_filed",
        "register.filing.file_document",
        "flows.file_batch.close",
        "register.outbox.renew",
        "register.outbox.unrecorded",
        "register.outbox.unindexed",
        "register.outbox.recorded",
        "register.outbox.delivered",
        "flows.publish.texts_of",
        "flows.publish.index_entry",
    ),
    "index": ("index.embedded.EmbeddedIndex.put",),
}


class _Inline:
    """In place of the pool: calls in this process."""

    def run(
        self, function: Callable[..., Any], *args: Any, timeout: float | None = None, pages: int = 1
    ) -> "Future[Any]":
        done: Future[Any] = Future()
        try:
            done.set_result(function(*args))
        except Exception as error:
            done.set_exception(error)
        return done


class _Clock:
    """CPU seconds by stage."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._inside = threading.Lock()

    def wrapped(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            if not self._inside.acquire(blocking=False):
                return function(*args, **kwargs)
            start = _cpu()
            try:
                return function(*args, **kwargs)
            finally:
                self.seconds[stage] += _cpu() - start
                self._inside.release()

        return timed


def _cpu() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def stage_shares(services: Services, warm_up: Path, drop: Path) -> dict[str, float]:
    """Shares (sum 1) of the CPU time that filing what lies in ``drop`` takes.

    What lies in ``warm_up`` is filed before, for everything to be loaded.
    """
    _file_all(services, warm_up)
    clock = _Clock()
    with ExitStack() as patches:
        for stage, names in STAGES.items():
            for name in names:
                patches.enter_context(_patched(name, stage, clock))
        start = _cpu()
        _file_all(services, drop)
        total = _cpu() - start
    shares = {stage: clock.seconds[stage] / total for stage in STAGES}
    return {**shares, "other": max(0.0, 1.0 - sum(shares.values()))}


def _patched(name: str, stage: str, clock: _Clock) -> Any:
    from pkgutil import resolve_name

    module, _, attribute = name.rpartition(".")
    return patch.object(resolve_name(module), attribute, clock.wrapped(stage, resolve_name(name)))


def _file_all(services: Services, drop: Path) -> None:
    from flows.file_batch import Tools, file_batch
    from flows.publish import deliver
    from flows.taking import claim

    tools = Tools(services, cast(Pool, _Inline()), lazy_champion(services))
    tracker = Tracker(drop, patience=0.0)
    tracker.observe(0.0)
    ready: Sequence[Any] = tracker.observe(3600.0)
    for one in ready:
        batch = file_batch(tools, claim(services, one))
        if batch.state != "done":
            raise RuntimeError(f"not filed: {to_plain(one.name)}")
    deliver(services)
