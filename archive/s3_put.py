"""Writing into a bucket: one request, or parts where the content is large; SHA-256 goes with each."""

import base64
import hashlib
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.content import pieces, source
from archive.port import Conflict, NotFound
from archive.s3_client import Bucket
from archive.s3_read import SHA256
from domain.errors import PostroomError, Unavailable

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client
    from types_boto3_s3.type_defs import CompletedPartTypeDef

_PART = 16 << 20
_MOST_PARTS = 10_000
_MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Upload:
    """What is to be stored: its SHA-256 in hex, its size in bytes."""

    key: str
    content: Path | bytes
    sha256: str
    size: int
    media_type: str


def send(bucket: Bucket, upload: Upload, *, replace: bool = False, **guard: Any) -> str | None:
    """Stores the content and gives the version that came of it, where the bucket has versions.

    The store is told to take it only if the key is free, unless ``replace``, and only if the bytes that
    reach it have the SHA-256 that goes with them. ``guard`` is retention and hold, as ``put_object``
    names them.

    Raises:
        Conflict: the key is taken.
        Unavailable: the store does not take it now, or the content changed meanwhile.
    """
    settings = bucket.settings
    options: dict[str, Any] = {"ContentType": upload.media_type, "Metadata": {SHA256: upload.sha256}, **guard}
    if settings.encryption:
        options["ServerSideEncryption"] = settings.encryption
    if settings.kms_key:
        options["SSEKMSKeyId"] = settings.kms_key
    condition: dict[str, Any] = {} if replace else {"IfNoneMatch": "*"}
    if upload.size > settings.multipart_mb * _MB:
        return _in_parts(bucket, upload, options, condition)

    def put(client: "S3Client") -> str | None:
        with source(upload.content) as body:
            answer = client.put_object(
                Bucket=bucket.name,
                Key=upload.key,
                Body=body,
                ChecksumSHA256=base64_of(upload.sha256),
                **condition,
                **options,
            )
        return answer.get("VersionId")

    return bucket(put, upload.key)


def is_in_parts(bucket: Bucket, upload: Upload) -> bool:
    """Whether the content is too large for one request."""
    return upload.size > bucket.settings.multipart_mb * _MB


def base64_of(sha256: str) -> str:
    """A hash as S3 writes it."""
    return base64.b64encode(bytes.fromhex(sha256)).decode()


def _in_parts(
    bucket: Bucket, upload: Upload, options: dict[str, Any], condition: dict[str, Any]
) -> str | None:
    begun = bucket(
        lambda client: client.create_multipart_upload(
            Bucket=bucket.name, Key=upload.key, ChecksumAlgorithm="SHA256", **options
        ),
        upload.key,
    )
    number = begun["UploadId"]
    try:
        parts = _send_parts(bucket, upload, number)
        return _complete(bucket, upload, number, parts, condition)
    except BaseException as error:
        with suppress(PostroomError):  # a sweep takes what stays
            bucket(
                lambda client: client.abort_multipart_upload(
                    Bucket=bucket.name, Key=upload.key, UploadId=number
                ),
                upload.key,
            )
        if isinstance(error, NotFound):  # the upload: a sweep or a rule of the bucket took it for a dead one
            raise Unavailable(
                f"{bucket.place}, {upload.key}: its upload in parts was aborted meanwhile; it is tried again"
            ) from error
        raise


def _send_parts(bucket: Bucket, upload: Upload, number: str) -> "list[CompletedPartTypeDef]":
    size = max(min(_PART, bucket.settings.multipart_mb * _MB), -(-upload.size // _MOST_PARTS))
    whole = hashlib.sha256()
    parts: list[CompletedPartTypeDef] = []
    for place, piece in enumerate(pieces(upload.content, size), 1):
        whole.update(piece)
        sha256 = base64_of(hashlib.sha256(piece).hexdigest())
        send_part = partial(_send_part, bucket, upload.key, number, place, piece, sha256)
        parts.append({"PartNumber": place, "ETag": bucket(send_part, upload.key), "ChecksumSHA256": sha256})
    if whole.hexdigest() != upload.sha256:
        raise Unavailable(f"{upload.content!s} changed while it was archived; it is tried again")
    return parts


def _send_part(
    bucket: Bucket, key: str, number: str, place: int, piece: bytes, sha256: str, client: "S3Client"
) -> str:
    return client.upload_part(
        Bucket=bucket.name, Key=key, UploadId=number, PartNumber=place, Body=piece, ChecksumSHA256=sha256
    )["ETag"]


def _complete(
    bucket: Bucket,
    upload: Upload,
    number: str,
    parts: "list[CompletedPartTypeDef]",
    condition: dict[str, Any],
) -> str | None:
    try:
        return bucket(
            lambda client: client.complete_multipart_upload(
                Bucket=bucket.name,
                Key=upload.key,
                UploadId=number,
                MultipartUpload={"Parts": parts},
                **condition,
            ),
            upload.key,
        ).get("VersionId")
    except Conflict:
        raise
    except PostroomError as error:
        # The answer to a first try may have been lost: then the upload is gone, and the object is there.
        with suppress(PostroomError):
            head = bucket(lambda client: client.head_object(Bucket=bucket.name, Key=upload.key), upload.key)
            if head["Metadata"].get(SHA256) == upload.sha256:
                return head.get("VersionId")
        raise error
