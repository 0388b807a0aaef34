import json
import threading
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from domain.entry import Query
from domain.errors import Unavailable, Usage
from index import elastic_documents, elastic_mapping
from index.elastic import ElasticIndex
from index.elastic_bulk import send
from index.elastic_client import Busy, Failed, Server
from index.port import Index, Rejected
from index.settings import IndexSettings
from infra.services import elasticsearch as elasticsearch_server
from infra.services.elasticsearch import Elasticsearch
from infra.services.object_store import Tls
from infra.services.process import free_port
from tests.contracts.index_contract import IndexContract
from tests.contracts.mail import MAIL, entry, numbers
from tests.servers import fresh_name


class TestElasticIndex(IndexContract):
    @pytest.fixture(scope="class")
    @classmethod
    def make_index(cls, elasticsearch: Elasticsearch) -> Iterator[Callable[[], Index]]:
        made: list[ElasticIndex] = []

        def make() -> Index:
            made.append(ElasticIndex(IndexSettings(url=elasticsearch.url, name=fresh_name())))
            return made[-1]

        yield make
        for index in made:
            forget(index)


def forget(index: ElasticIndex) -> None:
    for name in index.server.call("GET", f"/{index.settings.name}-*"):
        index.server.call("DELETE", f"/{name}")
    index.close()


@pytest.fixture
def index(elasticsearch: Elasticsearch) -> Iterator[ElasticIndex]:
    made = ElasticIndex(IndexSettings(url=elasticsearch.url, name=fresh_name(), patience_seconds=1.0))
    yield made
    forget(made)


def documents(index: ElasticIndex, query: dict[str, Any]) -> list[dict[str, Any]]:
    found = index.server.call("POST", f"/{index.alias}/_search", {"query": query, "size": 1_000})
    return [hit["_source"] for hit in found["hits"]["hits"]]


def counted(index: ElasticIndex, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the bulk requests from now on."""
    sizes: list[int] = []
    call = Server.call

    def note(self: Server, method: str, path: str, body: Any = None, **more: Any) -> Any:
        if path.endswith("_bulk"):
            sizes.append(len(body))
        return call(self, method, path, body, **more)

    monkeypatch.setattr(Server, "call", note)
    return sizes


def answering(monkeypatch: pytest.MonkeyPatch, *answers: Exception | dict[str, Any] | None) -> list[int]:
    """Plays these answers to bulk requests, None for the true one; then the last for ever. Gives sizes."""
    left = list(answers)
    sizes: list[int] = []
    call = Server.call

    def play(self: Server, method: str, path: str, body: Any = None, **more: Any) -> Any:
        if not path.endswith("_bulk"):
            return call(self, method, path, body, **more)
        sizes.append(body.count(b'"_id"'))
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
            return call(self, method, path, body, **more)
        return {"errors": True, "items": [answer] * sizes[-1]}

    monkeypatch.setattr(Server, "call", play)
    return sizes


def item(status: int, kind: str, reason: str = "why") -> dict[str, Any]:
    return {"index": {"status": status, "error": {"type": kind, "reason": reason}}}


FULL = item(429, "es_rejected_execution_exception")


def test_is_an_index(index: ElasticIndex) -> None:
    port: Index = index
    assert port is index
    index.settings  # noqa: B018 - nothing was asked of the server
    index.put([])


def test_a_folder_of_the_deployment_has_the_same_mapping() -> None:
    folder = Path(__file__).resolve().parents[2] / "infra" / "deploy" / "elasticsearch"
    written = json.loads((folder / "index-template.json").read_text())
    assert written == elastic_mapping.template(IndexSettings())


def test_the_template_is_one(index: ElasticIndex, elasticsearch: Elasticsearch) -> None:
    template = elastic_mapping.template(index.settings)
    index.server.call("PUT", f"/_index_template/{index.settings.name}", template)
    try:
        index.put(MAIL)
        assert numbers(index, "boiler") == [MAIL[0].number]
    finally:
        index.server.call("DELETE", f"/_index_template/{index.settings.name}")


def test_typed_fields_and_labels_on_every_document(index: ElasticIndex) -> None:
    index.put([
        entry(
            "A-1", "one", dates=(date(2026, 5, 1),), identifiers=("1234.50 EUR", "12.00 Euro"), access=("x",)
        ),
        entry("A-2", *["many"] * 70, identifiers=("99.00 USD",), access=("y", "z")),
    ])  # fmt: skip
    amounts = {"bool": {"filter": [
        {"range": {"amounts.value": {"gte": 1000, "lt": 1234.51}}}, {"term": {"amounts.currency": "EUR"}},
    ]}}  # fmt: skip
    assert [one["number"] for one in documents(index, amounts)] == ["A-1"]
    assert [one["number"] for one in documents(index, {"range": {"dates": {"gte": "2026-04-30"}}})] == ["A-1"]
    everything = documents(index, {"match_all": {}})
    assert len(everything) == 72
    assert {(one["number"], *one["access"]) for one in everything} == {("A-1", "x"), ("A-2", "y", "z")}
    assert index.search(Query("many", access=("x",))).total == 0


def test_the_mapping_is_strict(index: ElasticIndex) -> None:
    index.put(MAIL)
    with pytest.raises(Failed, match="strict_dynamic_mapping_exception"):
        index.server.call("POST", f"/{index.alias}/_doc", {"kind": "entry", "colour": "red"})


def test_analysis_of_identifiers_and_words(index: ElasticIndex) -> None:
    index.put(MAIL)

    def terms(analyzer: str, text: str) -> list[str]:
        asked = {"analyzer": analyzer, "text": text}
        found = index.server.call("POST", f"/{index.alias}/_analyze", asked)
        return [one["token"] for one in found["tokens"]]

    assert terms("folded", "2024/0815-B der Straße, l’Été 12.03") == [
        "2024", "0815", "b", "der", "strasse", "l", "ete", "12", "03",
    ]  # fmt: skip
    assert terms("stem_es", "reclamaciones") == ["reclam"]
    assert terms("stem_de", "Verträgen") == ["vertrag"]


def test_an_older_write_never_wins_whoever_sends_it(index: ElasticIndex) -> None:
    """Even one that looked before the newer was there, as two publishers might."""
    index.put([entry("A-1", "first", sequence=1)])
    late = elastic_documents.entry_action(entry("A-1", "late", sequence=2))
    index.put([entry("A-1", "newest", sequence=3)])
    assert send(index.server, index.alias, [late]) == {}
    index.server.call("POST", f"/{index.alias}/_refresh")
    assert (numbers(index, "newest"), numbers(index, "late")) == (["A-1"], [])
    index.remove(["A-1"])
    assert send(index.server, index.alias, [late]) == {}
    index.server.call("POST", f"/{index.alias}/_refresh")
    assert numbers(index, "late") == []


def test_bulk_requests_are_bounded_in_bytes(
    elasticsearch: Elasticsearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = ElasticIndex(IndexSettings(url=elasticsearch.url, name=fresh_name(), bulk_mb=0.1))
    sizes = counted(index, monkeypatch)
    index.put([entry(f"A-{number}", "word " * 2_000) for number in range(30)])
    assert len(sizes) > 5
    assert max(sizes) <= 100_000
    assert index.search(Query("word")).total == 30
    forget(index)


def test_a_poison_entry_does_not_hold_up_the_others(index: ElasticIndex) -> None:
    """A label that no index takes: Lucene refuses terms of more than 32 kB."""
    poison = entry("A-2", "the second", label="x" * 40_000)
    with pytest.raises(Rejected, match="A-2") as caught:
        index.put([entry("A-1", "the first"), poison, entry("A-3", "the third")])
    assert set(caught.value.reasons) == {"A-2"}
    assert "immense term" in caught.value.reasons["A-2"]
    assert numbers(index, "") == ["A-1", "A-3"]
    assert list(index.sequences()) == [("A-1", 1), ("A-3", 1)]


def test_a_long_poison_entry_leaves_nothing_that_is_found(index: ElasticIndex) -> None:
    with pytest.raises(Rejected):
        index.put([entry("A-1", *["page"] * 100, access=("x" * 40_000,)), entry("A-2", "page")])
    assert numbers(index, "page") == ["A-2"]


def test_a_busy_server_gets_less_at_a_time(index: ElasticIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    index.put([entry("A-0", "first")])
    sizes = answering(monkeypatch, FULL, FULL, None)
    index.put([entry(f"A-{number}", "word") for number in range(8)])
    assert sizes[:3] == [8, 4, 2]
    assert sum(sizes) - 8 - 4 == 8
    assert index.search(Query("word")).total == 8


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (FULL, "too much to do"),
        (Busy(429, "circuit_breaking_exception", "Data too large"), "circuit_breaking_exception"),
        (Busy(503, "cluster_block_exception", "no master"), "too much to do"),
    ],
)
def test_a_server_that_stays_busy(
    index: ElasticIndex, monkeypatch: pytest.MonkeyPatch, answer: Any, says: str
) -> None:
    index.put([entry("A-0", "first")])
    sizes = answering(monkeypatch, answer)
    with pytest.raises(Unavailable, match=says):
        index.put([entry(f"A-{number}", "word") for number in range(8)])
    assert sizes[0] > sizes[-1]


def test_a_full_disk(index: ElasticIndex) -> None:
    index.put([entry("A-1", "first")])
    block = {"index": {"blocks": {"read_only_allow_delete": True}}}
    index.server.call("PUT", f"/{index.alias}/_settings", block)
    with pytest.raises(Unavailable, match=r"its disk is full\. Free space"):
        index.put([entry("A-2", "second")])
    assert numbers(index, "first") == ["A-1"]
    block["index"]["blocks"]["read_only_allow_delete"] = False
    index.server.call("PUT", f"/{index.alias}/_settings", block)
    index.put([entry("A-2", "second")])
    assert numbers(index, "second") == ["A-2"]


def test_no_server() -> None:
    settings = IndexSettings(
        url=f"http://127.0.0.1:{free_port()}", user="me",
        password=SecretStr("s3cret"), api_key=SecretStr("k3y"),
    )  # fmt: skip
    index = ElasticIndex(settings)
    for act in (
        lambda: index.search(Query("a")), lambda: index.put(MAIL), lambda: list(index.sequences()),
        lambda: index.remove(["A-1"]), index.erase,
    ):  # fmt: skip
        with pytest.raises(Unavailable, match=r"does not answer.*Start it") as caught:
            act()
        assert "s3cret" not in repr(caught.value)
        assert "k3y" not in repr(caught.value)
    index.close()


@pytest.mark.parametrize("url", ["search:9200", "ftp://a", "https://me:s3cret@search:9200", "http://"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ValidationError):
        IndexSettings(url=url)


def test_certificates_that_are_none() -> None:
    index = ElasticIndex(IndexSettings(url="https://127.0.0.1:9", certificates="/nowhere.pem"))
    with pytest.raises(Usage, match=r"index\.certificates"):
        index.search(Query("a"))


def test_with_password_and_certificates(
    server_homes: Path, tls_files: Tls, caplog: pytest.LogCaptureFixture
) -> None:
    home = server_homes / fresh_name("elasticsearch-tls")
    with elasticsearch_server.start(home, tls=tls_files, secured=True) as server, caplog.at_level("DEBUG"):
        settings = IndexSettings(
            url=server.url, user=server.user, password=SecretStr(server.password),
            certificates=str(server.certificates),
        )  # fmt: skip
        index = ElasticIndex(settings)
        index.put(MAIL)
        assert numbers(index, "boiler") == [MAIL[0].number]
        wrong = ElasticIndex(settings.model_copy(update={"password": SecretStr("wr0ng-one")}))
        with pytest.raises(Unavailable, match="refuses our credentials"):
            wrong.search(Query("a"))
        strange = ElasticIndex(settings.model_copy(update={"certificates": ""}))
        with pytest.raises(Unavailable, match="certificate"):
            strange.search(Query("a"))
        for one in (index, wrong, strange):
            one.close()
    assert server.password not in caplog.text
    assert "wr0ng-one" not in caplog.text


def test_down_and_up_again(server_homes: Path) -> None:
    with elasticsearch_server.start(server_homes / fresh_name("elasticsearch-down")) as server:
        index = ElasticIndex(IndexSettings(url=server.url))
        index.put(MAIL)
        server.kill()
        with pytest.raises(Unavailable, match="does not answer"):
            index.put([entry("A-1", "waits")])
        with server.restart():
            index.put([entry("A-1", "waits")])
            assert numbers(index, "waits") == ["A-1"]
            assert len(list(index.sequences())) == 5
        index.close()


def test_two_that_begin_at_once_make_one_index(elasticsearch: Elasticsearch) -> None:
    settings = IndexSettings(url=elasticsearch.url, name=fresh_name())
    several = [ElasticIndex(settings) for _ in range(4)]
    threads = [
        threading.Thread(target=one.put, args=([entry(f"A-{at}", "word")],)) for at, one in enumerate(several)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert numbers(several[0], "word") == [f"A-{at}" for at in range(4)]
    forget(several[0])


def test_an_index_of_another_version(index: ElasticIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    index.put(MAIL)
    monkeypatch.setattr("index.elastic_indexes.fingerprint", lambda: "another")
    with pytest.raises(Unavailable, match="postroom index migrate"):
        index.put(MAIL)
    assert numbers(index, "boiler") == [MAIL[0].number]


def test_an_alias_that_is_an_index(index: ElasticIndex) -> None:
    index.server.call("PUT", f"/{index.settings.name}")
    with pytest.raises(Unavailable):
        index.put(MAIL)
    index.server.call("DELETE", f"/{index.settings.name}")


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
