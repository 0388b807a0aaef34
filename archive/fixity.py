"""Whether the archive still holds what was put there."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from archive.port import Archive, NotFound


@dataclass(frozen=True, slots=True)
class Mismatch:
    """An object that is not what it was: ``found`` is its SHA-256 now, None when it is gone."""

    key: str
    expected: str
    found: str | None


def check(archive: Archive, objects: Iterable[tuple[str, str]]) -> Iterator[Mismatch]:
    """Reads every object of ``(key, SHA-256 in hex)`` anew and yields those that differ or are gone.

    Raises:
        Unavailable: the archive did not answer; nothing is said about what was not read.
    """
    for key, expected in objects:
        try:
            found: str | None = archive.checksum(key)
        except NotFound:
            found = None
        if found != expected:
            yield Mismatch(key, expected, found)
