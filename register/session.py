"""Connections and transactions for callers that are not web requests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connections, transaction

from domain.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")


@contextmanager
def write() -> Iterator[None]:
    """One transaction: all of it is in the database afterwards, or nothing.

    Raises:
        Unavailable: the database did not answer or stayed locked; the caller may try again.
    """
    try:
        with transaction.atomic():
            yield
    except OperationalError as error:
        raise Unavailable(f"the register's database does not answer: {error}") from error


def asking(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Calls the function; a database that does not answer within it is ``Unavailable``."""
    try:
        return function(*args, **kwargs)
    except OperationalError as error:
        raise Unavailable(f"the register's database does not answer: {error}") from error


@contextmanager
def borrowed() -> Iterator[None]:
    """A thread's use of the database; its connections are closed at the end, whatever happens."""
    try:
        yield
    finally:
        connections.close_all()
