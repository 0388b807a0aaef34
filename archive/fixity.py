"""Whether the archive still holds what was put there, and what to do where it does not."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from archive.content import PIECE, measure
from archive.port import Archive, Damaged, NotFound

UNREADABLE = "unreadable"
_IN_MEMORY = 16 << 20  # bytes; a larger object goes through a file


@dataclass(frozen=True, slots=True)
class Mismatch:
    """An object that is not what it was.

    ``found`` is its SHA-256 now, ``UNREADABLE`` when the store has it and cannot give its bytes, None when
    it is gone.
    """

    key: str
    expected: str
    found: str | None


def check(archive: Archive, objects: Iterable[tuple[str, str]]) -> Iterator[Mismatch]:
    """Reads every object of ``(key, SHA-256 in hex)`` anew and yields those that differ or are gone.

    Raises:
        Unavailable: the archive did not answer; nothing is said about what was not read.
    """
    for key, expected in objects:
        found = _found(archive, key)
        if found != expected:
            yield Mismatch(key, expected, found)


def mend(archive: Archive, mirror: Archive, key: str, sha256: str) -> bool:
    """Puts an object's true bytes back from a second archive; whether ``archive`` now gives them.

    ``sha256`` is what the register knows; what the stores say of the object does not count. False when
    ``mirror`` does not have the bytes either; then nothing was changed.

    Raises:
        Unavailable: one of the two did not answer.
        Denied: one of the two refuses us.
    """
    try:
        with _copy(mirror, key) as (content, media_type):
            if measure(content)[0] != sha256:
                return False
            archive.restore(key, content, sha256=sha256, media_type=media_type)
    except (NotFound, Damaged):
        return False
    return _found(archive, key) == sha256


def copy_missing(archive: Archive, mirror: Archive, objects: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Copies every object of ``(key, SHA-256 in hex)`` that the second archive lacks; yields its key.

    Asks both for each; a copy of another size counts as missing. What ``archive`` has lost or spoilt is
    left out: ``check`` reports it. The same bytes are never copied twice, so it may be stopped and begun
    again.

    Raises:
        Unavailable: one of the two did not answer.
        Denied: one of the two refuses us.
        Conflict: somebody put other bytes into ``mirror`` meanwhile.
    """
    for key, sha256 in objects:
        copied = _size(mirror, key)
        if copied is not None and copied == _size(archive, key):
            continue
        with ExitStack() as stack:
            try:
                content, media_type = stack.enter_context(_copy(archive, key))
            except (NotFound, Damaged):
                continue
            if measure(content)[0] != sha256:
                continue
            if copied is None:
                mirror.put(key, content, media_type=media_type)
            else:
                mirror.restore(key, content, sha256=sha256, media_type=media_type)
            yield key


def _size(archive: Archive, key: str) -> int | None:
    try:
        return archive.stat(key).size
    except NotFound:
        return None


def _found(archive: Archive, key: str) -> str | None:
    try:
        return archive.checksum(key)
    except NotFound:
        return None
    except Damaged:
        return UNREADABLE


@contextmanager
def _copy(archive: Archive, key: str) -> Iterator[tuple[Path | bytes, str]]:
    """An object's bytes, in memory or in a file that is gone afterwards, and its media type."""
    stat = archive.stat(key)
    if stat.size <= _IN_MEMORY:
        yield archive.read(key), stat.media_type
        return
    with tempfile.TemporaryDirectory(prefix="postroom-copy-") as folder:
        file = Path(folder) / "object"
        with archive.open(key) as stored, file.open("wb") as copy:
            shutil.copyfileobj(stored, copy, PIECE)
        yield file, stat.media_type
