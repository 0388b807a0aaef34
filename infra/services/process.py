"""One server process on a loopback port: start, wait until it answers, stop by its own pid, restart."""

import http.client
import os
import random
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from domain.errors import Unavailable
from infra.services import account

HOST = "127.0.0.1"
# A path that answers 200 once the server is ready, or what finds out for a port.
Health = str | Callable[[int], bool]
# Told the process id and the port of a server that goes on when we end.
Outlive = Callable[[int, int], None]
_LOCAL_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST_PORT = 15_000  # below it stand services with numbers of their own


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answered. Leaving a ``with`` block on it stops it.

    Attributes:
        name: what people call it, for messages.
        process: the child, of this process only.
        port: on loopback.
        log: where its output goes.
        stop_signal: what makes it end in order.
        again: starts it once more as it was started, on the same port.
    """

    name: str
    process: subprocess.Popen[bytes]
    port: int
    log: Path
    stop_signal: signal.Signals
    again: "Callable[[], Running]" = field(repr=False)  # it holds the environment, secrets included

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self.process.pid

    @property
    def url(self) -> str:
        """Where it answers, without a closing slash."""
        return f"http://{HOST}:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        stop(self)


def free_port() -> int:
    """A loopback port that nobody held a moment ago.

    Not one of those that the kernel gives to connections going out: between now and the server's start,
    or while the server is down, one of them would take it.
    """
    try:
        end = int(_LOCAL_PORTS.read_text("ascii").split()[0])
    except (OSError, ValueError, IndexError):
        end = 0
    for _ in range(200 if end > _LOWEST_PORT + 1000 else 0):
        port = random.randrange(_LOWEST_PORT, end)  # noqa: S311 -- no secret
        if not taken(port):
            return port
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def start(
    name: str,
    command: Callable[[int], Sequence[str | Path]],
    *,
    home: Path,
    env: Mapping[str, str] | None = None,
    health: Health | None = None,
    port: int | None = None,
    timeout: float = 60,
    unprivileged: bool = False,
    outlive: Outlive | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
) -> Running:
    """Start a server and return once it answers.

    The server runs in ``home`` (made when missing), writes to ``home/NAME.log``, and is in no
    terminal's foreground group: Ctrl-C reaches us, and we stop it in order. The kernel kills it when
    the thread that called this ends, however it ends, so call it from one that lives as long as the
    server is needed; or let it ``outlive`` us.

    Args:
        name: what people call it, for messages; also names its log.
        command: gives the command line for a port.
        home: the server's folder.
        env: its whole environment; ours when None.
        health: tells when the server is ready; None: taking a connection will do.
        port: on loopback; a free one when None.
        timeout: seconds to wait for the first answer.
        unprivileged: run it as nobody when we are root; ``home`` then is nobody's.
        outlive: do not end it with us; told at once which process that is, so that it can be remembered.
        stop_signal: what makes it end in order.

    Raises:
        Unavailable: the port is taken, the program is missing, it ended, or it did not answer in
            time. Nothing is left running.
        Usage: it is to run as nobody, who cannot get to its home or program.
    """
    if port is None:
        port = free_port()
    elif taken(port):
        raise Unavailable(f"{name}: port {port} is in use. Stop what holds it or choose another.")
    arguments = command(port)
    if unprivileged:
        account.give(home)
        if Path(arguments[0]).is_absolute():
            account.check_reach(Path(arguments[0]))
    home.mkdir(parents=True, exist_ok=True)
    log = home / f"{name.lower().replace(' ', '-')}.log"
    # setpriv rather than a hook between fork and exec, which is unsafe where threads run.
    # It takes the account first and the death signal last: a change of account would clear that.
    options = [*(account.become() if unprivileged else ()), *(() if outlive else ("--pdeathsig", "KILL"))]
    line = ["setpriv", *options, "--", *arguments]
    with log.open("ab") as output:
        began = output.tell()
        process = subprocess.Popen(
            line,
            cwd=home,
            env=None if env is None else dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    again = partial(
        start, name, command, home=home, env=env, health=health, port=port, timeout=timeout,
        unprivileged=unprivileged, outlive=outlive, stop_signal=stop_signal,
    )  # fmt: skip
    running = Running(name, process, port, log, stop_signal, again)
    try:
        if outlive:
            outlive(process.pid, port)
        _wait(running, health, timeout, began)
    except BaseException:
        stop(running)
        raise
    return running


def stop(running: Running, grace: float = 15) -> None:
    """Ask the server to end, wait ``grace`` seconds, then kill that very process. Safe to repeat."""
    process = running.process
    if process.poll() is None:
        process.send_signal(running.stop_signal)
    try:
        process.wait(grace)
    except subprocess.TimeoutExpired:
        kill(running)


def kill(running: Running) -> None:
    """End the server and what it started with SIGKILL, as a crash would. Safe to repeat."""
    if running.process.poll() is None:
        family = psutil.Process(running.pid).children(recursive=True)
        running.process.kill()
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        running.process.wait()
        # A process with many threads is a zombie for a moment that still holds its port.
        until(lambda: not any(alive(member) for member in family) and not taken(running.port), 30)


def restart(running: Running) -> Running:
    """Stop the server if it still runs; start it again on the same port with the same data."""
    stop(running)
    return running.again()


def alive(process: psutil.Process) -> bool:
    """Whether it runs still, and is that same process; a dead one that nobody waited for does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def answers(port: int, health: Health | None = None) -> bool:
    """Whether loopback ``port`` takes a connection and, as ``health`` says, is ready."""
    if callable(health):
        return health(port)
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.connect()
        if health is None:
            return True
        connection.request("GET", health)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def taken(port: int) -> bool:
    """Whether a process listens on loopback ``port``."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
        return False


def _wait(running: Running, health: Health | None, timeout: float, began: int) -> None:
    def ready() -> bool:
        code = running.process.poll()
        if code is not None:
            raise Unavailable(
                f"{running.name} ended at once (exit code {code}). {_last_words(running.log, began)}"
            )
        return answers(running.port, health)

    if not until(ready, timeout):
        raise Unavailable(
            f"{running.name} did not answer on port {running.port} within {timeout:g} s. "
            f"{_last_words(running.log, began)}"
        )


def until(true: Callable[[], bool], timeout: float) -> bool:
    """Whether it becomes true within ``timeout`` seconds; asks ten times a second."""
    attempts = Retrying(
        retry=retry_if_result(lambda answer: not answer),
        stop=stop_after_delay(timeout),
        wait=wait_fixed(0.1),
    )
    try:
        return attempts(true)
    except RetryError:
        return False


def _last_words(log: Path, began: int) -> str:
    with log.open("rb") as output:
        output.seek(max(began, os.fstat(output.fileno()).st_size - 4000))
        lines = output.read().decode(errors="replace").strip().splitlines()
    return f"It said: {lines[-1].strip()} (more in {log})" if lines else f"It said nothing ({log})."
