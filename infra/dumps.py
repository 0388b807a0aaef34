"""The register's database as a file, and a database from such a file: SQLite and PostgreSQL alike."""

import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from domain.errors import Unavailable, Usage
from infra.settings import DatabaseSettings

_SQLITE = "register.sqlite3"
_SPOOLED = "SELECT key FROM register_batch WHERE state <> 'released'"
_LEAVING = 5.0  # seconds that a session may take to end
_BESIDE = ("", "-wal", "-shm")  # a file of SQLite's and what belongs to it


def kind(database: DatabaseSettings) -> str:
    """``sqlite`` or ``postgresql``."""
    return "postgresql" if database.url.get_secret_value() else "sqlite"


def name(kind: str) -> str:
    """What the file is called."""
    return "register.dump" if kind == "postgresql" else _SQLITE


def dump(home: Path, database: DatabaseSettings, target: Path) -> set[str]:
    """Write the register to ``target`` as it stands at one moment, while others go on reading and writing.

    Returns:
        The keys of the batches whose files a spool holds at that moment.

    Raises:
        Unavailable: the database does not answer, or the copy is not sound.
    """
    if url := database.url.get_secret_value():
        from infra.postgresql import programs

        return set(programs.dump(url, target, _SPOOLED))
    try:
        with (
            closing(sqlite3.connect(f"file:{home / _SQLITE}?mode=ro", uri=True, timeout=60)) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            # In one step: a writer between two steps would make it begin anew. In WAL mode none waits.
            source.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, without others beside it
            (sound,) = copy.execute("PRAGMA quick_check").fetchone()
            spooled = {str(key) for (key,) in copy.execute(_SPOOLED)}
    except sqlite3.Error as error:
        raise Unavailable(f"the register cannot be copied now: {error}") from error
    if sound != "ok":
        raise Unavailable(f"the register is damaged ({sound}); keep older backups and see docs/operations.md")
    return spooled


def is_empty(home: Path, database: DatabaseSettings) -> bool:
    """Whether there is nothing that a restored register would meet.

    Raises:
        Unavailable: the database does not answer.
    """
    url = database.url.get_secret_value()
    return not (_tables(url) if url else (home / _SQLITE).exists())


def counters(database: DatabaseSettings, source: Path) -> dict[tuple[str, int], int]:
    """The last number of each register and year in what ``dump`` wrote, of events as year 0; changes nothing.

    For PostgreSQL this also sees that the server answers, and that the programs are there to restore with.

    Raises:
        Usage: the programs are not there.
        Unavailable: the server does not answer, or the file holds no register.
    """
    if url := database.url.get_secret_value():
        from infra.postgresql import programs

        rows = programs.read(url, source, "register_counter", ("register", "year", "last"))
    else:
        try:
            with closing(sqlite3.connect(f"{source.absolute().as_uri()}?immutable=1", uri=True)) as register:
                rows = register.execute("SELECT register, year, last FROM register_counter").fetchall()
        except sqlite3.Error as error:
            raise Unavailable(f"{source} holds no register: {error}") from error
    return {(str(register), int(year)): int(last) for register, year, last in rows}


def users(database: DatabaseSettings) -> list[str]:
    """Who of Postroom is connected to the database, for people; those just leaving are waited for.

    Raises:
        Unavailable: the database does not answer.
    """
    url = database.url.get_secret_value()
    until = time.monotonic() + _LEAVING
    while (found := _sessions(url) if url else []) and time.monotonic() < until:
        time.sleep(0.1)
    return found


def _sessions(url: str) -> list[str]:
    import psycopg

    ask = (
        "SELECT usename, coalesce(host(client_addr), 'this machine'), pid, backend_start"
        " FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND application_name LIKE 'postroom%' ORDER BY backend_start, pid"
    )
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            found = connection.execute(ask).fetchall()
    except psycopg.OperationalError as error:
        raise Unavailable(f"the register's database does not answer: {error}") from error
    return [
        f"{user} from {place} (session {session}" + (f", since {since:%Y-%m-%d %H:%M})" if since else ")")
        for user, place, session, since in found
    ]


def set_aside(home: Path, database: DatabaseSettings, folder: Path) -> None:
    """Put the present register out of the way: into ``folder``, or a schema of its name in PostgreSQL.

    Raises:
        Usage: the role may not do that.
    """
    if url := database.url.get_secret_value():
        _move_tables(url, folder.name)
        return
    for ending in _BESIDE:
        if (file := home / f"{_SQLITE}{ending}").exists():
            file.rename(folder / file.name)


def restore(home: Path, database: DatabaseSettings, source: Path) -> None:
    """Make the register from what ``dump`` wrote, all or nothing, where ``is_empty``.

    Raises:
        Unavailable: the database does not answer, or the file is none.
    """
    if url := database.url.get_secret_value():
        import psycopg

        from infra.postgresql import programs

        programs.restore(url, source)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ANALYZE")  # a dump holds no statistics, and queries are planned by them
        return
    partial = home / f".{_SQLITE}.part"
    shutil.copyfile(source, partial)
    partial.rename(home / _SQLITE)


def _tables(url: str) -> list[str]:
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
            return [table for (table,) in found]
    except psycopg.OperationalError as error:
        raise Unavailable(f"the register's database does not answer: {error}") from error


def _move_tables(url: str, schema: str) -> None:
    import psycopg
    from psycopg import sql

    there = sql.Identifier(schema)
    functions = (
        "SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
        " WHERE n.nspname = current_schema() AND p.prokind = 'f'"
    )
    try:
        with psycopg.connect(url) as connection:
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(there))
            for table in _tables(url):
                move = sql.SQL("ALTER TABLE {} SET SCHEMA {}")
                connection.execute(move.format(sql.Identifier(table), there))
            for (signature,) in connection.execute(functions).fetchall():
                move = sql.SQL("ALTER FUNCTION {} SET SCHEMA {}")
                connection.execute(move.format(sql.SQL(signature), there))
    except psycopg.errors.InsufficientPrivilege as error:
        raise Usage(
            f"the database's role may not move tables aside ({error}). Name an empty database"
        ) from error
