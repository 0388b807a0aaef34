"""What kind of file it is, by what is in it."""

import mimetypes
from pathlib import Path

import filetype

PAGED = ("pdf", "tiff", "jpeg", "png")
"""The kinds that capture can read."""

_HEAD = 8192
_SHORT = {"tif": "tiff", "jpg": "jpeg"}


def sniff(path: Path) -> str:
    """A short name for the file's kind: ``pdf``, ``tiff``, ``jpeg``, ``png``, or what else it is.

    By content, never by name; only a file whose content says nothing is named by its extension
    (``csv``, ``txt``), for the message that refuses it. A file of no bytes is an ``empty file``.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        return "empty file"
    if b"%PDF-" in head[:1024]:  # readers accept a preamble of up to 1,024 bytes before the header
        return "pdf"
    if head[:4] in (b"II+\0", b"MM\0+"):  # BigTIFF
        return "tiff"
    kind = filetype.guess(head)
    if kind is not None:
        name = str(kind.extension)
        return _SHORT.get(name, name)
    suffix = path.suffix.lower().lstrip(".")
    if suffix in {"", *PAGED, *_SHORT} or not suffix.isalnum():
        return "unknown"  # the name claims what the content is not
    guessed, _ = mimetypes.guess_type(path.name)
    return suffix if guessed or len(suffix) <= 5 else "unknown"


def media_type(kind: str) -> str:
    """The media type of a kind that ``sniff`` named, as stored with the original."""
    guessed, _ = mimetypes.guess_type(f"file.{kind}")
    return guessed or "application/octet-stream"
