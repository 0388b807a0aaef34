"""Answers that came whole.

``http.client`` takes a connection that ends inside of an answer's headers for their end, and botocore does
not count the bytes of an answer that it reads whole: a cut answer would read as one without metadata,
without a lock, or as an empty object or list.
"""

import http.client
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSHTTPConnection, AWSHTTPSConnection

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client


class _Lines:
    """An answer as it comes in, whose lines may not end before we say so."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def readline(self, *limit: int) -> bytes:
        """The next line; ``ConnectionResetError`` if there is none."""
        line: bytes = self._stream.readline(*limit)
        if not line:
            raise ConnectionResetError("the connection ended before the answer's headers did")
        return line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class WholeAnswer(http.client.HTTPResponse):
    """An answer that raises ``ConnectionResetError`` when its headers are cut."""

    def begin(self) -> None:
        """Reads status and headers."""
        stream = self.fp
        self.fp = _Lines(stream)  # type: ignore[assignment]
        try:
            super().begin()
        finally:
            if isinstance(self.fp, _Lines):
                self.fp = stream


def take_only_whole_answers(client: "S3Client") -> None:
    """From now on a cut answer is an error, as a cut connection is.

    The part about headers holds for all of botocore in this process.
    """
    for connection in (AWSHTTPConnection, AWSHTTPSConnection):
        connection.response_class = WholeAnswer  # type: ignore[assignment]
    client.meta.events.register("before-parse.s3", _count)


def _count(operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
    body, promised = response_dict["body"], response_dict["headers"].get("content-length")
    if promised is None or not isinstance(body, bytes) or operation_model.http["method"] == "HEAD":
        return
    if len(body) != int(promised):
        raise ConnectionResetError("the connection ended before the answer did")
