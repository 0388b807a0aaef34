"""What S3 refuses, what is said about it, and what is not."""

import logging
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from minio import MinioAdmin
from minio.credentials.providers import StaticProvider
from pydantic import ValidationError

from archive.port import Conflict, NotFound
from archive.s3 import S3Archive
from archive.s3_errors import ours
from archive.settings import ArchiveSettings, BucketSettings
from domain.errors import Unavailable, Usage
from infra.services.object_store import ObjectStore
from tests.archive.stores import archive_in, bucket, use


def test_a_bucket_without_object_lock(store: ObjectStore) -> None:
    archive = archive_in(store, lock=False)
    archive.put("a", b"hello")
    with pytest.raises(Usage, match="object lock"):
        archive.lock("a", datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(Usage, match="object lock"):
        archive.hold("a", True)
    archive.delete("a")
    assert archive.versions("a") == ()


def test_a_bucket_that_is_not_there(store: ObjectStore) -> None:
    archive = S3Archive(ArchiveSettings(endpoint=store.url, bucket="not-there"))
    for call in (archive.read, archive.stat, archive.checksum, archive.delete):
        with pytest.raises(Usage, match=r"not-there.*archive\.bucket"):
            call("a/b")
    with pytest.raises(Usage, match=r"archive\.bucket"):
        archive.put("a/b", b"hello")
    with pytest.raises(Usage, match=r"archive\.bucket"):
        list(archive.list())


def test_wrong_credentials(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = bucket(store)
    secret = os.environ["AWS_SECRET_ACCESS_KEY"]
    for name, value in (("AWS_SECRET_ACCESS_KEY", "wrong-secret"), ("AWS_ACCESS_KEY_ID", "nobody-known")):
        monkeypatch.setenv(name, value)
        for call in (S3Archive(settings).read, S3Archive(settings).stat):
            with pytest.raises(Usage, match="redentials") as told:
                call("a")
            assert not {secret, "wrong-secret", "Signature="} & set(str(told.value).split())
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(Usage, match="AWS_ACCESS_KEY_ID"):
        S3Archive(settings).read("a")
    with pytest.raises(Usage, match="AWS_ACCESS_KEY_ID"):
        S3Archive(settings).link("a", timedelta(minutes=1))
    profile = settings.model_copy(update={"profile": "nobody"})
    with pytest.raises(Usage, match="nobody"):
        S3Archive(profile).read("a")


def test_what_a_role_may_not_do(only_minio: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = archive_in(only_minio)
    archive.put("a", b"hello")
    admin = MinioAdmin(
        endpoint=only_minio.url.removeprefix("http://"),
        credentials=StaticProvider(only_minio.access_key, only_minio.secret_key),
        secure=False,
    )
    admin.user_add("reader", "reader-secret")
    admin.policy_set("readonly", user="reader")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "reader")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "reader-secret")
    reader = S3Archive(archive._settings)
    assert reader.read("a") == b"hello"
    until = datetime.now(UTC) + timedelta(days=1)
    for call in (
        lambda: reader.put("b", b"hello"), lambda: reader.lock("a", until), lambda: reader.hold("a", True),
    ):  # fmt: skip
        with pytest.raises(Usage, match=r"AccessDenied.*docs/archive\.md"):
            call()


def test_nothing_secret_is_said(
    store: ObjectStore, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with caplog.at_level(logging.INFO):
        archive = archive_in(store)
        archive.put("a", b"hello")
        archive.read("a")
        link = archive.link("a", timedelta(minutes=1))
        with pytest.raises(NotFound):
            archive.read("b")
    assert store.secret_key not in caplog.text
    assert "Signature" in link
    assert "Signature" not in caplog.text
    assert store.secret_key not in repr(archive._settings) + str(vars(archive)) + str(vars(archive._bucket))


def test_an_authority_that_is_not_trusted(minio_tls: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    use(minio_tls, monkeypatch)
    settings = bucket(minio_tls)
    monkeypatch.delenv("AWS_CA_BUNDLE")
    with pytest.raises(Usage, match="AWS_CA_BUNDLE"):
        S3Archive(settings).read("a")


def test_settings() -> None:
    with pytest.raises(Usage, match=r"archive\.bucket"):
        S3Archive(ArchiveSettings())
    for wrong in (
        {"endpoint": "s3.example"}, {"endpoint": "http://me:secret@s3.example"}, {"endpoint": "ftp://s3"},
        {"endpoint": "http://s3.example/path"}, {"kms_key": "k"}, {"multipart_mb": 4}, {"attempts": 0},
    ):  # fmt: skip
        with pytest.raises(ValidationError):
            ArchiveSettings.model_validate(wrong)
    settings = ArchiveSettings(
        bucket="a", encryption="AES256", attempts=7, mirror=BucketSettings(bucket="m", endpoint="https://m/")
    )
    assert settings.of_mirror() == ArchiveSettings(bucket="m", endpoint="https://m", attempts=7)
    assert ArchiveSettings(bucket="a").of_mirror() is None


@pytest.mark.parametrize(
    ("status", "code", "family"),
    [
        (403, "RequestTimeTooSkewed", Unavailable),
        (400, "RequestTimeout", Unavailable),
        (400, "BadDigest", Unavailable),
        (409, "ConditionalRequestConflict", Unavailable),
        (429, "TooManyRequests", Unavailable),
        (500, "InternalError", Unavailable),
        (507, "XMinioStorageFull", Unavailable),
        (200, "InternalError", Unavailable),
        (501, "NotImplemented", Usage),
        (403, "AccessDenied", Usage),
        (400, "ExpiredToken", Usage),
        (301, "PermanentRedirect", Usage),
        (404, "NoSuchBucket", Usage),
        (404, "NoSuchKey", NotFound),
        (412, "PreconditionFailed", Conflict),
    ],
)
def test_families_of_answers(status: int, code: str, family: type[Exception]) -> None:
    answer: Any = {
        "Error": {"Code": code, "Message": "Told."},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    error = ours(ClientError(answer, "PutObject"), "here")
    assert type(error) is family
    assert str(error).startswith("here")
