"""An instance that is gone but for its archive, and how what comes back is compared with it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from domain.entry import Query
from flows.verify import verify
from infra.database import disconnect
from infra.wiring import Services, open_services
from register import problems
from tests.flows.mixed_mail import BOARD, WORDS, take_in_all
from tests.register.dump import dump
from tests.small import train_small


@dataclass(frozen=True)
class Lost:
    """An instance that is gone but for its archive, and what it knew."""

    home: Path
    tables: dict[str, Any]
    hits: list[Any]
    left: int


def hits(services: Services) -> list[Any]:
    """What a search finds, but for the scores: they also weigh what an index has forgotten."""
    found = []
    for word, access in [*((word, None) for word in WORDS), ("Series", (BOARD,)), ("Series", ("others",))]:
        results = services.index.search(Query(word, limit=50, access=access))
        some = sorted((replace(one, score=0.0) for one in results.hits), key=lambda one: one.number)
        found.append((word, access, results.total, results.facets, some))
    return found


def no_difference(found: dict[str, Any], lost: Lost, compared: str = "hashes") -> bool:
    rows = {name: len(lost.tables[table]) for name, table in (
        ("entries", "Entry"), ("batches", "Batch"), ("documents", "Document"), ("events", "Event"),
        ("objects", "StoredObject"), ("pages", "PageFate"),
    )}  # fmt: skip
    rows["indexed"] = sum(row["voided_at"] is None for row in lost.tables["Entry"])
    more = {"compared": compared, "orphans": found["orphans"], "differences": []}
    return found == {"ok": True, **rows, **more}


@contextmanager
def office_lost(folder: Path) -> Iterator[Lost]:
    """An instance with a bit of everything, also a shared classifier, that is gone but for its archive."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POSTROOM_PROCESSES", "1")
        home, drop = folder / "home", folder / "drop"
        drop.mkdir()
        services = open_services(home)
        train_small(home)
        take_in_all(services, drop)
        assert verify(services)["ok"]
        yield Lost(home, dump(), hits(services), len(problems.open_problems()))
    disconnect()


@contextmanager
def new_machine(lost: Lost, folder: Path) -> Iterator[Path]:
    """The home of a new machine with a copy of the archive and a classifier; beside it is a drop folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POSTROOM_PROCESSES", "1")
        home = folder / "new"
        for name in ("archive", "models"):
            shutil.copytree(lost.home / name, home / name)
        (folder / "drop").mkdir()
        yield home
    disconnect()


def rows(lost: Lost, table: str, **values: Any) -> list[dict[str, Any]]:
    """The rows with these values."""
    return [row for row in lost.tables[table] if values.items() <= row.items()]


def batch_of(lost: Lost, station: str) -> str:
    """The key of the batch from this station."""
    (row,) = rows(lost, "Batch", station=station)
    return str(row["key"])
