"""An instance that is gone but for its archive, and how what comes back is compared with it."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from domain.entry import Query
from infra.wiring import Services
from tests.flows.mixed_mail import WORDS


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
    for word in WORDS:
        results = services.index.search(Query(word, limit=50))
        some = sorted((replace(one, score=0.0) for one in results.hits), key=lambda one: one.number)
        found.append((word, results.total, results.facets, some))
    return found


def no_difference(found: dict[str, Any], lost: Lost) -> bool:
    rows = {name: len(lost.tables[table]) for name, table in (
        ("entries", "Entry"), ("batches", "Batch"), ("documents", "Document"), ("events", "Event"),
        ("objects", "StoredObject"), ("pages", "PageFate"), ("indexed", "Entry"),
    )}  # fmt: skip
    return found == {"ok": True, **rows, "orphans": found["orphans"], "differences": []}
