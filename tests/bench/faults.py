"""Faults: processes and servers killed at random moments of an intake, services down, slow, full or wrong.

After each fault the books must balance: every page accounted for once, no number missing, the index equal
to the database. ``postroom bench faults`` runs all of it, ``tests/e2e/test_faults.py`` a short form.
"""

import random
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from elasticsearch import Elasticsearch

from infra.services.postgresql import PostgreSQL
from tests.cluster import Cluster
from tests.small import small_tiff

SETTINGS = {
    "POSTROOM_CHUNK_PAGES": "10",
    "POSTROOM_STALE_AFTER_SECONDS": "5",
    "POSTROOM_RETRY_AFTER_SECONDS": "4",
}
_STATION = "quiet_seconds = 0.1\n[separation]\npages = 2\n"
# What a process of ours runs at its start whose clock is to jump when a file appears.
_CLOCK = """
import sys, threading, time
from pathlib import Path

def watch():
    import time_machine
    sign, travel = Path(__file__).with_name("ahead"), None
    while True:
        if sign.exists() and travel is None:
            travel = time_machine.travel(time.time() + 3600, tick=True)
            travel.start()
            print("the clock is ahead", file=sys.stderr, flush=True)
        elif travel is not None and not sign.exists():
            travel.stop()
            travel = None
        time.sleep(0.1)

threading.Thread(target=watch, daemon=True).start()
"""
# How often each is killed, of twenty kills.
_TARGETS = {
    "worker-1": 4, "worker-2": 4, "station": 3, "indexer": 3, "postgresql": 2, "minio": 2, "prefect": 1,
    "elasticsearch": 1,
}  # fmt: skip


@dataclass(slots=True)
class Campaign:
    """An office under fire: what was dropped, and what became of it."""

    cluster: Cluster
    tell: Callable[[str], None] = lambda text: None
    files: int = 0
    pages: int = 0
    kills: int = 0
    outages: list[str] = field(default_factory=list)

    def open(self) -> None:
        """Start the office: a station host, two workers, an indexer."""
        folder = self.cluster.drop / "counted"
        folder.mkdir()
        (folder / "station.toml").write_text(_STATION)
        self.cluster.services  # noqa: B018 - makes the tables before the others look for them
        self.cluster.station()
        self.cluster.worker("worker-1")
        self.cluster.worker("worker-2")
        self.cluster.worker("indexer", pool="index")
        self.drop(1, 2)
        self.settle()

    def drop(self, files: int, pages: int, folder: Path | None = None) -> None:
        """Drop files of so many pages, each unlike all others."""
        folder = folder or self.cluster.drop / "counted"
        for _ in range(files):
            self.files += 1
            self.pages += pages
            texts = [f"Letter {self.files}\nPage {page}" for page in range(1, pages + 1)]
            made = small_tiff(self.cluster.base / f"{self.files:04}.tif", texts)
            made.rename(folder / made.name)

    def settle(self, seconds: float = 300) -> None:
        """Until all that was dropped is filed, published and released."""
        self.cluster.wait(lambda: self.cluster.quiet(self.files), "the intake", seconds)

    def books(self) -> dict[str, Any]:
        """What is wrong, as the campaign counts it. Index and database are compared entry by entry."""
        services = self.cluster.services
        from flows.verify import verify
        from register.models import Batch, Document, PageFate

        found = verify(services)
        fates = PageFate.objects
        return {
            "kills": self.kills,
            "outages": len(self.outages),
            "pages": self.pages,
            "batches": Batch.objects.count(),
            "refused": fates.filter(kind="refused").count(),
            "lost_pages": self.pages - fates.count() + found["mismatches"] + found["unaccounted"],
            "doubled": max(0, Batch.objects.count() - self.files)
            + max(0, Document.objects.count() - self.pages // 2),
            "number_gaps": found["number_gaps"] + found["history_breaks"],
            "index_diff": found["index_missing"] + found["index_extra"] + found["records_pending"],
            "verify_ok": found["ok"],
        }

    def under_fire(self, kills: int, pages: int, seed: int, pause: tuple[float, float] = (1.0, 5.0)) -> None:
        """Kill something every few seconds while so many pages are taken in."""
        rng = random.Random(seed)
        names = _order(kills, rng)
        each = max(2, pages // kills // 2 * 2)
        if pages >= 100:
            self.drop(1, pages // 4)  # one batch that goes in chunks to both workers
        for name in names:
            self.drop(1, each)
            time.sleep(rng.uniform(*pause))
            self.tell(f"kill {name}")
            self.cluster.kill(name)
            time.sleep(rng.uniform(0.0, 1.0))
            self.cluster.revive(name)
            self.kills += 1
        self.settle(600)

    def outage(self, name: str) -> None:
        """Let one thing go wrong while files are dropped, and be well again later."""
        self.tell(f"outage {name}")
        with OUTAGES[name](self):
            pass
        self.outages.append(name)
        self.settle()


def _order(kills: int, rng: random.Random) -> list[str]:
    once = list(_TARGETS)
    weighted = rng.choices(once, weights=list(_TARGETS.values()), k=max(0, kills - len(once)))
    names = [*once, *weighted][:kills]
    rng.shuffle(names)
    return names


@contextmanager
def _down(campaign: Campaign, name: str, seconds: float = 5.0) -> Iterator[None]:
    with campaign.cluster.down(name):
        campaign.drop(2, 4)
        time.sleep(seconds)
        yield


@contextmanager
def _spoilt(campaign: Campaign, way: str, mode: str, seconds: float = 3.0) -> Iterator[None]:
    """Spoil a way to a server from before its first use by new files until ``seconds`` after it."""
    spoilt = campaign.cluster.ways[way]
    before = spoilt.faults
    spoilt.turn(mode)
    try:
        campaign.drop(2, 4)
        campaign.cluster.wait(lambda: spoilt.faults > before, f"a use of {way} that {mode} spoils")
        time.sleep(seconds)
        yield
    finally:
        spoilt.turn("ok")


@contextmanager
def _read_only(campaign: Campaign) -> Iterator[None]:
    """What Elasticsearch does to its indexes when its disk is full."""
    name = campaign.cluster.services.settings.index.name
    with Elasticsearch(campaign.cluster.services.settings.index.url) as client:
        client.indices.put_settings(index=f"{name}*", settings={"index.blocks.read_only_allow_delete": True})
        try:
            campaign.drop(2, 4)
            time.sleep(8)
            yield
        finally:
            client.indices.put_settings(
                index=f"{name}*", settings={"index.blocks.read_only_allow_delete": None}
            )


@contextmanager
def _no_connections(campaign: Campaign) -> Iterator[None]:
    server = campaign.cluster.servers["postgresql"]
    assert isinstance(server, PostgreSQL)
    with ExitStack() as held:
        with suppress(psycopg.OperationalError):
            while True:
                held.enter_context(psycopg.connect(server.url()))
        campaign.drop(2, 4)
        time.sleep(5)
        yield


@contextmanager
def _clock_jumps(campaign: Campaign) -> Iterator[None]:
    """Our processes' clocks go an hour ahead in the midst of work, and back; the servers' do not."""
    cluster = campaign.cluster
    clock = cluster.base / "clock"
    clock.mkdir(exist_ok=True)
    (clock / "sitecustomize.py").write_text(_CLOCK)
    names = ("station", "worker-1", "indexer")
    try:
        for name in names:
            cluster.kill(name)
            cluster.processes[name].more["PYTHONPATH"] = str(clock)
            cluster.revive(name)
        campaign.drop(2, 4)
        campaign.settle()
        campaign.drop(2, 4)
        (clock / "ahead").touch()
        campaign.drop(2, 4)
        time.sleep(8)
        (clock / "ahead").unlink()
        campaign.settle()
        jumped = [name for name in names if "the clock is ahead" in cluster.log(name)]
        assert jumped == list(names)
        yield
    finally:
        for name in names:
            cluster.kill(name)
            cluster.processes[name].more.clear()
            cluster.revive(name)


@contextmanager
def _spool_full(campaign: Campaign) -> Iterator[None]:
    """A station host whose spool lies on a small disk, which is full for a while."""
    cluster = campaign.cluster
    home, drop = cluster.home("cramped"), cluster.base / "cramped-drop"
    (drop / "counted").mkdir(parents=True, exist_ok=True)
    (drop / "counted" / "station.toml").write_text(_STATION)
    (home / "spool").mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(home / "spool")], check=True)
    ballast = home / "spool" / "ballast"
    try:
        with suppress_full(), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
        cluster.start("cramped", "station", str(drop))
        campaign.drop(2, 4, drop / "counted")
        time.sleep(10)
        ballast.unlink()
        cluster.wait(lambda: not list((drop / "counted").glob("*.tif")), "the spool", 120)
        campaign.settle()
        yield
    finally:
        cluster.stop("cramped")
        subprocess.run(["umount", str(home / "spool")], check=True)


@contextmanager
def suppress_full() -> Iterator[None]:
    """Until the disk is full."""
    try:
        yield
    except OSError as error:
        if error.errno != 28:  # ENOSPC
            raise


def _outage(body: Callable[..., Any], *arguments: object) -> Callable[[Campaign], Any]:
    return lambda campaign: body(campaign, *arguments)


OUTAGES: Mapping[str, Callable[[Campaign], Any]] = {
    "postgresql_down": _outage(_down, "postgresql"),
    "s3_down": _outage(_down, "minio"),
    "elasticsearch_down": _outage(_down, "elasticsearch"),
    "prefect_down": _outage(_down, "prefect"),
    "s3_unavailable": _outage(_spoilt, "minio", "503"),
    "s3_slow": _outage(_spoilt, "minio", "slow"),
    "s3_closes_half_way": _outage(_spoilt, "minio", "cut"),
    "s3_wrong_bytes": _outage(_spoilt, "minio", "corrupt"),
    "elasticsearch_rejects": _outage(_spoilt, "elasticsearch", "429"),
    "elasticsearch_read_only": _outage(_read_only),
    "postgresql_out_of_connections": _outage(_no_connections),
    "clock_jumps": _outage(_clock_jumps),
    "spool_full": _outage(_spool_full),
}


def measure(kills: int, pages: int, seed: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """All kills, in intakes of ``pages`` pages of twenty kills each, and each outage once."""
    with Cluster(SETTINGS) as cluster:
        campaign = Campaign(cluster, tell)
        campaign.open()
        left = kills
        while left > 0:
            campaign.under_fire(min(20, left), pages, seed + left)
            left -= 20
            tell(str(campaign.books()))
        for name in OUTAGES:
            campaign.outage(name)
        return campaign.books()
