"""Connects the register to its database: SQLite in the home of the instance, or PostgreSQL."""

import fcntl
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.db import ProgrammingError, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from domain.errors import Unavailable, Usage
from infra import django_settings
from infra.settings import DatabaseSettings
from register.session import asking

_SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "OPTIONS": {
        # IMMEDIATE: a writer queues at BEGIN instead of failing half-way when two have read already.
        "transaction_mode": "IMMEDIATE",
        "timeout": 60,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    },
}
_URL = "postgresql://USER:PASSWORD@HOST:5432/NAME, with % and two hexadecimal digits for / @ : % in a part"
_PATIENCE = 30.0  # seconds to wait for a connection that another thread holds
_UPGRADE = 0x706F7374726F6F6D  # "postroom": the lock of those who upgrade the tables
_UPGRADE_SECONDS = 1800
_FORBIDDEN = "42501"  # SQLSTATE insufficient_privilege
# Seconds after which the server gives up, so that one that hangs or vanished does not hold up the others.
_LIMITS = {"statement_timeout": 600, "lock_timeout": 30, "idle_in_transaction_session_timeout": 60}
_CLIENT: dict[str, str] = {
    "connect_timeout": "10",
    "application_name": "postroom",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
    # After a fail-over, or with several hosts, only the server that takes writes will do.
    "target_session_attrs": "read-write",
}


def prepare() -> None:
    """Make the register's modules importable. Connects to nothing."""
    if not settings.configured:
        fixed = {name: getattr(django_settings, name) for name in dir(django_settings) if name.isupper()}
        settings.configure(**fixed)
        django.setup()


def connect(home: Path, database: DatabaseSettings | None = None) -> None:
    """Make the register of the instance in ``home`` this process's register.

    Its tables are made, or upgraded, where that is needed; of several processes one does it and the
    others wait.

    Raises:
        Usage: the address cannot be.
        Unavailable: the database does not answer, or another process upgrades it for half an hour.
    """
    prepare()
    database = database or DatabaseSettings()
    url = database.url.get_secret_value()
    _use(_postgresql(url, database.connections) if url else _sqlite(home))
    if not asking(_behind):
        return
    with _sole_upgrade(url) if url else _locked(home / "register.lock"):
        if url:
            _use(_postgresql(url, 1, dict.fromkeys(_LIMITS, 0)))
        if asking(_behind):
            asking(_upgrade)
    if url:
        _use(_postgresql(url, database.connections))


def disconnect() -> None:
    """Close what this thread and the stock of connections hold."""
    connections.close_all()
    lender = connections.databases["default"].get("OPTIONS", {}).get("lender")
    if lender is not None:
        lender.close()


def applied_migrations() -> list[str]:
    """The changes of tables that the connected register has seen, such as ``register.0001_initial``."""
    return _named(asking(MigrationRecorder(connections["default"]).applied_migrations))


def known_migrations() -> list[str]:
    """Those that this program knows."""
    prepare()
    return _named(MigrationLoader(None).disk_migrations)


def _named(migrations: Iterable[tuple[str, str]]) -> list[str]:
    return sorted(f"{app}.{name}" for app, name in migrations)


def server() -> str:
    """The connected PostgreSQL server's version, and whether it gives up safety that we rely on."""

    def ask() -> list[tuple[str, str]]:
        with connections["default"].cursor() as cursor:
            cursor.execute(
                "SELECT name, setting FROM pg_settings"
                " WHERE name IN ('server_version', 'fsync', 'full_page_writes') ORDER BY name"
            )
            return list(cursor.fetchall())

    found = dict(asking(ask))
    unsafe = [name for name in ("fsync", "full_page_writes") if found[name] != "on"]
    warning = f", {' and '.join(unsafe)} OFF: a power cut may cost registered letters" if unsafe else ""
    return f"{found['server_version'].split()[0]}{warning}"


def parameters(url: str) -> dict[str, str]:
    """How to reach the database, by the names that libpq gives to its parts.

    Raises:
        Usage: the address is none; it is not repeated, for it may hold a password.
    """
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except psycopg.Error:
        parts = {}
    # A part that holds "@" or a port that is none is a password with a sign that should have been written so.
    name, port = parts.get("dbname", ""), parts.get("port", "")
    sane = url.startswith(("postgresql://", "postgres://")) and re.fullmatch("[0-9,]*", port)
    if not sane or not name or "@" in name:
        raise Usage(f"setting database.url is not the address of a PostgreSQL database. Write it as {_URL}")
    return _CLIENT | parts


def _use(database: dict[str, Any]) -> None:
    # One instance at a time: a connection to another one must not be used again.
    disconnect()
    connections.databases["default"] = {**connections["default"].settings_dict, **database}
    del connections["default"]


def _sqlite(home: Path) -> dict[str, Any]:
    return {
        **_SQLITE,
        "NAME": str(home / "register.sqlite3"),
        "USER": "",
        "PASSWORD": "",
        "HOST": "",
        "PORT": "",
    }


def _postgresql(url: str, most: int, limits: dict[str, int] = _LIMITS) -> dict[str, Any]:
    from infra.postgresql.lending import Lender

    parts = parameters(url)
    ours = {"synchronous_commit": "on", "timezone": "UTC", **{name: f"{of}s" for name, of in limits.items()}}
    options = " ".join(f"-c {name}={value}" for name, value in ours.items())
    # What the address itself says comes last and wins.
    parts["options"] = f"{options} {parts.get('options', '')}".strip()
    return {
        "ENGINE": "infra.postgresql",
        "NAME": parts.pop("dbname"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "OPTIONS": {**parts, "lender": Lender(most, _PATIENCE)},
    }


def _behind() -> bool:
    executor = MigrationExecutor(connections["default"])
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _upgrade() -> None:
    try:
        call_command("migrate", verbosity=0, interactive=False)
    except ProgrammingError as error:
        if getattr(error.__cause__, "sqlstate", "") != _FORBIDDEN:
            raise
        raise Usage(
            f"the register's tables must be upgraded by the role that owns them ({error.__cause__}). "
            "Run any command once with its address as POSTROOM_DATABASE__URL; see docs/database.md"
        ) from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _sole_upgrade(url: str) -> Iterator[None]:
    """Hold the lock of those who upgrade, on a connection of its own; the server frees it if we die."""
    import psycopg
    from psycopg.conninfo import make_conninfo

    try:
        with psycopg.connect(make_conninfo(**parameters(url))) as connection:
            connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            connection.execute("SET LOCAL statement_timeout = 0")
            connection.execute(f"SET LOCAL lock_timeout = '{_UPGRADE_SECONDS}s'")
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [_UPGRADE])
            yield
    except psycopg.OperationalError as error:
        raise Unavailable(f"the register's database cannot be upgraded now: {error}") from error
