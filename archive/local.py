"""The archive in a local folder: one file an object, written beside, fsynced, then linked into place."""

import errno
import fcntl
import os
import stat
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from archive.content import check_file, measure
from archive.local_files import Part, fix, hash_on_disk, read_back, sync, write
from archive.local_guards import Guards
from archive.port import (
    OCTETS,
    SEGMENT,
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
from domain.errors import Denied, Unavailable

_TEMPORARY = ".tmp"
_LINK = "{} is a symbolic link, which the archive never follows: put the true file or folder in its place"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class LocalArchive:
    """``archive.port.Archive`` under ``root``, which is made at the first ``put``.

    An object appears whole or not at all: its bytes are written to ``root/.tmp``, fsynced, dropped from the
    cache, read back, and only then linked to its name (a link never replaces, also between processes), with
    the folder fsynced. Objects are read-only files. No symbolic link below ``root`` is ever followed.

    Retention and holds bind whoever goes through this class, by this machine's clock; who may write to the
    disk past it is not stopped.
    """

    def __init__(self, root: Path) -> None:
        """Touches nothing; ``root`` must be on a file system with hard links."""
        self.root = root
        self._guards = Guards(self._folder)

    def ready(self) -> None:
        """See ``Archive.ready``: a few bytes are written beside the objects, and are gone at once."""
        try:
            with self._ours(_TEMPORARY, writing=True), self._draft(_TEMPORARY, b"ready"):
                pass
        except Unavailable as error:
            cause = error.__cause__
            if isinstance(cause, PermissionError) or getattr(cause, "errno", None) == errno.EROFS:
                raise Denied(str(error)) from error
            raise

    def put(self, key: str, content: Path | bytes, *, media_type: str = OCTETS) -> Stored:
        """See ``Archive.put``. The media type is not kept: a folder has no place for it."""
        *parents, name = check_key(key).split("/")
        check_file(content)
        with self._ours(key, writing=True):
            if self._present(key):
                return self._same(key, *measure(content), media_type)
            with (
                self._opened(parents) as folder,
                self._draft(key, content) as (draft, temporary, sha256, size),
            ):
                try:
                    os.link(draft, name, src_dir_fd=temporary, dst_dir_fd=folder, follow_symlinks=False)
                except FileExistsError:
                    return self._same(key, sha256, size, media_type)
                finally:
                    os.fsync(folder)
        return Stored(key, sha256, size, media_type)

    def restore(self, key: str, content: Path | bytes, *, sha256: str, media_type: str = OCTETS) -> Stored:
        """See ``Archive.restore``. The damaged file is replaced in one step and not kept."""
        *parents, name = check_key(key).split("/")
        found, size = measure(content)
        if found != sha256:
            raise Conflict(f"Archive key {key}: what is to be restored has SHA-256 {found}, not {sha256}")
        restored = Stored(key, sha256, size, media_type)
        with suppress(NotFound):
            if self.checksum(key) == sha256:
                return restored
        with (
            self._ours(key, writing=True),
            self._opened(parents) as folder,
            self._draft(key, content) as (draft, temporary, written, _),
        ):
            if written != sha256:
                raise Unavailable(
                    f"{content!s} changed while {key} was restored from it; nothing was changed"
                )
            os.replace(draft, name, src_dir_fd=temporary, dst_dir_fd=folder)
            os.fsync(folder)
        return restored

    def open(self, key: str, *, start: int = 0, length: int | None = None) -> BinaryIO:
        """See ``Archive.open``. Nothing is compared: a folder does not remember what an object was."""
        check_range(start, length)
        *parents, name = check_key(key).split("/")
        with self._ours(key):
            folder = self._folder(parents)
            try:
                file = os.open(
                    name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=folder
                )
            finally:
                os.close(folder)
            if not stat.S_ISREG(os.fstat(file).st_mode):
                os.close(file)
                raise NotFound(f"No object {key} in the archive {self.root}")
            stream = os.fdopen(file, "rb")
            stream.seek(start)
        return stream if length is None else BufferedReader(Part(stream, length))

    def read(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        """See ``Archive.read``."""
        with self.open(key, start=start, length=length) as stream, self._ours(key):
            return stream.read()

    def stat(self, key: str) -> Stat:
        """See ``Archive.stat``."""
        with self.open(key) as stream, self._ours(key):
            guard = self._guards.of(key)
            return Stat(key, os.fstat(stream.fileno()).st_size, guard.until, guard.held)

    def versions(self, key: str) -> tuple[Version, ...]:
        """See ``Archive.versions``: a folder keeps one."""
        try:
            with self.open(key) as stream, self._ours(key):
                found = os.fstat(stream.fileno())
        except NotFound:
            return ()
        stored_at = datetime.fromtimestamp(found.st_mtime, UTC)
        return (Version(f"{found.st_ino:x}-{found.st_mtime_ns:x}", found.st_size, stored_at, current=True),)

    def lock(self, key: str, until: datetime) -> None:
        """See ``Archive.lock``."""
        until = lock_end(until)
        if until <= datetime.now(UTC):
            check_key(key)
            return
        with self._guarded(key):
            guard = self._guards.of(key)
            if guard.until is None or guard.until < until:
                self._guards.put(replace(guard, until=until))

    def hold(self, key: str, on: bool) -> None:
        """See ``Archive.hold``."""
        with self._guarded(key):
            guard = self._guards.of(key)
            if guard.held != on:
                self._guards.put(replace(guard, held=on))

    def link(self, key: str, valid_for: timedelta) -> str:
        """See ``Archive.link``. A folder has no server: who serves it gives the link to ``open_link``."""
        seconds = check_link_time(valid_for)
        with self._ours(check_key(key), writing=True):
            return self._guards.link(key, seconds)

    def open_link(self, link: str) -> BinaryIO:
        """The object that a link of this archive leads to; ``NotFound`` for one that is void or expired."""
        with self._ours(".secret", writing=True):
            key = self._guards.key_of(link)
        if key is None:
            raise NotFound("This link has expired, or was not made here")
        return self.open(key)

    def list(self, prefix: str = "") -> Iterator[str]:
        """See ``Archive.list``. Half-written files and files that are no objects are left out."""
        return self._walk(self.root, "", prefix)

    def delete(self, key: str) -> None:
        """See ``Archive.delete``."""
        *parents, name = check_key(key).split("/")
        with suppress(NotFound), self._guarded(key):
            guard = self._guards.of(key)
            if guard.closed:
                why = (
                    "is under a legal hold"
                    if guard.held
                    else f"is locked until {guard.until:%Y-%m-%d %H:%M:%S} UTC"
                )
                raise Locked(f"{key} {why}; nothing was removed")
            with self._opened(parents, make=False) as folder:
                os.unlink(name, dir_fd=folder)
                os.fsync(folder)
            self._guards.forget(key)

    def checksum(self, key: str) -> str:
        """See ``Archive.checksum``."""
        with self.open(key) as stream, self._ours(key):
            return hash_on_disk(stream)

    def sweep_temporary(self, older_than_seconds: float) -> int:
        """Removes what killed writers left half-written; returns how many files.

        Files younger than ``older_than_seconds`` (by modification time) may belong to a writer at work.
        """
        swept = 0
        with self._ours(_TEMPORARY):
            try:
                folder = self._folder([_TEMPORARY])
            except FileNotFoundError:
                return 0
            try:
                for name in sorted(entry.name for entry in os.scandir(folder)):
                    with suppress(FileNotFoundError):  # its writer, or another sweep, was faster
                        modified = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mtime
                        if time.time() - modified >= older_than_seconds:
                            os.unlink(name, dir_fd=folder)
                            swept += 1
            finally:
                os.close(folder)
        return swept

    @contextmanager
    def _draft(self, key: str, content: Path | bytes) -> Iterator[tuple[str, int, str, int]]:
        """A copy of the content in ``.tmp``, as the disk has it: its name, the folder, SHA-256 and size."""
        draft = uuid.uuid4().hex
        with self._opened([_TEMPORARY]) as temporary:
            try:
                sha256, size = write(content, draft, temporary)
                if read_back(draft, temporary) != sha256:
                    raise Unavailable(
                        f"{self.root / key}: the disk gave back other bytes than were written; check the disk"
                    )
                yield draft, temporary, sha256, size
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(draft, dir_fd=temporary)

    @contextmanager
    def _opened(self, parents: Sequence[str], *, make: bool = True) -> Iterator[int]:
        folder = self._folder(parents, make=make)
        try:
            yield folder
        finally:
            os.close(folder)

    @contextmanager
    def _guarded(self, key: str) -> Iterator[None]:
        """Keeps other processes from changing guards or removing objects; ``NotFound`` without the object."""
        check_key(key)
        with self._ours(key), self._opened([], make=False) as root:
            fcntl.flock(root, fcntl.LOCK_EX)
            self.open(key).close()
            yield

    def _present(self, key: str) -> bool:
        try:
            self.open(key).close()
        except NotFound:
            return False
        return True

    def _same(self, key: str, sha256: str, size: int, media_type: str) -> Stored:
        try:
            found = self.checksum(key)
        except NotFound:
            found = "a folder of other objects"
        if found != sha256:
            raise Conflict(
                f"Archive key {key} holds other bytes ({found}, not {sha256}); nothing was changed"
            )
        return Stored(key, sha256, size, media_type)

    def _folder(self, parents: Sequence[str], *, make: bool = False) -> int:
        """A descriptor of the folder, walked to without following links; new folders are made durable."""
        if make and not self.root.is_dir():
            self.root.mkdir(parents=True, exist_ok=True)
            sync(self.root.absolute().parent)
        folder = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        for segment in parents:
            try:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(segment, dir_fd=folder)
                        os.fsync(folder)
                below = os.open(segment, _FOLDER, dir_fd=folder)
            finally:
                os.close(folder)
            folder = below
        return folder

    def _walk(self, folder: Path, key: str, prefix: str) -> Iterator[str]:
        name, deeper, _ = prefix.removeprefix(key).partition("/")
        if deeper and prefix.startswith(key):  # one folder to look into, of perhaps a million
            inside = folder / name
            with self._ours(key or "."):
                there = SEGMENT.fullmatch(name) and inside.is_dir() and not inside.is_symlink()
            if there:
                yield from self._walk(inside, f"{key}{name}/", prefix)
            return
        with self._ours(key or "."):
            try:
                entries = list(os.scandir(folder))
            except FileNotFoundError:
                return
        # A folder sorts as its keys do: with the slash ("a-b" < "a/b").
        names = sorted(
            entry.name + "/" * entry.is_dir(follow_symlinks=False)
            for entry in entries
            if SEGMENT.fullmatch(entry.name) and not entry.is_symlink()
        )
        for name in names:
            if name.endswith("/"):
                if (key + name).startswith(prefix) or prefix.startswith(key + name):
                    yield from self._walk(folder / name[:-1], key + name, prefix)
            elif (key + name).startswith(prefix):
                yield key + name

    @contextmanager
    def _ours(self, key: str, *, writing: bool = False) -> Iterator[None]:
        """Turns the operating system's errors into ours, with the path and what to do."""
        path = self.root / key
        try:
            yield
        except OSError as error:
            if isinstance(error, NotADirectoryError):
                link = next((parent for parent in path.parents if parent.is_symlink()), None)
                if link is not None and link.is_relative_to(self.root) and link != self.root:
                    raise Unavailable(_LINK.format(link)) from error
                if writing:
                    raise Conflict(f"Archive key {key}: part of its path is an object itself") from error
            if not writing and isinstance(error, FileNotFoundError | IsADirectoryError | NotADirectoryError):
                raise NotFound(f"No object {key} in the archive {self.root}") from error
            if error.errno == errno.ELOOP:
                raise Unavailable(_LINK.format(path)) from error
            kind = Damaged if error.errno == errno.EIO and not writing else Unavailable
            raise kind(f"{path}: {error.strerror or error}. {fix(error)}") from error
