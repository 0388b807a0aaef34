"""The connections of one process to PostgreSQL: so many at most, borrowed for a moment, never stale."""

import select
import time
from collections import deque
from collections.abc import Callable
from threading import BoundedSemaphore, Lock
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

Connection = psycopg.Connection[Any]
_IDLE = 60.0  # seconds until a connection that nobody borrows is closed


class Lender:
    """Lends at most ``most`` connections at a time; who comes when all are out waits ``patience`` seconds.

    A borrower who has to connect does it itself, so that it hears at once, and in the server's own
    words, why it cannot. Safe for threads; not to be used by two processes.
    """

    def __init__(self, most: int, patience: float) -> None:
        self._most, self._patience = most, patience
        self._out = BoundedSemaphore(most)
        self._lock = Lock()
        self._idle: deque[tuple[float, Connection]] = deque()  # with when it came back; the latest last

    def take(self, connect: Callable[[], Connection]) -> Connection:
        """A connection that works as far as can be told without asking the server.

        Raises:
            psycopg.OperationalError: the server takes no connection, or all are out for too long.
        """
        if not self._out.acquire(timeout=self._patience):
            raise psycopg.OperationalError(
                f"all {self._most} connections of this process were in use for {self._patience:g} seconds"
            )
        try:
            while connection := self._latest():
                if not _ended(connection):
                    return connection
                connection.close()
            return connect()
        except BaseException:
            self._out.release()
            raise

    def give(self, connection: Connection) -> None:
        """Take a connection back. When it broke those that are idle are closed with it."""
        state, now = connection.info.transaction_status, time.monotonic()
        broke = state is TransactionStatus.UNKNOWN
        closing = [] if state is TransactionStatus.IDLE else [connection]
        with self._lock:
            while self._idle and (broke or now - self._idle[0][0] > _IDLE):
                closing.append(self._idle.popleft()[1])
            if not closing or closing[0] is not connection:
                self._idle.append((now, connection))
        self._out.release()
        for one in closing:
            one.close()

    def close(self) -> None:
        """Close what is idle. What is out is closed when it breaks, or idles for a minute."""
        with self._lock:
            closing, self._idle = self._idle, deque()
        for _, one in closing:
            one.close()

    def _latest(self) -> Connection | None:
        with self._lock:
            return self._idle.pop()[1] if self._idle else None


def _ended(connection: Connection) -> bool:
    """Whether the server has said something unasked, as it does when it ends the session, or hung up."""
    if connection.closed:
        return True
    poll = select.poll()  # select() takes no descriptor above 1023
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
