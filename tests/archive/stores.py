"""Archives in real buckets for the tests of S3."""

from pathlib import Path
from typing import Any

import pytest

from archive.s3 import S3Archive
from archive.s3_bucket import make_bucket
from archive.settings import ArchiveSettings
from infra.services.object_store import ObjectStore
from tests.servers import fresh_bucket_name


def use(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The credentials of the standard AWS chain are those of this store, and nothing of this machine's."""
    for name in ("AWS_CA_BUNDLE", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name, value in store.environment().items():
        monkeypatch.setenv(name, value)


def bucket(store: ObjectStore, *, lock: bool = True, **more: Any) -> ArchiveSettings:
    """Settings of an archive in a new bucket. Call ``use`` first."""
    settings = ArchiveSettings(endpoint=store.url, bucket=fresh_bucket_name(), **more)
    make_bucket(settings, lock=lock)
    return settings


def archive_in(store: ObjectStore, **more: Any) -> S3Archive:
    """An archive in a new bucket. Call ``use`` first."""
    return S3Archive(bucket(store, **more))


def folder_of(store: ObjectStore) -> Path:
    """Where the store keeps its objects: beside its log."""
    return store.running.log.parent
