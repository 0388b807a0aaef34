"""Pages that are documents of their own: which are worth a look in a hit, which nothing needs any more."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from domain.entry import Query
from domain.errors import Unavailable
from index.elastic_client import Server
from index.elastic_documents import Action, change_of, gone_action
from index.elastic_query import access, on_page
from index.mapping import clean
from index.snippets import Finder

_LOOKED_AT = 64  # pages of one entry
_ENTRIES = 50  # whose pages are asked for together
_RUN = 10_000  # surplus pages of one answer
_CLAUSES = 500  # entries whose surplus is asked for together

Page = tuple[int, str, str | None]
"""Number, text, language."""


def candidates(
    server: Server, alias: str, entries: Sequence[Mapping[str, Any]], finder: Finder, query: Query
) -> dict[str, list[Page]]:
    """For each of these entries (sources of hits) the pages with the most pieces, in their order.

    The first pages where none has any. Only pages of the very change that was found, and only what the
    searcher may see.
    """
    found: dict[str, list[Page]] = {}
    for start in range(0, len(entries), _ENTRIES):
        some = entries[start : start + _ENTRIES]
        lines = [line for source in some for line in ({}, _asked(source, finder, query))]
        body = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        answers = server.call("POST", f"/{alias}/_msearch", body)["responses"]
        for source, answer in zip(some, answers, strict=True):
            if "error" in answer or answer["_shards"]["failed"]:
                raise Unavailable(
                    f"Elasticsearch at {server.settings.url} cannot look at the pages of {source['number']}: "
                    f"{str(answer.get('error') or answer['_shards'])[:300]}. Search again later"
                )
            found[source["number"]] = sorted(
                (hit["_source"]["page"]["number"], hit["_source"]["page"]["text"],
                 hit["_source"].get("language"))
                for hit in answer["hits"]["hits"]
            )  # fmt: skip
    return found


def surplus(server: Server, alias: str, kept: Mapping[str, tuple[int, int]]) -> Iterator[Action]:
    """Takes away what is left of longer changes: of each number all pages after so many, up to its sequence.

    Args:
        server: where they are.
        alias: of the index, as it was last refreshed.
        kept: sequence and count of pages, by number.
    """
    numbers = list(kept)
    for start in range(0, len(numbers), _CLAUSES):
        clauses = [_after(number, *kept[number]) for number in numbers[start : start + _CLAUSES]]
        asked: dict[str, Any] = {
            "query": {"bool": {"filter": [{"term": {"kind": "page"}}], "should": clauses,
                               "minimum_should_match": 1}},
            "size": _RUN,
            "sort": [{"number": "asc"}, {"page.number": "asc"}],
            "_source": False,
            "track_total_hits": False,
        }  # fmt: skip
        while True:
            found = server.call("POST", f"/{alias}/_search", asked, allow_partial_search_results="false")
            hits = found["hits"]["hits"]
            for number, page in (hit["sort"] for hit in hits):
                yield gone_action(number, page, kept[number][0])
            if len(hits) < _RUN:
                break
            asked["search_after"] = hits[-1]["sort"]


def _after(number: str, sequence: int, pages: int) -> dict[str, Any]:
    return {"bool": {"filter": [
        {"term": {"number": clean(number)}},
        {"range": {"page.number": {"gt": pages}}},
        {"range": {"sequence": {"lte": sequence}}},
    ]}}  # fmt: skip


def _asked(source: Mapping[str, Any], finder: Finder, query: Query) -> dict[str, Any]:
    pieces = [piece for piece in finder.pieces if piece.field is None]
    return {
        "size": _LOOKED_AT,
        "query": {
            "bool": {
                "filter": [
                    {"term": {"kind": "page"}},
                    {"term": {"change": change_of(source["number"], source["sequence"])}},
                    *access(query),
                ],
                "should": [on_page(piece, fuzzy=finder.fuzzy) for piece in pieces],
                "minimum_should_match": 0,
            }
        },
        "sort": [{"_score": "desc"}, {"page.number": "asc"}],
        "track_total_hits": False,
        "_source": ["page.number", "page.text", "language"],
    }
