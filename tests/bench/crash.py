"""Kills the intake at every step and at random moments, restarts it each time, and checks the books.

``postroom bench crash``; the tests run a short form.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from flows.verify import verify
from infra.wiring import open_services
from tests.small import small_tiff, train_small

STEPS = (
    "claimed",
    "taken",
    "kept",
    "opened",
    "inspected",
    "read",
    "separated",
    "filed",
    "closed",
    "recorded",
    "indexed",
    "published",
    "released",
)  # fmt: skip
_PAGES_A_DOCUMENT = 3
_WITHIN = 4.0  # seconds after the first step that a random kill comes


def run(kills: int, *, pages: int = 0, seed: int = 1) -> dict[str, Any]:
    """Kill at each step once and ``kills`` times at random; counts of what was lost or doubled.

    The random kills fall on one continuing batch of ``pages`` small pages.
    """
    pages = pages or 30 + 3 * kills
    with tempfile.TemporaryDirectory(prefix="postroom-crash-") as scratch:
        home, drop = Path(scratch) / "home", Path(scratch) / "drop"
        station = drop / "small"
        station.mkdir(parents=True)
        home.mkdir()
        profile = f"quiet_seconds = 0.1\n[separation]\npages = {_PAGES_A_DOCUMENT}\n"
        (station / "station.toml").write_text(profile)
        train_small(home)
        expected = 0
        struck = 0
        for number, step in enumerate(STEPS):
            small_tiff(station / f"step-{number}.tif", [f"Step {number} page {page}" for page in range(4)])
            expected += 4
            struck += _killed(_wait(_start(home, drop, step, "1")))
        small_tiff(station / "long.tif", [f"Long page\nnumber {page}" for page in range(pages)])
        expected += pages
        chance = random.Random(seed)
        for _ in range(kills):
            struck += _killed(_kill_after(_start(home, drop), chance.uniform(0, _WITHIN)))
        last = _wait(_start(home, drop))
        return _books(home, expected, struck, last, left=len(list(station.glob("*.tif"))))


def _start(home: Path, drop: Path, *when: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.crash.worker", str(home), str(drop), *when]
    # One reading process where the step is what matters: half the time to start.
    environment = os.environ | dict(POSTROOM_PROCESSES="1" if when else "2")  # noqa: C408 - a variable, no key
    with (home / "worker.log").open("a") as log:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment)


def _wait(worker: subprocess.Popen[str]) -> int:
    with worker:
        return worker.wait()


def _kill_after(worker: subprocess.Popen[str], seconds: float) -> int:
    with worker:
        assert worker.stdout
        worker.stdout.readline()  # "begun", or nothing when it had nothing to do
        time.sleep(seconds)
        worker.kill()
        return worker.wait()


def _killed(code: int) -> int:
    return 1 if code < 0 else 0


def _books(home: Path, expected: int, struck: int, last: int, left: int) -> dict[str, Any]:
    services = open_services(home)
    from register import views
    from register.models import Batch, Document, Entry, PageFate

    books = verify(services)
    filed = PageFate.objects.filter(kind="document").count()
    places = PageFate.objects.values("claim", "page").distinct().count()
    numbers = list(Entry.objects.order_by("sequence").values_list("sequence", flat=True))
    found = {
        "kills": struck,
        "pages": expected,
        "entries": len(numbers),
        "lost_pages": expected - filed,
        "doubled": PageFate.objects.count() - places + Document.objects.count() - len(numbers),
        "number_gaps": (numbers[-1] if numbers else 0) - len(numbers),
        "batches": Batch.objects.count(),
        "fates": views.fates(list(Batch.objects.values_list("pk", flat=True))),
        "verify": books,
    }
    clean = books["ok"] and last == 0 and left == 0
    return {
        **found,
        "ok": clean and not any(found[name] for name in ("lost_pages", "doubled", "number_gaps")),
    }
