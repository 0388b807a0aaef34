"""Files of the local archive: written, fsynced, read back; parts of them; what the disk's errors mean."""

import errno
import hashlib
import os
from io import RawIOBase
from pathlib import Path
from typing import BinaryIO

from archive.content import pieces


class Part(RawIOBase):
    """``length`` bytes of an open file from where it stands; closes it with itself."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        self._file, self._left = file, length

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fills ``buffer`` as far as the part goes."""
        data = self._file.read(min(len(buffer), self._left))
        buffer[: len(data)] = data
        self._left -= len(data)
        return len(data)

    def close(self) -> None:
        """Closes the file too."""
        self._file.close()
        super().close()


def write(content: Path | bytes, name: str, folder: int) -> tuple[str, int]:
    """Writes a new read-only file, fsynced; gives SHA-256 and size of what was written."""
    digest, size = hashlib.sha256(), 0
    file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder)
    with os.fdopen(file, "wb", buffering=0) as stream:
        for piece in pieces(content):
            rest = memoryview(piece)
            while rest:
                rest = rest[stream.write(rest) :]
            digest.update(piece)
            size += len(piece)
        os.fchmod(file, 0o444)
        os.fsync(file)
    return digest.hexdigest(), size


def read_back(name: str, folder: int) -> str:
    """SHA-256 of a file as the disk, not the cache, has it."""
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    with os.fdopen(file, "rb") as stream:
        return hash_on_disk(stream)


def hash_on_disk(stream: BinaryIO) -> str:
    """SHA-256 of an open file, asked of the disk and not of the memory of what was written to it."""
    os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]


def sync(folder: Path) -> None:
    """Makes a folder's names durable."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def fix(error: OSError) -> str:
    """What to do about an error of the archive's disk."""
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
