"""Versions of an object in a bucket, their removal, and what guards them from it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from archive.port import NotFound, lock_end
from archive.s3_client import Bucket

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import HeadObjectOutputTypeDef


@dataclass(frozen=True, slots=True)
class Kept:
    """A version, or a ``marker`` that hides the older ones; ``size`` in bytes."""

    id: str
    size: int
    stored_at: datetime
    current: bool
    marker: bool


def all_versions(bucket: Bucket, key: str) -> list[Kept]:
    """What the bucket keeps of one object, newest first; "null" is the id where there are no versions.

    At most as many as one answer lists, which is 1,000: the key itself sorts before all that begin with it.
    """
    page = bucket(lambda client: client.list_object_versions(Bucket=bucket.name, Prefix=key), key)
    found = [
        Kept(
            one["VersionId"], one["Size"], one["LastModified"].astimezone(UTC), one["IsLatest"], marker=False
        )
        for one in page.get("Versions", [])
        if one["Key"] == key
    ]
    found += [
        Kept(one["VersionId"], 0, one["LastModified"].astimezone(UTC), one["IsLatest"], marker=True)
        for one in page.get("DeleteMarkers", [])
        if one["Key"] == key
    ]
    return sorted(found, key=lambda one: (one.current, one.stored_at), reverse=True)


def remove(bucket: Bucket, key: str, version: str | None) -> None:
    """Removes a version for good; no error if it is gone. None: of a bucket without versions."""
    which: dict[str, Any] = {"VersionId": version} if version else {}
    try:
        bucket(lambda client: client.delete_object(Bucket=bucket.name, Key=key, **which), key)
    except NotFound:
        return


def closed(head: "HeadObjectOutputTypeDef") -> bool:
    """Whether retention or hold explain that a version was not removed just now."""
    until = head.get("ObjectLockRetainUntilDate")
    return _held(head) or (until is not None and until > datetime.now(UTC) - timedelta(seconds=2))


def guard(*heads: "HeadObjectOutputTypeDef") -> dict[str, Any]:
    """The longest retention of these versions and a hold of any, as they are asked for with another."""
    asked: dict[str, Any] = {}
    last = max(heads, key=_locked_until, default=None)
    if last and _locked_until(last) > datetime.now(UTC):
        asked = {
            "ObjectLockMode": last["ObjectLockMode"],
            "ObjectLockRetainUntilDate": lock_end(_locked_until(last)),
        }
    return asked | ({"ObjectLockLegalHoldStatus": "ON"} if any(map(_held, heads)) else {})


def _locked_until(head: "HeadObjectOutputTypeDef") -> datetime:
    return head.get("ObjectLockRetainUntilDate") or datetime.min.replace(tzinfo=UTC)


def _held(head: "HeadObjectOutputTypeDef") -> bool:
    return head.get("ObjectLockLegalHoldStatus") == "ON"
