"""The backend as Django loads it (``ENGINE = "infra.postgresql"``).

Between statements and transactions a thread holds no connection: threads that read pages for minutes
keep none from the others, and one that ends without a word takes none with it. Nothing may therefore
rest on the session beyond a transaction (``SET``, temporary tables, session locks).
"""

from typing import Any
from weakref import WeakSet

import psycopg
from django.db.backends.postgresql import base
from django.db.backends.utils import CursorWrapper

from infra.postgresql.lending import Connection, Lender


class _Cursor(CursorWrapper):
    """Tells its connection when it is closed."""

    def close(self) -> None:
        try:
            self.cursor.close()
        finally:
            self.db.closed(self)


class DatabaseWrapper(base.DatabaseWrapper):
    """One thread's way to PostgreSQL. ``OPTIONS["lender"]`` is the process's ``Lender``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._open: WeakSet[_Cursor] = WeakSet()  # their rows are still to be fetched
        self._connecting = False

    @property
    def _lender(self) -> Lender:
        lender: Lender = self.settings_dict["OPTIONS"]["lender"]
        return lender

    def get_connection_params(self) -> dict[str, Any]:
        """What psycopg is called with."""
        params: dict[str, Any] = super().get_connection_params()
        del params["lender"]
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection:
        """Borrow a connection."""
        self.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        connection = self._lender.take(lambda: psycopg.connect(**conn_params))
        connection.isolation_level = self.isolation_level  # whatever the server's default is
        return connection

    def connect(self) -> None:
        """Borrow a connection and prepare it."""
        self._connecting = True
        self._open.clear()
        try:
            super().connect()
        finally:
            self._connecting = False

    def _close(self) -> None:
        if self.connection is not None:
            self._open.clear()
            self._lender.give(self.connection)

    def make_cursor(self, cursor: Any) -> _Cursor:
        """A cursor; while it is open the thread keeps its connection."""
        made = _Cursor(cursor, self)
        self._open.add(made)
        return made

    def closed(self, cursor: _Cursor) -> None:
        """A cursor was closed."""
        self._open.discard(cursor)
        self._give_back()

    def set_autocommit(self, autocommit: bool, *args: Any, **kwargs: Any) -> None:
        """Begin a transaction, or come out of one."""
        super().set_autocommit(autocommit, *args, **kwargs)
        if autocommit:
            self._give_back()

    def _give_back(self) -> None:
        free = not (self._open or self._connecting or self.in_atomic_block)
        if free and self.connection is not None and self.autocommit:
            self.close()
