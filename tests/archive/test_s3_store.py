"""What a bucket is asked for, and what each S3 ignores."""

import hashlib
import os
import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archive.fixity import Mismatch, check, copy_missing, mend
from archive.port import OCTETS, Archive, Conflict, Stat, Stored
from archive.s3 import S3Archive
from archive.s3_bucket import make_bucket
from archive.settings import ArchiveSettings
from domain.errors import Denied, Unavailable
from infra.services.minio import KMS_KEY
from infra.services.object_store import ObjectStore
from tests.archive.stores import archive_in, bucket

HELLO = hashlib.sha256(b"hello").hexdigest()


def asked(archive: S3Archive, call: Callable[[], object]) -> list[str]:
    """The requests that a call makes."""
    seen: list[str] = []
    events = archive._bucket.client.meta.events
    note = lambda request, event_name, **_: seen.append(event_name.rpartition(".")[2])  # noqa: E731
    events.register("before-send.s3.*", note)
    try:
        call()
    finally:
        events.unregister("before-send.s3.*", note)
    return seen


def test_is_an_archive(only_minio: ObjectStore) -> None:
    port: Archive = archive_in(only_minio)
    assert list(port.list()) == []


def test_nothing_connects_before_the_first_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.s3_client.connect", None)
    S3Archive(ArchiveSettings(bucket="b", endpoint="http://127.0.0.1:9"))


def test_requests_that_docs_count_with(store: ObjectStore, tmp_path: Path) -> None:
    archive = archive_in(store, multipart_mb=5)
    (tmp_path / "large").write_bytes(bytes(17 << 20))
    trial = ["PutObject", "PutObject"]
    assert asked(archive, lambda: archive.put("a", b"hello")) == [*trial, "PutObject", "HeadObject"]
    assert asked(archive, lambda: archive.put("b", b"hello")) == ["PutObject", "HeadObject"]
    assert asked(archive, lambda: archive.put("b", b"hello")) == ["PutObject", "HeadObject"]
    assert asked(archive, lambda: archive.read("b")) == ["GetObject"]
    assert asked(archive, lambda: archive.checksum("b")) == ["GetObject"]
    assert asked(archive, lambda: archive.stat("b")) == ["HeadObject"]
    assert asked(archive, lambda: list(archive.list())) == ["ListObjectsV2"]
    assert asked(archive, lambda: archive.lock("a", datetime.now(UTC) + timedelta(1))) == [
        "PutObjectRetention"
    ]
    assert asked(archive, lambda: archive.delete("b")) == [
        "ListObjectVersions", "DeleteObject", "ListObjectVersions",
    ]  # fmt: skip
    assert asked(archive, lambda: archive.link("a", timedelta(1))) == []
    assert asked(archive, lambda: archive.put("large", tmp_path / "large")) == [
        "HeadObject", "HeadBucket", "CreateMultipartUpload", *["UploadPart"] * 4, "CompleteMultipartUpload",
        "HeadObject", "GetObject",
    ]  # fmt: skip
    again = S3Archive(archive._settings)
    assert asked(again, lambda: again.put("c", b"hello")) == ["PutObject", "PutObject", "HeadObject"]


def test_a_store_that_ignores_the_condition(store: ObjectStore) -> None:
    archive = archive_in(store)
    events = archive._bucket.client.meta.events
    events.register_first("before-parameter-build.s3", lambda params, **_: params.pop("IfNoneMatch", None))
    archive.put("a", b"hello")
    assert archive.put("a", b"hello").sha256 == HELLO
    with pytest.raises(Conflict):
        archive.put("a", b"Hello")
    assert archive.read("a") == b"hello"
    assert len(archive.versions("a")) == 1


def test_a_store_that_keeps_no_checksum(store: ObjectStore) -> None:
    archive = archive_in(store)
    events = archive._bucket.client.meta.events
    events.register("after-call.s3.HeadObject", lambda parsed, **_: parsed.pop("ChecksumSHA256", None))
    archive.put("a", b"hello")
    assert asked(archive, lambda: archive.put("b", b"hello")) == ["PutObject", "HeadObject", "GetObject"]
    assert asked(archive, lambda: archive.put("b", b"hello")) == ["PutObject", "HeadObject", "GetObject"]


def test_reading_back_is_a_setting(store: ObjectStore) -> None:
    archive = archive_in(store, read_back=True)
    archive.put("a", b"hello")
    assert asked(archive, lambda: archive.put("b", b"hello")) == ["PutObject", "HeadObject", "GetObject"]


def test_what_the_store_got_wrong_does_not_stay(store: ObjectStore) -> None:
    archive = archive_in(store)
    archive.put("first", b"")
    spoil = lambda parsed, **_: parsed.update(ChecksumSHA256="AAAA")  # noqa: E731
    archive._bucket.client.meta.events.register("after-call.s3.HeadObject", spoil)
    with pytest.raises(Unavailable, match="a/b was stored with other bytes"):
        archive.put("a/b", b"hello")
    archive._bucket.client.meta.events.unregister("after-call.s3.HeadObject", spoil)
    assert archive.versions("a/b") == ()
    assert archive.put("a/b", b"hello").sha256 == HELLO


@pytest.mark.parametrize(
    "demand", [{"encryption": "AES256"}, {"encryption": "aws:kms", "kms_key": KMS_KEY}], ids=["AES256", "KMS"]
)
def test_encryption_is_confirmed(only_minio: ObjectStore, demand: dict[str, Any], tmp_path: Path) -> None:
    archive = archive_in(only_minio, multipart_mb=5, **demand)
    (tmp_path / "large").write_bytes(os.urandom(6 << 20))
    for key, content in (("a/b", b"hello"), ("a/c", tmp_path / "large")):
        stored = archive.put(key, content)
        assert archive.checksum(key) == stored.sha256
        head = archive._head(key)
        assert head["ServerSideEncryption"] == demand["encryption"]
        assert head.get("SSEKMSKeyId", "").endswith(demand.get("kms_key", ""))


@pytest.mark.parametrize("demand", [{"encryption": "AES256"}, {"encryption": "aws:kms", "kms_key": "k"}])
def test_a_store_that_ignores_encryption_stops_us(
    only_versitygw: ObjectStore, demand: dict[str, Any]
) -> None:
    archive = archive_in(only_versitygw, **demand)
    for _ in range(2):
        with pytest.raises(Denied) as told:
            archive.put("a/b", b"hello")
        for word in (only_versitygw.url, f'archive.encryption = "{demand["encryption"]}"', "unset"):
            assert word in str(told.value)
    assert list(archive.list()) == []
    with pytest.raises(Denied, match=r"archive\.encryption"):
        S3Archive(archive._settings).ready()
    with pytest.raises(Denied, match=r"archive\.encryption"):
        archive.restore("a/b", b"hello", sha256=HELLO)
    assert list(archive.list()) == []


def test_an_object_that_comes_out_unencrypted_does_not_stay(only_minio: ObjectStore) -> None:
    archive = archive_in(only_minio, encryption="AES256")
    archive.put("first", b"")
    hide = lambda parsed, **_: parsed.pop("ServerSideEncryption", None)  # noqa: E731
    archive._bucket.client.meta.events.register("after-call.s3.HeadObject", hide)
    with pytest.raises(Denied, match=r"\(a/b\) has encryption none"):
        archive.put("a/b", b"hello")
    assert list(archive.list()) == ["first"]


def test_compliance(store: ObjectStore) -> None:
    archive = archive_in(store, retention_mode="COMPLIANCE")
    archive.put("a", b"hello")
    until = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
    archive.lock("a", until)
    archive.lock("a", until - timedelta(hours=1))
    assert (archive.stat("a").locked_until, archive._head("a")["ObjectLockMode"]) == (until, "COMPLIANCE")


def test_stale_uploads_are_aborted(store: ObjectStore) -> None:
    archive = archive_in(store)
    client, name = archive._bucket.client, archive._bucket.name
    for key in ("a/b", "c"):
        upload = client.create_multipart_upload(Bucket=name, Key=key)["UploadId"]
        client.upload_part(Bucket=name, Key=key, UploadId=upload, PartNumber=1, Body=b"half")
    assert archive.sweep_temporary(60) == 0
    time.sleep(1.1)
    assert archive.sweep_temporary(1) == 2
    assert archive.sweep_temporary(0) == 0
    assert client.list_multipart_uploads(Bucket=name).get("Uploads", []) == []


def test_a_failed_upload_leaves_no_parts(store: ObjectStore, tmp_path: Path) -> None:
    archive = archive_in(store, multipart_mb=5)
    (tmp_path / "large").write_bytes(bytes(6 << 20))
    events = archive._bucket.client.meta.events
    archive.put("first", b"")

    def change(**_: Any) -> None:
        (tmp_path / "large").write_bytes(bytes(5 << 20) + b"changed")

    events.register("before-call.s3.CreateMultipartUpload", change)
    with pytest.raises(Unavailable, match="changed while it was archived"):
        archive.put("a", tmp_path / "large")
    assert archive.sweep_temporary(0) == 0
    assert list(archive.list()) == ["first"]


@pytest.mark.parametrize("step", ["UploadPart", "CompleteMultipartUpload"])
def test_an_upload_that_somebody_aborts(store: ObjectStore, step: str) -> None:
    archive = archive_in(store, multipart_mb=5)
    events = archive._bucket.client.meta.events
    sweeping = S3Archive(archive._settings)
    swept: list[int] = []

    def sweep(**_: Any) -> None:
        events.unregister(f"before-call.s3.{step}", sweep)
        swept.append(sweeping.sweep_temporary(-60))

    events.register(f"before-call.s3.{step}", sweep)
    with pytest.raises(Unavailable, match="aborted meanwhile"):
        archive.put("a", bytes(6 << 20))
    assert swept == [1]
    assert list(archive.list()) == []
    assert archive.put("a", bytes(6 << 20)).size == 6 << 20


def test_writers_of_one_large_object(store: ObjectStore) -> None:
    archive = archive_in(store, multipart_mb=5)
    mine, other = bytes(6 << 20), bytes(6 << 20) + b"other"
    rival = S3Archive(archive._settings)

    def overtake(**_: Any) -> None:
        archive._bucket.client.meta.events.unregister("before-call.s3.CompleteMultipartUpload", overtake)
        rival.put("a", other)

    archive._bucket.client.meta.events.register("before-call.s3.CompleteMultipartUpload", overtake)
    with pytest.raises(Conflict):
        archive.put("a", mine)
    assert archive.checksum("a") == hashlib.sha256(other).hexdigest()
    assert len(archive.versions("a")) == 1
    assert archive.sweep_temporary(0) == 0


def test_foreign_keys_are_no_objects(store: ObjectStore) -> None:
    archive = archive_in(store)
    archive.put("a", b"hello")
    archive._bucket.client.put_object(Bucket=archive._bucket.name, Key="with blank", Body=b"")
    archive._bucket.client.put_object(Bucket=archive._bucket.name, Key=".hidden/x", Body=b"")
    assert list(archive.list()) == ["a"]


def test_a_delete_marker_is_gone_with_its_object(store: ObjectStore) -> None:
    archive = archive_in(store)
    archive.put("a", b"hello")
    archive._bucket.client.delete_object(Bucket=archive._bucket.name, Key="a")
    assert [one.current for one in archive.versions("a")] == [False]
    assert list(check(archive, [("a", HELLO)])) == [Mismatch("a", HELLO, None)]
    archive.delete("a")
    assert archive.versions("a") == ()
    archive.put("a", b"again")
    assert archive.read("a") == b"again"


def test_a_second_bucket_mends_what_was_removed(store: ObjectStore, tmp_path: Path) -> None:
    archive, mirror = archive_in(store), archive_in(store)
    content = os.urandom(17 << 20)
    (tmp_path / "large").write_bytes(content)
    objects = [("a", HELLO), ("large", hashlib.sha256(content).hexdigest())]
    archive.put("a", b"hello", media_type="text/plain")
    archive.put("large", tmp_path / "large")
    assert list(copy_missing(archive, mirror, objects)) == ["a", "large"]
    for key, _ in objects:
        archive._bucket.client.delete_object(Bucket=archive._bucket.name, Key=key)
    assert list(check(archive, objects)) == [Mismatch(key, sha256, None) for key, sha256 in objects]
    assert [mend(archive, mirror, key, sha256) for key, sha256 in objects] == [True, True]
    assert list(check(archive, objects)) == []
    assert [archive.stat(key).media_type for key, _ in objects] == ["text/plain", OCTETS]


def test_what_somebody_put_over_an_object_is_mended(store: ObjectStore) -> None:
    """With the SHA-256 of the other bytes, as a client of ours would; the lock lies on the version below.

    The Versity gateway does not tell the locks of versions that are not the newest.
    """
    archive, mirror = archive_in(store), archive_in(store)
    archive.put("a", b"hello", media_type="text/plain")
    until = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
    archive.lock("a", until)
    archive.hold("a", True)
    assert list(copy_missing(archive, mirror, [("a", HELLO)])) == ["a"]
    assert mirror.stat("a") == Stat("a", 5, media_type="text/plain")
    other = hashlib.sha256(b"other").hexdigest()
    archive._bucket.client.put_object(
        Bucket=archive._bucket.name, Key="a", Body=b"other", Metadata={"sha256": other}
    )
    assert list(check(archive, [("a", HELLO)])) == [Mismatch("a", HELLO, other)]
    assert mend(archive, mirror, "a", HELLO)
    assert archive.read("a") == b"hello"
    told = not store.running.name.startswith("Versity")
    expected = Stat("a", 5, until if told else None, held=told, media_type="text/plain")
    assert archive.stat("a") == expected
    assert [one.current for one in archive.versions("a")] == [True, False, False]


def test_making_a_bucket_twice(store: ObjectStore) -> None:
    settings = bucket(store)
    make_bucket(settings, lock=True)
    archive = S3Archive(settings)
    assert archive.put("a", b"hello") == Stored("a", HELLO, 5, "application/octet-stream")


def test_a_delete_marker_of_somebody_else(store: ObjectStore) -> None:
    archive = archive_in(store)
    archive.put("a", b"hello")
    archive._bucket.client.delete_object(Bucket=archive._bucket.name, Key="a")
    taken = pytest.raises(Unavailable, match="remove the marker")  # so says the Versity gateway
    with taken if store.running.name.startswith("Versity") else nullcontext():
        archive.put("a", b"hello")
    assert archive.restore("a", b"hello", sha256=HELLO).sha256 == HELLO
    assert archive.read("a") == b"hello"
