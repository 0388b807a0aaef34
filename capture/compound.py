"""What a file made of parts is, by their names: ZIP (office files of today) and OLE (of before)."""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP_END = b"PK\5\6"
ZIP_TAIL = 22 + 65535  # bytes of the end record with the longest comment: APPNOTE 4.3.16

_DIRECTORY = 4 << 20  # bytes of a ZIP's directory that are looked at; an office file's is far smaller
_FREE, _UNUSED = 0xFFFFFFFA, 0xFFFFFFFF  # from the first on: no number of a sector
_TABLES = 1000  # that list an OLE file's tables beyond the first 109: for some GB
_SECTORS = 64  # of an OLE directory; four parts in each
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument."
_ODF = {b"text": "odt", b"spreadsheet": "ods", b"presentation": "odp"}
_OOXML = {b"word/document.xml": "docx", b"xl/workbook.xml": "xlsx", b"ppt/presentation.xml": "pptx"}
_OLE = {
    "WordDocument": "doc", "Workbook": "xls", "Book": "xls", "PowerPoint Document": "ppt",
    "EncryptedPackage": "locked office file", "__properties_version1.0": "msg",
}  # fmt: skip


def zip_kind(path: Path) -> str:
    """``docx``, ``odt`` … for an office file, ``epub``, ``ooxml`` for their like, else ``zip``.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(128)
        # The first part of an OpenDocument file is its media type, stored as it is: ODF 1.2 part 3, 3.3.
        if head[30:38] == b"mimetype":
            name = head[38:].split(b"PK", 1)[0]
            if name.startswith(_OPEN_DOCUMENT):
                plain = name[len(_OPEN_DOCUMENT) :].removesuffix(b"-template")
                return _ODF.get(plain, "opendocument")
            return "epub" if name.startswith(b"application/epub") else "zip"
        names = set(_zip_names(file))
    if b"[Content_Types].xml" not in names:
        return "zip"
    return next((kind for part, kind in _OOXML.items() if part in names), "ooxml")


def zip_ends(file: BinaryIO, size: int) -> bool:
    """Whether the last bytes are the record that ends the ZIP's own directory: APPNOTE 4.3.14 to 4.3.16.

    A ZIP stored in another has one too, which counts from that one's start.
    """
    file.seek(max(size - ZIP_TAIL, 0))
    tail = file.read(ZIP_TAIL)
    first, at = size - len(tail), tail.rfind(ZIP_END)
    while at >= 0:
        if len(tail) >= at + 22:
            length, start, comment = struct.unpack_from("<IIH", tail, at + 12)
            if at + 22 + comment == len(tail):
                return start + length == first + at or _zip64_ends(file, tail[max(at - 20, 0) : at])
        at = tail.rfind(ZIP_END, 0, at)
    return False


def _zip64_ends(file: BinaryIO, locator: bytes) -> bool:
    """Whether the wide end record stands where its locator says."""
    if len(locator) < 20 or not locator.startswith(b"PK\6\7"):
        return False
    file.seek(struct.unpack_from("<Q", locator, 8)[0])
    return file.read(4) == b"PK\6\6"


def _zip_names(file: BinaryIO) -> Iterator[bytes]:
    """Names in the directory of a ZIP; none where it contradicts itself. APPNOTE 4.3.12 and 4.3.16."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - ZIP_TAIL))
    tail = file.read(ZIP_TAIL)
    at = tail.rfind(ZIP_END)
    if at < 0 or len(tail) < at + 22:
        return
    length, start = struct.unpack_from("<II", tail, at + 12)
    if start >= size:
        return
    file.seek(start)
    directory = file.read(min(length, _DIRECTORY))
    at = 0
    while directory[at : at + 4] == b"PK\1\2" and len(directory) >= at + 46:
        name, extra, comment = struct.unpack_from("<HHH", directory, at + 28)
        yield directory[at + 46 : at + 46 + name]
        at += 46 + name + extra + comment


def ole_kind(path: Path) -> str:
    """``doc``, ``xls``, ``ppt``, ``msg``, ``locked office file`` (docx … with a password), else ``ole``.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        try:
            names = list(_ole_names(file))
        except struct.error:  # it ends too early
            return "ole"
    return next((kind for part, kind in _OLE.items() if part in names), "ole")


def ole_ends(file: BinaryIO, size: int) -> bool:
    """Whether all sectors that an OLE file's table says are in use begin within it: MS-CFB 2.2, 2.3 and 2.5.

    Raises:
        struct.error: it has no whole header.
    """
    file.seek(0)
    header = file.read(512)
    (shift,) = struct.unpack_from("<H", header, 30)
    sector = 1 << min(shift, 12)
    (more,) = struct.unpack_from("<I", header, 68)
    tables = list(struct.unpack_from("<109I", header, 76))
    for _ in range(_TABLES):
        if more >= _FREE:
            break
        file.seek((more + 1) * sector)
        *listed, more = struct.unpack(f"<{sector // 4}I", file.read(sector))
        tables += listed
    used = [table for table in tables if table < _FREE]
    for place, table in reversed([*enumerate(used)]):
        file.seek((table + 1) * sector)
        entries = struct.unpack(f"<{sector // 4}I", file.read(sector))
        last = max((at for at, entry in enumerate(entries) if entry != _UNUSED), default=None)
        if last is not None:
            return bool((place * (sector // 4) + last + 1) * sector < size)
    return False


def _ole_names(file: BinaryIO) -> Iterator[str]:
    """Names of the parts of an OLE file, along the chain of its directory's sectors: MS-CFB 2.2 to 2.6."""
    header = file.read(512)
    (shift,) = struct.unpack_from("<H", header, 30)
    (sector,) = struct.unpack_from("<I", header, 48)
    size = 1 << min(shift, 12)
    for _ in range(_SECTORS):
        file.seek((sector + 1) * size)
        content = file.read(size)
        for at in range(0, len(content) - 127, 128):
            (length,) = struct.unpack_from("<H", content, at + 64)
            yield content[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
        # The header lists the first 109 sectors of the table that tells what follows on what.
        place, offset = divmod(sector * 4, size)
        if place >= 109:
            return
        (table,) = struct.unpack_from("<I", header, 76 + 4 * place)
        file.seek((table + 1) * size + offset)
        (sector,) = struct.unpack("<I", file.read(4))
        if sector >= _FREE:
            return
