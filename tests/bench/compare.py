"""Both search engines beside each other: ``postroom bench index``. The tests run a short form.

5,000 entries: the texts of ``../shared/data/classification`` where they are, the rest sample mail in four
languages. Both engines are asked the same searches in turns; the milliseconds of one search on one machine
say little of a cluster, the agreement says all.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

from index.elastic import ElasticIndex
from index.embedded import EmbeddedIndex
from index.port import Index
from index.settings import IndexSettings
from infra.services import elasticsearch as elasticsearch_server
from infra.services import tools
from tests.index.comparison import compare
from tests.index.corpus import corpus, frequent, other_forms, queries

_NAMED = 5  # numbers of a search with other hits


def run(searches: int, *, entries: int = 5_000) -> dict[str, Any]:
    """Fill both with the same and ask both the same: two searches in five of all kinds, one of a word in
    another form, two of frequent words.
    """
    held = corpus(entries)
    some = searches // 5
    asked = queries(held, searches - 3 * some) + other_forms(held, some) + frequent(held, 2 * some)
    tools.install("elasticsearch")
    with tempfile.TemporaryDirectory(prefix="postroom-bench-", dir="/tmp") as folder:
        home = Path(folder)
        home.chmod(0o755)  # the server runs under another account
        with elasticsearch_server.start(home / "elasticsearch") as server:
            settings = IndexSettings(url=server.url)
            engines: dict[str, Index] = {
                "embedded": EmbeddedIndex(home / "index"), "elasticsearch": ElasticIndex(settings),
            }  # fmt: skip
            rates = {}
            for name, index in engines.items():
                began = time.perf_counter()
                index.put(held)
                rates[name] = round(len(held) / (time.perf_counter() - began))
            outcome = compare(engines, asked)
            for index in engines.values():
                index.close()
    return {
        "entries": len(held),
        "searches": outcome.searches,
        "overlap": round(outcome.overlap, 4),
        "ranked": len(outcome.overlaps),
        "differing": [
            {key: one[key][:_NAMED] if key != "text" else one[key] for key in one}
            for one in outcome.differing
        ],
        "other_facets": outcome.facets,
        "other_snippets": outcome.snippets,
        "median_ms": outcome.median_ms(),
        "entries_put_per_s": rates,
    }
