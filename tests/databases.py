"""Fresh PostgreSQL databases for the tests: copies of one whose tables were made once."""

import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg
from pydantic import SecretStr

from infra.database import connect, disconnect
from infra.services.postgresql import PostgreSQL
from infra.settings import DatabaseSettings


def settings(url: str, connections: int = 8) -> DatabaseSettings:
    """The register's settings with this address."""
    return DatabaseSettings(url=SecretStr(url), connections=connections)


def template(server: PostgreSQL, home: Path) -> str:
    """The name of a database with the register's tables, to copy from; nobody is connected to it."""
    name = f"template_{uuid.uuid4().hex}"
    connect(home, settings(server.create_database(name)))
    disconnect()
    return name


@contextmanager
def copy_of(server: PostgreSQL, template: str) -> Iterator[str]:
    """A copy of the database while the block runs; gives its address."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
    try:
        yield server.url(name)
    finally:
        server.drop_database(name)


def empty(server: PostgreSQL) -> AbstractContextManager[str]:
    """A database without tables while the block runs; gives its address."""
    return copy_of(server, "template0")
