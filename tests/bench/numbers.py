"""Many processes take and reserve numbers at once, roll back and are killed: no gap, no double, chain intact.

``postroom bench numbers``; the tests run a short form.
"""

import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db.models import Max, Min
from pydantic import SecretStr

from infra.database import connect, disconnect
from infra.services import postgresql
from infra.settings import DatabaseSettings


def run(processes: int, count: int) -> dict[str, Any]:
    """What came of it on each database, each with a server or file of its own."""
    with tempfile.TemporaryDirectory(prefix="postroom-numbers-") as scratch:
        Path(scratch).chmod(0o755)  # the server runs under another account
        home = Path(scratch) / "sqlite"
        found = {"sqlite": take(home, processes, count, "")}
        with postgresql.start(Path(scratch) / "server") as server:
            url = server.create_database("numbers")
            found["postgresql"] = take(Path(scratch) / "postgresql", processes, count, url)
            disconnect()
    return found


def take(home: Path, processes: int, count: int, url: str) -> dict[str, Any]:
    """So many processes have ``count`` numbers each in the end; what the books then say."""
    home.mkdir(parents=True, exist_ok=True)

    def write(seed: int) -> int:
        kills = 0
        while code := _writer(home, seed, count, url):
            if code != -signal.SIGKILL:
                raise RuntimeError(f"writer {seed} ended with {code}")
            kills += 1
        return kills

    with ThreadPoolExecutor(processes) as writers:
        kills = sum(writers.map(write, range(processes)))
    connect(home, DatabaseSettings(url=SecretStr(url)))
    return {**_books(), "kills": kills}


def _writer(home: Path, seed: int, count: int, url: str) -> int:
    command = [sys.executable, "-m", "tests.register.number_writer", str(home), str(seed), str(count)]
    return subprocess.call(command, env=os.environ | {"POSTROOM_DATABASE__URL": url})


def _books() -> dict[str, Any]:
    from register import account, decisions, history, ranges
    from register.models import Entry, Event

    entries = Entry.objects.all()
    numbers = entries.count()
    # The entries' own times: the writers' start, imports and all, does not count.
    times = entries.aggregate(first=Min("received_at"), last=Max("received_at"))
    seconds = (times["last"] - times["first"]).total_seconds()
    return {
        "numbers": numbers,
        "numbers_per_s": round((numbers - 1) / seconds, 1),
        "open": sum(one["open"] for one in ranges.listed(None, datetime.now(UTC))),
        "gaps": sum(len(one["missing"]) for one in account.number_gaps()),
        "doubles": numbers - entries.values("register", "year", "sequence").distinct().count(),
        "chain_breaks": sum(1 for _ in (*history.breaks(), *decisions.breaks()))
        + abs(Event.objects.count() - numbers),
    }
