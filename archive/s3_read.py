"""Reading from a bucket: bytes that are compared with what was put, streams that go on after a cut."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from io import RawIOBase
from typing import TYPE_CHECKING

from archive.content import PIECE
from archive.port import Conflict
from archive.s3_client import Bucket
from archive.s3_errors import PastTheEnd
from domain.errors import Unavailable

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from types_boto3_s3.client import S3Client
    from types_boto3_s3.type_defs import GetObjectOutputTypeDef

SHA256 = "sha256"  # of an object's metadata: what it was put with, in hex
_SPOILT = "{}, {}: its bytes are not those that were put"


def read(bucket: Bucket, key: str, start: int, length: int | None) -> bytes:
    """A whole object that is what was put, or a part of one.

    Raises:
        NotFound: there is none.
        Unavailable: the store does not give it, or gives something else, however often it is asked.
    """
    end = None if length is None else start + length

    def once(client: "S3Client") -> bytes:
        answer = _get(client, bucket.name, key, start, end)
        data = answer["Body"].read()
        promised = answer["Metadata"].get(SHA256)
        if promised and start == 0 and end is None and hashlib.sha256(data).hexdigest() != promised:
            raise Unavailable(_SPOILT.format(bucket.place, key))
        return data

    try:
        return bucket(once, key)
    except PastTheEnd:
        return b""


def hashed(bucket: Bucket, key: str) -> tuple[str, str | None]:
    """SHA-256 of an object's bytes as the store gives them now, and the one that it was put with, if known.

    Raises:
        NotFound: there is none.
        Unavailable: the store does not give it.
    """

    def once(client: "S3Client") -> tuple[str, str | None]:
        answer = _get(client, bucket.name, key)
        digest = hashlib.sha256()
        while piece := answer["Body"].read(PIECE):
            digest.update(piece)
        return digest.hexdigest(), answer["Metadata"].get(SHA256)

    return bucket(once, key)


class Stream(RawIOBase):
    """An object's bytes from ``start`` on, ``length`` of them or all, asked for as they are read.

    A cut connection is taken up where it broke, on the same bytes. At the end of a whole object its SHA-256
    is compared with the one that it was put with. ``broken`` says what an error means for
    the object.
    """

    def __init__(
        self,
        bucket: Bucket,
        key: str,
        start: int,
        length: int | None,
        broken: Callable[[Unavailable], Unavailable],
    ) -> None:
        """Asks for the first bytes, so that a missing object raises here."""
        super().__init__()
        self._bucket, self._key, self._broken = bucket, key, broken
        self._at, self._end = start, None if length is None else start + length
        self._whole = start == 0 and length is None
        self._digest = hashlib.sha256()
        self._promised: str | None = None
        self._etag: str | None = None
        self._body: StreamingBody | None = None
        try:
            bucket(self._open, key)
        except PastTheEnd:
            self._end = start

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fills ``buffer`` with what comes next.

        Raises:
            Damaged: the object is not what was put, or cannot be read.
            Unavailable: the store does not answer.
        """
        most = len(buffer) if self._end is None else min(len(buffer), self._end - self._at)
        if most <= 0:
            return 0
        try:
            data = self._bucket(lambda client: self._next(client, most), self._key)
        except Conflict as error:
            raise Unavailable(f"{self._key} was restored while it was read; read it again") from error
        except Unavailable as error:
            raise self._broken(error) from error
        buffer[: len(data)] = data
        self._at += len(data)
        if self._whole:
            self._digest.update(data)
            if not data and self._promised not in (None, self._digest.hexdigest()):
                raise self._broken(Unavailable(_SPOILT.format(self._bucket.place, self._key)))
        return len(data)

    def close(self) -> None:
        """Lets go of the connection."""
        self._drop()
        super().close()

    def _next(self, client: "S3Client", most: int) -> bytes:
        try:
            if self._body is None:
                self._open(client)
            assert self._body is not None
            return self._body.read(most)
        except Exception:
            self._drop()
            raise

    def _open(self, client: "S3Client") -> None:
        answer = _get(client, self._bucket.name, self._key, self._at, self._end, self._etag)
        self._etag, self._body = answer["ETag"], answer["Body"]
        self._promised = answer["Metadata"].get(SHA256)

    def _drop(self) -> None:
        if self._body is not None:
            with suppress(Exception):
                self._body.close()
        self._body = None


def _get(
    client: "S3Client", bucket: str, key: str, start: int = 0, end: int | None = None, etag: str | None = None
) -> "GetObjectOutputTypeDef":
    """The answer to a request for the bytes ``start`` to ``end`` (exclusive; None: to the last)."""
    if start == 0 and end is None:
        return client.get_object(Bucket=bucket, Key=key)
    part = f"bytes={start}-{'' if end is None else end - 1}"
    if etag is None:
        return client.get_object(Bucket=bucket, Key=key, Range=part)
    return client.get_object(Bucket=bucket, Key=key, Range=part, IfMatch=etag)
