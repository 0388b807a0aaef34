from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.publish import publish
from index.elastic import ElasticIndex
from index.settings import IndexSettings
from infra.services.elasticsearch import Elasticsearch
from infra.wiring import Services, open_services
from tests.index.office import COUNT, file_many
from tests.index.server import forget
from tests.servers import fresh_name


@pytest.fixture
def index(elasticsearch: Elasticsearch) -> Iterator[ElasticIndex]:
    made = ElasticIndex(IndexSettings(url=elasticsearch.url, name=fresh_name(), patience_seconds=1.0))
    yield made
    forget(made)


@pytest.fixture
def office(
    register: Path, elasticsearch: Elasticsearch, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Services]:
    """A register with entries that are published to Elasticsearch."""
    monkeypatch.setenv("POSTROOM_INDEX__URL", elasticsearch.url)
    monkeypatch.setenv("POSTROOM_INDEX__NAME", fresh_name())
    monkeypatch.setattr("flows.migrate._ENTRIES", 5)  # several commits for few entries
    services = open_services(register)
    file_many(services, COUNT)
    publish(services)
    yield services
    assert isinstance(services.index, ElasticIndex)
    forget(services.index)
