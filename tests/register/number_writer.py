"""``python -m tests.register.number_writer HOME SEED COUNT``: registers entries, and comes to grief.

A fifth of the transactions are rolled back, and some end the process (SIGKILL) before they end. Some reserve
three numbers, and use two of them in transactions of their own. Started again it goes on until it has its
``COUNT`` numbers.
"""

import os
import random
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db import transaction

from domain.errors import Unavailable
from infra.database import connect, prepare
from infra.settings import load_settings

prepare()

from register import history  # noqa: E402
from register.acts import Act  # noqa: E402
from register.models import Entry  # noqa: E402
from register.numbering import next_number, take_reserved  # noqa: E402
from register.ranges import open_numbers, reserve  # noqa: E402
from register.session import write  # noqa: E402

_ROLLED_BACK = 0.2
_KILLED = 0.01
_RESERVED = 0.02
_ZONE = ZoneInfo("UTC")
YEAR = datetime(2026, 6, 1, tzinfo=UTC)


def register_one(chance: random.Random, writer: str, number: str = "") -> bool:
    """A number, its entry and its event, or nothing of them; whether it was all."""
    rolled_back = chance.random() < _ROLLED_BACK
    with write():
        at = datetime.now(UTC)
        columns = take_reserved(number) if number else next_number("IN", YEAR, _ZONE)
        entry = Entry.objects.create(**columns, received_at=at, subject=writer)
        history.append(entry, "registered", {"number": entry.number}, actor=writer, at=at)
        if chance.random() < _KILLED:
            os.kill(os.getpid(), signal.SIGKILL)
        if rolled_back:
            transaction.set_rollback(True)
    return not rolled_back


def reserve_some(chance: random.Random, writer: str) -> int:
    """Three numbers, one of which stays open."""
    act = Act(writer, YEAR)
    made = reserve("IN", 3, act, zone=_ZONE, place=writer)
    return sum(register_one(chance, writer, number) for number in open_numbers(made)[:2])


def main(home: Path, seed: int, count: int) -> None:
    connect(home, load_settings(home).database)
    writer = f"writer {seed}"
    mine = Entry.objects.filter(register="IN", subject=writer)
    done = mine.count()
    chance = random.Random(f"{seed} {time.time_ns()}")
    while done < count:
        try:
            if count - done > 1 and chance.random() < _RESERVED:
                done += reserve_some(chance, writer)
            else:
                done += register_one(chance, writer)
        except Unavailable:  # so many wait for SQLite that one waits too long: it tries again
            done = mine.count()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
