"""The embedded index beside the bare engine: ``python -m tests.bench.index_search [--entries N]``.

Both answer the same words on the same index in one run, in turns; the ratio is the trustworthy figure. The
bare query is Tantivy's own parser over the text field, with the count and ten documents read, but without
stems, identifiers, access, facets, best page and snippet.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import tantivy

from domain.entry import IndexEntry, Query
from index.embedded import EmbeddedIndex

LANGUAGES = ("en", "es", "fr", "de")
LABELS = ("letter", "invoice", "complaint", "contract")


def corpus(count: int, seed: int) -> list[IndexEntry]:
    """Entries of one to three pages of 150 words each, drawn from a vocabulary with Zipf's frequencies."""
    draw = random.Random(seed)
    syllables = ["ka", "lo", "mir", "ten", "sa", "ve", "run", "pol", "di", "est", "gra", "nu"]
    words = ["".join(draw.choices(syllables, k=draw.randint(1, 4))) for _ in range(20_000)]
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    start = datetime(2024, 1, 1, tzinfo=UTC)
    return [
        IndexEntry(
            f"IN-2026-{number:06}-0", 1, start + timedelta(minutes=number), draw.choice(LABELS), None,
            draw.choice(LANGUAGES), " ".join(draw.choices(words, k=4)), "Some Sender Ltd.", "The Office",
            tuple(" ".join(draw.choices(words, weights, k=150)) for _ in range(draw.randint(1, 3))),
            identifiers=(f"2024/{number:06}-B",), access=(f"team{number % 10}",),
        )
        for number in range(count)
    ]  # fmt: skip


def timed(ask: Callable[..., object], *arguments: object) -> float:
    start = time.perf_counter()
    ask(*arguments)
    return time.perf_counter() - start


def bare(engine: tantivy.Index, text: str) -> None:
    searcher = engine.searcher()
    query, _ = engine.parse_query_lenient(text, ["text"], conjunction_by_default=True)
    for _, address in searcher.search(query, 10).hits:
        searcher.doc(address)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=20_000)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    entries = corpus(options.entries, options.seed)
    draw = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        index = EmbeddedIndex(Path(folder) / "index")
        put = timed(index.put, entries)
        opened = index._open()
        assert opened is not None
        figures: dict[str, list[float]] = {"bare": [], "postroom": [], "access": [], "identifier": []}
        for _ in range(options.queries):
            entry = draw.choice(entries)
            text = " ".join(draw.sample(entry.pages[-1].split(), 2))
            figures["bare"].append(timed(bare, opened, text))
            figures["postroom"].append(timed(index.search, Query(text)))
            narrow = Query(text, access=("team1", "team2"))
            figures["access"].append(timed(index.search, narrow))
            code = Query(entry.identifiers[0])
            figures["identifier"].append(timed(index.search, code))
    median = {name: statistics.median(seconds) for name, seconds in figures.items()}
    print(json.dumps({
        "entries": options.entries,
        "entries_put_per_s": round(options.entries / put),
        "median_ms": {name: round(seconds * 1e3, 2) for name, seconds in median.items()},
        "ratio_to_bare": {name: round(seconds / median["bare"], 1) for name, seconds in median.items()},
    }))  # fmt: skip


if __name__ == "__main__":
    main()
