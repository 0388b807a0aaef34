"""How a flow's body is run and watched.

A body never calls its stages itself: it hands them to a ``Runner``, which calls them plainly or as
tasks of an orchestrator. It tells each boundary it crosses to a ``Watcher``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Protocol, TypeVar

import structlog
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_after_attempt,
    stop_any,
    stop_when_event_set,
    wait_random_exponential,
)
from tenacity.wait import wait_base

from domain.errors import Unavailable

T = TypeVar("T")
log = structlog.get_logger()
_GROWING = wait_random_exponential(1, 30)  # seconds
_TOLD = 3  # attempts in vain: less than that is over in seconds


class Stopped(Exception):
    """The operator asked to stop; the batch goes on from here at the next start."""


@dataclass(frozen=True, slots=True)
class Step:
    """A boundary that a batch has crossed, a ``page`` of it, or an ``alarm``; ``text`` for people.

    ``pages`` are newly done out of ``known``; of ``inspected`` those that a run before this one has read.
    """

    name: str
    batch: int = 0
    pages: int = 0
    known: int = 0
    text: str = ""


Watcher = Callable[[Step], None]


def unwatched(step: Step) -> None:
    """Watches nothing."""


def patient(stop: Event, attempts: int = 8, wait: wait_base = _GROWING) -> Retrying:
    """Calls again, by itself with growing pauses and for two minutes, what a service did not answer."""
    return Retrying(
        retry=retry_if_exception_type(Unavailable),
        wait=wait,
        stop=stop_any(stop_after_attempt(attempts), stop_when_event_set(stop)),
        sleep=sleep_using_event(stop),
        before_sleep=_tell,
        reraise=True,
    )


def _tell(state: RetryCallState) -> None:
    """Say once what all this waits for: a full disk, for example, is for people to see to."""
    if state.attempt_number == _TOLD and state.outcome is not None:
        log.warning("waits, and tries again", reason=str(state.outcome.exception()))


class Runner(Protocol):
    """Runs one stage under a name that people see."""

    def __call__(self, name: str, stage: Callable[[], T], /) -> T:
        """What the stage returns, or what it raises."""
        ...


def plainly(name: str, stage: Callable[[], T], /) -> T:
    """Calls the stage."""
    return stage()
