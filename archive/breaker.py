"""A circuit breaker: a service that keeps failing is left alone for a while, so that callers fail at once."""

import threading
import time

from domain.errors import Unavailable


class Resting(Unavailable):
    """Nobody was asked: the last calls failed, and the service is left alone for a moment."""


class Breaker:
    """Opens after ``failures`` in a row; after ``seconds`` one call goes through and decides.

    Only what says that the service is down may be counted as a failure; a refusal is an answer. Safe to
    use from several threads, which it never makes wait for each other.
    """

    def __init__(self, name: str, failures: int, seconds: float) -> None:
        """``name`` is what people call the service, for messages."""
        self._name, self._most, self._seconds = name, failures, seconds
        self._lock = threading.Lock()
        self._failed = 0
        self._shut_until = 0.0

    def check(self) -> None:
        """Passes if the service may be asked now.

        Raises:
            Resting: not before some seconds from now, or until the call has ended that tries it.
        """
        with self._lock:
            if self._failed < self._most:
                return
            now = time.monotonic()
            if now < self._shut_until:
                raise Resting(
                    f"{self._name} failed {self._failed} times in a row; it is tried again in "
                    f"{self._shut_until - now:.0f} s. See that it runs and can be reached"
                )
            self._shut_until = now + self._seconds  # this call tries it, the others wait for its end

    def succeeded(self) -> None:
        """The service answered."""
        with self._lock:
            self._failed = 0

    def failed(self) -> None:
        """The service did not answer as it should."""
        with self._lock:
            self._failed += 1
            self._shut_until = time.monotonic() + self._seconds
