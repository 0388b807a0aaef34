"""Which pages of a long entry are worth a look: the server knows, so that they need not all be fetched."""

from collections.abc import Sequence
from typing import Any

from index.elastic_client import Server
from index.elastic_query import on_page
from index.snippets import Finder

_LOOKED_AT = 64  # pages of one entry


def candidates(
    server: Server, alias: str, entries: Sequence[dict[str, Any]], finder: Finder
) -> dict[str, list[tuple[int, str]]]:
    """For each of these entries (sources of hits) number and text of the pages with the most pieces.

    In order of the pages; the first pages where none has any.
    """
    found: dict[str, list[tuple[int, str]]] = {}
    for source in entries:
        answer = server.call(
            "POST", f"/{alias}/_search", _asked(source, finder), allow_partial_search_results="false"
        )
        pages = [hit["_source"]["page"] for hit in answer["hits"]["hits"]]
        found[source["number"]] = sorted((page["number"], page["text"]) for page in pages)
    return found


def _asked(source: dict[str, Any], finder: Finder) -> dict[str, Any]:
    pieces = [piece for piece in finder.pieces if piece.field is None]
    return {
        "size": _LOOKED_AT,
        "query": {
            "bool": {
                "filter": [
                    {"term": {"kind": "page"}},
                    {"term": {"number": source["number"]}},
                    {"range": {"page.number": {"lte": source["page_count"]}}},
                ],
                "should": [on_page(piece, source.get("language"), fuzzy=finder.fuzzy) for piece in pieces],
                "minimum_should_match": 0,
            }
        },
        "sort": [{"_score": "desc"}, {"page.number": "asc"}],
        "track_total_hits": False,
        "_source": ["page.number", "page.text"],
    }
