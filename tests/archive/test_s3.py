"""The contract, on each S3 that we have."""

import urllib.error
import urllib.request
from pathlib import Path

import pytest

from archive.port import Archive
from archive.s3 import S3Archive
from infra.services.object_store import ObjectStore
from tests.archive.stores import archive_in, folder_of, use
from tests.contracts.archive_contract import ArchiveContract


class S3Contract(ArchiveContract):
    megabytes = 12
    multipart_mb = 5

    @pytest.fixture
    def archive(self, store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> S3Archive:
        use(store, monkeypatch)
        return archive_in(store)

    @pytest.fixture
    def large(self, store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> tuple[Archive, int]:
        use(store, monkeypatch)
        return archive_in(store, multipart_mb=self.multipart_mb), self.megabytes

    @pytest.fixture
    def disk(self, store: ObjectStore) -> Path:
        return folder_of(store)

    def fetch(self, archive: S3Archive, link: str) -> bytes | None:
        try:
            with urllib.request.urlopen(link) as answer:
                found: bytes = answer.read()
                return found
        except urllib.error.HTTPError as error:
            error.close()
            return None


class TestMinio(S3Contract):
    megabytes = 65
    multipart_mb = 64

    @pytest.fixture
    def store(self, minio: ObjectStore) -> ObjectStore:
        return minio


class TestMinioOverTls(S3Contract):
    @pytest.fixture
    def store(self, minio_tls: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
        monkeypatch.setenv("SSL_CERT_FILE", str(minio_tls.certificates))
        return minio_tls


class TestVersitygw(S3Contract):
    @pytest.fixture
    def store(self, versitygw: ObjectStore) -> ObjectStore:
        return versitygw
