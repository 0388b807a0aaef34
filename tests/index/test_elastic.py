import json
import threading
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import ConnectionTimeout
from pydantic import SecretStr, ValidationError

from domain.entry import Query
from domain.errors import Unavailable, Usage
from index import elastic_documents, elastic_indexes, elastic_mapping
from index.elastic import ElasticIndex
from index.elastic_bulk import send
from index.elastic_client import Failed, Server
from index.elastic_migration import Migration
from index.port import Index
from index.settings import IndexSettings
from infra.services import elasticsearch as elasticsearch_server
from infra.services.elasticsearch import Elasticsearch
from infra.services.object_store import Tls
from infra.services.process import free_port
from tests.contracts.index_contract import IndexContract
from tests.contracts.mail import MAIL, NONE, ONE, entry, numbers
from tests.index.server import documents, forget
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
            "A-1", "one", dates=(date(2026, 5, 1),), amounts=("1234.50 EUR", "12.00 Euro"), access=("x",)
        ),
        entry("A-2", *["many"] * 70, amounts=("99.00 USD", "70.25"), access=("y", "z")),
    ])  # fmt: skip
    amounts = {"bool": {"filter": [
        {"range": {"amounts.value": {"gte": 1000, "lt": 1234.51}}}, {"term": {"amounts.currency": "EUR"}},
    ]}}  # fmt: skip
    assert [one["number"] for one in documents(index, amounts)] == ["A-1"]
    (second,) = documents(index, {"range": {"amounts.value": {"gte": 70, "lt": 71}}})
    assert second["amounts"] == [{"value": 99.0, "currency": "USD"}, {"value": 70.25}]
    assert documents(index, {"range": {"amounts.value": {"gte": 12, "lt": 13}}}) == []
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
        looker = looking(index)
        assert numbers(looker, "boiler") == [ONE]
        with pytest.raises(Unavailable, match=r"refuses our credentials \(403\)"):
            looker.put(MAIL)  # which is no fault of the entries
        for one in (index, wrong, strange, looker):
            one.close()
    assert server.password not in caplog.text
    assert "wr0ng-one" not in caplog.text


def looking(index: ElasticIndex) -> ElasticIndex:
    """The same index for somebody who may not write."""
    ours = {"names": ["postroom-entries*"], "privileges": ["read", "view_index_metadata", "maintenance"]}
    index.server.call("PUT", "/_security/role/looking", {"indices": [ours]})
    index.server.call("PUT", "/_security/user/looker", {"password": "of the test", "roles": ["looking"]})
    return ElasticIndex(
        index.settings.model_copy(update={"user": "looker", "password": SecretStr("of the test")})
    )


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


def test_a_lost_answer_about_aliases(index: ElasticIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was done, and is asked for again: the second time there is nothing to remove any more."""
    index.put(MAIL)
    call = Server._ask

    def lose(self: Server, method: str, path: str, *rest: Any) -> Any:
        answer = call(self, method, path, *rest)
        if path == "/_aliases" and not lost:
            lost.append(path)
            raise ConnectionTimeout("lost")
        return answer

    monkeypatch.setattr(Server, "_ask", lose)
    migration = Migration(index)
    for act in (migration.swap, lambda: migration.release(unfinished=False), index.erase):
        lost: list[str] = []
        migration.begin()
        act()
        assert lost == ["/_aliases"]
    assert index.search(Query("")).total == 0
    with pytest.raises(Failed, match="index_not_found"):
        elastic_indexes.change(index.server, [{"add": {"index": "nothing-there", "alias": index.alias}}])


@pytest.mark.parametrize("left", ["old", "nothing"])
def test_an_alias_that_is_gone_is_no_empty_index(index: ElasticIndex, left: str) -> None:
    index.put(MAIL)
    name = Migration(index).state().live
    index.server.call("POST", "/_aliases", {"actions": [{"remove": {"index": name, "alias": index.alias}}]})
    if left == "nothing":
        index.server.call("DELETE", f"/{name}")
        assert index.search(Query("")) == NONE
        assert list(index.sequences()) == []
        index.remove([ONE])
        index.put(MAIL)
        assert index.search(Query("")).total == 4
        return
    for act in (
        lambda: index.search(Query("")), lambda: list(index.sequences()), lambda: index.remove([ONE]),
        lambda: index.put(MAIL),
    ):  # fmt: skip
        with pytest.raises(Unavailable, match=rf"{index.alias} is gone, though {name} is there\. .*migrate"):
            act()


def test_an_alias_of_two_indexes(index: ElasticIndex) -> None:
    index.put(MAIL)
    stray = elastic_indexes.make(index.server, index.alias, 7)
    with pytest.raises(Unavailable, match=rf"{index.alias} stands for .*, {stray}, .*migrate --anew"):
        index.put(MAIL)
    migration = Migration(index)
    migration.begin().put(MAIL)
    migration.swap()
    assert migration.state().searched == (migration.state().live,)
    assert len(migration.state().old) == 2
    assert numbers(index, "boiler") == [ONE]


@pytest.mark.parametrize("module", ["mapping", "elastic_documents"])
def test_what_we_derive_ourselves_is_part_of_the_mapping(
    index: ElasticIndex, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    index.put(MAIL)
    monkeypatch.setattr(f"index.{module}.VERSION", 99)
    with pytest.raises(Unavailable, match="postroom index migrate"):
        index.put(MAIL)
    state = Migration(index).state()
    assert (state.current, state.next_current) == (False, False)
