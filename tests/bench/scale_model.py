"""A day of many machines, simulated from measured costs: ``postroom bench scale-model``.

Scan jobs arrive over a day as in a mailroom and go the way of ``flows``: Prefect, the workers' cores, the
register's lock, the one publisher. What is a queue there is a queue here. ``docs/scale.md`` says where each
figure is from. ``grain`` scan jobs travel as one, for speed.
"""

import math
import random
from collections import deque
from collections.abc import Generator
from dataclasses import asdict, dataclass, replace
from typing import Any

import simpy

HOUR = 3600.0
HOURS = 72
# Per cent of a day's pages that is dropped in each hour: the morning's post first.
CURVE = (0, 0, 0, 0, 1, 2, 5, 9, 12, 13, 12, 10, 7, 7, 8, 6, 4, 2, 1, 1, 0, 0, 0, 0)
# Pages of a scan job, and how often: from the counter, a tray, a box.
JOBS = ((10, 0.4), (40, 0.4), (150, 0.2))
_MEAN_JOB = sum(pages * share for pages, share in JOBS)
_JOB_RECORDS = 3  # a job is recorded when it is kept, cut and closed
_PUTS_A_SECOND = 3500  # that Amazon promises for one prefix
_DATABASE_CORES = 8


@dataclass(frozen=True, slots=True)
class Costs:
    """What one thing costs. Counted and measured by ``tests.bench.scale_costs``, unless assumed.

    Attributes:
        page_cpu_s: the whole way of a page on one core; ``docs/measured.md``.
        pages_a_document: assumed.
        statements: of the transaction that files a document.
        statements_locked: those of them while the register's counters are locked.
        statements_run: of a flow run, beside its documents.
        statements_change: of publishing one change.
        statement_ms: there and back in a data centre; assumed.
        statement_cpu_ms: of the database's processors; assumed.
        commit_ms: until a commit is on the disks of two machines; assumed.
        puts: S3 requests that write, for one document's objects.
        change_puts: publishing one change: S3 requests that write.
        change_locks: those that lock.
        change_heads: those that ask for metadata.
        change_gets: those that read.
        put_ms: S3's answer to each of these; assumed.
        lock_ms: the same.
        head_ms: the same.
        get_ms: the same.
        bulk_ms: a bulk of 50 entries.
        change_cpu_ms: of the publisher's processor for one change: as a Python process it uses one.
        run_cpu_s: a flow run, of the Prefect server's one processor, asking for it included.
        idle_cpu: share of that processor that one worker takes by looking for runs every two seconds; from
            the cost of a request.
    """

    page_cpu_s: float = 1.49
    pages_a_document: float = 3.0
    statements: float = 37
    statements_locked: float = 34
    statements_run: float = 10
    statements_change: float = 0.52
    statement_ms: float = 0.5
    statement_cpu_ms: float = 0.1
    commit_ms: float = 3.0
    puts: float = 4.0
    change_puts: float = 1.0
    change_locks: float = 4.83
    change_heads: float = 1.0
    change_gets: float = 0.95
    put_ms: float = 25.0
    lock_ms: float = 15.0
    head_ms: float = 10.0
    get_ms: float = 15.0
    bulk_ms: float = 191.0
    change_cpu_ms: float = 13.4
    run_cpu_s: float = 0.21
    idle_cpu: float = 0.009

    @property
    def hold_s(self) -> float:
        """How long filing one document keeps the register's counters locked."""
        return (self.statements_locked * self.statement_ms + self.commit_ms) / 1000

    def change_s(self, threads: int) -> float:
        """How long the publisher takes for one change, with so many S3 requests under way."""
        s3 = (
            self.change_puts * self.put_ms
            + self.change_locks * self.lock_ms
            + self.change_heads * self.head_ms
            + self.change_gets * self.get_ms
        )
        waiting = s3 / threads + self.bulk_ms / 50 + self.statements_change * self.statement_ms
        return max(waiting, self.change_cpu_ms) / 1000


@dataclass(frozen=True, slots=True)
class Setup:
    """What is bought and set.

    Attributes:
        workers: machines.
        cores: of each.
        registers: the mail is spread evenly over them; each has its own counters and chain.
        prefect_servers: API servers behind one name.
        query_seconds: how often a worker looks for flow runs.
        publisher_threads: S3 requests that the one publisher has under way.
        chunk_pages: the setting.
        pages: a day.
    """

    workers: int = 100
    cores: int = 4
    registers: int = 1
    prefect_servers: int = 1
    query_seconds: float = 2.0
    publisher_threads: int = 16
    chunk_pages: int = 40
    pages: int = 5_000_000

    def polling(self, costs: Costs) -> float:
        """Share of each Prefect server that goes into answering workers without work."""
        return self.workers * costs.idle_cpu * 2.0 / self.query_seconds / self.prefect_servers


def runs_of(pages: int, setup: Setup, costs: Costs) -> tuple[int, ...]:
    """How many flow runs each stage of a job has: whole, read, cut, file, close."""
    if pages <= setup.chunk_pages:
        return (1, 0, 0, 0, 0)
    read = math.ceil(pages / setup.chunk_pages)
    file = math.ceil(max(pages / setup.chunk_pages, pages / costs.pages_a_document / 20))
    return (1, read, 1, file, 1)


def demand(setup: Setup, costs: Costs, pages_per_s: float) -> dict[str, float]:
    """How busy each part is at this rate: 1 is all that it can do."""
    jobs = pages_per_s / _MEAN_JOB
    runs = jobs * sum(sum(runs_of(pages, setup, costs)) * share for pages, share in JOBS)
    documents = pages_per_s / costs.pages_a_document
    changes = documents + _JOB_RECORDS * jobs
    statements = (
        documents * costs.statements + runs * costs.statements_run + changes * costs.statements_change
    )
    writes = documents * costs.puts + changes * (costs.change_puts + costs.change_locks)
    return {
        "cores": pages_per_s * costs.page_cpu_s / (setup.workers * setup.cores),
        "register": documents * costs.hold_s / setup.registers,
        "publisher": changes * costs.change_s(setup.publisher_threads),
        "prefect": runs * costs.run_cpu_s / setup.prefect_servers + setup.polling(costs),
        "database": statements * costs.statement_cpu_ms / 1000 / _DATABASE_CORES,
        "s3": writes / _PUTS_A_SECOND,
    }


def largest_day(setup: Setup, costs: Costs) -> dict[str, float]:
    """The pages of a day in whose busiest hour each part does all that it can."""
    idle, each = demand(setup, costs, 0.0), demand(setup, costs, 1.0)
    busiest = {part: max(0.0, 1 - idle[part]) / (each[part] - idle[part]) * HOUR for part in idle}
    return {part: pages / max(CURVE) * 100 for part, pages in busiest.items()}


class Day:
    """One simulated day, and as much of the next two as it takes to be through."""

    def __init__(self, setup: Setup, costs: Costs, grain: int, seed: int = 1) -> None:
        self.setup, self.costs, self.grain = setup, costs, grain
        self.random = random.Random(seed)
        self.env = simpy.Environment()
        # What travels as one takes as many cores at a time, so that its times are those of one.
        self.cores = simpy.Resource(self.env, max(1, round(setup.workers * setup.cores / grain)))
        self.slots = simpy.Resource(self.env, max(2, round(setup.workers * (setup.cores + 1) / grain)))
        self.prefect = simpy.Resource(self.env, setup.prefect_servers)
        self.registers = [simpy.Resource(self.env) for _ in range(setup.registers)]
        self.run_s = costs.run_cpu_s / (1 - min(0.95, setup.polling(costs)))
        self.outbox: deque[tuple[float, float, float]] = deque()  # changes, pages, when they were dropped
        self.dropped, self.found = [0.0] * HOURS, [0.0] * HOURS
        self.waits: list[tuple[float, float]] = []  # seconds, pages
        self.coming, self.under_way = True, 0
        self.through = self.env.event()

    def run(self) -> None:
        """Live through it."""
        self.env.process(self._arrivals())
        self.env.process(self._publisher())
        self.env.run(until=self.env.any_of([self.through, self.env.timeout(HOURS * HOUR - 1)]))

    def _hour(self) -> int:
        return int(self.env.now // HOUR)

    def _arrivals(self) -> Generator[simpy.Event, Any, None]:
        sizes, weights = [size for size, _ in JOBS], [weight for _, weight in JOBS]
        for hour, share in enumerate(CURVE):
            jobs = round(self.setup.pages * share / 100 / _MEAN_JOB / self.grain)
            for moment in sorted(self.random.random() for _ in range(jobs)):
                yield self.env.timeout(max(0.0, (hour + moment) * HOUR - self.env.now))
                self.under_way += 1
                self.env.process(self._job(self.random.choices(sizes, weights)[0]))
        self.coming = False

    def _job(self, pages: int) -> Generator[simpy.Event, Any, None]:
        dropped = self.env.now
        self.dropped[self._hour()] += pages * self.grain
        _, read, cut, file, _ = runs_of(pages, self.setup, self.costs)
        if not read:
            yield self.env.process(self._chunk(pages, pages))
        else:
            for count, reads, files in (
                (1, 0, 0),
                (read, pages, 0),
                (cut, 0, 0),
                (file, 0, pages),
                (1, 0, 0),
            ):
                shares = [self.env.process(self._chunk(reads / count, files / count)) for _ in range(count)]
                yield self.env.all_of(shares)
        changes = pages / self.costs.pages_a_document + _JOB_RECORDS
        self.outbox.append((changes * self.grain, pages * self.grain, dropped))

    def _chunk(self, reads: float, files: float) -> Generator[simpy.Event, Any, None]:
        """A flow run that reads so many pages, then files so many."""
        with self.prefect.request() as turn:
            yield turn
            yield self.env.timeout(self.grain * self.run_s)
        with self.slots.request() as slot:
            yield slot
            if reads:
                with self.cores.request() as core:
                    yield core
                    spread = self.random.lognormvariate(-0.02, 0.2)  # forty pages are seldom all hard
                    yield self.env.timeout(reads * self.costs.page_cpu_s * spread)
            if files:
                documents = self.grain * files / self.costs.pages_a_document
                with self.random.choice(self.registers).request() as lock:
                    yield lock
                    yield self.env.timeout(documents * self.costs.hold_s)

    def _publisher(self) -> Generator[simpy.Event, Any, None]:
        change = self.costs.change_s(self.setup.publisher_threads)
        while self.coming or self.under_way:
            if not self.outbox:
                yield self.env.timeout(2.0)
                continue
            changes, pages, dropped = self.outbox.popleft()
            yield self.env.timeout(changes * change)
            self.found[self._hour()] += pages
            self.waits.append((self.env.now - dropped, pages))
            self.under_way -= 1
        self.through.succeed()


def simulate(setup: Setup, costs: Costs, grain: int) -> dict[str, Any]:
    """A day: how busy each part is in the busiest hour, and how long a page waits until it is found.

    Pages that are not found after three days do not count in ``minutes``, but in ``through``.
    """
    day = Day(setup, costs, grain)
    day.run()
    busy = demand(setup, costs, setup.pages * max(CURVE) / 100 / HOUR)
    waiting = [sum(day.dropped[: hour + 1]) - sum(day.found[: hour + 1]) for hour in range(HOURS)]
    last = max(hour for hour, pages in enumerate(day.found) if pages)
    return {
        "busy": {name: round(share, 2) for name, share in busy.items()},
        "minutes": {"half": _quantile(day.waits, 0.5), "most": _quantile(day.waits, 0.95)},
        "through": round(sum(day.found) / sum(day.dropped), 3),
        "last_hour": last + 1,
        "waiting": [round(pages) for pages in waiting[:24]],
    }


def _quantile(waits: list[tuple[float, float]], share: float) -> float:
    total, seen = sum(pages for _, pages in waits), 0.0
    for seconds, pages in sorted(waits):
        seen += pages
        if seen >= share * total:
            return round(seconds / 60, 1)
    return math.inf


# What is changed, one after the other: its name, what is bought or set, the costs that change with it.
STEPS: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
    ("as built", {}, {}),
    ("chunk_pages 160: a job is one flow run", {"chunk_pages": 160}, {}),
    ("3 Prefect servers, asked every 10 s", {"prefect_servers": 3, "query_seconds": 10.0}, {}),
    ("filing: objects in one statement, number last", {}, {"statements_locked": 12}),
    ("publisher: the bucket locks by default", {}, {"change_locks": 0, "change_cpu_ms": 5.1}),
)


def run(workers: int = 100, pages: int = 5_000_000, grain: int = 10) -> dict[str, Any]:
    """The cores that the pages need, the day as it is built, and what each change makes of it."""
    costs, setup = Costs(), Setup(workers=workers, pages=pages)
    # Only the cores count.
    free = replace(costs, statements_locked=0, commit_ms=0, change_cpu_ms=0, run_cpu_s=0, idle_cpu=0)
    cores = [
        {"cores": each, **simulate(replace(setup, cores=each, publisher_threads=1000), free, grain)}
        for each in (1, 2, 3, 4, 6, 8)
    ]
    days = []
    for name, bought, other in STEPS:
        setup, costs = replace(setup, **bought), replace(costs, **other)
        days.append({"change": name, **simulate(setup, costs, grain)})
    return {"workers": workers, "pages": pages, "costs": asdict(Costs()), "cores": cores, "days": days}
