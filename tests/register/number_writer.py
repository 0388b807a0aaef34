"""``python -m tests.register.number_writer HOME SEED COUNT``: takes numbers, rolls a fifth of them back."""

import random
import sys
from pathlib import Path

from django.db import transaction

from infra.database import connect, prepare

prepare()

from register.numbers import take_next  # noqa: E402
from register.session import write  # noqa: E402

if __name__ == "__main__":
    home, seed, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    connect(home)
    chance = random.Random(seed)
    with (home / f"taken-{seed}").open("w") as out:
        for _ in range(count):
            with write():
                value = take_next("IN", 2026)
                if chance.random() < 0.2:
                    transaction.set_rollback(True)
                    continue
            out.write(f"{value}\n")
