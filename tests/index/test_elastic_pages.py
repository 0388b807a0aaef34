"""Long entries: pages that are documents of their own."""

from typing import Any

import pytest

from domain.entry import IndexEntry, Query
from index import elastic_documents
from index.elastic import ElasticIndex
from index.elastic_bulk import send
from index.elastic_client import Server
from tests.contracts.mail import entry, numbers
from tests.index.server import documents


def test_twelve_thousand_pages(index: ElasticIndex) -> None:
    pages = [
        f"page {page} {'of a report with words ' * 20} vote {page}-{page * 7}" for page in range(1, 12_001)
    ]
    pages[11_000] = "the heating is dear. Résumé 12.345/B"
    index.put([entry("A-1", *pages), entry("A-2", "other heating")])
    for text, page in (
        ("heating dear", 11_001),
        ("12345B", 11_001),
        ('"is dear"', 11_001),
        ("resume", 11_001),
    ):
        hit = next(hit for hit in index.search(Query(text)).hits if hit.number == "A-1")
        assert hit.page == page, text
    assert numbers(index, "vote 83-581 12.345/B") == ["A-1"]
    index.remove(["A-1"])
    assert len(documents(index, {"match_all": {}})) == 2


def test_far_pages_are_found_by_words_and_by_phrases(
    index: ElasticIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elastic_documents, "WHOLE", 2_000)
    pages = [f"page {page} of the minutes about invoices" for page in range(1, 101)]
    pages[89] = "We voted on heating costs. Verträge 12.345/B and the repaired boi-\nler"
    index.put([entry("A-1", *pages, access=("x",)), entry("A-2", "heating of costs")])
    for text in (
        "heating", "costs voted", '"heating costs"', '"repaired boi ler"', "boiler", "12.345/B", "repair",
        "invoice vertrage",
    ):  # fmt: skip
        hit = next(hit for hit in index.search(Query(text)).hits if hit.number == "A-1")
        assert hit.page == (90 if text != "invoice vertrage" else hit.page), text
    for text in ('"costs heating"', '"page 90"', '"minutes about heating"'):
        assert numbers(index, text) == [], text
    assert numbers(index, '"page 95"') == ["A-1"]
    assert numbers(index, 'costs -"heating costs"') == ["A-2"]
    assert numbers(index, '"heating costs"', access=("y",)) == []
    source = documents(index, {"term": {"kind": "entry"}})
    assert all("text" not in one for one in source)


def test_identifiers_on_far_pages(index: ElasticIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    """They stand with their page only, so that an entry's document does not grow without bound."""
    monkeypatch.setattr(elastic_documents, "WHOLE", 2_000)
    pages = [
        f"page {page} names 2024/{page:04}-B and DE89 3704 0044 0532 01{page:02} 00" for page in range(100)
    ]
    pages[90] += " and a bro-\nken word"
    long = entry("A-1", *pages, access=("x",))
    index.put([long, entry("A-2", "other")])
    source = elastic_documents.entry_action(long).source
    assert source
    assert len(source["compact"]) < 80
    assert sum(map(len, source["text"])) < 2_000 + 100 * 12
    for text, page in (
        ("20240088B", 89), ("2024 0088 B", 89), ("DE89370400440532018800", 89), ("2024/0001-B", 2),
        ("broken", 91), ("20240088B broken", 89),
    ):  # fmt: skip
        (hit,) = index.search(Query(text)).hits
        assert (hit.number, hit.page) == ("A-1", page), text
    assert numbers(index, "20240088B", access=("y",)) == []
    assert numbers(index, "other -20240088B") == ["A-2"]
    assert numbers(index, "-20240088B") == ["A-2"]


def interrupted(index: ElasticIndex, monkeypatch: pytest.MonkeyPatch, long: IndexEntry) -> None:
    """All pages of the change are there, and the entry is still as it was."""
    with monkeypatch.context() as within:
        within.setattr("index.elastic.send", lambda server, alias, actions: send(
            server, alias, [action for action in actions if action.id.startswith("page:")]))  # fmt: skip
        index.put([long])


def test_pages_of_another_change_are_neither_found_nor_shown(
    index: ElasticIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elastic_documents, "WHOLE", 500)
    words = ["plain words"] * 100
    index.put([entry("A-1", *words[:-1], "the last plain page", access=("x",))])
    secret = [*words, *["a new secret code 77.120/B of plain words"] * 20]
    interrupted(index, monkeypatch, entry("A-1", *secret, sequence=2, access=("x", "y")))
    for text in ('"secret code"', "77120B", "secret"):
        assert numbers(index, text) == [], text
    assert numbers(index, "plain", access=("y",)) == []
    (hit,) = index.search(Query("plain", access=("x",))).hits
    assert (hit.page, hit.snippet) == (None, "")  # its pages are gone, and the new ones are not its own
    index.put([entry("A-1", *secret, sequence=2, access=("x", "y"))])
    (hit,) = index.search(Query('"secret code"', access=("y",))).hits
    assert (hit.number, hit.page) == ("A-1", 101)


def test_nothing_is_left_of_an_interrupted_longer_change(
    index: ElasticIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.put([entry("A-1", *["page"] * 70), entry("A-2", *["page"] * 70)])
    interrupted(index, monkeypatch, entry("A-1", *["page"] * 200, sequence=2))
    index.put([entry("A-1", *["page"] * 80, sequence=3)])
    pages = documents(index, {"bool": {"filter": [{"term": {"kind": "page"}}, {"term": {"number": "A-1"}}]}})
    assert sorted((page["page"]["number"], page["sequence"]) for page in pages) == [
        (page, 3) for page in range(1, 81)
    ]
    index.put([entry("A-1", "page", sequence=4)])
    index.remove(["A-2"])
    assert documents(index, {"term": {"kind": "page"}}) == []


def test_pages_of_many_long_hits_are_asked_for_at_once(
    index: ElasticIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.put([entry(f"A-{at}", *["page"] * at, "needle", *["page"] * 70) for at in range(10)])
    asked: list[str] = []
    call = Server.call

    def note(self: Server, method: str, path: str, *body: Any, **more: Any) -> Any:
        asked.append(path.rpartition("/")[2])
        return call(self, method, path, *body, **more)

    monkeypatch.setattr(Server, "call", note)
    found = index.search(Query("needle"))
    assert asked == ["_search", "_msearch"]
    assert {hit.number: hit.page for hit in found.hits} == {f"A-{at}": at + 1 for at in range(10)}


def test_no_page_without_the_right_to_see_it(index: ElasticIndex) -> None:
    """Also where a page were to have other labels than its entry."""
    index.put([entry("A-1", "needle", *["page"] * 70, access=("x",))])
    page = elastic_documents.page_id("A-1", 1)
    index.server.call("POST", f"/{index.alias}/_update/{page}", {"doc": {"access": ["y"]}}, refresh="true")
    (hit,) = index.search(Query("needle", access=("x",))).hits
    assert (hit.page, hit.snippet) == (None, "page")
