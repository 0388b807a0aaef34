"""Many documents in few requests: a server that is busy, full, slow, forbidding, or choosy."""

import socket
from typing import Any

import pytest

from domain.entry import Query
from domain.errors import Unavailable
from index import elastic_bulk
from index.elastic import ElasticIndex
from index.elastic_client import Busy, Failed, Server, Slow
from index.port import Rejected
from index.settings import IndexSettings
from infra.services.elasticsearch import Elasticsearch
from tests.contracts.mail import entry, numbers
from tests.index.server import FULL, answering, counted, forget, item
from tests.servers import fresh_name


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


def refusing(monkeypatch: pytest.MonkeyPatch, what: bytes, answer: Exception | dict[str, Any]) -> list[int]:
    """Every bulk request with these bytes in it is turned away, whole or each line; gives all sizes."""
    sizes: list[int] = []
    call = Server.call

    def play(self: Server, method: str, path: str, body: Any = None, **more: Any) -> Any:
        if path.endswith("_bulk"):
            sizes.append(body.count(b'"_id"'))
            if what in body and isinstance(answer, Exception):
                raise answer
            if what in body:
                return {"errors": True, "items": [answer] * sizes[-1]}
        return call(self, method, path, body, **more)

    monkeypatch.setattr(Server, "call", play)
    return sizes


@pytest.mark.parametrize("answer", [FULL, Busy(429, "circuit_breaking_exception", "Data too large")])
@pytest.mark.parametrize("at", [0, 3, 7])
def test_one_that_is_always_turned_away_holds_nothing_up(
    index: ElasticIndex, monkeypatch: pytest.MonkeyPatch, answer: Any, at: int
) -> None:
    many = [entry(f"A-{number}", "heavy" if number == at else "word") for number in range(8)]
    index.put([entry("A-9", "first")])
    refusing(monkeypatch, b"heavy", answer)
    with pytest.raises(Rejected) as caught:
        index.put(many)
    (reason,) = caught.value.reasons.items()
    assert reason[0] == f"A-{at}"
    assert reason[1].startswith("Elasticsearch takes others, and not this one: ")
    assert numbers(index, "word") == [f"A-{number}" for number in range(8) if number != at]
    monkeypatch.undo()
    index.put(many)
    assert numbers(index, "heavy") == [f"A-{at}"]


def test_several_in_a_row_are_given_up_on_sooner(
    index: ElasticIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.put([entry("A-9", "first")])
    sizes = refusing(monkeypatch, b"heavy", FULL)
    with pytest.raises(Rejected) as caught:
        index.put([entry(f"A-{number}", "heavy") for number in range(6)])
    assert set(caught.value.reasons) == {f"A-{number}" for number in range(6)}
    assert sizes[-8:] == [1, 1] * 4  # each once, and whether anything is taken


def test_no_page_of_a_given_up_entry_is_offered_again(
    index: ElasticIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.put([entry("A-9", "first")])
    sizes = refusing(monkeypatch, b"heavy", FULL)
    with pytest.raises(Rejected):
        index.put([entry("A-0", *["heavy page"] * 70), entry("A-1", "word")])
    assert len(sizes) < 20
    assert numbers(index, "word") == ["A-1"]
    assert numbers(index, "heavy") == []


def test_patience_begins_anew_when_something_was_taken(
    index: ElasticIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of patience for 1 s, far more than that is waited in all."""
    index.put([entry("A-9", "first")])
    monkeypatch.setattr(elastic_bulk, "_random", type("Longest", (), {"uniform": lambda *_: 1.0})())
    waited: list[float] = []
    monkeypatch.setattr(elastic_bulk, "_wait", waited.append)
    monkeypatch.setattr(elastic_bulk, "_now", lambda: sum(waited))
    answering(monkeypatch, *[FULL, FULL, None] * 6, None)
    index.put([entry(f"A-{number}", "word") for number in range(8)])
    assert index.search(Query("word")).total == 8
    assert waited == [0.25, 0.5] * (len(waited) // 2)
    assert sum(waited) > 2


def test_a_slow_server_gets_less_at_a_time(index: ElasticIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    index.put([entry("A-0", "first")])
    slow = Slow(0, "timeout", "no answer")
    sizes = answering(monkeypatch, slow, slow, None)
    index.put([entry(f"A-{number}", "word") for number in range(8)])
    assert sizes[:3] == [8, 4, 2]
    assert index.search(Query("word")).total == 8
    sizes = answering(monkeypatch, slow)
    with pytest.raises(Unavailable, match="no answer"):
        index.put([entry(f"A-{number}", "word") for number in range(8)])


def test_no_answer_in_time_is_not_waited_for_again_as_it_was() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        server = Server(IndexSettings(url=address, timeout_seconds=0.05))
        with pytest.raises(Slow, match=r"no answer within 0\.05 s"):
            server.call("POST", "/_bulk", b"{}\n", retry_busy=False)
        silent.accept()[0].close()
        silent.settimeout(0.01)
        with pytest.raises(TimeoutError):
            silent.accept()  # it was asked once
        server.close()


def test_what_is_too_large_for_a_request(index: ElasticIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    index.put([entry("A-9", "first")])
    large = Failed(413, "content_too_long_exception", "entity content is too long")
    sizes = refusing(monkeypatch, b"heavy", large)
    with pytest.raises(Rejected) as caught:
        index.put([entry(f"A-{number}", "heavy" if number == 2 else "word") for number in range(4)])
    assert caught.value.reasons == {"A-2": "it is larger than Elasticsearch takes"}
    assert sizes[0] == 4
    assert numbers(index, "word") == ["A-0", "A-1", "A-3"]


def test_what_is_too_large_for_any_request(index: ElasticIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elastic_bulk, "MOST_BYTES", 2_000_000)
    sizes = counted(index, monkeypatch)
    with pytest.raises(Rejected) as caught:
        index.put([entry("A-0", "one"), entry("A-1", "y" * 3_000_000), entry("A-2", "two")])
    assert caught.value.reasons == {"A-1": "its text takes 6 MB in one document"}
    assert max(sizes) < 2_000_000
    assert numbers(index, "") == ["A-0", "A-2"]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (item(403, "security_exception", "action [indices:data/write/bulk] is unauthorized"),
         r"refuses our credentials \(403\)"),
        (item(401, "security_exception", "missing credentials"), r"refuses our credentials \(401\)"),
        (item(400, "illegal_argument_exception", "no write index is defined for alias [a]. The write index"),
         "postroom index migrate --anew"),
    ],
)  # fmt: skip
def test_what_concerns_all_is_no_fault_of_one(
    index: ElasticIndex, monkeypatch: pytest.MonkeyPatch, answer: Any, says: str
) -> None:
    index.put([entry("A-0", "first")])
    answering(monkeypatch, answer)
    with pytest.raises(Unavailable, match=says):
        index.put([entry("A-1", "second")])
