import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import psutil
import pytest
import time_machine

from capture.pool import Pool
from domain.errors import Refused
from infra.services import process
from tests.capture import pooled
from tests.capture.sheets import settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(1, settings(page_memory_mb=400, page_file_mb=16)) as running:
        yield running


def test_results_and_errors_come_back(pool: Pool) -> None:
    assert pool.run(pooled.square, 7).result() == 49
    assert pool.run(pooled.environment).result() == ("1", (0, 0))
    with pytest.raises(ZeroDivisionError):
        pool.run(pooled.bug).result()
    with pytest.raises(Refused) as refused:
        pool.run(pooled.refuse).result()
    assert (refused.value.reason, refused.value.fix, refused.value.page) == ("torn", "scan again", 3)


def reason(pool: Pool, *job: object) -> str:
    with pytest.raises(Refused) as refused:
        pool.run(*job).result()  # type: ignore[arg-type]
    assert refused.value.fix
    return refused.value.reason


def test_a_page_that_kills_hangs_or_eats_is_refused(pool: Pool, tmp_path: Path) -> None:
    assert reason(pool, pooled.die, signal.SIGSEGV) == "reading it ended its process (SIGSEGV)"
    before = pool.run(os.getpid).result()
    assert reason(pool, pooled.eat) == "needs more memory than a page may use"
    assert reason(pool, pooled.open_many, Path(__file__)) == "needs more open files than a page may have"
    assert reason(pool, pooled.write, tmp_path / "a", 17) == "needs a larger file than a page may write"
    assert (tmp_path / "a").stat().st_size == 16 * 1_048_576
    assert pool.run(pooled.write, tmp_path / "b", 17, pages=2).result() == 17 * 1_048_576
    assert pool.run(os.getpid).result() != before
    with Pool(1, settings(page_seconds=1)) as hasty:
        assert reason(hasty, pooled.hang) == "not done after 1 seconds"
        assert hasty.run(pooled.square, 5).result() == 25


@pytest.mark.parametrize("jump", [3600, -3600])
def test_the_time_a_page_takes_is_not_that_of_a_clock_which_is_set(jump: int) -> None:
    with Pool(2, settings(page_seconds=3)) as hasty:
        for ready in [hasty.run(pooled.late, 0.5) for _ in range(2)]:
            ready.result()
        late, never = hasty.run(pooled.late, 1), hasty.run(pooled.hang)
        time.sleep(0.3)
        with time_machine.travel(time.time() + jump, tick=True):
            assert late.result(60) == "late"
            with pytest.raises(Refused, match="not done after 3 seconds"):
                never.result(60)


def test_no_page_reaches_the_network_and_what_it_needs_goes_on(pool: Pool) -> None:
    refused = "[Errno 1] Operation not permitted"
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        assert pooled.connect(socket.AF_INET, address) == "connected"
        assert pool.run(pooled.connect, socket.AF_INET, address).result() == refused
        assert pool.run(pooled.connect_elsewhere, socket.AF_INET, address).result() == (refused, refused)
    assert pool.run(pooled.connect, socket.AF_INET6, ("::1", 9)).result() == refused
    assert pool.run(pooled.talk_here).result() == b"still here"
    assert pool.run(pooled.square, 8).result() == 64


def test_a_process_killed_while_idle_is_replaced(pool: Pool) -> None:
    os.kill(pool.run(os.getpid).result(), signal.SIGKILL)
    time.sleep(0.5)
    assert pool.run(pooled.square, 4).result() == 16


def _alive(pids: set[int]) -> set[int]:
    return {one.pid for one in psutil.process_iter() if one.pid in pids and process.alive(one)}


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


def test_a_reading_process_does_not_run_its_owners_program_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program, ran = tmp_path / "program.py", tmp_path / "ran"
    program.write_text(f"open({str(ran)!r}, 'w').close()")
    main = ModuleType("__main__")
    main.__file__ = str(program)
    monkeypatch.setitem(sys.modules, "__main__", main)
    with Pool(1, settings()) as pool:
        assert pool.run(pooled.square, 7).result(60) == 49
    assert not ran.exists()
    assert sys.modules["__main__"] is main
