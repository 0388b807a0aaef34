"""Altered: in what a file differs from what the archive holds of an entry."""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pdfplumber

from archive.port import Damaged, NotFound
from infra.wiring import Services
from register.contents import object_keys
from register.models import Entry, StoredObject

Difference = tuple[str, str, str]
"""A field, what the file says of it, what the archive does."""
_PAGES = 200  # of a PDF whose texts are compared
_LONGEST = 80  # signs of a line that are shown


def differences(services: Services, entry: Entry, path: Path) -> tuple[Difference, ...]:
    """What is otherwise in a file than in what of the entry is most like it, of the same kind of file.

    Nothing if the archive holds nothing of its kind, or does not have it whole.

    Raises:
        Unavailable: the archive does not answer.
    """
    size = path.stat().st_size
    rows = StoredObject.objects.filter(key__in=object_keys([entry.pk]))
    suffix = path.suffix.lower()
    alike = [one for one in rows if PurePosixPath(one.key).suffix.lower() == suffix]
    if not alike:
        return ()
    kept = min(alike, key=lambda one: (abs(one.size - size), one.pk))
    try:
        data = services.archive.read(kept.key)
    except (NotFound, Damaged):
        return ()
    return tuple(_differences(path, size, kept, data))


def _differences(path: Path, size: int, kept: StoredObject, data: bytes) -> Iterator[Difference]:
    with path.open("rb") as file:
        yield "sha256", hashlib.file_digest(file, "sha256").hexdigest(), kept.sha256
    if size != kept.size:
        yield "size", str(size), str(kept.size)
    yield "first byte that differs", *_bytes(path, data)
    if path.suffix.lower() == ".pdf":
        yield from _pages(path, data)


def _bytes(path: Path, data: bytes) -> tuple[str, str]:
    """Where the two part: the place, and what stands there on either side."""
    with path.open("rb") as file:
        shown = file.read(len(data) + 1)
    at = next((n for n, (a, b) in enumerate(zip(shown, data, strict=False)) if a != b), None)
    at = min(len(shown), len(data)) if at is None else at
    told = [f"{one[at]:#04x}" if at < len(one) else "the end" for one in (shown, data)]
    return f"{told[0]} at {at}", f"{told[1]} at {at}"


def _pages(path: Path, data: bytes) -> Iterator[Difference]:
    try:
        shown = _texts(path.read_bytes())
    except Exception:  # whatever somebody hands in: that it cannot be read is what differs
        yield "pages", "it cannot be read", ""
        return
    held = _texts(data)
    if len(shown) != len(held):
        yield "pages", str(len(shown)), str(len(held))
    for number, (one, other) in enumerate(zip(shown, held, strict=False), start=1):
        if one != other:
            lines = zip([*one, *[""] * len(other)], [*other, *[""] * len(one)], strict=False)
            line = next((both for both in lines if both[0] != both[1]), ("", ""))
            yield f"text of page {number}", line[0][:_LONGEST], line[1][:_LONGEST]
            return


def _texts(data: bytes) -> list[list[str]]:
    with pdfplumber.open(io.BytesIO(data)) as pdf:
        return [(page.extract_text() or "").splitlines() for page in pdf.pages[:_PAGES]]
