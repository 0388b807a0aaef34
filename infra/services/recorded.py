"""Servers that outlive the command that started them: their processes, written down and found again."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from fcntl import LOCK_EX, flock
from pathlib import Path

import psutil

from infra.services import process

_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Record:
    """A process that was started.

    Attributes:
        pid: its id.
        born: which boot of the machine and which tick since then it began in: another process with
            that pid has another; unlike a time of day it stays when the clock is set.
        port: on loopback; kept when the server is stopped, so that its address stays.
    """

    pid: int
    born: str
    port: int


def record(pid: int, port: int) -> Record:
    """The record of a running process."""
    return Record(pid, _born(pid) or "", port)


def runs(record: Record) -> bool:
    """Whether that very process still runs."""
    return bool(record.born) and _born(record.pid) == record.born


def stop(record: Record, by: signal.Signals, grace: float = 30) -> None:
    """Ask that very process to end, wait ``grace`` seconds, then kill it with what it started."""
    if not runs(record):
        return
    try:
        server = psutil.Process(record.pid)
        family = [server, *server.children(recursive=True)]
        if not runs(record):
            return
        server.send_signal(by)
    except psutil.NoSuchProcess:
        return
    if not process.until(lambda: not any(process.alive(one) for one in family), grace):
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        process.until(lambda: not any(process.alive(one) for one in family), grace)
    process.until(lambda: not process.taken(record.port), grace)


@contextmanager
def sole(folder: Path) -> Iterator[None]:
    """Keep other commands off the servers of this folder while the block runs."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        flock(lock, LOCK_EX)
        yield


def read(folder: Path) -> dict[str, Record]:
    """The records by the servers' names."""
    file = folder / "state.json"
    if not file.exists():
        return {}
    return {name: Record(**one) for name, one in json.loads(file.read_text("utf-8")).items()}


def write(folder: Path, records: dict[str, Record]) -> None:
    """Put the records in place of those before."""
    beside = folder / "state.json.new"
    beside.write_text(json.dumps({name: asdict(one) for name, one in records.items()}, indent=1), "utf-8")
    beside.replace(folder / "state.json")


def _born(pid: int) -> str | None:
    """None for a process that is not there, or dead and not waited for."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(") ")[2].split()
    except OSError:
        return None
    # Field 22 of proc(5), counted from the third.
    return None if state in "ZX" else f"{_BOOT.read_text('utf-8').strip()}:{fields[18]}"
