"""The index in production: Elasticsearch 8. Any number of processes may search and write."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from domain.entry import Hit, IndexEntry, Query, Results
from domain.errors import Unavailable
from index import elastic_indexes as indexes
from index.elastic_bulk import send
from index.elastic_client import Failed, Server, failed
from index.elastic_documents import (
    entry_action,
    entry_id,
    is_long,
    page_actions,
    removed_action,
)
from index.elastic_pages import Page, candidates, surplus
from index.elastic_query import access, filters, runs, whole
from index.mapping import clean
from index.port import Rejected
from index.query import Piece, must_be, parse
from index.settings import IndexSettings
from index.snippets import Finder

_VALUES = 1_000  # different values of a facet that are counted
_FACETS = {"class": "label", "language": "language", "year": "year"}
_SHOWN = ["number", "sequence", "label", "language", "subject", "sender", "recipient", "page_count", "pages",
          "page_languages"]  # fmt: skip
_FETCH = 500  # hits of one request
_RUN = 10_000  # numbers of one request
_OPEN = "2m"  # how long the server keeps a listing that nobody goes on with


class ElasticIndex:
    """``index.port.Index`` behind the alias ``settings.name``; the index is made at the first ``put``.

    What is put is found when ``put`` returns. Every write carries its sequence as the document's version,
    so that an older one never wins, whoever sends it and when. A search never sees half an entry, and shows
    no page of another change of it: while a long one (``elastic_documents.is_long``) is replaced, its hits
    may be without a page for a moment.
    """

    def __init__(
        self, settings: IndexSettings, *, alias: str | None = None, server: Server | None = None
    ) -> None:
        """Touches nothing. Another ``alias`` must be there before anything is put."""
        self.settings = settings
        self.alias = alias or settings.name
        self.server = server or Server(settings)

    def put(self, entries: Sequence[IndexEntry]) -> None:
        """See ``Index.put``."""
        newest: dict[str, IndexEntry] = {}
        for entry in entries:
            if entry.number not in newest or entry.sequence >= newest[entry.number].sequence:
                newest[entry.number] = entry
        actions = {number: entry_action(entry) for number, entry in newest.items()}
        if not actions:
            return
        indexes.check(self.server, self.alias, make_it=self.alias == self.settings.name)
        held = self._held(list(actions))
        due = [entry for number, entry in newest.items() if held.get(number, -1) <= entry.sequence]
        # Pages first: an entry is found when all of it is there.
        rejected = send(self.server, self.alias, chain.from_iterable(page_actions(entry) for entry in due))
        due = [entry for entry in due if entry.number not in rejected]
        rejected |= send(self.server, self.alias, (actions[entry.number] for entry in due))
        self._refresh()
        self._take_surplus({
            clean(entry.number): (entry.sequence, len(entry.pages) if is_long(entry) else 0)
            for entry in due if entry.number not in rejected
        })  # fmt: skip
        if rejected:
            raise Rejected(rejected)

    def remove(self, numbers: Sequence[str]) -> None:
        """See ``Index.remove``."""
        held = self._held(numbers, sure=True) if numbers else {}
        while held:
            gone = [removed_action(number, sequence) for number, sequence in held.items()]
            if rejected := send(self.server, self.alias, gone):
                raise Rejected(rejected)
            self._refresh()
            self._take_surplus({clean(number): (sequence, 0) for number, sequence in held.items()})
            # What was put meanwhile has won: it goes too.
            held = self._held(list(held), removed=False, sure=True)

    def erase(self) -> None:
        """See ``Index.erase``. An empty index takes the place of all there are, at once."""
        state = indexes.look(self.server)
        new = indexes.make(self.server, indexes.next_alias(self.server), indexes.newest(state) + 1)
        indexes.change(self.server, [
            *({"remove_index": {"index": name}} for name in state.all),
            {"remove": {"index": new, "alias": indexes.next_alias(self.server)}},
            {"add": {"index": new, "alias": self.settings.name}},
        ])  # fmt: skip

    def search(self, query: Query) -> Results:
        """See ``Index.search``."""
        must_be(query)
        pieces = parse(query.text)
        if pieces == ():
            return _nothing()
        pieces = pieces or ()
        newest = all(piece.excluded for piece in pieces)
        narrow = filters(query)
        far = self._far(pieces, query)
        fuzzy = False
        asked = self._asked(whole(pieces, narrow, far), newest)
        first = {"from": query.skip}
        found = self._search(asked | first, query.limit)
        if found is None:
            return _nothing()
        if not found["hits"]["total"]["value"] and any(piece.fuzzy for piece in pieces):
            fuzzy = True
            asked = self._asked(whole(pieces, narrow, far, fuzzy=True), newest)
            found = self._search(asked | first, query.limit) or found
        hits = found["hits"]["hits"]
        while hits and len(hits) < min(query.limit, found["hits"]["total"]["value"] - query.skip):
            more = self._search(asked | {"search_after": hits[-1]["sort"]}, query.limit - len(hits))
            if not more or not more["hits"]["hits"]:
                break
            hits += more["hits"]["hits"]
        finder = Finder(pieces, fuzzy=fuzzy)
        facets = found["aggregations"]
        return Results(
            found["hits"]["total"]["value"],
            tuple(self._hits(hits, finder, query)),
            {
                facet: {str(bucket["key"]): bucket["doc_count"] for bucket in facets[facet]["buckets"]}
                for facet in _FACETS
            },
        )

    def sequences(self) -> Iterator[tuple[str, int]]:
        """See ``Index.sequences``. As it stood when the first was asked for."""
        try:
            opened = self.server.call("POST", f"/{self.alias}/_pit", keep_alive=_OPEN)["id"]
        except Failed as error:
            self._nothing_yet(error)
            return
        asked: dict[str, Any] = {
            "query": {"term": {"kind": "entry"}},
            "size": _RUN,
            "sort": [{"number": "asc"}],
            "_source": False,
            "docvalue_fields": ["sequence"],
            "track_total_hits": False,
        }
        try:
            while True:
                asked["pit"] = {"id": opened, "keep_alive": _OPEN}
                found = self.server.call("POST", "/_search", asked, allow_partial_search_results="false")
                opened = found.get("pit_id", opened)
                hits = found["hits"]["hits"]
                for hit in hits:
                    yield hit["sort"][0], hit["fields"]["sequence"][0]
                if len(hits) < _RUN:
                    return
                asked["search_after"] = hits[-1]["sort"]
        finally:
            self._let_go(opened)

    def close(self) -> None:
        """See ``Index.close``."""
        self.server.close()

    def _held(self, numbers: Sequence[str], *, removed: bool = True, sure: bool = False) -> dict[str, int]:
        """The sequence under each number: as it is now. Not ``sure``: without those that it cannot tell."""
        held: dict[str, int] = {}
        for start in range(0, len(numbers), _RUN):
            run = numbers[start : start + _RUN]
            docs = [{"_id": entry_id(number)} for number in run]
            try:
                found = self.server.call(
                    "POST", f"/{self.alias}/_mget", {"docs": docs}, _source="kind,sequence"
                )
            except Failed as error:
                self._nothing_yet(error)
                return {}
            for number, one in zip(run, found["docs"], strict=True):
                if sure and "error" in one:
                    self._nothing_yet(failed(one["error"], 404))
                source = one.get("_source")
                if source and (removed or source["kind"] == "entry"):
                    held[number] = source["sequence"]
        return held

    def _refresh(self) -> None:
        self.server.call("POST", f"/{self.alias}/_refresh")

    def _take_surplus(self, kept: dict[str, tuple[int, int]]) -> None:
        """See ``elastic_pages.surplus``."""
        gone = list(surplus(self.server, self.alias, kept))
        if gone:
            send(self.server, self.alias, gone)
            self._refresh()

    def _let_go(self, opened: str) -> None:
        try:
            self.server.call("DELETE", "/_pit", {"id": opened})
        except (Failed, Unavailable):
            return  # it goes by itself after a while

    def _nothing_yet(self, error: Failed) -> None:
        """Passes if there is no index because nothing was ever put.

        Raises:
            Unavailable: there are indexes, and the alias is gone; or a part of the index is out of reach.
            Failed: it is about something else.
        """
        if error.kind == "no_shard_available_action_exception":
            raise Unavailable(f"The index {self.alias} is out of reach in parts. Try again later") from error
        if error.kind != "index_not_found_exception":
            raise error
        indexes.lost(self.alias, indexes.look(self.server))

    def _far(self, pieces: Sequence[Piece], query: Query) -> dict[str, list[str]]:
        """Changes of very long entries that have a run of words beyond what their own document holds."""
        asked = dict(runs(pieces))
        if not asked:
            return {}
        names = {f"{at}": word for at, word in enumerate(asked)}
        found = self._ask({
            "size": 0,
            "query": {"bool": {"filter": [{"term": {"page.far": True}}, *access(query)]}},
            "aggs": {
                name: {
                    "filter": asked[word],
                    "aggs": {"of": {"terms": {"field": "change", "size": _RUN}}},
                }
                for name, word in names.items()
            },
        })  # fmt: skip
        return {
            names[name]: [bucket["key"] for bucket in one["of"]["buckets"]]
            for name, one in (found["aggregations"].items() if found else ())
        }

    def _asked(self, query: dict[str, Any], newest: bool) -> dict[str, Any]:
        best: dict[str, Any] = {"_score": "desc"}
        last: dict[str, Any] = {"received": {"order": "desc", "unmapped_type": "date"}}
        return {
            "query": query,
            "sort": [last if newest else best, {"number": "asc"}],
            "track_total_hits": True,
            "_source": _SHOWN,
        }

    def _search(self, asked: dict[str, Any], limit: int) -> dict[str, Any] | None:
        sized = asked | {"size": min(limit, _FETCH)}
        if "search_after" not in asked:
            sized["aggs"] = {
                facet: {"terms": {"field": field, "size": _VALUES, "shard_size": _VALUES}}
                for facet, field in _FACETS.items()
            }
        return self._ask(sized)

    def _ask(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        """The answer to a search; None without an index."""
        try:
            found: dict[str, Any] = self.server.call(
                "POST", f"/{self.alias}/_search", asked, allow_partial_search_results="false"
            )
        except Failed as error:
            self._nothing_yet(error)
            return None
        return found

    def _hits(self, hits: Sequence[dict[str, Any]], finder: Finder, query: Query) -> Iterator[Hit]:
        sources = [hit["_source"] for hit in hits]
        long = [source for source in sources if source["page_count"]]
        apart = candidates(self.server, self.alias, long, finder, query)
        for hit, source in zip(hits, sources, strict=True):
            number = source["number"]
            pages = apart[number] if number in apart else _own_pages(source)
            texts, languages = [text for _, text, _ in pages], [language for _, _, language in pages]
            heads = [(field, source[field]) for field in ("subject", "sender", "recipient", "number")]
            match = finder.match(texts, languages, source.get("language"), heads)
            page = pages[match.page - 1][0] if match.page else None
            score = float(hit["_score"] or 0.0)  # none of what is sorted by date
            yield Hit(number, source.get("label"), score, page, match.snippet, source["subject"])


def _own_pages(source: dict[str, Any]) -> list[Page]:
    pages = source["pages"]
    languages = source.get("page_languages") or [source.get("language")] * len(pages)
    return [(number, *one) for number, one in enumerate(zip(pages, languages, strict=True), 1)]


def _nothing() -> Results:
    return Results(0, (), {facet: {} for facet in _FACETS})
