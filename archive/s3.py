"""The archive in an S3 bucket. What is asked of the bucket, and what each S3 ignores: docs/archive.md."""

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from archive import s3_read
from archive.breaker import Resting
from archive.content import PIECE, measure
from archive.port import (
    OCTETS,
    Conflict,
    Damaged,
    Locked,
    NotFound,
    Stat,
    Stored,
    Version,
    check_key,
    check_link_time,
    check_range,
    lock_end,
)
from archive.s3_client import Bucket
from archive.s3_errors import BUCKET_FIX
from archive.s3_habits import Habits
from archive.s3_pages import abort_uploads, keys
from archive.s3_put import Upload, base64_of, is_in_parts, send
from archive.s3_versions import all_versions, closed, guard, remove
from archive.settings import ArchiveSettings
from domain.errors import Denied, PostroomError, Unavailable, Usage

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import HeadObjectOutputTypeDef


class S3Archive:
    """``archive.port.Archive`` in a bucket of its own. Nothing connects before the first call.

    Every object carries its SHA-256 in its metadata, and the store checks it on the way in. Whole objects
    are compared with it on the way out. Temporary troubles are repeated a few times before ``Unavailable``.
    """

    def __init__(self, settings: ArchiveSettings) -> None:
        """Raises ``Usage`` if no bucket is named."""
        self._settings = settings
        self._bucket = Bucket(settings)
        self._habits = Habits(self._bucket)

    def ready(self) -> None:
        """See ``Archive.ready``. Puts a few bytes beside the objects, once a process."""
        self._habits.tried()
        if self._settings.retention_days:
            self._bucket(lambda client: client.get_object_lock_configuration(Bucket=self._bucket.name))

    def put(self, key: str, content: Path | bytes, *, media_type: str = OCTETS) -> Stored:
        """See ``Archive.put``.

        Raises:
            Denied: the settings demand encryption, and the store does not encrypt.
        """
        upload = Upload(check_key(key), content, *measure(content), media_type)
        # Large content is not sent for nothing, and some stores do not know the condition.
        keeps = self._habits.tried()
        if (is_in_parts(self._bucket, upload) or not keeps) and self._there(key):
            return self._same(upload)
        try:
            version = send(self._bucket, upload)
        except Conflict:
            return self._same(upload)
        return self._confirmed(upload, version)

    def restore(self, key: str, content: Path | bytes, *, sha256: str, media_type: str = OCTETS) -> Stored:
        """See ``Archive.restore``."""
        found, size = measure(content)
        if found != sha256:
            raise Conflict(f"Archive key {key}: what is to be restored has SHA-256 {found}, not {sha256}")
        try:
            head = self._head(check_key(key))
        except NotFound:
            return self._anew(Upload(key, content, sha256, size, media_type), guard(*self._true(key, sha256)))
        kind = head["ContentType"] if media_type == OCTETS else media_type
        if head["Metadata"].get(s3_read.SHA256, sha256) != sha256:  # somebody put another object over it
            guards = guard(head, *self._true(key, sha256))
        else:
            with suppress(Damaged):
                if self.checksum(key) == sha256:
                    return Stored(key, sha256, size, head["ContentType"])
            guards = guard(head)
        return self._anew(Upload(key, content, sha256, size, kind), guards)

    def open(self, key: str, *, start: int = 0, length: int | None = None) -> BinaryIO:
        """See ``Archive.open``."""
        check_range(start, length)
        if length == 0:
            self.stat(key)
            return BytesIO(b"")
        stream = s3_read.Stream(
            self._bucket, check_key(key), start, length, lambda error: self._broken(key, error)
        )
        return BufferedReader(stream, PIECE)

    def read(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        """See ``Archive.read``."""
        check_range(start, length)
        if length == 0:
            self.stat(key)
            return b""
        try:
            return s3_read.read(self._bucket, check_key(key), start, length)
        except Unavailable as error:
            raise self._broken(key, error) from error

    def stat(self, key: str) -> Stat:
        """See ``Archive.stat``."""
        head = self._head(check_key(key))
        until = head.get("ObjectLockRetainUntilDate")
        held = head.get("ObjectLockLegalHoldStatus") == "ON"
        locked_until = lock_end(until) if until else None
        return Stat(key, head["ContentLength"], locked_until, held, head["ContentType"])

    def list(self, prefix: str = "") -> Iterator[str]:
        """See ``Archive.list``. Keys that are none of ours are left out."""
        return keys(self._bucket, prefix)

    def versions(self, key: str) -> tuple[Version, ...]:
        """See ``Archive.versions``."""
        return tuple(
            Version(one.id, one.size, one.stored_at, one.current)
            for one in all_versions(self._bucket, check_key(key))
            if not one.marker
        )

    def lock(self, key: str, until: datetime) -> None:
        """See ``Archive.lock``. The mode is that of the settings."""
        until = lock_end(until)
        if until <= datetime.now(UTC):
            check_key(key)
            return
        try:
            self._bucket(
                lambda client: client.put_object_retention(
                    Bucket=self._bucket.name,
                    Key=check_key(key),
                    Retention={"Mode": self._settings.retention_mode, "RetainUntilDate": until},
                ),
                key,
            )
        except Usage:
            # A lock that lasts longer refuses to be shortened: with 400 or 403, as the store likes.
            longer = self.stat(key).locked_until
            if longer is None or longer < until:
                raise

    def hold(self, key: str, on: bool) -> None:
        """See ``Archive.hold``."""
        self._bucket(
            lambda client: client.put_object_legal_hold(
                Bucket=self._bucket.name, Key=check_key(key), LegalHold={"Status": "ON" if on else "OFF"}
            ),
            key,
        )

    def link(self, key: str, valid_for: timedelta) -> str:
        """See ``Archive.link``: an address of the store itself."""
        return self._bucket.link(check_key(key), check_link_time(valid_for))

    def delete(self, key: str) -> None:
        """See ``Archive.delete``. All versions go, the oldest first, so that a refusal leaves it readable."""
        while found := all_versions(self._bucket, check_key(key)):
            for one in reversed(found):
                try:
                    remove(self._bucket, key, one.id)
                except Usage as error:
                    if one.marker or not self._closed(key, one.id):
                        raise
                    raise Locked(f"{key} is locked or under a legal hold; nothing was removed") from error

    def sweep_temporary(self, older_than_seconds: float) -> int:
        """See ``Archive.sweep_temporary``: uploads in parts that nobody goes on with are aborted."""
        return abort_uploads(self._bucket, datetime.fromtimestamp(time.time() - older_than_seconds, UTC))

    def checksum(self, key: str) -> str:
        """See ``Archive.checksum``. Bytes that are not as promised are read twice: the way may spoil them."""
        try:
            found, promised = s3_read.hashed(self._bucket, check_key(key))
            if promised in (None, found):
                return found
            again, _ = s3_read.hashed(self._bucket, key)
        except Unavailable as error:
            raise self._broken(key, error) from error
        if again != found and again != promised:
            raise Unavailable(
                f"{self._bucket.place}: two readings of {key} differ. Something between here and the store "
                "changes bytes: use https"
            )
        return again

    def _head(self, key: str, **which: Any) -> "HeadObjectOutputTypeDef":
        try:
            return self._bucket(
                lambda client: client.head_object(
                    Bucket=self._bucket.name, Key=key, ChecksumMode="ENABLED", **which
                ),
                key,
            )
        except NotFound:
            # The answer to HEAD has no words: is it the object that is missing, or the whole bucket?
            try:
                self._bucket(lambda client: client.head_bucket(Bucket=self._bucket.name))
            except NotFound as error:
                raise Denied(f"{self._bucket.place}: no such bucket. {BUCKET_FIX}") from error
            raise

    def _there(self, key: str) -> bool:
        try:
            self._head(key)
        except NotFound:
            return False
        return True

    def _same(self, upload: Upload) -> Stored:
        """The object that has the key already, if it is this one."""
        try:
            head = self._head(upload.key)
        except NotFound as error:
            raise Unavailable(
                f"{self._bucket.place}: {upload.key} is taken and yet not there. If that stays, somebody has "
                "put a delete marker on it: remove the marker"
            ) from error
        if head.get("ChecksumSHA256") == base64_of(upload.sha256):
            found = upload.sha256
        else:
            found = self.checksum(upload.key)
        if found != upload.sha256:
            raise Conflict(
                f"Archive key {upload.key} holds other bytes ({found}, not {upload.sha256}); nothing was "
                "changed"
            )
        return Stored(upload.key, upload.sha256, upload.size, upload.media_type)

    def _true(self, key: str, sha256: str) -> "Iterator[HeadObjectOutputTypeDef]":
        """The newest version that was put with this SHA-256, if the store still keeps it."""
        for one in all_versions(self._bucket, key):
            if not one.marker:
                head = self._head(key, VersionId=one.id)
                if head["Metadata"].get(s3_read.SHA256) == sha256:
                    yield head
                    return

    def _anew(self, upload: Upload, guard: dict[str, Any]) -> Stored:
        self._habits.tried()
        return self._confirmed(upload, send(self._bucket, upload, replace=True, **guard))

    def _confirmed(self, upload: Upload, version: str | None) -> Stored:
        """What was just stored, once the store says, or shows, that it is so; else it is taken away."""
        head = self._head(upload.key)
        summed = None if self._settings.read_back else head.get("ChecksumSHA256")
        try:
            self._habits.confirm_encryption(head, upload.key)
            # The sum of an upload in parts is one of sums, and says nothing of the whole.
            if summed is None or "-" in summed:
                summed = base64_of(self.checksum(upload.key))
            if summed != base64_of(upload.sha256):
                raise Damaged(
                    f"{self._bucket.place}: {upload.key} was stored with other bytes than were sent"
                )
        except (Usage, Damaged):
            with suppress(PostroomError):
                remove(self._bucket, upload.key, version)
            raise
        return Stored(upload.key, upload.sha256, upload.size, upload.media_type)

    def _closed(self, key: str, version: str) -> bool:
        # Some stores tell an older version's lock only with the newest.
        for which in ({"VersionId": version}, {}):
            with suppress(NotFound):
                if closed(self._head(key, **which)):
                    return True
        return False

    def _broken(self, key: str, error: Unavailable) -> Unavailable:
        """``Damaged`` when the store gives other objects as it should, and not this one."""
        if isinstance(error, Resting):
            return Resting(str(error))
        if self._habits.gives_objects():
            return Damaged(f"{error}. The object is damaged and must be mended from a copy")
        return Unavailable(str(error))
