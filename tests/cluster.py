"""A whole distributed Postroom on this machine: real servers, and our processes in homes of their own."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from archive.s3_bucket import make_bucket
from archive.settings import BucketSettings
from infra.services import elasticsearch, minio, postgresql, prefect_server, tools
from infra.services.server import Server
from infra.wiring import Services, open_services
from tests.faulty import Faulty
from tests.small import train_small

POSTROOM = Path(sys.executable).with_name("postroom")
SERVERS = ("postgresql", "minio", "elasticsearch", "prefect")


@dataclass(slots=True)
class Process:
    """One of our processes: its verb, its home, and what it is given beside the common environment."""

    verb: tuple[str, ...]
    home: Path
    more: dict[str, str] = field(default_factory=dict)
    running: "subprocess.Popen[bytes] | None" = None


class Cluster:
    """Starts, kills and revives the parts; use it as a context manager.

    ``environment`` is what every process of ours is told, ``services`` what this process asks with.
    Everything must be called from one thread, for the servers end with the thread that started them.
    """

    def __init__(self, settings: Mapping[str, str] | None = None, *, embedded_index: bool = False) -> None:
        self.base = Path(tempfile.mkdtemp(prefix="postroom-cluster-", dir="/tmp"))
        self.base.chmod(0o755)
        self.drop = self.base / "drop"
        self.drop.mkdir()
        self.settings = dict(settings or {})
        self.embedded_index = embedded_index
        self.servers: dict[str, Server] = {}
        self.processes: dict[str, Process] = {}
        self.environment: dict[str, str] = {}
        self.ways: dict[str, Faulty] = {}
        self._before: dict[str, str] = {}
        self._stack = ExitStack()
        self._services: Services | None = None
        self.trained = False

    def __enter__(self) -> Self:
        try:
            self._start_servers()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self.processes):
            self.kill(name)
        if self._services:
            from infra.database import disconnect

            self._services.index.close()
            disconnect()
        for server in reversed(self.servers.values()):
            server.stop()
        self._stack.close()
        for name, value in self._before.items():
            if value:
                os.environ[name] = value
            else:
                os.environ.pop(name, None)
        shutil.rmtree(self.base, ignore_errors=True)

    def _start_servers(self) -> None:
        tools.install("minio")
        database = postgresql.start(self.base / "postgresql", options={"max_connections": "60"})
        store = minio.start(self.base / "minio")
        self.servers = {"postgresql": database, "minio": store}
        prefect = prefect_server.start(
            self.base / "prefect", database_url=database.create_database("prefect")
        )
        self.servers["prefect"] = prefect
        self.environment = {
            **store.environment(),
            "POSTROOM_DATABASE__URL": database.create_database("postroom"),
            "POSTROOM_DATABASE__CONNECTIONS": "5",
            "POSTROOM_ARCHIVE__BUCKET": "postroom",
            "POSTROOM_ARCHIVE__ENDPOINT": self.way_to("minio", store),
            "POSTROOM_ARCHIVE__TIMEOUT_SECONDS": "5",
            "POSTROOM_ARCHIVE__ATTEMPTS": "3",
            "POSTROOM_PREFECT_API_URL": prefect_server.api_url(prefect),
            "POSTROOM_PREFECT_AUTH": prefect.auth,
            "POSTROOM_PROCESSES": "1",
            **self.settings,
        }
        if not self.embedded_index:
            tools.install("elasticsearch")
            search = elasticsearch.start(self.base / "elasticsearch")
            self.servers["elasticsearch"] = search
            self.environment["POSTROOM_INDEX__URL"] = self.way_to("elasticsearch", search)
            self.environment["POSTROOM_INDEX__PATIENCE_SECONDS"] = "5"
        self._tell(self.environment)
        make_bucket(BucketSettings(bucket="postroom", endpoint=store.url), lock=True)

    def way_to(self, name: str, server: Server) -> str:
        """The address of a server through a way that can be spoilt: see ``ways``."""
        body = b'{"error":{"type":"es_rejected_execution_exception"},"status":429}'
        spoilt = (
            Faulty(server.port, body=body, media_type="application/vnd.elasticsearch+json;compatible-with=8")
            if name == "elasticsearch"
            else Faulty(server.port)
        )
        self.ways[name] = self._stack.enter_context(spoilt)
        return spoilt.url

    def _tell(self, environment: Mapping[str, str]) -> None:
        for name, value in environment.items():
            self._before.setdefault(name, os.environ.get(name, ""))
            os.environ[name] = value

    @property
    def services(self) -> Services:
        """The instance as this process sees it; the register's modules may be used after this."""
        if self._services is None:
            self._services = open_services(self.home("office"))
        return self._services

    def home(self, name: str) -> Path:
        """The home of one of our processes, with a classifier that takes no time to train."""
        home = self.base / name
        if not home.exists():
            home.mkdir()
            if not self.trained:
                train_small(home)  # the others fetch it
                self.trained = True
        return home

    def start(self, name: str, *verb: str, more: Mapping[str, str] | None = None) -> None:
        """Start one of our processes under a name; it dies with this thread."""
        self.processes[name] = Process(verb, self.home(name), dict(more or {}))
        self._run(name)

    def station(self, name: str = "station") -> None:
        """Start a station host that watches the drop folder."""
        self.start(name, "station", str(self.drop))

    def worker(self, name: str = "worker", pool: str = "ocr") -> None:
        """Start a worker of a pool."""
        self.start(name, "work", "--pool", pool)

    def _run(self, name: str) -> None:
        one = self.processes[name]
        with (self.base / f"{name}.log").open("ab") as log:
            one.running = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", str(POSTROOM), "--home", str(one.home), *one.verb],
                env={**os.environ, **self.environment, **one.more},
                cwd=one.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """SIGKILL to a server or one of our processes."""
        if name in self.servers:
            self.servers[name].kill()
            return
        running = self.processes[name].running
        if running and running.poll() is None:
            running.kill()
            running.wait()

    def stop(self, name: str) -> None:
        """End a server in order, or ask one of our processes to end and wait for it."""
        if name in self.servers:
            self.servers[name].stop()
            return
        running = self.processes[name].running
        if running and running.poll() is None:
            running.terminate()
            running.wait(60)

    def revive(self, name: str) -> None:
        """Start it again: a server with its data on its port, a process with its home."""
        if name in self.servers:
            self.servers[name] = self.servers[name].restart()
        else:
            self._run(name)

    def end(self, name: str) -> None:
        """Stop one of our processes for good."""
        self.stop(name)
        del self.processes[name]

    def signal(self, name: str, sign: signal.Signals) -> None:
        """Send a signal to one of our processes and those that it started."""
        os.killpg(self.pid(name), sign)

    def pid(self, name: str) -> int:
        """The process id of one of our processes."""
        running = self.processes[name].running
        assert running
        return running.pid

    def ended(self) -> list[str]:
        """Which of our processes do not run."""
        return [
            name for name, one in self.processes.items() if one.running and one.running.poll() is not None
        ]

    @contextmanager
    def down(self, name: str) -> Iterator[None]:
        """The server or process is down while the block runs."""
        self.stop(name)
        try:
            yield
        finally:
            self.revive(name)

    def log(self, name: str) -> str:
        """What one of our processes has said."""
        return (self.base / f"{name}.log").read_text(errors="replace")

    def heard(self, *texts: str, of: Sequence[str]) -> Callable[[], bool]:
        """Tells whether one of these processes of ours has said such since now; line breaks do not count."""
        before = {name: len(self.log(name)) for name in of}

        def heard() -> bool:
            said = [" ".join(self.log(name)[before[name] :].split()) for name in of]
            return any(text in one for text in texts for one in said)

        return heard

    def wait(self, done: Callable[[], bool], what: str, seconds: float = 180, pause: float = 0.5) -> None:
        """Until ``done()``; whatever it raises meanwhile counts as not yet."""
        until = time.monotonic() + seconds
        while True:
            try:
                if done():
                    return
                trouble = ""
            except Exception as error:
                trouble = f": {type(error).__name__}: {error}"
            if time.monotonic() > until:
                raise AssertionError(f"{what} took longer than {seconds:g} s{trouble}\n{self.state()}")
            time.sleep(pause)

    def state(self) -> str:
        """What waits, and the ends of the logs, for a failed test."""
        try:
            said = [str(self.status())]
        except Exception as error:
            said = [f"no status: {error}"]
        for name in self.processes:
            said.append(f"--- {name}\n{self.log(name)[-2500:]}")
        return "\n".join(said)

    def status(self) -> dict[str, Any]:
        """What waits and what is in work."""
        services = self.services
        from datetime import UTC, datetime

        from register.views import status

        return status(datetime.now(UTC), services.settings.stuck_after_seconds)

    def quiet(self, batches: int) -> bool:
        """Whether so many batches were taken in all, and each of them is filed, published and released."""
        self.services  # noqa: B018 - opens the register
        from register.models import Batch, Outbox

        released = Batch.objects.filter(state=Batch.State.RELEASED).count()
        return (
            released == Batch.objects.count() >= batches
            and not Outbox.objects.filter(delivered_at=None).exists()
            and not [file for file in self.drop.rglob("*") if file.is_file() and file.suffix != ".toml"]
        )
