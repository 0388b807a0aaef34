"""Making a bucket, for trials and tests. In production that is done once, by those who own the store."""

from contextlib import suppress
from typing import Any

from archive.s3_client import connect
from archive.s3_errors import ours
from archive.settings import BucketSettings


def make_bucket(settings: BucketSettings, *, lock: bool) -> None:
    """Makes the bucket with versioning, and with object lock, which cannot be had later.

    No error if it is there and ours.

    Raises:
        Usage: the store refuses; for one, the bucket is somebody else's.
        Unavailable: it does not answer.
    """
    place: dict[str, Any] = {}
    if settings.region and settings.region != "us-east-1" and not settings.endpoint:
        place = {"CreateBucketConfiguration": {"LocationConstraint": settings.region}}
    try:
        client = connect(settings)
        with suppress(client.exceptions.BucketAlreadyOwnedByYou):
            client.create_bucket(Bucket=settings.bucket, ObjectLockEnabledForBucket=lock, **place)
        client.put_bucket_versioning(Bucket=settings.bucket, VersioningConfiguration={"Status": "Enabled"})
    except Exception as error:
        mine = ours(error, f"{settings.endpoint or 'Amazon S3'}, bucket {settings.bucket}")
        if mine is error:
            raise
        raise mine from error
