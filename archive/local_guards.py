"""Retention and holds of the local archive, and links into it: small files beside the objects.

::

    .guards/<first two of hash>/<SHA-256 of the key>    one JSON file for each object that has ever had one
    .secret                                             what links are signed with
"""

import hashlib
import hmac
import os
import secrets
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import ValidationError

from domain import wire
from domain.errors import Unavailable

_GUARDS = ".guards"
_SECRET = ".secret"  # noqa: S105 -- a file's name
_TEMPORARY = ".tmp"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OLD = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Guard:
    """What keeps an object from being removed: a retention that lasts until then, a legal hold."""

    key: str
    until: datetime | None = None
    held: bool = False

    @property
    def closed(self) -> bool:
        """Whether the object must stay now."""
        return self.held or (self.until is not None and self.until > datetime.now(UTC))


class Guards:
    """The guards of an archive whose folders ``folder`` opens (segments below its root; a descriptor)."""

    def __init__(self, folder: Callable[..., int]) -> None:
        self._folder = folder

    def of(self, key: str) -> Guard:
        """The object's guard; an open one when it never had any."""
        parents, name = _place(key)
        try:
            data = self._read(parents, name)
        except FileNotFoundError:
            return Guard(key)
        try:
            return wire.from_json(Guard, data)
        except ValidationError as error:
            raise Unavailable(
                f"The guard of {key} ({'/'.join(parents)}/{name} in the archive) cannot be read, so the "
                "object counts as locked. Restore that file from a backup"
            ) from error

    def put(self, guard: Guard) -> None:
        """Keeps a guard in place of the former one, durably."""
        parents, name = _place(guard.key)
        self._write(parents, name, wire.to_json(guard) + b"\n", replace=True)

    def forget(self, key: str) -> None:
        """Removes the guard of an object that is gone."""
        parents, name = _place(key)
        with suppress(FileNotFoundError):
            folder = self._folder(parents)
            try:
                os.unlink(name, dir_fd=folder)
            finally:
                os.close(folder)

    def link(self, key: str, seconds: int) -> str:
        """``archive:KEY?expires=...&signature=...``, where ``expires`` counts seconds since 1970."""
        expires = int(time.time()) + seconds
        return f"archive:{key}?expires={expires}&signature={self._sign(key, expires)}"

    def key_of(self, link: str) -> str | None:
        """The key that a link of ours leads to; None when it has expired or is not ours."""
        scheme, _, rest = link.partition(":")
        key, _, query = rest.partition("?expires=")
        expires, _, signature = query.partition("&signature=")
        if scheme != "archive" or not (expires.isascii() and expires.isdigit()) or len(expires) > 15:
            return None
        if not hmac.compare_digest(self._sign(key, int(expires)).encode(), signature.encode()):
            return None
        return key if int(expires) > time.time() else None

    def _sign(self, key: str, expires: int) -> str:
        return hmac.new(self._secret(), f"{expires} {key}".encode(), hashlib.sha256).hexdigest()

    def _secret(self) -> bytes:
        with suppress(FileNotFoundError):
            return self._read([], _SECRET)
        with suppress(FileExistsError):  # another process was faster
            self._write([], _SECRET, secrets.token_hex(32).encode(), replace=False)
        return self._read([], _SECRET)

    def _read(self, parents: list[str], name: str) -> bytes:
        folder = self._folder(parents)
        try:
            with os.fdopen(os.open(name, _OLD, dir_fd=folder), "rb") as file:
                return file.read()
        finally:
            os.close(folder)

    def _write(self, parents: list[str], name: str, data: bytes, *, replace: bool) -> None:
        folder, temporary = self._folder(parents, make=True), self._folder([_TEMPORARY], make=True)
        draft = uuid.uuid4().hex
        try:
            with os.fdopen(os.open(draft, _NEW, 0o600, dir_fd=temporary), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if replace:
                os.replace(draft, name, src_dir_fd=temporary, dst_dir_fd=folder)
            else:
                os.link(draft, name, src_dir_fd=temporary, dst_dir_fd=folder, follow_symlinks=False)
            os.fsync(folder)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(draft, dir_fd=temporary)
            os.close(temporary)
            os.close(folder)


def _place(key: str) -> tuple[list[str], str]:
    name = hashlib.sha256(key.encode()).hexdigest()
    return [_GUARDS, name[:2]], name
