"""Two engines beside each other: the same searches, what differs, how alike the first ten are, how long."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from domain.entry import Query, Results
from index.port import Index
from index.query import parse

_TOP = 10


@dataclass(slots=True)
class Comparison:
    """What came out.

    Attributes:
        overlaps: of each search that is ranked and has more than ten hits in both engines, how many of the
            first ten are the same, as a share.
        differing: searches with other hits: text, and all numbers that only one engine found.
        facets, snippets: texts of searches with the same hits but other facets, pages or snippets.
        seconds: of each search, by engine.
    """

    searches: int = 0
    overlaps: list[float] = field(default_factory=list)
    differing: list[dict[str, Any]] = field(default_factory=list)
    facets: list[str] = field(default_factory=list)
    snippets: list[str] = field(default_factory=list)
    seconds: dict[str, list[float]] = field(default_factory=dict)

    @property
    def overlap(self) -> float:
        """The mean share of the first ten hits that are the same."""
        return statistics.mean(self.overlaps) if self.overlaps else 1.0

    def median_ms(self) -> dict[str, float]:
        """What a search takes, by engine."""
        return {name: round(statistics.median(taken) * 1e3, 2) for name, taken in self.seconds.items()}


def compare(engines: dict[str, Index], queries: Sequence[Query]) -> Comparison:
    """Ask two engines in turns."""
    one, other = engines
    made = Comparison(seconds={name: [] for name in engines})
    for query in queries:
        top: dict[str, Results] = {}
        for name, index in engines.items():
            began = time.perf_counter()
            top[name] = index.search(query)
            made.seconds[name].append(time.perf_counter() - began)
        made.searches += 1
        hits = {name: _hits(index, query, top[name]) for name, index in engines.items()}
        if hits[one] != hits[other] or top[one].total != top[other].total:
            made.differing.append(
                {
                    "text": query.text,
                    f"only_{one}": sorted(hits[one] - hits[other]),
                    f"only_{other}": sorted(hits[other] - hits[one]),
                }
            )
        elif top[one].facets != top[other].facets:
            made.facets.append(query.text)
        firsts = {name: {hit.number for hit in results.hits[:_TOP]} for name, results in top.items()}
        if _ranked(query) and min(results.total for results in top.values()) > _TOP:
            made.overlaps.append(len(firsts[one] & firsts[other]) / _TOP)
        shown = {name: {hit.number: (hit.page, hit.snippet) for hit in results.hits}
                 for name, results in top.items()}  # fmt: skip
        made.snippets += [
            query.text for number in shown[one]
            if number in shown[other] and shown[one][number] != shown[other][number]
        ]  # fmt: skip
    return made


def _ranked(query: Query) -> bool:
    """Whether the hits stand by how well they match, and not by date."""
    return any(not piece.excluded for piece in parse(query.text) or ())


def _hits(index: Index, query: Query, top: Results) -> frozenset[str]:
    if top.total > len(top.hits):
        top = index.search(replace(query, limit=top.total))
    return frozenset(hit.number for hit in top.hits)
