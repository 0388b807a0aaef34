"""What kind of file it is, by what is in it."""

import mimetypes
from collections.abc import Collection
from pathlib import Path

import filetype

from capture.compound import OLE, ole_kind, zip_kind

PAGED = ("pdf", "tiff", "jpeg", "png")
"""The kinds whose pages are read as they are."""

OFFICE = ("docx", "xlsx", "pptx", "odt", "ods", "odp", "rtf", "doc", "xls", "ppt")
"""The kinds that LibreOffice prints to PDF; a station takes them all or none, as ``office``."""

_HEAD = 8192
_SHORT = {"tif": "tiff", "jpg": "jpeg"}
_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")
_CLAIMED = {"", *PAGED, *_SHORT, *OFFICE, "zip", "heic"}
_TYPES = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "rtf": "application/rtf",
    "heic": "image/heic",
}
"""What every Python and every machine shall say the same of."""


def sniff(path: Path) -> str:
    """A short name for the file's kind: of ``PAGED`` or ``OFFICE``, ``zip``, ``heic``, or what else it is.

    By content, never by name; only a file whose content says nothing is named by its extension
    (``csv``, ``txt``), for the message that refuses it. A file of no bytes is an ``empty file``.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        return "empty file"
    # Before PDF: what lies in a container may be stored as it is, and begin soon.
    if head.startswith((b"PK\3\4", b"PK\5\6")):
        return zip_kind(path)
    if head.startswith(OLE):
        return ole_kind(path)
    if b"%PDF-" in head[:1024]:  # readers accept a preamble of up to 1,024 bytes before the header
        return "pdf"
    if head[:4] in (b"II+\0", b"MM\0+"):  # BigTIFF
        return "tiff"
    if head.startswith(b"{\\rtf"):
        return "rtf"
    if head[4:8] == b"ftyp" and _is_heic(head):
        return "heic"
    kind = filetype.guess(head)
    if kind is not None:
        name = str(kind.extension)
        return _SHORT.get(name, name)
    suffix = path.suffix.lower().lstrip(".")
    if suffix in _CLAIMED or not suffix.isalnum():
        return "unknown"  # the name claims what the content is not
    guessed, _ = mimetypes.guess_type(path.name)
    return suffix if guessed or len(suffix) <= 5 else "unknown"


def _is_heic(head: bytes) -> bool:
    """Whether the brands in the file's first box are those of HEIC: ISO/IEC 23008-12, annex B."""
    brands = head[8 : min(int.from_bytes(head[:4], "big"), 256)]
    major, others = brands[:4], [brands[at : at + 4] for at in range(8, len(brands), 4)]
    return major in _HEIC or (major in (b"mif1", b"msf1") and any(one in _HEIC for one in others))


def is_taken(kind: str, takes: Collection[str]) -> bool:
    """Whether a station that takes these (``office`` for all of ``OFFICE``) takes a file of this kind."""
    return ("office" if kind in OFFICE else kind) in takes


def media_type(kind: str) -> str:
    """The media type of a kind that ``sniff`` named, as stored with the original."""
    guessed, _ = mimetypes.guess_type(f"file.{kind}")
    return _TYPES.get(kind) or guessed or "application/octet-stream"
