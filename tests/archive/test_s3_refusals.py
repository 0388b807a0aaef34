"""What S3 refuses, what is said about it, and what is not."""

import logging
import os
import traceback
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
from archive.settings import ArchiveSettings, MirrorSettings
from domain.errors import Denied, Unavailable, Usage
from infra.services.object_store import ObjectStore
from tests.archive.stores import archive_in, bucket, use


def test_a_bucket_without_object_lock(store: ObjectStore) -> None:
    archive = archive_in(store, lock=False)
    archive.ready()
    archive.put("a", b"hello")
    with pytest.raises(Denied, match="object lock"):
        archive.lock("a", datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(Denied, match="object lock"):
        archive.hold("a", True)
    with pytest.raises(Denied, match=r"object lock.*archive\.retention_days"):
        S3Archive(archive._settings.model_copy(update={"retention_days": 1})).ready()
    archive_in(store, retention_days=1).ready()
    archive.delete("a")
    assert archive.versions("a") == ()


def test_a_bucket_that_is_not_there(store: ObjectStore) -> None:
    archive = S3Archive(ArchiveSettings(endpoint=store.url, bucket="not-there"))
    for call in (archive.read, archive.stat, archive.checksum, archive.delete):
        with pytest.raises(Denied, match=r"not-there.*archive\.bucket"):
            call("a/b")
    with pytest.raises(Denied, match=r"archive\.bucket"):
        archive.put("a/b", b"hello")
    with pytest.raises(Denied, match=r"archive\.bucket"):
        archive.ready()
    with pytest.raises(Denied, match=r"archive\.bucket"):
        list(archive.list())


def test_wrong_credentials(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = bucket(store)
    secret = os.environ["AWS_SECRET_ACCESS_KEY"]
    for name, value in (("AWS_SECRET_ACCESS_KEY", "wrong-secret"), ("AWS_ACCESS_KEY_ID", "nobody-known")):
        monkeypatch.setenv(name, value)
        for call in (S3Archive(settings).read, S3Archive(settings).stat):
            with caplog.at_level(logging.DEBUG), pytest.raises(Denied, match="redentials") as told:
                call("a")
            said = "".join(traceback.format_exception(told.value)) + repr(told.value)
            assert "redentials" in said
            for hidden in (secret, "wrong-secret"):
                assert hidden not in said
                assert hidden not in caplog.text
            assert "Signature=" not in str(told.value)
    assert "SignatureDoesNotMatch" in caplog.text
    assert "botocore" in {one.name.partition(".")[0] for one in caplog.records}
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(Denied, match="AWS_ACCESS_KEY_ID"):
        S3Archive(settings).read("a")
    with pytest.raises(Denied, match="AWS_ACCESS_KEY_ID"):
        S3Archive(settings).link("a", timedelta(minutes=1))
    profile = settings.model_copy(update={"profile": "nobody"})
    with pytest.raises(Denied, match="nobody"):
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
        with pytest.raises(Denied, match=r"AccessDenied.*docs/archive\.md"):
            call()
    with pytest.raises(Denied, match="AccessDenied"):
        S3Archive(archive._settings).ready()


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
    with pytest.raises(Denied, match="AWS_CA_BUNDLE"):
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
        bucket="a", attempts=7, retention_days=9, mirror=MirrorSettings(bucket="m", endpoint="https://m/")
    )
    assert settings.of_mirror() == ArchiveSettings(bucket="m", endpoint="https://m", attempts=7)
    assert ArchiveSettings(bucket="a").of_mirror() is None


@pytest.mark.parametrize(
    ("own", "encryption", "key"),
    [
        ({}, "aws:kms", "one"),
        ({"kms_key": "two"}, "aws:kms", "two"),
        ({"encryption": "aws:kms"}, "aws:kms", ""),
        ({"encryption": "AES256"}, "AES256", ""),
        ({"encryption": ""}, "", ""),
    ],
)
def test_copies_are_encrypted_as_the_archive_is(own: dict[str, str], encryption: str, key: str) -> None:
    given = {"bucket": "a", "encryption": "aws:kms", "kms_key": "one", "mirror": {"bucket": "m", **own}}
    mirror = ArchiveSettings.model_validate(given).of_mirror()
    expected = {"bucket": "m", "encryption": encryption, "kms_key": key}
    assert mirror == ArchiveSettings.model_validate(expected)
    with pytest.raises(ValidationError, match=r"mirror\.kms_key"):
        ArchiveSettings.model_validate({"bucket": "a", "mirror": {"bucket": "m", "kms_key": "k"}})


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
        (501, "NotImplemented", Denied),
        (403, "AccessDenied", Denied),
        (403, "SomethingOfTheirOwn", Denied),
        (400, "ExpiredToken", Denied),
        (301, "PermanentRedirect", Denied),
        (404, "NoSuchBucket", Denied),
        (404, "ObjectLockConfigurationNotFoundError", Denied),
        (400, "EntityTooLarge", Usage),
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
