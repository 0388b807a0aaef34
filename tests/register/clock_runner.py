"""``python -m tests.register.clock_runner HOME SEED NOW``: brings about what is due, and comes to grief.

At random moments, within transactions and between them, it ends itself (SIGKILL). Started again it goes on.
"""

import os
import random
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from infra.database import connect, prepare
from infra.settings import load_settings

prepare()

from domain.working_time import Calendar  # noqa: E402
from register import clocks, decisions, firing  # noqa: E402
from register.followers import FOLLOWERS  # noqa: E402
from register.following import Desk, follow  # noqa: E402

ZONE = ZoneInfo("Europe/Madrid")
_KILLED = 0.02


def mortal(module: Any, name: str, chance: random.Random) -> None:
    """Let the function of a module end this process now and then, before or after it has done its work."""
    function: Callable[..., Any] = getattr(module, name)

    @wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        _perhaps(chance)
        done = function(*args, **kwargs)
        _perhaps(chance)
        return done

    setattr(module, name, called)


def _perhaps(chance: random.Random) -> None:
    if chance.random() < _KILLED:
        os.kill(os.getpid(), signal.SIGKILL)


def main(home: Path, seed: str, now: datetime) -> None:
    connect(home, load_settings(home).database)
    chance = random.Random(f"{seed} {os.getpid()}")
    for module, name in ((clocks, "keep"), (firing, "recorded"), (firing, "tell"), (firing, "fires")):
        mortal(module, name, chance)
    desk = Desk(decisions.office(), ZONE, calendar=Calendar(ZONE))
    while follow(desk, FOLLOWERS):
        pass
    clocks.settle(desk)
    while firing.due(now):
        while follow(desk, FOLLOWERS):
            pass
        firing.fire(desk, now)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], datetime.fromisoformat(sys.argv[3]))
