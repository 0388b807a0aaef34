"""What the servers' modules share: a running server with what its clients need; kept secrets; programs."""

import os
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from domain.errors import Unavailable
from infra.services import process
from infra.services.process import Running

TOOLS = Path(__file__).resolve().parents[2] / ".cache" / "tools"
PINS = Path(__file__).resolve().parents[1] / "setup" / "servers"


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answered; each kind adds what its clients need. Leaving a ``with`` block stops it."""

    running: Running

    @property
    def port(self) -> int:
        """On loopback."""
        return self.running.port

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self.running.pid

    def stop(self) -> None:
        """End it in order. Safe to repeat."""
        process.stop(self.running)

    def kill(self) -> None:
        """End it as a crash would, with SIGKILL. Safe to repeat."""
        process.kill(self.running)

    def restart(self) -> Self:
        """Start it again on the same port with the same data, after a stop where it still runs.

        Raises:
            Unavailable: it does not come up.
        """
        return replace(self, running=process.restart(self.running))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def program(name: str) -> Path:
    """The program that ``make tools`` put in place, else the machine's.

    Raises:
        Unavailable: neither is there.
    """
    ours = TOOLS / "bin" / name
    found = str(ours) if os.access(ours, os.X_OK) else shutil.which(name)
    if found is None:
        raise Unavailable(f"{name} is not installed. Run: make tools")
    return Path(found).resolve()  # by its true place, where the account that runs it gets


def pinned(name: str) -> str:
    """The version that ``make tools`` gets, from ``infra/setup/servers``."""
    lines = (line.split() for line in PINS.read_text("utf-8").splitlines())
    return next(line[2] for line in lines if line and line[0] == name)


def kept_secret(file: Path, make: Callable[[], str] = secrets.token_urlsafe) -> str:
    """The secret in ``file``; made at first use, readable by our own account only."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        beside = file.with_name(f"{file.name}.{os.getpid()}")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as output:
            output.write(make())
        beside.replace(file)
    return file.read_text("utf-8")


def bare_environment(home: Path) -> dict[str, str]:
    """A server's environment: nothing of ours, such as cloud credentials, but where programs lie."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
