"""Stores that tests of the archive ask for by name."""

import pytest

from infra.services.object_store import ObjectStore
from tests.archive.stores import use


@pytest.fixture(params=["minio", "versitygw"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    store: ObjectStore = request.getfixturevalue(request.param)
    use(store, monkeypatch)
    return store


@pytest.fixture
def only_minio(minio: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    use(minio, monkeypatch)
    return minio


@pytest.fixture
def only_versitygw(versitygw: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    use(versitygw, monkeypatch)
    return versitygw
