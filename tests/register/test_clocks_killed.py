"""Many processes look at the clocks at once and are killed at random moments: each fires exactly once."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest

from domain.office import Deadline, Department, Post, Role, User
from register import clock_views, history
from register.models import Clock, Event, EventContent, Firing, Notice
from tests.register.test_clocks import enter, local, put

ENTRIES, PROCESSES = 12, 3


def run_all(home: Path, now: datetime) -> int:
    """So many processes at once, each until it comes to its end; how many times one was killed."""

    def one(seed: int) -> int:
        kills = 0
        command = [sys.executable, "-m", "tests.register.clock_runner", str(home), str(seed), now.isoformat()]
        while code := subprocess.call(command, env=os.environ):
            if code != -signal.SIGKILL:
                raise RuntimeError(f"a process ended with {code}")
            kills += 1
        return kills

    with ThreadPoolExecutor(PROCESSES) as threads:
        return sum(threads.map(one, range(PROCESSES)))


@pytest.mark.timeout(900)
def test_each_fires_once_whoever_is_killed(register: Path) -> None:
    put(
        Department("works"),
        User("ben", posts=(Post(Role.CASE_HANDLER, "works"),)),
        User("cleo", posts=(Post(Role.CASE_HANDLER, "works"),)),
        Deadline("answer", hours=16, remind=(8,), escalate="works/ben"),
    )
    numbers = sorted(enter("02T10:00", department="works").number for _ in range(ENTRIES))
    kills = run_all(register, local("03T12:00"))
    assert sorted(Firing.objects.values_list("clock__entry__number", "what")) == [
        (one, "reminder 8") for one in numbers
    ]
    kills += run_all(register, local("20T12:00"))
    assert kills > 0
    assert (
        sorted(Firing.objects.filter(what="passed").values_list("clock__entry__number", flat=True)) == numbers
    )
    for kind, what in (("deadline soon", "reminder 8"), ("deadline passed", "passed")):
        assert sorted(Event.objects.filter(kind=kind).values_list("entry__number", flat=True)) == numbers
        assert Notice.objects.filter(kind=kind).count() == 2 * ENTRIES
        assert EventContent.objects.filter(event__kind=kind, body__contains=what).count() == ENTRIES
    assert Clock.objects.exclude(next_at=None).count() == 0
    assert clock_views.missed(local("30T12:00")) == []
    assert clock_views.fired_twice() == []
    assert list(history.breaks()) == []
