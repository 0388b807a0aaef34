"""The search server's roles on a real server that asks who is there."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import AuthorizationException, Elasticsearch
from pydantic import SecretStr

from domain.entry import Query
from domain.errors import PostroomError
from index import elastic_indexes
from index.elastic import ElasticIndex
from index.elastic_migration import Migration
from index.settings import IndexSettings
from infra.services import elasticsearch as elasticsearch_server
from infra.services import tools
from tests.contracts.mail import entry
from tests.infra.deploy_files import DEPLOY

ROLES = ("writer", "migrator", "reader")
PASSWORD = "of the test"


@pytest.fixture(scope="module")
def server(server_homes: Path) -> Iterator[elasticsearch_server.Elasticsearch]:
    tools.install("elasticsearch")
    with elasticsearch_server.start(server_homes / "elasticsearch-secured", secured=True) as running:
        yield running


@pytest.fixture(scope="module")
def url(server: elasticsearch_server.Elasticsearch) -> str:
    """Its address, with a user for each role as ``compose/search.sh`` makes them."""
    superuser = Elasticsearch(server.url, basic_auth=(server.user, server.password))
    for role in ROLES:
        body = json.loads((DEPLOY / "access" / "elasticsearch" / f"{role}.json").read_text())
        superuser.security.put_role(name=f"postroom-{role}", **body)
        superuser.security.put_user(username=role, password=PASSWORD, roles=[f"postroom-{role}"])
    superuser.indices.create(index="somebody-elses")
    superuser.close()
    return server.url


@pytest.fixture
def opened(url: str) -> Callable[[str], ElasticIndex]:
    def as_role(role: str) -> ElasticIndex:
        return ElasticIndex(IndexSettings(url=url, user=role, password=SecretStr(PASSWORD)))

    return as_role


def test_each_role_does_its_work(opened: Callable[[str], ElasticIndex]) -> None:
    writer, migrator, reader = (opened(role) for role in ("writer", "migrator", "reader"))
    with pytest.raises(PostroomError):
        writer.put([entry("IN-2026-000001-7")])  # the index is made by set-up
    elastic_indexes.check(migrator.server, migrator.alias, make_it=True)
    writer.put([entry("IN-2026-000001-7"), entry("IN-2026-000002-5")])
    writer.remove(["IN-2026-000002-5"])
    assert [number for number, _ in writer.sequences()] == ["IN-2026-000001-7"]
    assert reader.search(Query("")).total == 1
    migration = Migration(migrator)
    migration.begin().put([entry("IN-2026-000001-7")])
    migration.swap()
    assert reader.search(Query("")).total == 1
    assert len(migration.release(unfinished=False)) == 1


def test_and_nothing_else(url: str, opened: Callable[[str], ElasticIndex]) -> None:
    elastic_indexes.check(opened("migrator").server, "postroom-entries", make_it=True)
    tried: dict[str, set[str]] = {}
    for role in ROLES:
        client = Elasticsearch(url, basic_auth=(role, PASSWORD))
        tried[role] = {name for name, call in operations(client) if allowed(call)}
        client.close()
    search = {"search"}
    write = search | {"put"}
    assert tried == {"reader": search, "writer": write, "migrator": write | {"make", "settings", "drop"}}


def operations(client: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
    ours, new = "postroom-entries", "postroom-entries-v9-000009"
    yield "search", lambda: client.search(index=ours)
    # Whether the mapping takes it is another matter.
    yield "put", lambda: client.bulk(operations=[{"index": {"_index": ours, "_id": "x"}}, {}])
    yield "make", lambda: client.indices.create(index=new)
    yield "settings", lambda: client.indices.put_settings(index=new, settings={"number_of_replicas": 0})
    yield "drop", lambda: client.indices.delete(index=new)
    yield "read another", lambda: client.search(index="somebody-elses")
    yield "write another", lambda: client.index(index="somebody-elses", document={})
    yield "make a user", lambda: client.security.put_user(username="mine", password=PASSWORD, roles=[])
    yield (
        "settings of all",
        lambda: client.cluster.put_settings(persistent={"action.auto_create_index": True}),
    )


def allowed(call: Callable[[], Any]) -> bool:
    try:
        answer = call()
    except AuthorizationException:
        return False
    items = answer.get("items", ()) if isinstance(answer.body, dict) else ()
    return not any(result["status"] == 403 for item in items for result in item.values())
