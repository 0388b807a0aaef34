"""Writes sample mail: drop folders of stations, scanned files, and the truth about every page."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from domain.document import CLASSES
from samples.batch import Batch, Member, build
from samples.stations import STATIONS, profile

LANGUAGES = ("en", "es", "fr", "de")
# The first ones show every way of separating; further batches repeat the round.
ROUND = (
    "frontdesk",
    "frontdesk",
    "batch",
    "labels",
    "duplex",
    "barcode",
    "frontdesk",
    "folders",
    "receipts",
    "batch",
)
BROKEN_EVERY, BROKEN_FIRST = 25, 1


@dataclass(frozen=True, slots=True)
class Summary:
    """What was written. ``pages`` counts the pages in readable files; a broken file is a batch and a file."""

    batches: int
    files: int
    pages: int
    documents: int


def _deck(rng: Random) -> Iterator[tuple[str, str]]:
    """Classes and languages, all 32 pairs in each round, shuffled so that both mix early."""
    while True:
        labels = list(CLASSES)
        rng.shuffle(labels)
        offset = rng.randrange(4)
        for turn in range(4):
            for index, label in enumerate(labels):
                yield label, LANGUAGES[(index + turn + offset) % 4]


def write_samples(folder: Path, batches: int, seed: int) -> Summary:
    """Writes ``batches`` (at least 2) batches below ``folder``, and ``folder/truth.jsonl``.

    The same arguments give the same bytes with the same package versions. The second batch, and every 25th
    after it, is a broken file. What the files hold: ``samples/README.md``.

    Raises:
        FileExistsError: ``folder`` already holds a ``truth.jsonl``.
    """
    truth = folder / "truth.jsonl"
    if truth.exists():
        raise FileExistsError(truth)
    for station in STATIONS:
        (folder / station).mkdir(parents=True, exist_ok=True)
        (folder / station / "station.toml").write_text(profile(station), "utf-8")
    deck = _deck(Random(f"postroom sample deck {seed}"))  # noqa: S311 - reproducible, not secret
    rows: list[dict[str, Any]] = []
    total = max(2, batches)
    files = pages = documents = 0
    for index in range(total):
        rng = Random(f"postroom sample batch {seed} {index}")  # noqa: S311 - reproducible, not secret
        broken = index % BROKEN_EVERY == BROKEN_FIRST
        member = Member(folder, ROUND[index % len(ROUND)], index + 1, rng, broken)
        batch: Batch = build(member, deck)
        rows += batch.rows
        files += len(batch.files)
        if not broken:
            pages += sum(row["kind"] == "page" for row in batch.rows)
        documents += sum(row["kind"] == "document" for row in batch.rows)
    rows.sort(key=_order)
    with truth.open("w", encoding="utf-8", newline="\n") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n")
    return Summary(total, files, pages, documents)


def _order(row: dict[str, Any]) -> tuple[Any, ...]:
    return (row["kind"], row["station"], row["source"], row.get("page") or 0, row.get("id") or "")
