"""The archive is enough where all are servers: PostgreSQL, a bucket and Elasticsearch."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flows.rebuild import rebuild, rebuild_index
from flows.verify import verify
from index.elastic import ElasticIndex
from infra.database import disconnect
from infra.services.elasticsearch import Elasticsearch
from infra.services.object_store import ObjectStore
from infra.services.postgresql import PostgreSQL
from infra.wiring import Services, open_services
from register import problems
from tests.archive.stores import bucket, use
from tests.databases import copy_of
from tests.flows.lost_home import Lost, hits, no_difference
from tests.flows.mixed_mail import take_in_all
from tests.index.server import forget
from tests.register.dump import dump
from tests.servers import fresh_name
from tests.small import train_small


@pytest.fixture
def machine(
    postgresql: PostgreSQL,
    register_template: str,
    minio: ObjectStore,
    elasticsearch: Elasticsearch,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[], Services]]:
    """Gives machines, each with an empty database and an empty index of its own, all on one bucket."""
    monkeypatch.setenv("POSTROOM_PROCESSES", "1")
    use(minio, monkeypatch)
    settings = bucket(minio)
    monkeypatch.setenv("POSTROOM_ARCHIVE__BUCKET", settings.bucket)
    monkeypatch.setenv("POSTROOM_ARCHIVE__ENDPOINT", settings.endpoint)
    monkeypatch.setenv("POSTROOM_INDEX__URL", elasticsearch.url)
    indexes: list[ElasticIndex] = []
    with copy_of(postgresql, register_template) as first, copy_of(postgresql, register_template) as second:
        urls = iter((first, second))

        def new() -> Services:
            disconnect()
            monkeypatch.setenv("POSTROOM_DATABASE__URL", next(urls))
            monkeypatch.setenv("POSTROOM_INDEX__NAME", fresh_name())
            services = open_services(tmp_path / f"home-{len(indexes)}")
            assert isinstance(services.index, ElasticIndex)
            indexes.append(services.index)
            return services

        yield new
        disconnect()
        for index in indexes:
            forget(index)


def test_everything_comes_back_from_servers(machine: Callable[[], Services], tmp_path: Path) -> None:
    services, drop = machine(), tmp_path / "drop"
    drop.mkdir()
    train_small(services.home)
    take_in_all(services, drop)
    assert verify(services)["ok"]
    lost = Lost(services.home, dump(), hits(services), len(problems.open_problems()))

    new = machine()
    assert dump()["Entry"] == []
    found = rebuild(new)
    assert no_difference(found, lost)
    assert found["orphans"] == 0
    assert dump() == lost.tables
    assert hits(new) == lost.hits
    assert verify(new)["ok"]
    counting = [row for row in lost.tables["Entry"] if row["voided_at"] is None]
    assert rebuild_index(new) == found["indexed"] == len(counting) < len(lost.tables["Entry"])
