"""A PostgreSQL server of Debian's package: loopback only, its own folder, with a password."""

import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from domain.errors import Unavailable
from infra.services import account, process
from infra.services.server import Server, bare_environment, kept_secret

_VERSIONS = Path("/usr/lib/postgresql")
_OWNER = "postroom"
STOP_SIGNAL = signal.SIGINT  # SIGTERM would wait for its clients to go


@dataclass(frozen=True, slots=True)
class PostgreSQL(Server):
    """A running server. ``user`` owns it: it may make databases and roles."""

    user: str
    password: str = field(repr=False)

    def url(self, database: str = "postgres") -> str:
        """Where clients find a database; holds the password."""
        return url(self.port, self.password, database)

    def create_database(self, name: str) -> str:
        """Make a database unless it is there; gives its ``url``."""
        create_database(self.url(), name)
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove a database if it is there, and who is connected to it."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


def binaries() -> Path:
    """The folder of the newest version's programs.

    Raises:
        Unavailable: PostgreSQL is not installed.
    """
    found = [folder for folder in _VERSIONS.glob("*/bin") if (folder / "initdb").exists()]
    if not found:
        raise Unavailable("PostgreSQL is not installed. Run: make tools (or: apt-get install postgresql)")
    return max(found, key=lambda folder: [int(part) for part in re.findall(r"\d+", folder.parent.name)])


def version() -> str:
    """The version that ``start`` starts, such as ``15.13``."""
    said = subprocess.run([binaries() / "postgres", "--version"], capture_output=True, text=True, check=True)
    return said.stdout.split()[2]


def password(home: Path) -> str:
    """The owner's password; made at first use."""
    return kept_secret(home / "password")


def url(port: int, password: str, database: str = "postgres") -> str:
    """Where clients find a database of the server on loopback ``port``; holds the password."""
    return f"postgresql://{_OWNER}:{password}@{process.HOST}:{port}/{database}"


def create_database(server_url: str, name: str) -> None:
    """Make a database unless it is there, as who may do so.

    Raises:
        Unavailable: the server does not answer, or does not let us.
    """
    try:
        with psycopg.connect(server_url, autocommit=True) as connection:
            there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
            if not there:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except psycopg.Error as error:
        raise Unavailable(f"PostgreSQL: cannot make the database {name}: {error}") from error


def answers(home: Path, port: int) -> bool:
    """Whether the server on loopback ``port`` takes a query."""
    try:
        with psycopg.connect(url(port, password(home)), connect_timeout=5) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def start(
    home: Path,
    port: int | None = None,
    timeout: float = 60,
    *,
    options: Mapping[str, str] | None = None,
    outlive: process.Outlive | None = None,
) -> PostgreSQL:
    """Start a server whose data, password and log live in ``home``; return once it answers: 2 s.

    Args:
        home: the folder of this server alone; made when missing.
        port: on loopback; a free one when None.
        timeout: seconds to wait for the first answer.
        options: its parameters, such as ``{"max_connections": "10"}``.
        outlive: do not end it with us; told its process id and port at once.

    Raises:
        Unavailable: it is not installed or does not come up; the message ends with its last words.
        Usage: we are root and nobody cannot get to ``home``.
    """
    home = home.resolve()
    programs = binaries()
    account.give(home)
    secret = password(home)
    data = home / "data"
    if not (data / "PG_VERSION").exists():
        _initialise(programs, home, data, secret)
    process.until(lambda: not _still_ends(data), 10)
    # TCP only: a socket's path may not be longer than 107 bytes.
    fixed = {"listen_addresses": process.HOST, "unix_socket_directories": ""}
    given = [f"--{name}={value}" for name, value in (fixed | dict(options or {})).items()]
    running = process.start(
        "PostgreSQL",
        lambda port: [programs / "postgres", "-D", data, "-p", str(port), *given],
        home=home,
        env=bare_environment(home),
        health=partial(answers, home),
        port=port,
        timeout=timeout,
        unprivileged=True,
        outlive=outlive,
        stop_signal=STOP_SIGNAL,
    )
    return PostgreSQL(running, user=_OWNER, password=secret)


def _still_ends(data: Path) -> bool:
    """Whether a killed server's process is not cleared away yet or its workers still end: it would refuse."""
    try:
        postmaster = psutil.Process(int((data / "postmaster.pid").read_text("ascii").split()[0]))
    except (FileNotFoundError, ValueError, IndexError):
        return False
    except psutil.NoSuchProcess:
        return any(one.info["cwd"] == str(data) for one in psutil.process_iter(["cwd"]))
    return not process.alive(postmaster)


def _initialise(programs: Path, home: Path, data: Path, password: str) -> None:
    # A run that was cut short leaves a folder that initdb would refuse.
    making = home / "data.making"
    shutil.rmtree(making, ignore_errors=True)
    with tempfile.NamedTemporaryFile("w", dir=home, prefix="password.") as readable:
        readable.write(password)
        readable.flush()
        account.own(Path(readable.name))
        made = subprocess.run(
            [
                *account.prefix(), programs / "initdb", "--pgdata", making, "--username", _OWNER,
                "--auth", "scram-sha-256", "--pwfile", readable.name,
                "--encoding", "UTF8", "--locale", "C.UTF-8", "--data-checksums",
            ],
            cwd=home,
            env=bare_environment(home),
            capture_output=True,
            text=True,
        )  # fmt: skip
    if made.returncode:
        words = made.stderr.strip().splitlines() or [""]
        raise Unavailable(f"PostgreSQL: initdb failed (exit code {made.returncode}): {words[-1]}")
    making.rename(data)
