"""Connections and transactions for callers that are not web requests."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from django.db import InternalError, OperationalError, connection, connections, transaction

from domain.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")

_STATE = "25"  # SQLSTATE class "invalid transaction state": a standby, a transaction that idled too long


@contextmanager
def write() -> Iterator[None]:
    """One transaction: all of it is in the database afterwards, or nothing.

    Raises:
        Unavailable: the database did not answer or stayed locked; the caller may try again.
    """
    with _answering(), transaction.atomic():
        yield


def asking(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Calls the function; a database that does not answer within it is ``Unavailable``."""
    with _answering():
        return function(*args, **kwargs)


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise Unavailable(f"the register's database does not answer: {error}") from error
    except InternalError as error:
        if not str(getattr(error.__cause__, "sqlstate", "")).startswith(_STATE):
            raise
        raise Unavailable(f"the register's database takes no changes now: {error}") from error


def reachable() -> None:
    """Asks the database for nothing.

    Raises:
        Unavailable: it does not answer.
    """
    with _answering(), connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def alone(name: str) -> None:
    """Wait until no other transaction that asked for this name is open; within the caller's own.

    For what two may not do at once where there is no row yet to lock. SQLite has one writer anyway.
    """
    if connection.vendor == "postgresql":
        lock = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock])


@contextmanager
def borrowed() -> Iterator[None]:
    """A thread's use of the database; its connections are closed at the end, whatever happens."""
    try:
        yield
    finally:
        connections.close_all()
