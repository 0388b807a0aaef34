"""What the pool's processes run in the tests."""

import os
import resource
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from domain.errors import Refused


def square(number: int) -> int:
    return number * number


def environment() -> tuple[str | None, tuple[int, int]]:
    return os.environ.get("OMP_THREAD_LIMIT"), resource.getrlimit(resource.RLIMIT_CORE)


def bug() -> float:
    return 1 / 0


def refuse() -> None:
    raise Refused("torn", "scan again", 3)


def die(number: int) -> None:
    os.kill(os.getpid(), number)


def hang() -> None:
    time.sleep(600)


def late(seconds: float) -> str:
    time.sleep(seconds)
    return "late"


def eat() -> None:
    kept = []
    while True:
        kept.append(bytearray(50_000_000))


def write(path: Path, megabytes: int) -> int:
    with path.open("wb") as file:
        for _ in range(megabytes):
            file.write(bytes(1_048_576))
    return path.stat().st_size


def open_many(path: Path) -> None:
    kept = []
    while True:
        kept.append(path.open("rb"))


def connect(family: int, address: tuple[str, int]) -> str:
    try:
        with socket.socket(family) as out:
            out.connect(address)
    except OSError as error:
        return str(error)
    return "connected"


def connect_elsewhere(family: int, address: tuple[str, int]) -> tuple[str, str]:
    """From a thread, and from a process of another program."""
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append(connect(family, address)))
    thread.start()
    thread.join()
    call = f"from tests.capture.pooled import connect; print(connect({int(family)}, {address}))"
    asked = subprocess.run([sys.executable, "-c", call], capture_output=True, text=True, check=True)
    return said[0], asked.stdout.strip()


def talk_here() -> bytes:
    """Over sockets and pipes that never leave this machine."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(b"still ")
        heard = theirs.recv(10)
    out, into = os.pipe()
    os.write(into, b"here")
    os.close(into)
    with os.fdopen(out, "rb") as pipe:
        return heard + pipe.read()


if __name__ == "__main__":
    from capture.pool import Pool
    from tests.capture.sheets import settings

    with Pool(1, settings()) as pool:
        print(pool.run(os.getpid).result(), flush=True)
        time.sleep(600)
