"""Servers start, answer, and are gone afterwards, whatever ends first."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from domain.errors import Unavailable
from infra.services import process


def web(port: int) -> list[str]:
    return [sys.executable, "-m", "http.server", "--bind", process.HOST, str(port)]


def alive(pid: int) -> bool:
    """Whether ``pid`` runs; a dead process that nobody waited for does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_starts_answers_and_stops(tmp_path: Path) -> None:
    home = tmp_path / "made" / "here"
    with process.start("Web", web, home=home, health="/") as running:
        assert running.url == f"http://127.0.0.1:{running.port}"
        assert process.answers(running.port, "/")
        assert not process.answers(running.port, "/nothing-here")
        assert alive(running.pid)
    assert not alive(running.pid)
    assert not process.answers(running.port)
    assert "GET /nothing-here" in (home / "web.log").read_text()
    process.stop(running)


def test_a_server_that_ignores_a_polite_end_is_killed(tmp_path: Path) -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    serve = "import http.server as h, sys; h.test(h.SimpleHTTPRequestHandler, port=int(sys.argv[1]))"
    running = process.start(
        "Deaf", lambda port: [sys.executable, "-c", deaf + serve, str(port)], home=tmp_path
    )
    process.stop(running, grace=0.3)
    assert running.process.returncode == -signal.SIGKILL
    assert not alive(running.pid)


def test_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent_code = (
        "import sys, time; from pathlib import Path; from infra.services import process;"
        "web = lambda p: [sys.executable, '-m', 'http.server', '--bind', process.HOST, str(p)];"
        f"running = process.start('Web', web, home=Path({str(tmp_path)!r}));"
        "print(running.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", parent_code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.kill()
    # not whether its port is free: by then it may be another test's
    gone = Retrying(retry=retry_if_result(bool), stop=stop_after_delay(30), wait=wait_fixed(0.05))
    gone(alive, pid)


def test_says_why_a_server_did_not_come_up(tmp_path: Path) -> None:
    code = "print('first', flush=True); raise SystemExit('no space for the index')"
    with pytest.raises(Unavailable) as raised:
        process.start("Search", lambda port: [sys.executable, "-c", code], home=tmp_path)
    assert str(raised.value) == (
        "Search ended at once (exit code 1). It said: no space for the index "
        f"(more in {tmp_path / 'search.log'})"
    )


def test_a_server_that_stays_silent_is_stopped(tmp_path: Path) -> None:
    code = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(600)"
    with pytest.raises(Unavailable) as raised:
        process.start("Mute", lambda port: [sys.executable, "-c", code], home=tmp_path, timeout=3)
    assert "Mute did not answer on port" in str(raised.value)
    assert str(raised.value).endswith(f"within 3 s. It said nothing ({tmp_path / 'mute.log'}).")
    assert not alive(int((tmp_path / "pid").read_text()))


def test_a_port_in_use_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind((process.HOST, 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(Unavailable) as raised:
            process.start("Web", web, home=tmp_path / "untouched", port=port)
    assert str(raised.value) == f"Web: port {port} is in use. Stop what holds it or choose another."
    assert not (tmp_path / "untouched").exists()


def test_ports_are_none_that_outgoing_connections_get(monkeypatch: pytest.MonkeyPatch) -> None:
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    found = {process.free_port() for _ in range(20)}
    assert len(found) > 15
    assert all(15_000 <= port < first for port in found)
    monkeypatch.setattr(process, "_LOCAL_PORTS", Path("/nonexistent"))
    assert not process.taken(process.free_port())


def test_who_outlives_us_is_told_before_it_answers(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    code = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(600)"
    with pytest.raises(Unavailable, match="did not answer"):
        process.start(
            "Mute",
            lambda port: [sys.executable, "-c", code],
            home=tmp_path,
            timeout=3,
            outlive=lambda pid, port: told.append((pid, port)),
        )
    ((pid, port),) = told
    assert pid == int((tmp_path / "pid").read_text())
    assert not process.taken(port)


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no-such-server"):
        process.start("Ghost", lambda port: ["no-such-server"], home=tmp_path)


def test_takes_a_port_and_an_environment(tmp_path: Path) -> None:
    port = process.free_port()
    code = "import http.server as h, os; print(sorted(os.environ), flush=True); h.test(port=PORT)"
    with process.start(
        "Web",
        lambda port: [sys.executable, "-c", code.replace("PORT", str(port))],
        home=tmp_path,
        port=port,
        env={"PATH": os.environ["PATH"], "ONLY": "this"},
    ) as running:
        assert running.port == port
    assert "'ONLY'" in (tmp_path / "web.log").read_text()
    assert "'HOME'" not in (tmp_path / "web.log").read_text()
