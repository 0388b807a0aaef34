"""Whether the archive still holds what was put there, and what to do where it does not."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
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

    False when ``mirror`` does not have them either; then nothing was changed.

    Raises:
        Unavailable: one of the two did not answer.
        Conflict: ``archive`` knows that the object was put with another SHA-256.
    """
    try:
        with _copy(mirror, key) as content:
            if measure(content)[0] != sha256:
                return False
            archive.restore(key, content, sha256=sha256)
    except (NotFound, Damaged):
        return False
    return _found(archive, key) == sha256


def copy_missing(archive: Archive, mirror: Archive, objects: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Copies every object of ``(key, SHA-256 in hex)`` that the second archive lacks; yields its key.

    Asks ``mirror`` for each. What ``archive`` has lost or spoilt is left out: ``check`` reports it. The
    same bytes are never copied twice, so it may be stopped and begun again.

    Raises:
        Unavailable: one of the two did not answer.
        Conflict: somebody put other bytes into ``mirror`` meanwhile.
    """
    for key, sha256 in objects:
        try:
            mirror.stat(key)
        except NotFound:
            pass
        else:
            continue
        try:
            with _copy(archive, key) as content:
                if measure(content)[0] == sha256:
                    mirror.put(key, content)
                    yield key
        except (NotFound, Damaged):
            continue


def _found(archive: Archive, key: str) -> str | None:
    try:
        return archive.checksum(key)
    except NotFound:
        return None
    except Damaged:
        return UNREADABLE


@contextmanager
def _copy(archive: Archive, key: str) -> Iterator[Path | bytes]:
    """An object's bytes, in memory or in a file that is gone afterwards."""
    if archive.stat(key).size <= _IN_MEMORY:
        yield archive.read(key)
        return
    with tempfile.TemporaryDirectory(prefix="postroom-copy-") as folder:
        file = Path(folder) / "object"
        with archive.open(key) as stored, file.open("wb") as copy:
            shutil.copyfileobj(stored, copy, PIECE)
        yield file
