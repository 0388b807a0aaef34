"""The archive in a local folder: one file an object, written beside, fsynced, then linked into place."""

import errno
import hashlib
import os
import stat
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from archive.port import SEGMENT, Conflict, NotFound, Stat, Stored, check_key
from domain.errors import Unavailable

_TEMPORARY = ".tmp"
_PIECE = 1 << 20
_LINK = "{} is a symbolic link, which the archive never follows: put the true file or folder in its place"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class LocalArchive:
    """``archive.port.Archive`` under ``root``, which is made at the first ``put``.

    An object appears whole or not at all: its bytes are written to ``root/.tmp``, fsynced, dropped from the
    cache, read back, and only then linked to its name (a link never replaces, also between processes), with
    the folder fsynced. Objects are read-only files. No symbolic link below ``root`` is ever followed.
    """

    def __init__(self, root: Path) -> None:
        """Touches nothing; ``root`` must be on a file system with hard links."""
        self.root = root

    def put(self, key: str, content: Path | bytes, *, media_type: str = "application/octet-stream") -> Stored:
        """See ``Archive.put``. The media type is not kept: a folder has no place for it."""
        *parents, name = check_key(key).split("/")
        if isinstance(content, Path) and not content.is_file():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(content))
        with self._ours(key, writing=True):
            if self._present(key):
                return self._same(key, *_measure(content), media_type)
            folder = self._folder(parents, make=True)
            try:
                temporary = self._folder([_TEMPORARY], make=True)
                try:
                    return self._link(key, content, media_type, temporary, folder, name)
                finally:
                    os.close(temporary)
            finally:
                os.close(folder)

    def open(self, key: str) -> BinaryIO:
        """See ``Archive.open``."""
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
            return os.fdopen(file, "rb")

    def read(self, key: str) -> bytes:
        """See ``Archive.read``."""
        with self.open(key) as stream, self._ours(key):
            return stream.read()

    def stat(self, key: str) -> Stat:
        """See ``Archive.stat``."""
        with self.open(key) as stream, self._ours(key):
            return Stat(key, os.fstat(stream.fileno()).st_size)

    def list(self, prefix: str = "") -> Iterator[str]:
        """See ``Archive.list``. Half-written files and files that are no objects are left out."""
        return self._walk(self.root, "", prefix)

    def delete(self, key: str) -> None:
        """See ``Archive.delete``."""
        *parents, name = check_key(key).split("/")
        with suppress(NotFound), self._ours(key):
            folder = self._folder(parents)
            try:
                os.unlink(name, dir_fd=folder)
                os.fsync(folder)
            finally:
                os.close(folder)

    def checksum(self, key: str) -> str:
        """See ``Archive.checksum``."""
        with self.open(key) as stream, self._ours(key):
            # Ask the disk, not the memory of what was written to it.
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]

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

    def _link(
        self, key: str, content: Path | bytes, media_type: str, temporary: int, folder: int, name: str
    ) -> Stored:
        draft = uuid.uuid4().hex
        try:
            sha256, size = _write(content, draft, temporary)
            if _read_back(draft, temporary) != sha256:
                raise Unavailable(
                    f"{self.root / key}: the disk gave back other bytes than were written; check the disk"
                )
            try:
                os.link(draft, name, src_dir_fd=temporary, dst_dir_fd=folder, follow_symlinks=False)
            except FileExistsError:
                return self._same(key, sha256, size, media_type)
            finally:
                os.fsync(folder)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(draft, dir_fd=temporary)
        return Stored(key, sha256, size, media_type)

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
            _sync(self.root.absolute().parent)
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
            raise Unavailable(f"{path}: {error.strerror or error}. {_fix(error)}") from error


def _fix(error: OSError) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return "Free space on the archive's disk; the work goes on by itself"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return "Give the user that runs Postroom write access to a disk with hard links"
        case errno.EOPNOTSUPP | errno.EMLINK:
            return "Put the archive on a file system with hard links (ext4, xfs, btrfs, zfs, NFS)"
        case errno.EMFILE | errno.ENFILE:
            return "Raise the limit of open files (ulimit -n)"
    return "Check the archive's disk (dmesg, smartctl) and that it is mounted"


@contextmanager
def _source(content: Path | bytes) -> Iterator[BinaryIO]:
    if isinstance(content, bytes):
        yield BytesIO(content)
        return
    with content.open("rb") as stream:
        yield stream


def _pieces(content: Path | bytes) -> Iterator[bytes]:
    with _source(content) as stream:
        while True:
            try:
                piece = stream.read(_PIECE)
            except OSError as error:
                raise Unavailable(f"{content!s}: {error.strerror}. Check the disk it lies on") from error
            if not piece:
                return
            yield piece


def _measure(content: Path | bytes) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    for piece in _pieces(content):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size


def _write(content: Path | bytes, name: str, folder: int) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder)
    with os.fdopen(file, "wb", buffering=0) as stream:
        for piece in _pieces(content):
            rest = memoryview(piece)
            while rest:
                rest = rest[stream.write(rest) :]
            digest.update(piece)
            size += len(piece)
        os.fchmod(file, 0o444)
        os.fsync(file)
    return digest.hexdigest(), size


def _read_back(name: str, folder: int) -> str:
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    with os.fdopen(file, "rb") as stream:
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sync(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
