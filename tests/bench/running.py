"""Runs the ``postroom`` command for the benchmarks, as a user would, and watches its memory."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

POSTROOM = str(Path(sys.executable).with_name("postroom"))
_MEGABYTE = 1024 * 1024


class PeakMemory:
    """The largest sum of resident memory of a process and all below it, while the block runs.

    Sampled 20 times a second. Shared pages count in each process, so the sum is rather too large. A
    process counts from the second sample it is seen in: one that was forked a moment ago and has not
    started its own program yet shows its parent's memory as its own.
    """

    def __init__(self, pid: int, every: float = 0.05) -> None:
        self.megabytes = 0.0
        self._pid, self._every = pid, every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "PeakMemory":
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        before: set[int] = set()
        while not self._ended.wait(self._every):
            held = _resident(self._pid)
            total = sum(size for pid, size in held.items() if pid in before)
            self.megabytes = max(self.megabytes, total / _MEGABYTE)
            before = set(held)


def _resident(pid: int) -> dict[int, int]:
    held = {}
    try:
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            try:
                held[process.pid] = process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
    except psutil.NoSuchProcess:
        pass
    return held


class PeakDisk:
    """The most disk that these folders took while the block runs, looked at twice a second."""

    def __init__(self, *folders: Path) -> None:
        self.bytes = 0
        self._folders = folders
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "PeakDisk":
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.5):
            self.bytes = max(self.bytes, sum(map(taken, self._folders)))


def taken(folder: Path) -> int:
    """Bytes of disk that a folder's files take, in whole blocks; what vanishes meanwhile counts not."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += Path(place, name).lstat().st_blocks * 512
            except FileNotFoundError:
                continue
    return total


@dataclass(frozen=True, slots=True)
class Run:
    """How a command went: exit code (None: stopped after its time), answer, log, what it needed."""

    code: int | None
    data: dict[str, Any]
    log: str
    peak_mb: float
    cpu_seconds: float


def environment(**more: str) -> dict[str, str]:
    """This environment with one thread an engine, and this installation's programs found first."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    return {**os.environ, "PATH": path, "OMP_THREAD_LIMIT": "1", **more}


def postroom(home: Path, *arguments: str, seconds: float, **settings: str) -> Run:
    """Run a verb with ``--json``; ``settings`` go into its environment. Stopped after ``seconds``."""
    command = [POSTROOM, "--home", str(home), *arguments, "--json"]
    before = _spent()
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment(**settings)
        )
        with PeakMemory(process.pid) as peak:
            try:
                answer, _ = process.communicate(timeout=seconds)
                code: int | None = process.returncode
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGTERM)
                try:
                    answer, _ = process.communicate(timeout=60)
                except subprocess.TimeoutExpired:
                    process.kill()
                    answer, _ = process.communicate()
                code = None
        log.seek(0)
        return Run(code, json.loads(answer) if answer else {}, log.read(), peak.megabytes, _spent() - before)


def _spent() -> float:
    """Processor seconds of all processes below this one that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def copy_whole(folder: Path, station: Path, files: Iterable[Path] | None = None) -> int:
    """Copy a folder, or these files of it, into a station as it is; returns how many files."""
    count = 0
    for path in sorted(folder.rglob("*")) if files is None else files:
        if path.is_file():
            target = station / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            count += 1
    return count
