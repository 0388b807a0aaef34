"""What the pool's processes run in the tests."""

import os
import resource
import time

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


def eat() -> None:
    kept = []
    while True:
        kept.append(bytearray(50_000_000))


if __name__ == "__main__":
    from capture.pool import Pool
    from tests.capture.sheets import settings

    with Pool(1, settings()) as pool:
        print(pool.run(os.getpid).result(), flush=True)
        time.sleep(600)
