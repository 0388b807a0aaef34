"""One server process on a loopback port: start, wait until it answers, stop by its own pid."""

import http.client
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from domain.errors import Unavailable

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answered. Leaving a ``with`` block on it stops it.

    Attributes:
        name: what people call it, for messages.
        process: the child, of this process only.
        port: on loopback.
        log: where its output goes.
    """

    name: str
    process: subprocess.Popen[bytes]
    port: int
    log: Path

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
    """A loopback port that nobody held a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def start(
    name: str,
    command: Callable[[int], Sequence[str | Path]],
    *,
    home: Path,
    env: Mapping[str, str] | None = None,
    health: str | None = None,
    port: int | None = None,
    timeout: float = 60,
) -> Running:
    """Start a server and return once it answers.

    The server runs in ``home`` (made when missing), writes to ``home/NAME.log``, and is in no
    terminal's foreground group: Ctrl-C reaches us, and we stop it in order. The kernel kills it when
    the thread that called this ends, however it ends, so call it from one that lives as long as the
    server is needed.

    Args:
        name: what people call it, for messages; also names its log.
        command: gives the command line for a port.
        home: the server's folder.
        env: its whole environment; ours when None.
        health: a path that answers 200 when the server is ready; None: taking a connection will do.
        port: on loopback; a free one when None.
        timeout: seconds to wait for the first answer.

    Raises:
        Unavailable: the port is taken, the program is missing, it ended, or it did not answer in
            time. Nothing is left running.
    """
    if port is None:
        port = free_port()
    elif _taken(port):
        raise Unavailable(f"{name}: port {port} is in use. Stop what holds it or choose another.")
    home.mkdir(parents=True, exist_ok=True)
    log = home / f"{name.lower().replace(' ', '-')}.log"
    # setpriv rather than a hook between fork and exec, which is unsafe where threads run.
    line = ["setpriv", "--pdeathsig", "KILL", "--", *command(port)]
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
    running = Running(name=name, process=process, port=port, log=log)
    try:
        _wait(running, health, timeout, began)
    except BaseException:
        stop(running)
        raise
    return running


def stop(running: Running, grace: float = 15) -> None:
    """Ask the server to end, wait ``grace`` seconds, then kill that very process. Safe to repeat."""
    process = running.process
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(grace)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def answers(port: int, health: str | None = None) -> bool:
    """Whether loopback ``port`` takes a connection and, with a path, answers 200 on it."""
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


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
        return False


def _wait(running: Running, health: str | None, timeout: float, began: int) -> None:
    def ready() -> bool:
        code = running.process.poll()
        if code is not None:
            raise Unavailable(
                f"{running.name} ended at once (exit code {code}). {_last_words(running.log, began)}"
            )
        return answers(running.port, health)

    attempts = Retrying(
        retry=retry_if_result(lambda answered: not answered),
        stop=stop_after_delay(timeout),
        wait=wait_fixed(0.1),
    )
    try:
        attempts(ready)
    except RetryError:
        raise Unavailable(
            f"{running.name} did not answer on port {running.port} within {timeout:g} s. "
            f"{_last_words(running.log, began)}"
        ) from None


def _last_words(log: Path, began: int) -> str:
    with log.open("rb") as output:
        output.seek(max(began, os.fstat(output.fileno()).st_size - 4000))
        lines = output.read().decode(errors="replace").strip().splitlines()
    return f"It said: {lines[-1].strip()} (more in {log})" if lines else f"It said nothing ({log})."
