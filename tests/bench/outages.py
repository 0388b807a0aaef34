"""Outages, each by name. Each waits until one of our processes has met it, and leaves all well again."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from elasticsearch import Elasticsearch

from infra.services.postgresql import PostgreSQL
from tests.bench.office import STATION, WORKERS, Campaign

Outage = Callable[[Campaign], None]
Fact = Callable[[], bool]

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
            print("the clock is back", file=sys.stderr, flush=True)
        time.sleep(0.1)

threading.Thread(target=watch, daemon=True).start()
"""


def _whole_run(name: str, met: Callable[[Campaign], Fact]) -> Outage:
    """Down before anything is dropped, up again only after one of our processes has missed it."""

    def outage(campaign: Campaign) -> None:
        fact = met(campaign)
        with campaign.cluster.down(name):
            campaign.drop(2, 4)
            campaign.cluster.wait(fact, f"a sign that {name} is missed", pause=0.1)

    return outage


def _amid_work(name: str, met: Callable[[Campaign], Fact]) -> Outage:
    """Gone of a sudden while a worker is at a chunk, up again only after one of our processes missed it."""

    def outage(campaign: Campaign) -> None:
        campaign.at_work("read")
        fact = met(campaign)
        campaign.cluster.kill(name)
        try:
            campaign.cluster.wait(fact, f"a sign that {name} is missed", pause=0.1)
        finally:
            campaign.cluster.revive(name)

    return outage


def _database_missed(*who: str) -> Callable[[Campaign], Fact]:
    return lambda campaign: campaign.cluster.heard("connection to server", "closed the connection", of=who)


def _not_kept(campaign: Campaign) -> Fact:
    """All that is new was claimed, S3 was sought in vain, and so it is not kept."""
    from register.models import Batch

    way, before = campaign.cluster.ways["minio"], campaign.cluster.ways["minio"].unreached

    def fact() -> bool:
        claimed = Batch.objects.filter(state=Batch.State.CLAIMED).count()
        return claimed == 2 and Batch.objects.count() == campaign.files and way.unreached > before

    return fact


def _given_back(campaign: Campaign) -> Fact:
    """A worker gave a chunk back because S3 does not answer."""
    from register.models import Chunk

    return lambda: Chunk.objects.filter(state=Chunk.State.READY, error__contains="bucket").exists()


def _unpublished(campaign: Campaign) -> Fact:
    """All is filed, and was offered to the index in vain."""
    from register.models import Batch, Outbox

    def fact() -> bool:
        filed = Batch.objects.filter(state__in=[Batch.State.DONE, Batch.State.RELEASED]).count()
        waiting = Outbox.objects.filter(delivered_at=None)
        tried = waiting.filter(attempts__gt=0).exclude(entry=None).exists()
        return filed == campaign.files and tried

    return fact


def _unasked(campaign: Campaign) -> Fact:
    """All that is new is kept, and no worker could be asked for."""
    from register.models import Batch, Chunk

    def fact() -> bool:
        kept = Batch.objects.filter(state=Batch.State.KEPT)
        unasked = Chunk.objects.filter(batch__in=kept, calls=0).values("batch").distinct()
        return unasked.count() == kept.count() == 2 and Batch.objects.count() == campaign.files

    return fact


def _orchestrator_missed(campaign: Campaign) -> Fact:
    """A worker found nothing to ask for work, or nobody could be asked for what is left."""
    signs = ("Backing off due to consecutive errors", "no worker could be asked for now")
    return campaign.cluster.heard(*signs, of=(*WORKERS, "indexer"))


def _spoilt(way: str, mode: str, faults: int = 5) -> Outage:
    """A way to a server is spoilt from before its first use by new files until so many pieces were."""

    def outage(campaign: Campaign) -> None:
        spoilt = campaign.cluster.ways[way]
        before = spoilt.faults
        spoilt.turn(mode)
        try:
            campaign.drop(2, 4)
            campaign.cluster.wait(
                lambda: spoilt.faults >= before + faults, f"a use of {way} that {mode} spoils", pause=0.1
            )
        finally:
            spoilt.turn("ok")

    return outage


def _index_read_only(campaign: Campaign) -> None:
    """What Elasticsearch does to its indexes when its disk is full."""
    name = f"{campaign.cluster.services.settings.index.name}*"
    block = "index.blocks.read_only_allow_delete"
    with Elasticsearch(campaign.cluster.servers["elasticsearch"].running.url) as client:
        client.indices.put_settings(index=name, settings={block: True})
        try:
            campaign.drop(2, 4)
            campaign.cluster.wait(_unpublished(campaign), "a sign that the index takes nothing", pause=0.1)
        finally:
            client.indices.put_settings(index=name, settings={block: None})


def _no_connections(campaign: Campaign) -> None:
    """All connections are others', those that our processes kept for later included."""
    cluster = campaign.cluster
    server = cluster.servers["postgresql"]
    assert isinstance(server, PostgreSQL)
    full = cluster.heard("too many clients", of=("station", *WORKERS, "indexer"))
    with ExitStack() as held, psycopg.connect(server.url(), autocommit=True) as control:

        def fill() -> bool:
            control.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name LIKE 'postroom%'"
            )
            with suppress(psycopg.OperationalError):
                while True:
                    held.enter_context(psycopg.connect(server.url()))
            return full()

        fill()
        campaign.drop(2, 4)
        cluster.wait(fill, "a sign that there are no connections", pause=0.1)


def _clock_jumps(campaign: Campaign) -> None:
    """Our processes' clocks go an hour ahead in the midst of work, and back; the servers' do not."""
    cluster = campaign.cluster
    clock = cluster.base / "clock"
    clock.mkdir(exist_ok=True)
    (clock / "sitecustomize.py").write_text(_CLOCK)
    names = ("station", "worker-1", "indexer")
    for name in names:
        cluster.kill(name)
        cluster.processes[name].more["PYTHONPATH"] = f"{clock}:{os.environ.get('PYTHONPATH', '')}"
        cluster.revive(name)
    campaign.at_work("read")
    _turn(campaign, names, clock / "ahead", Path.touch, "the clock is ahead")
    try:
        campaign.drop(2, 4)
        cluster.wait(lambda: _from_the_future() == 2, "letters of the hour ahead", pause=0.1)
    finally:
        _turn(campaign, names, clock / "ahead", Path.unlink, "the clock is back")


def _turn(
    campaign: Campaign, names: Sequence[str], sign: Path, change: Callable[[Path], None], text: str
) -> None:
    said = [campaign.cluster.heard(text, of=(name,)) for name in names]
    change(sign)
    campaign.cluster.wait(lambda: all(one() for one in said), text, pause=0.1)


def _from_the_future() -> int:
    from register.models import Batch

    return Batch.objects.filter(received_at__gt=datetime.now(UTC) + timedelta(minutes=30)).count()


def _spool_full(campaign: Campaign) -> None:
    """A station host whose spool lies on a small disk, which is full until the station has met that."""
    cluster = campaign.cluster
    home, drop = cluster.home("cramped"), cluster.base / "cramped-drop"
    (drop / "counted").mkdir(parents=True, exist_ok=True)
    (drop / "counted" / "station.toml").write_text(STATION)
    (home / "spool").mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(home / "spool")], check=True)
    ballast = home / "spool" / "ballast"
    try:
        with _until_full(), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
        cluster.start("cramped", "station", str(drop))
        full = cluster.heard("No space left", of=("cramped",))
        campaign.drop(2, 4, drop / "counted")
        cluster.wait(full, "a sign that the spool is full", pause=0.1)
        ballast.unlink()
        cluster.wait(lambda: not list((drop / "counted").glob("*.tif")), "the spool", 120, 0.1)
        campaign.settle()
    finally:
        cluster.end("cramped")
        subprocess.run(["umount", str(home / "spool")], check=True)


@contextmanager
def _until_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != 28:  # ENOSPC
            raise


def _worker_frozen(campaign: Campaign) -> None:
    """A worker is only away: it stands still at filing until another has its chunk, then it goes on."""
    cluster = campaign.cluster

    def freeze(name: str) -> None:
        cluster.signal(name, signal.SIGSTOP)

    def thaw(name: str) -> None:
        cluster.signal(name, signal.SIGCONT)

    name, taken_over = campaign.caught("file", freeze, thaw)
    try:
        cluster.wait(taken_over, "another worker's taking over", pause=0.1)
    finally:
        thaw(name)


def _station_starts_without_prefect(campaign: Campaign) -> None:
    """A station host that starts while Prefect is down takes in what is dropped."""
    cluster = campaign.cluster
    cluster.stop("station")
    with cluster.down("prefect"):
        campaign.drop(2, 4)
        cluster.revive("station")
        cluster.wait(_unasked(campaign), "the intake without Prefect", pause=0.1)


OUTAGES: Mapping[str, Outage] = {
    "postgresql_down_for_the_whole_run": _whole_run("postgresql", _database_missed("station")),
    "postgresql_down_amid_work": _amid_work("postgresql", _database_missed(*WORKERS)),
    "s3_down_for_the_whole_run": _whole_run("minio", _not_kept),
    "s3_down_amid_work": _amid_work("minio", _given_back),
    "elasticsearch_down_for_the_whole_run": _whole_run("elasticsearch", _unpublished),
    "elasticsearch_down_amid_work": _amid_work("elasticsearch", _unpublished),
    "prefect_down_for_the_whole_run": _whole_run("prefect", _unasked),
    "prefect_down_amid_work": _amid_work("prefect", _orchestrator_missed),
    "s3_unavailable": _spoilt("minio", "503"),
    "s3_slow": _spoilt("minio", "slow"),
    "s3_closes_half_way": _spoilt("minio", "cut"),
    "s3_wrong_bytes": _spoilt("minio", "corrupt"),
    "elasticsearch_rejects": _spoilt("elasticsearch", "429", 3),
    "elasticsearch_read_only": _index_read_only,
    "postgresql_out_of_connections": _no_connections,
    "clock_jumps": _clock_jumps,
    "spool_full": _spool_full,
    "worker_frozen": _worker_frozen,
    "station_starts_without_prefect": _station_starts_without_prefect,
}
