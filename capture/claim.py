"""Moves a file from a drop folder into the spool and out again, so that a crash loses nothing."""

import errno
import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from capture.writers import open_for_writing
from domain.errors import PostroomError

_COPY = ".incoming"  # name of a copy under way; short, because names may be 255 bytes long already


@dataclass(frozen=True, slots=True)
class ReadyFile:
    """A file to take, as it was observed.

    ``incomplete`` when it stood still but its content has no proper end: it can only be refused.
    """

    path: Path
    size: int
    mtime_ns: int
    incomplete: bool = False


class StillWriting(PostroomError):
    """The file changed after it was observed. ``path`` is where it lies now."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{os.fsencode(path.name).decode('utf-8', 'replace')} is still being written")
        self.path = path


def claim_file(file: ReadyFile, target: Path) -> None:
    """Moves the file to ``target``, durably, and looks once more whether it is as observed.

    Across file systems it is copied, synced, read back and compared, and only then removed; a
    crash in between leaves the source whole (see ``resume_claim``).

    Args:
        file: as ``Tracker.observe`` gave it.
        target: in the spool; its folder is made if need be, nothing else may work in it.

    Raises:
        StillWriting: it changed; it lies at its old place again, unless another file took that
            name meanwhile: then at ``target``, to be looked at again later.
        FileNotFoundError: it is gone.
        FileExistsError: ``target`` is taken.
        OSError: the copy does not read back as it was written, no space, no permission.
    """
    source = file.path
    if differs(source, file.size, file.mtime_ns):
        raise StillWriting(source)
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, "already claimed", str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as written:
        os.fsync(written.fileno())  # few scanners do
    try:
        source.rename(target)
    except OSError as why:
        if why.errno != errno.EXDEV:
            raise
        _copy_over(file, target)
        return
    _sync_folders(target.parent, source.parent)
    if differs(target, file.size, file.mtime_ns):
        raise StillWriting(source if _put(target, source) else target)


def resume_claim(source: Path, target: Path, size: int, mtime_ns: int) -> bool:
    """Finishes a claim of which it is not known how far it came; may be repeated.

    Returns:
        True: the file lies at ``target``. False: it lies nowhere, somebody took it away before.

    Raises:
        StillWriting, OSError: as ``claim_file``.
    """
    if not os.path.lexists(target):
        (target.parent / _COPY).unlink(missing_ok=True)
        try:
            claim_file(ReadyFile(source, size, mtime_ns), target)
        except FileNotFoundError:
            if os.path.lexists(source):
                raise
            return False
        return True
    if differs(target, size, mtime_ns):
        raise StillWriting(target)
    # A rename leaves nothing behind, so what bears the name on the same file system is a new file.
    other_system = os.path.lexists(source) and source.lstat().st_dev != target.stat().st_dev
    if other_system and not differs(source, size, mtime_ns) and _sha256(source) == _sha256(target):
        source.unlink()
        _sync_folders(source.parent)
    return True


def release(spooled: Path, source: Path, station: Path, after: str) -> None:
    """Lets go of a file that is filed; may be repeated.

    Args:
        spooled: where ``claim_file`` put it.
        source: where it came from, in the station's folder.
        station: the station's folder.
        after: ``delete``, or ``done``: kept as ``done/<its path in the station's folder>``, with a
            number before the ending where that name is taken.

    Raises:
        OSError: somebody has it open and may go on writing; the station's folder is away, as a share may
            be; no space, no permission.
    """
    if not os.path.lexists(spooled):
        return
    if open_for_writing(spooled):
        raise OSError(errno.EBUSY, "its writer still has it open", os.fspath(source))
    if after == "delete":
        spooled.unlink(missing_ok=True)
        _sync_folders(spooled.parent)
        return
    _put_beside(spooled, station / "done" / source.relative_to(station), station)


def give_back(spooled: Path, source: Path, station: Path) -> None:
    """Puts a file that changed after it was claimed where it came from, beside what took its name since.

    Raises:
        OSError: the station's folder is away; no space, no permission.
    """
    _put_beside(spooled, source, station)


def _put_beside(moved: Path, wanted: Path, station: Path) -> None:
    """Moves a file to ``wanted``, with a number before the ending where that name is taken."""
    if not station.is_dir():  # what is made in its place would be hidden when the share comes back
        raise FileNotFoundError(errno.ENOENT, "the station's folder is away", os.fspath(station))
    wanted.parent.mkdir(parents=True, exist_ok=True)
    number, place = 1, wanted
    while not _put(moved, place):
        number += 1
        place = wanted.with_name(_numbered(wanted.name, number))


def _copy_over(file: ReadyFile, target: Path) -> None:
    copy = target.parent / _COPY
    digest = hashlib.sha256()
    with file.path.open("rb") as reading, copy.open("wb") as writing:
        while block := reading.read(1 << 20):
            digest.update(block)
            writing.write(block)
        writing.flush()
        os.fsync(writing.fileno())
    if _sha256(copy) != digest.hexdigest():
        copy.unlink()
        raise OSError(errno.EIO, "the copy in the spool differs from what was written", str(target))
    os.utime(copy, ns=(file.mtime_ns, file.mtime_ns))
    if differs(file.path, file.size, file.mtime_ns) or copy.stat().st_size != file.size:
        copy.unlink()
        raise StillWriting(file.path)
    copy.rename(target)
    _sync_folders(target.parent)
    file.path.unlink()
    _sync_folders(file.path.parent)


def _put(moved: Path, place: Path) -> bool:
    """Moves a file to ``place`` if that name is free; False when it is taken."""
    # Reserving the name first also works where there are no hard links (SMB, FAT).
    try:
        os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return False
    try:
        moved.replace(place)
    except OSError as why:
        if why.errno != errno.EXDEV:
            place.unlink()
            raise
        shutil.copy2(moved, place)
        with place.open("rb") as written:
            os.fsync(written.fileno())
        moved.unlink()
    _sync_folders(place.parent, moved.parent)
    return True


def _numbered(name: str, number: int) -> str:
    """``scan (2).tif`` for ``scan.tif``, within the 255 bytes that a name may have."""
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending) > 10:
        stem, dot, ending = name, "", ""
    suffix = os.fsencode(f" ({number}){dot}{ending}")
    return os.fsdecode(os.fsencode(stem)[: 255 - len(suffix)] + suffix)


def differs(path: Path, size: int, mtime_ns: int) -> bool:
    """Whether the file was written to since it had this size and time."""
    now = path.lstat()
    return (now.st_size, now.st_mtime_ns) != (size, mtime_ns)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_folders(*folders: Path) -> None:
    for folder in dict.fromkeys(folders):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
