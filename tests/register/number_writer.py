"""``python -m tests.register.number_writer HOME SEED COUNT``: registers entries, and comes to grief.

A fifth of the transactions are rolled back, and some end the process (SIGKILL) before they end. What
was begun is counted in ``HOME/begun-SEED``: started again it does the rest.
"""

import os
import random
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from django.db import transaction

from infra.database import connect, prepare
from infra.settings import load_settings

prepare()

from register import history  # noqa: E402
from register.models import Entry  # noqa: E402
from register.numbers import format_number, take_next  # noqa: E402
from register.session import write  # noqa: E402

_ROLLED_BACK = 0.2
_KILLED = 0.01


def register_one(chance: random.Random) -> None:
    """A number, its entry and its event, or nothing of them."""
    with write():
        sequence = take_next("IN", 2026)
        number = format_number("IN", 2026, sequence)
        at = datetime.now(UTC)
        entry = Entry.objects.create(
            number=number, register="IN", year=2026, sequence=sequence, received_at=at
        )
        history.append(entry, "registered", {"number": number}, actor="writer", at=at)
        if chance.random() < _KILLED:
            os.kill(os.getpid(), signal.SIGKILL)
        if chance.random() < _ROLLED_BACK:
            transaction.set_rollback(True)


def main(home: Path, seed: int, count: int) -> None:
    connect(home, load_settings(home).database)
    tally = home / f"begun-{seed}"
    begun = tally.stat().st_size if tally.exists() else 0
    chance = random.Random(f"{seed}-{begun}")
    with tally.open("a") as out:
        for _ in range(begun, count):
            out.write(".")
            out.flush()
            register_one(chance)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
