"""What a bucket lists, page after page: keys, and uploads in parts that nobody has ended."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from archive.port import NotFound, check_key
from archive.s3_client import Bucket
from domain.errors import Usage

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client
    from types_boto3_s3.type_defs import ListMultipartUploadsOutputTypeDef, ListObjectsV2OutputTypeDef


def keys(bucket: Bucket, prefix: str) -> Iterator[str]:
    """Keys in the store's order, which is by code point; those that are none of ours are left out."""
    more: dict[str, Any] = {}
    while True:
        page = bucket(partial(_keys, bucket.name, prefix, more), prefix)
        for one in page.get("Contents", []):
            with suppress(Usage):
                yield check_key(one["Key"])
        if not page["IsTruncated"]:
            return
        more = {"ContinuationToken": page["NextContinuationToken"]}


def abort_uploads(bucket: Bucket, until: datetime) -> int:
    """Aborts the uploads that were begun until then; returns how many."""
    aborted, more = 0, dict[str, Any]()
    while True:
        page = bucket(partial(_uploads, bucket.name, more))
        for one in page.get("Uploads", []):
            if one["Initiated"] <= until:
                with suppress(NotFound):  # its writer, or another sweep, was faster
                    bucket(partial(_abort, bucket.name, one["Key"], one["UploadId"]), one["Key"])
                    aborted += 1
        if not page["IsTruncated"]:
            return aborted
        more = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}


def _keys(bucket: str, prefix: str, more: dict[str, Any], client: "S3Client") -> "ListObjectsV2OutputTypeDef":
    return client.list_objects_v2(Bucket=bucket, Prefix=prefix, **more)


def _uploads(bucket: str, more: dict[str, Any], client: "S3Client") -> "ListMultipartUploadsOutputTypeDef":
    return client.list_multipart_uploads(Bucket=bucket, **more)


def _abort(bucket: str, key: str, upload: str, client: "S3Client") -> None:
    client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload)
