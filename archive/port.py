"""The archive as its callers see it: keys in, bytes out, nothing ever overwritten."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from domain.errors import PostroomError, Usage

# Portable between a folder and every S3 we know: no ``//``, ``..`` or leading dot, no empty segment, no
# character that a shell, a URL or a signature would have to escape.
SEGMENT = re.compile(r"[A-Za-z0-9_=-][A-Za-z0-9._=-]*", re.ASCII)
MAX_KEY = 1024
MAX_SEGMENT = 254


class NotFound(PostroomError):
    """There is no object under this key."""


class Conflict(PostroomError):
    """The key is taken by other bytes. Objects never change: what wants to be stored is another object."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An object that is stored durably, with its SHA-256 (hex) as read back and its size in bytes."""

    key: str
    sha256: str
    size: int
    media_type: str


@dataclass(frozen=True, slots=True)
class Stat:
    """What the store says of an object without reading it; ``size`` in bytes."""

    key: str
    size: int


class Archive(Protocol):
    """Immutable objects under keys.

    No key may be a path prefix of another (``a/b`` and ``a/b/c``): ``archive.keys`` makes none such. All
    methods raise ``Usage`` for a key that ``check_key`` does not pass and ``Unavailable`` when the store
    does not answer, is full or refuses.
    """

    def put(self, key: str, content: Path | bytes, *, media_type: str = "application/octet-stream") -> Stored:
        """Stores ``content`` if the key is free, durably, and reads it back by SHA-256.

        The same bytes again are no error and change nothing.

        Raises:
            Conflict: other bytes stand under this key.
            FileNotFoundError: ``content`` is a path to nothing.
        """
        ...

    def open(self, key: str) -> BinaryIO:
        """The object's bytes as a binary stream, to be closed by the caller; ``NotFound`` if missing."""
        ...

    def read(self, key: str) -> bytes:
        """The object's bytes, whole, in memory; ``NotFound`` if missing."""
        ...

    def stat(self, key: str) -> Stat:
        """The object's size; ``NotFound`` if missing."""
        ...

    def list(self, prefix: str = "") -> Iterator[str]:
        """All keys that begin with ``prefix`` (a string, not a folder), sorted by code point."""
        ...

    def delete(self, key: str) -> None:
        """Removes the object; no error if there is none. For the sweep of orphans and disposal only."""
        ...

    def sweep_temporary(self, older_than_seconds: float) -> int:
        """Removes what killed writers left half-written that long ago; returns how many."""
        ...

    def checksum(self, key: str) -> str:
        """SHA-256 (hex) of what is stored now, read anew in pieces; ``NotFound`` if missing."""
        ...


def check_key(key: str) -> str:
    """The key itself, if every store can hold it.

    Raises:
        Usage: a segment is empty, longer than 254 bytes, begins with a dot, or holds something other than
            ``A-Z a-z 0-9 . _ = -``; or the key is longer than 1,024 bytes.
    """
    if len(key) > MAX_KEY:
        raise Usage(f"Archive key of {len(key)} characters: at most {MAX_KEY} ({key[:60]}...)")
    for segment in key.split("/"):
        if len(segment) > MAX_SEGMENT or not SEGMENT.fullmatch(segment):
            raise Usage(
                f"Archive key {key[:120]!r}: use segments of A-Z a-z 0-9 . _ = - that do not begin with a "
                f"dot, at most {MAX_SEGMENT} characters each, with single slashes between"
            )
    return key
