"""What tests ask of the server behind an index, and answers that are played instead of its own."""

from typing import Any

import pytest

from index.elastic import ElasticIndex
from index.elastic_client import Server


def forget(index: ElasticIndex) -> None:
    for name in index.server.call("GET", f"/{index.settings.name}-*"):
        index.server.call("DELETE", f"/{name}")
    index.close()


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
