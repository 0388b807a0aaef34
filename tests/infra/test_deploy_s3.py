"""The S3 policies on a real server: each role does its work, and everything else is refused."""

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from minio import MinioAdmin
from minio.credentials.providers import StaticProvider

from archive.fixity import copy_missing
from archive.keys import HEADS, champion_key, document_key, heads_key, original_key, record_key
from archive.s3 import S3Archive
from archive.settings import ArchiveSettings
from infra import classifier
from infra.doctor import _PROBE
from infra.services.object_store import ObjectStore
from infra.wiring import Services, open_services
from tests.infra.deploy_files import policy
from tests.servers import fresh_bucket_name, fresh_name

FILED = ("originals", "documents", "register", "batches")
CLASSIFIERS = ("models", "champions")
ARCHIVED = (*FILED, *CLASSIFIERS)
EVERYTHING = (*ARCHIVED, "work")
ROLES = ("station", "worker", "indexer", "desk", "fixity", "custodian", "auditor")


@dataclass(slots=True)
class Bucket:
    """A bucket as Terraform makes it, with an object in each place, and a mirror."""

    name: str
    mirror: str
    root: Any
    versions: dict[str, str] = field(default_factory=dict)


def client(server: ObjectStore, key: str, secret: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=server.url,
        region_name=server.region,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    )


@pytest.fixture(scope="module")
def bucket(minio: ObjectStore) -> Bucket:
    root = client(minio, minio.access_key, minio.secret_key)
    made = Bucket(fresh_bucket_name(), fresh_bucket_name(), root)
    root.create_bucket(Bucket=made.name, ObjectLockEnabledForBucket=True)
    root.create_bucket(Bucket=made.mirror)
    for place in EVERYTHING:
        key = f"{place}/one/object"
        made.versions[place] = root.put_object(Bucket=made.name, Key=key, Body=b"kept")["VersionId"]
        root.put_object(Bucket=made.mirror, Key=key, Body=b"kept")
    return made


@pytest.fixture(scope="module")
def clients(minio: ObjectStore, bucket: Bucket) -> dict[str, Any]:
    """A client for each role, whose user has that role's policy alone."""
    admin = MinioAdmin(
        endpoint=f"127.0.0.1:{minio.port}",
        credentials=StaticProvider(minio.access_key, minio.secret_key),
        secure=False,
    )
    made = {}
    for role in ROLES:
        name, user, secret = fresh_name(role), fresh_name(role), secrets.token_hex(16)
        admin.policy_add(name, policy=json.loads(policy(role, bucket.name, bucket.mirror)))
        admin.user_add(user, secret)
        admin.attach_policy([name], user=user)
        made[role] = client(minio, user, secret)
    return made


def allowed(call: Callable[[], Any]) -> bool:
    """Whether it may be done; an error that is no refusal is a fault of the test."""
    try:
        call()
    except ClientError as error:
        if error.response["Error"]["Code"] in {"AccessDenied", "403", "Forbidden"}:
            return False
        raise
    return True


def operations(s3: Any, bucket: Bucket) -> Iterator[tuple[str, Callable[[], Any]]]:
    """All that is tried, by its name. None of it harms the next when it is allowed."""
    for place in EVERYTHING:
        yield from on_objects(s3, bucket, place)
    yield from on_the_bucket(s3, bucket.name)


def on_objects(s3: Any, bucket: Bucket, place: str) -> Iterator[tuple[str, Callable[[], Any]]]:
    new = f"{place}/two/{secrets.token_hex(4)}"
    where = {"Bucket": bucket.name, "Key": f"{place}/one/object"}
    mirrored = {"Bucket": bucket.mirror, "Key": f"{place}/one/object"}
    tomorrow = {"Mode": "GOVERNANCE", "RetainUntilDate": datetime.now(UTC) + timedelta(days=1)}
    yield f"get {place}", partial(s3.get_object, **where)
    yield f"stat {place}", partial(s3.head_object, **where)
    yield f"put {place}", partial(s3.put_object, Bucket=bucket.name, Key=new, Body=b"new", IfNoneMatch="*")
    yield f"upload {place}", partial(upload, s3, bucket.name, f"{new}-parts")
    yield f"remove {place}", partial(remove, s3, bucket, f"{new}-gone", version=False)
    yield f"remove version {place}", partial(remove, s3, bucket, f"{new}-gone", version=True)
    if place != "work":
        yield f"lock {place}", partial(s3.put_object_retention, **where, Retention=tomorrow)
        yield f"unlock {place}", partial(unlock, s3, bucket, f"{new}-locked")
        for verb, status in (("hold", "ON"), ("release", "OFF")):
            yield f"{verb} {place}", partial(s3.put_object_legal_hold, **where, LegalHold={"Status": status})
    yield f"mirror {place}", partial(s3.get_object, **mirrored)
    yield f"put mirror {place}", partial(s3.put_object, **mirrored, Body=b"x")


def on_the_bucket(s3: Any, name: str) -> Iterator[tuple[str, Callable[[], Any]]]:
    lock = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}}
    expire = {"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    public = {
        "Effect": "Allow",
        "Principal": {"AWS": ["*"]},
        "Action": ["s3:GetObject"],
        "Resource": [f"arn:aws:s3:::{name}/*"],
    }
    yield "list", partial(s3.list_objects_v2, Bucket=name, Prefix="originals/")
    yield "list versions", partial(s3.list_object_versions, Bucket=name, Prefix="originals/")
    yield "list uploads", partial(s3.list_multipart_uploads, Bucket=name)
    yield "look at versioning", partial(s3.get_bucket_versioning, Bucket=name)
    stopped = {"Status": "Suspended"}
    yield "stop versioning", partial(s3.put_bucket_versioning, Bucket=name, VersioningConfiguration=stopped)
    yield "default lock", partial(s3.put_object_lock_configuration, Bucket=name, ObjectLockConfiguration=lock)
    rules = {"Rules": [expire]}
    yield "expire", partial(s3.put_bucket_lifecycle_configuration, Bucket=name, LifecycleConfiguration=rules)
    policy = json.dumps({"Version": "2012-10-17", "Statement": [public]})
    yield "open to all", partial(s3.put_bucket_policy, Bucket=name, Policy=policy)
    yield "remove bucket", partial(s3.delete_bucket, Bucket=name)
    yield "make a bucket", partial(s3.create_bucket, Bucket=fresh_bucket_name())


def upload(s3: Any, name: str, key: str) -> None:
    """In parts, given up at the end: both are a role's work or neither."""
    started = s3.create_multipart_upload(Bucket=name, Key=key)["UploadId"]
    s3.upload_part(Bucket=name, Key=key, UploadId=started, PartNumber=1, Body=b"part")
    s3.list_parts(Bucket=name, Key=key, UploadId=started)
    s3.abort_multipart_upload(Bucket=name, Key=key, UploadId=started)


def remove(s3: Any, bucket: Bucket, key: str, *, version: bool) -> None:
    """An object that is there for being removed, and that nothing but the policy protects."""
    made = bucket.root.put_object(Bucket=bucket.name, Key=key, Body=b"to go")
    s3.delete_object(Bucket=bucket.name, Key=key, **({"VersionId": made["VersionId"]} if version else {}))


def unlock(s3: Any, bucket: Bucket, key: str, mode: str = "GOVERNANCE") -> None:
    """A lock of ten days is made one of an hour, by the right that lifts it."""
    where = {"Bucket": bucket.name, "Key": key}
    soon = datetime.now(UTC) + timedelta(hours=1)
    late = soon + timedelta(days=10)
    bucket.root.put_object(**where, Body=b"x", ObjectLockMode=mode, ObjectLockRetainUntilDate=late)
    shorter = {"Mode": mode, "RetainUntilDate": soon}
    s3.put_object_retention(**where, Retention=shorter, BypassGovernanceRetention=True)


def each(verbs: str, places: tuple[str, ...]) -> set[str]:
    return {f"{verb} {place}" for verb in verbs.split(",") for place in places}


LOOK = {"list", "look at versioning"}
FIND = LOOK | {"list uploads", "list versions"}
WRITE = "get,stat,put,upload"
SCRATCH = each(f"{WRITE},remove,remove version", ("work",))
# MinIO lets those who may lock also shorten a GOVERNANCE lock, whatever s3:BypassGovernanceRetention says;
# Amazon asks for that right, which every role is denied. Nothing can be removed all the same, and a
# COMPLIANCE lock holds here too (below).
LOCK = "lock,unlock"
MAY = {
    "station": FIND | each(WRITE, ("originals",)) | each("get,stat", CLASSIFIERS),
    "worker": FIND | each(WRITE, ("originals", "documents", *CLASSIFIERS)) | SCRATCH,
    "indexer": FIND
    | each("get,stat", ("originals", "documents"))
    | each(WRITE, CLASSIFIERS)
    | each(WRITE, ("register", "batches"))
    | each(LOCK, FILED)
    | SCRATCH,
    # MinIO lets who may list also list versions; Amazon asks for a right that the desk has not.
    "desk": LOOK | {"list versions"} | each(WRITE, ("originals",)) | each("get,stat", ("documents",)),
    "fixity": FIND | each(f"{WRITE},{LOCK},mirror,put mirror", ARCHIVED),
    "custodian": FIND | each(f"get,stat,{LOCK},hold,release", ARCHIVED),
    "auditor": LOOK | {"list versions"} | each("get,stat", ARCHIVED),
}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_does_its_work_and_nothing_else(role: str, bucket: Bucket, clients: dict[str, Any]) -> None:
    s3 = clients[role]
    tried = {name: allowed(call) for name, call in operations(s3, bucket)}
    assert len(tried) > 50
    assert MAY[role] <= set(tried)
    assert {name for name, done in tried.items() if done} == MAY[role]


@pytest.mark.parametrize("role", ROLES)
def test_what_is_not_there_reads_as_not_there(role: str, bucket: Bucket, clients: dict[str, Any]) -> None:
    """Not as forbidden: an object that nobody put yet must not look like a missing right."""
    place = {"indexer": "register"}.get(role, "originals")
    with pytest.raises(ClientError) as caught:
        clients[role].head_object(Bucket=bucket.name, Key=f"{place}/none/object")
    assert caught.value.response["Error"]["Code"] in {"404", "NoSuchKey", "NotFound"}


def test_after_all_that_everything_is_there(bucket: Bucket) -> None:
    for place in ARCHIVED:
        read = bucket.root.get_object(
            Bucket=bucket.name, Key=f"{place}/one/object", VersionId=bucket.versions[place]
        )
        assert read["Body"].read() == b"kept"


@pytest.mark.parametrize("role", ["indexer", "fixity", "custodian"])
def test_a_compliance_lock_stays(role: str, bucket: Bucket, clients: dict[str, Any]) -> None:
    key = f"originals/compliance/{role}"
    with pytest.raises(ClientError):
        unlock(clients[role], bucket, key, "COMPLIANCE")
    kept = bucket.root.head_object(Bucket=bucket.name, Key=key)["ObjectLockRetainUntilDate"]
    assert kept > datetime.now(UTC) + timedelta(days=9)


@pytest.fixture
def archive(
    minio: ObjectStore, bucket: Bucket, clients: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., S3Archive]:
    """The archive as a process with that role has it."""

    def as_role(role: str, name: str = bucket.name) -> S3Archive:
        signer = clients[role]._request_signer._credentials
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", signer.access_key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", signer.secret_key)
        opened = S3Archive(ArchiveSettings(bucket=name, endpoint=minio.url, region=minio.region))
        opened.stat("originals/one/object")  # makes its client now, with these credentials
        return opened

    return as_role


def train_small_champion(store: S3Archive, home: Path) -> str:
    """The classifier of a fresh home, where no archive has one yet."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classifier, "_PER_CLASS", 12)
        return classifier.champion(services_of(store, home)).model.card.version


def services_of(store: S3Archive, home: Path) -> Services:
    home.mkdir()
    return replace(open_services(home), archive=store)


def test_the_archive_works_with_these_rights(
    bucket: Bucket, archive: Callable[..., S3Archive], tmp_path: Path
) -> None:
    """What the program itself asks of the store, each part by the process that does it."""
    station = archive("station")
    original = original_key(sha256(b"letter").hexdigest())
    station.put(original, b"letter")
    assert station.put(original, b"letter").size == 6
    assert station.sweep_temporary(0) == 0
    worker = archive("worker")
    version = train_small_champion(worker, tmp_path / "first")
    assert worker.read(original) == b"letter"
    document = document_key("d1", "document.pdf", sha256(b"pdf").hexdigest())
    worker.put(document, b"pdf")
    worker.put("work/b1/pages", b"readings")
    assert list(worker.list("work/b1/")) == ["work/b1/pages"]
    worker.delete("work/b1/pages")
    assert list(worker.list("work/b1/")) == []
    indexer = archive("indexer")
    assert classifier.champion(services_of(indexer, tmp_path / "second")).model.card.version == version
    record = record_key("IN-2026-000001-7", 1)
    indexer.put(record, b"{}")
    assert indexer.read(document) == b"pdf"
    until = datetime.now(UTC) + timedelta(days=2)
    for key in (original, document, record):
        indexer.lock(key, until)
    fixity = archive("fixity")
    model = champion_key(1)
    named = fixity.read(model)
    for key, content in ((original, b"letter"), (document, b"pdf"), (record, b"{}"), (model, named)):
        assert fixity.checksum(key) == sha256(content).hexdigest()
        # What is damaged is under a hold, and stays so when it is mended.
        bucket.root.put_object(Bucket=bucket.name, Key=key, Body=b"flipped", ObjectLockLegalHoldStatus="ON")
        fixity.restore(key, content, sha256=sha256(content).hexdigest())
        assert archive("auditor").read(key) == content
    heads = heads_key("2026-03-04")
    indexer.put(heads, b"{}")
    desk = archive("desk")
    desk.put(original_key(sha256(b"added").hexdigest()), b"added")
    assert (list(desk.list(HEADS)), desk.read(heads), desk.read(document)) == ([heads], b"{}", b"pdf")
    with desk.open(document) as stream:
        assert stream.read() == b"pdf"
    mirror = archive("fixity", bucket.mirror)
    assert list(copy_missing(fixity, mirror, [(document, sha256(b"pdf").hexdigest())])) == [document]
    custodian = archive("custodian")
    assert custodian.stat(original).held
    custodian.hold(original, on=False)
    assert not custodian.stat(original).held


@pytest.mark.parametrize("role", ["station", "worker", "indexer", "fixity"])
def test_the_doctor_can_look(role: str, archive: Callable[..., S3Archive]) -> None:
    store = archive(role)
    store.put(_PROBE, b"probe")
    store.delete(_PROBE)
