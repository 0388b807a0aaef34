"""Workers beside the bare engine, one and more of each: ``postroom bench scale``.

Each worker is a process of its own with one reading process and a home of its own, as on another machine;
they meet at a real PostgreSQL, S3 and Prefect server, which run on the same cores. Batches are handed over
while the pool is paused; the clock runs from its opening until the last batch is filed in the register.
Publishing is the indexer's and not timed. The bare engine (``tests.bench.engine``) reads the same pages with
as many processes. All take turns in rounds, in an order that rotates.
"""

import os
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from domain.errors import Usage
from infra.services.prefect_server import PrefectServer
from infra.settings import load_settings
from tests.bench import engine
from tests.bench.capture import _chosen, _sample_mail
from tests.bench.engine import PagePrints
from tests.cluster import Cluster

_BATCHES = 4  # for each worker
_SECONDS_A_PAGE = 60.0


def run(
    folder: Path | None, workers: Sequence[int], pages: int, rounds: int, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Pages per second of so many workers and engine processes, on ``pages`` scanned pages a turn.

    ``relative_efficiency`` is how much more the most workers do than the fewest, as a share of how much
    more as many engine processes do.

    Raises:
        Usage: there is nothing to read.
    """
    with tempfile.TemporaryDirectory(prefix="postroom-bench-") as scratch, ExitStack() as stack:
        work = Path(scratch).resolve()
        prints = _scans(folder, pages, work)
        batches = _batches(prints, _BATCHES * max(workers), work)
        cluster = stack.enter_context(Cluster(embedded_index=True))
        office = _Office(cluster, max(workers), tell)
        settings = load_settings(work)
        engines = {
            count: stack.enter_context(engine.warm_engines(count, "en", settings.capture))
            for count in workers
        }
        turns: list[tuple[str, int]] = [
            turn for count in workers for turn in (("engine", count), ("workers", count))
        ]
        seconds = dict.fromkeys(turns, 0.0)
        office.warm_up(batches)
        for number in range(rounds):
            first = number % len(turns)
            for kind, count in turns[first:] + turns[:first]:
                spent = (
                    _read(engines[count], prints)
                    if kind == "engine"
                    else office.file(batches, count, f"round-{number}-{count}")
                )
                seconds[kind, count] += spent
                tell(f"round {number + 1}: {count} {kind}: {len(prints) / spent:.2f} pages/s")
        office.check(len(prints) * len(workers) * rounds)
    rates = {turn: len(prints) * rounds / spent for turn, spent in seconds.items()}
    few, many = min(workers), max(workers)
    ours = rates["workers", many] / rates["workers", few]
    bare = rates["engine", many] / rates["engine", few]
    return {
        "pages": len(prints) * rounds,
        "workers": {str(count): round(rates["workers", count], 3) for count in workers},
        "engine": {str(count): round(rates["engine", count], 3) for count in workers},
        "relative_efficiency": round(ours / bare, 3),
    }


def _scans(folder: Path | None, pages: int, work: Path) -> list[PagePrints]:
    """Pages without text of their own, over again where there are too few."""
    files = _chosen(folder or _sample_mail(work / "sample", pages), pages, load_settings(work), work)
    found = [page for file in files for page in file.pages if not page.digital]
    if not found:
        raise Usage(f"{folder}: no scanned page in it. Name a folder with scans.")
    return (found * (pages // len(found) + 1))[:pages]


def _batches(pages: Sequence[PagePrints], count: int, work: Path) -> list[Path]:
    """One PDF a batch, pages dealt so that all take about as long."""
    return [
        engine.joined(pages[number::count], work / f"batch-{number:03}.pdf")
        for number in range(count)
        if pages[number::count]
    ]


def _read(pool: ProcessPoolExecutor, pages: Sequence[PagePrints]) -> float:
    start = time.perf_counter()
    engine.bare_engine(pool, pages)
    return time.perf_counter() - start


class _Office:
    """A station host and workers, the idle ones of which are stopped still."""

    def __init__(self, cluster: Cluster, workers: int, tell: Callable[[str], None]) -> None:
        self.cluster, self.tell = cluster, tell
        self.names = [f"worker-{number}" for number in range(1, workers + 1)]
        self.folder = cluster.drop / "scans"
        self.folder.mkdir()
        (self.folder / "station.toml").write_text(
            'quiet_seconds = 0.1\nlanguages = ["en"]\nduplicate = "file"\n'
        )
        cluster.services  # noqa: B018 - makes the tables before the others look for them
        cluster.station()
        for name in self.names:
            cluster.worker(name)
        self.dropped = 0
        self._pause(until_there=True)

    def file(self, batches: Sequence[Path], workers: int, name: str) -> float:
        """Hand the batches over, then let so many workers file them; the seconds that took."""
        from register.models import Batch, Chunk

        self._pause()
        self._drop(batches, name)
        waiting = Chunk.objects.filter(state=Chunk.State.READY, calls__gt=0)
        self.cluster.wait(lambda: waiting.count() == len(batches), "handing over", 120)
        with self._stopped(self.names[workers:]):
            ended = (Batch.State.DONE, Batch.State.RELEASED)
            start = time.perf_counter()
            self._pause(False)
            self.cluster.wait(
                lambda: Batch.objects.filter(state__in=ended).count() == self.dropped,
                "filing",
                60 + _SECONDS_A_PAGE * len(batches) * 8,
                pause=0.1,
            )
            return time.perf_counter() - start

    def warm_up(self, batches: Sequence[Path]) -> None:
        """Let all workers load what reading needs."""
        self.file(batches, len(self.names), "warm-up")

    def check(self, pages: int) -> None:
        """Whether all pages that were timed have a fate in a document or as a blank page."""
        from register.models import PageFate

        fates = PageFate.objects.filter(claim__source__contains="round-").exclude(kind="refused").count()
        if fates != pages:
            raise RuntimeError(f"{fates} of {pages} pages were filed\n{self.cluster.state()}")

    def _drop(self, batches: Sequence[Path], name: str) -> None:
        for path in batches:
            copy = self.cluster.base / f"{name}-{path.name}"
            copy.write_bytes(path.read_bytes())
            copy.rename(self.folder / copy.name)
        self.dropped += len(batches)

    def _pause(self, paused: bool = True, *, until_there: bool = False) -> None:
        prefect = self.cluster.servers["prefect"]
        assert isinstance(prefect, PrefectServer)

        def told() -> bool:
            answer = httpx.patch(
                f"{prefect.url}/api/work_pools/ocr", json={"is_paused": paused}, headers=prefect.headers
            )
            return answer.is_success

        self.cluster.wait(told, "the work pool", 120 if until_there else 20)

    @contextmanager
    def _stopped(self, names: Sequence[str]) -> Any:
        running = [self.cluster.processes[name].running for name in names]
        pids = [process.pid for process in running if process]
        for pid in pids:
            os.killpg(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.killpg(pid, signal.SIGCONT)
