"""The archive as its callers see it: keys in, bytes out, nothing ever overwritten."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

from domain.errors import PostroomError, Unavailable, Usage

# Portable between a folder and every S3 we know: no ``//``, ``..`` or leading dot, no empty segment, no
# character that a shell, a URL or a signature would have to escape.
SEGMENT = re.compile(r"[A-Za-z0-9_=-][A-Za-z0-9._=-]*", re.ASCII)
MAX_KEY = 1024
MAX_SEGMENT = 254
LONGEST_LINK = timedelta(days=7)
OCTETS = "application/octet-stream"  # the media type of what has none


class NotFound(PostroomError):
    """There is no object under this key."""


class Conflict(PostroomError):
    """The key is taken by other bytes. Objects never change: what wants to be stored is another object."""


class Locked(PostroomError):
    """The object is under retention or hold, so it stays."""


class Damaged(Unavailable):
    """The store works but cannot give this object's bytes as they were put. ``archive.fixity`` mends it."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An object that is stored durably, with its SHA-256 (hex) as the store has it and its size in bytes."""

    key: str
    sha256: str
    size: int
    media_type: str


@dataclass(frozen=True, slots=True)
class Stat:
    """What the store says of an object without reading it.

    Attributes:
        key: its key.
        size: in bytes.
        locked_until: when its retention ends, or ended; in UTC, whole seconds. None: it never had one.
        held: whether it is under a legal hold.
        media_type: as it was put; ``OCTETS`` where the store has no place for it.
    """

    key: str
    size: int
    locked_until: datetime | None = None
    held: bool = False
    media_type: str = OCTETS


@dataclass(frozen=True, slots=True)
class Version:
    """One state of an object that the store still keeps.

    Attributes:
        id: the store's name for it.
        size: in bytes.
        stored_at: when it was put; in UTC.
        current: whether readers get this one.
    """

    id: str
    size: int
    stored_at: datetime
    current: bool


class Archive(Protocol):
    """Immutable objects under keys; safe to use from several threads and processes at once.

    No key may be a path prefix of another (``a/b`` and ``a/b/c``): ``archive.keys`` makes none such, and
    stores differ in whether they would notice.

    All methods raise ``Usage`` for a key that ``check_key`` does not pass, ``Denied`` where the store refuses
    us (credentials, permissions, a bucket that is not there) or what the settings demand, ``Unavailable``
    when it does not answer or is full, and those that need an object ``NotFound`` when it is missing.
    """

    def ready(self) -> None:
        """Tries whether the store takes what the settings demand; leaves no object.

        Raises:
            Denied: it refuses us, or does not do what they ask for; says the fix.
            Unavailable: it does not answer.
        """
        ...

    def put(self, key: str, content: Path | bytes, *, media_type: str = OCTETS) -> Stored:
        """Stores ``content`` if the key is free, durably, with its SHA-256 sent along and asked back.

        The same bytes again are no error and change nothing.

        Raises:
            Conflict: other bytes stand under this key.
            FileNotFoundError: ``content`` is a path to nothing.
        """
        ...

    def restore(self, key: str, content: Path | bytes, *, sha256: str, media_type: str = OCTETS) -> Stored:
        """Puts an object's true bytes back in place of damaged or lost ones; the only overwriting there is.

        The caller knows the object's true SHA-256 (hex), from the register: what the store says of it may
        be another's doing. Retention and hold stay, and the media type too unless one is given. Where the
        object is as it should be, nothing changes. A store with versioning keeps the bytes that were there
        as an older version.

        Raises:
            Conflict: ``content`` does not have that SHA-256.
        """
        ...

    def open(self, key: str, *, start: int = 0, length: int | None = None) -> BinaryIO:
        """The object's bytes as a binary stream, read as they are asked for; the caller closes it.

        With ``start`` and ``length`` (bytes; None: to the end) a part of them, clipped at the object's
        end. The end of a whole object is given only if the bytes are those that were put, where the store
        remembers their SHA-256; a part cannot be checked, so use TLS.
        """
        ...

    def read(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        """What ``open`` gives, in memory."""
        ...

    def stat(self, key: str) -> Stat:
        """The object's size, retention and hold."""
        ...

    def list(self, prefix: str = "") -> Iterator[str]:
        """All keys that begin with ``prefix`` (a string, not a folder), sorted by code point."""
        ...

    def versions(self, key: str) -> tuple[Version, ...]:
        """What the store still keeps of the object, newest first; empty when that is nothing.

        One version, unless the object was restored on a store with versioning.
        """
        ...

    def lock(self, key: str, until: datetime) -> None:
        """Keeps everybody, us too, from removing the object before ``until`` (rounded up to a second).

        A lock that lasts longer already stays; none is ever shortened. A time that is past changes nothing.

        Raises:
            Usage: ``until`` has no time zone, or the bucket was made without object lock.
        """
        ...

    def hold(self, key: str, on: bool) -> None:
        """Sets or lifts a legal hold: while it is on the object cannot be removed, whatever its retention."""
        ...

    def link(self, key: str, valid_for: timedelta) -> str:
        """An address by which whoever has it may read the object for that long, without credentials.

        Made without asking the store: a link to a missing object leads nowhere. Treat it as a secret.

        Raises:
            Usage: ``valid_for`` is not between one second and seven days.
        """
        ...

    def delete(self, key: str) -> None:
        """Removes the object, all its versions too; no error if there is none.

        For the sweep of orphans and for disposal only.

        Raises:
            Locked: it is under retention or hold; it can still be read.
        """
        ...

    def sweep_temporary(self, older_than_seconds: float) -> int:
        """Removes what killed writers left half-written that long ago; returns how many."""
        ...

    def checksum(self, key: str) -> str:
        """SHA-256 (hex) of what is stored now, read anew in pieces.

        Raises:
            Damaged: the store works, and cannot give the bytes.
        """
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


def check_range(start: int, length: int | None) -> None:
    """Passes a part of an object that can be asked for.

    Raises:
        Usage: a negative place or length.
    """
    if start < 0 or (length is not None and length < 0):
        raise Usage(f"Part of an object from {start}, {length} bytes: neither can be negative")


def check_link_time(valid_for: timedelta) -> int:
    """Whole seconds that a link holds.

    Raises:
        Usage: shorter than a second or longer than seven days, the most that S3 signs for.
    """
    if not timedelta(seconds=1) <= valid_for <= LONGEST_LINK:
        raise Usage(f"A link valid for {valid_for}: choose between one second and seven days")
    return int(valid_for.total_seconds())


def lock_end(until: datetime) -> datetime:
    """The end of a retention as every store can keep it: in UTC, rounded up to a second.

    Raises:
        Usage: ``until`` has no time zone.
    """
    if until.tzinfo is None:
        raise Usage(f"Locked until {until}: which time zone?")
    return datetime.fromtimestamp(math.ceil(until.timestamp()), UTC)
