"""Leases: of all processes and machines that work on one register, one does a thing at a time."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import psutil

from register import outbox


@contextmanager
def only_one(name: str, seconds: int = outbox.LEASE_SECONDS) -> Iterator[tuple[bool, Callable[[], bool]]]:
    """Be the one who does this: whether that was free, and what prolongs it during long work.

    A step of the work must not take longer than ``seconds``.
    """
    holder = f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"
    with outbox.lease(name, holder, _gone, seconds) as held:
        yield held, partial(outbox.renew, name, holder, seconds)


def taken(name: str) -> bool:
    """Whether somebody who may be alive is at it."""
    return outbox.leased(name, _gone)


def _gone(holder: str) -> bool:
    host, process, _ = holder.rsplit(":", 2)
    return host == socket.gethostname() and not psutil.pid_exists(int(process))
