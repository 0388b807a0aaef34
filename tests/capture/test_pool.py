import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from capture.pool import Pool
from domain.errors import Refused
from tests.capture import pooled
from tests.capture.sheets import settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(1, settings(page_memory_mb=400)) as running:
        yield running


def test_results_and_errors_come_back(pool: Pool) -> None:
    assert pool.run(pooled.square, 7).result() == 49
    assert pool.run(pooled.environment).result() == ("1", (0, 0))
    with pytest.raises(ZeroDivisionError):
        pool.run(pooled.bug).result()
    with pytest.raises(Refused) as refused:
        pool.run(pooled.refuse).result()
    assert (refused.value.reason, refused.value.fix, refused.value.page) == ("torn", "scan again", 3)


def test_a_page_that_kills_hangs_or_eats_is_refused(pool: Pool) -> None:
    def reason(*job: object, timeout: float | None = None) -> str:
        with pytest.raises(Refused) as refused:
            pool.run(*job, timeout=timeout).result()  # type: ignore[arg-type]
        return refused.value.reason

    assert reason(pooled.die, signal.SIGSEGV) == "reading it ended its process (SIGSEGV)"
    assert reason(pooled.hang, timeout=1) == "not done after 1 seconds"
    assert reason(pooled.eat) == "needs more memory than a page may use"
    assert pool.run(pooled.square, 3).result() == 9


def test_a_process_killed_while_idle_is_replaced(pool: Pool) -> None:
    os.kill(pool.run(os.getpid).result(), signal.SIGKILL)
    time.sleep(0.5)
    assert pool.run(pooled.square, 4).result() == 16


def _alive(pids: set[int]) -> set[int]:
    return {
        pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    }


def _gone(pids: set[int]) -> bool:
    for _ in range(100):
        if not _alive(pids):
            return True
        time.sleep(0.1)
    return False


def test_no_process_outlives_the_pool_or_its_owner() -> None:
    with Pool(1, settings()) as running:
        pids = {running.run(os.getpid).result()}
    assert _gone(pids)
    owner = subprocess.Popen(
        [sys.executable, "-m", "tests.capture.pooled"], stdout=subprocess.PIPE, cwd=ROOT, text=True
    )
    assert owner.stdout is not None
    pids = {int(owner.stdout.readline())}
    assert _alive(pids) == pids
    owner.kill()
    owner.wait()
    owner.stdout.close()
    assert _gone(pids)
