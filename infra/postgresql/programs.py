"""PostgreSQL's client programs: found in a version that suits the server, run with the password unseen."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from domain.errors import Unavailable, Usage

_DEBIAN = Path("/usr/lib/postgresql")
_OUTPUT = 400  # signs of a program's complaint that people get to see


def dump(url: str, target: Path, ask: str) -> list[str]:
    """Write all of the database to ``target`` as it stands at one moment, while others go on.

    Returns:
        The first column of what the query ``ask`` finds at that moment.

    Raises:
        Usage: no ``pg_dump`` that suits the server is installed.
        Unavailable: the server does not answer, or it failed.
    """
    left_out = ("--no-owner", "--no-privileges", "--exclude-schema", "before_restore_*")
    with _asked(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        ((moment,),) = connection.execute("SELECT pg_export_snapshot()").fetchall()
        found = [str(value) for (value, *_) in connection.execute(ask.encode()).fetchall()]
        at = ("--snapshot", str(moment))
        _run("pg_dump", url, "--format", "custom", *at, *left_out, "--file", str(target))
    return found


def restore(url: str, source: Path) -> None:
    """Fill an empty database from what ``dump`` wrote, all or nothing; its objects belong to the url's user.

    Raises:
        Usage: no ``pg_restore`` that suits the server is installed.
        Unavailable: the server does not answer, or it failed.
    """
    flags = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction")
    _run("pg_restore", url, *flags, str(source))


def read(url: str, source: Path, table: str, columns: Sequence[str]) -> list[tuple[str, ...]]:
    """Rows of a table in what ``dump`` wrote, as text: of values that hold no tab, line feed or backslash.

    Raises:
        Usage: no ``pg_restore`` that suits the server is installed.
        Unavailable: the server does not answer, or the file holds no such table.
    """
    flags = ("--data-only", "--table", table, "--file", "-")
    said = _run("pg_restore", url, *flags, str(source), connected=False)
    found = re.search(rf"^COPY \S*{table} \((.*)\) FROM stdin;\n((?:.+\n)*?)\\\.$", said, re.MULTILINE)
    if not found:
        raise Unavailable(f"{source} holds no table {table}")
    names = found[1].split(", ")
    rows = [dict(zip(names, line.split("\t"), strict=True)) for line in found[2].splitlines()]
    return [tuple(row[name] for name in columns) for row in rows]


def find(name: str, server: int) -> Path:
    """The program in a version not older than the server's, both as major numbers.

    Raises:
        Usage: there is none; says what to install.
    """
    places = [folder / name for folder in _DEBIAN.glob("*/bin")]
    places += [Path(found) for found in (shutil.which(name),) if found]
    versions = {place: _version(place) for place in places if os.access(place, os.X_OK)}
    suiting = {place: version for place, version in versions.items() if version >= server}
    if not suiting:
        have = ", ".join(f"{version} in {place}" for place, version in versions.items()) or "none"
        raise Usage(
            f"{name} of PostgreSQL {server} or later is needed (found: {have}). "
            f"Install it: apt-get install postgresql-client-{server}"
        )
    return min(suiting, key=lambda place: suiting[place])


def _version(program: Path) -> int:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r"(\d+)(\.\d+)*", said)
    return int(found[1]) if found else 0


@contextmanager
def _asked(url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise Unavailable(f"the register's database does not answer: {error}") from error


def _run(name: str, url: str, *arguments: str, connected: bool = True) -> str:
    parts: dict[str, Any] = conninfo_to_dict(url)
    password = parts.pop("password", None)
    with _asked(url) as connection:
        server = connection.info.server_version // 10000
    # A command line can be read by everybody on the machine, the environment only by our own account.
    environment = os.environ | ({"PGPASSWORD": str(password)} if password else {})
    to = ("--dbname", make_conninfo(**parts), "--no-password") if connected else ()
    command: list[str | Path] = [find(name, server), *to, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise Unavailable(f"{name} failed (exit code {done.returncode}): {done.stderr.strip()[-_OUTPUT:]}")
    return done.stdout
