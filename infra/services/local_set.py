"""A whole local production-like set below one home: PostgreSQL, Elasticsearch, MinIO, a Prefect server.

They outlive the command that starts them. Each keeps its data, passwords and port in ``HOME/services``.
"""

import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from archive.s3_bucket import make_bucket
from archive.settings import BucketSettings
from domain.errors import Unavailable
from infra.services import account, elasticsearch, minio, postgresql, prefect_server, recorded
from infra.services.object_store import REGION, credentials
from infra.services.process import HOST, Outlive, until
from infra.services.server import Server

BUCKET = "postroom"
DATABASE = "postroom"
_PREFECT_DATABASE = "prefect"
_PATIENCE = 180.0  # seconds


@dataclass(frozen=True, slots=True)
class Kind:
    """One server of the set.

    Attributes:
        name: also of its folder.
        version: of what would be started; raises ``Unavailable`` where it is not installed.
        start: in a folder, on a port or any that is free; tells its process at once.
        answers: whether the server of a folder is ready on a port.
        stop_signal: what makes it end in order.
    """

    name: str
    version: Callable[[], str]
    start: Callable[[Path, int | None, Outlive], Server]
    answers: Callable[[Path, int], bool]
    stop_signal: signal.Signals = signal.SIGTERM


@dataclass(frozen=True, slots=True)
class State:
    """What is known of one server. ``pid`` is None when it does not run, ``port`` when it never did."""

    name: str
    version: str
    pid: int | None
    port: int | None
    answers: bool


@dataclass(frozen=True, slots=True)
class Found:
    """How an instance uses the set: lines of ``postroom.toml``, and variables that hold the secrets."""

    settings: str
    environment: dict[str, str] = field(repr=False)


def folder(home: Path) -> Path:
    """Where the set of the instance in ``home`` lives."""
    return home.resolve() / "services"


def up(home: Path, note: Callable[[str], None]) -> Found:
    """Start what does not run, with the data and on the port of the last time; ``note`` hears of each.

    Raises:
        Unavailable: a program is not installed (nothing is started then), or one does not come up;
            what came up before it stays up.
        Usage: we are root and nobody, whom the servers run as, cannot get to ``home``.
    """
    _check_installed()
    place = folder(home)
    with recorded.sole(place):
        account.check_reach(place)
        for kind in KINDS:
            known = recorded.read(place).get(kind.name)
            if known and recorded.runs(known):
                _await(kind, place, known)
                note(f"{kind.name} runs already, on port {known.port}")
                continue
            note(f"Starting {kind.name} {kind.version()} ...")
            # Written down before it answers: whoever ends us meanwhile leaves a server that is known.
            kind.start(place / kind.name, known.port if known else None, partial(_remember, place, kind.name))
        ports = {name: one.port for name, one in recorded.read(place).items()}
        found = _found(place, ports)
        _make_room(place, ports, found.environment)
        return found


def _remember(place: Path, name: str, pid: int, port: int) -> None:
    recorded.write(place, recorded.read(place) | {name: recorded.record(pid, port)})


def _await(kind: Kind, place: Path, known: recorded.Record) -> None:
    """Wait for a server whose starter was killed before it answered."""
    if not until(lambda: kind.answers(place / kind.name, known.port), _PATIENCE):
        raise Unavailable(
            f"{kind.name} runs and does not answer on port {known.port}. Its log is in {place / kind.name}; "
            "then: postroom services down"
        )


def down(home: Path, note: Callable[[str], None], *, purge: bool = False) -> None:
    """End what runs, in order; with ``purge`` remove all data of the set."""
    place = folder(home)
    if not place.exists():
        return
    with recorded.sole(place):
        records = recorded.read(place)
        for kind in reversed(KINDS):
            known = records.get(kind.name)
            if known and recorded.runs(known):
                note(f"Stopping {kind.name}")
                recorded.stop(known, kind.stop_signal)
        if purge:
            shutil.rmtree(place)


def status(home: Path) -> list[State]:
    """Each server of the set, in the order of their start."""
    records = recorded.read(folder(home))
    return [_state(kind, folder(home) / kind.name, records.get(kind.name)) for kind in KINDS]


def _state(kind: Kind, place: Path, known: recorded.Record | None) -> State:
    try:
        version = kind.version()
    except Unavailable:
        version = ""
    if known is None or not recorded.runs(known):
        return State(kind.name, version, None, known.port if known else None, answers=False)
    return State(kind.name, version, known.pid, known.port, answers=kind.answers(place, known.port))


def _check_installed() -> None:
    missing = []
    for kind in KINDS:
        try:
            kind.version()
        except Unavailable as error:
            missing.append(str(error))
    if missing:
        raise Unavailable(" ".join(missing))


def _found(place: Path, ports: dict[str, int]) -> Found:
    database = postgresql.url(ports["postgresql"], postgresql.password(place / "postgresql"), DATABASE)
    return Found(
        settings=f"""\
prefect_api_url = "http://{HOST}:{ports["prefect"]}/api"

[archive]
bucket = "{BUCKET}"
endpoint = "http://{HOST}:{ports["minio"]}"
region = "{REGION}"
encryption = "AES256"

[index]
url = "http://{HOST}:{ports["elasticsearch"]}"
user = "{elasticsearch.USER}"
""",
        environment={
            "POSTROOM_DATABASE__URL": database,
            "POSTROOM_INDEX__PASSWORD": elasticsearch.password(place / "elasticsearch"),
            "POSTROOM_PREFECT_AUTH": prefect_server.auth(place / "prefect"),
            **credentials(minio.secret_key(place / "minio")),
        },
    )


def _make_room(place: Path, ports: dict[str, int], environment: dict[str, str]) -> None:
    """Make the database and the bucket unless they are there."""
    password = postgresql.password(place / "postgresql")
    postgresql.create_database(postgresql.url(ports["postgresql"], password), DATABASE)
    before = dict(os.environ)
    os.environ.update(environment)  # where the standard AWS chain looks
    try:
        bucket = BucketSettings(bucket=BUCKET, endpoint=f"http://{HOST}:{ports['minio']}", region=REGION)
        make_bucket(bucket, lock=True)
    finally:
        os.environ.clear()
        os.environ.update(before)


def _start_postgresql(home: Path, port: int | None, outlive: Outlive) -> Server:
    return postgresql.start(home, port, outlive=outlive)


def _start_elasticsearch(home: Path, port: int | None, outlive: Outlive) -> Server:
    return elasticsearch.start(home, port, secured=True, outlive=outlive)


def _start_minio(home: Path, port: int | None, outlive: Outlive) -> Server:
    return minio.start(home, port, outlive=outlive)


def _start_prefect(home: Path, port: int | None, outlive: Outlive) -> Server:
    place = home.parent
    database = recorded.read(place)["postgresql"].port
    password = postgresql.password(place / "postgresql")
    postgresql.create_database(postgresql.url(database, password), _PREFECT_DATABASE)
    url = postgresql.url(database, password, _PREFECT_DATABASE)
    return prefect_server.start(home, port, database_url=url, outlive=outlive)


KINDS = (
    Kind("postgresql", postgresql.version, _start_postgresql, postgresql.answers, postgresql.STOP_SIGNAL),
    Kind("elasticsearch", elasticsearch.version, _start_elasticsearch, elasticsearch.answers),
    Kind("minio", minio.version, _start_minio, minio.answers),
    Kind("prefect", prefect_server.version, _start_prefect, prefect_server.answers),
)
