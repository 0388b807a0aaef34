"""Whether a file ends as its format says, so that a half-written one is not taken."""

import os
import re
import struct
import time
from pathlib import Path
from typing import BinaryIO

from capture.compound import OLE, ole_ends, zip_ends

_TAIL = 8192
_MOST_PAGES = 100_000  # directories of one TIFF that are walked
_MOST_STRIPS = 65_536  # of one page that are looked at
_SIZES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
_MOST_BOXES = 10_000  # of the outermost level of a HEIC
_MOST_TAGS = 512  # of one directory; there are some 200 tags in all
_LONGEST = 1.0  # seconds
_LINEARIZED = re.compile(rb"/Linearized\b[^>]*?/L\s+(\d{1,12})\b")  # ISO 32000-1, annex F
_STARTXREF = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF")
_XREF = re.compile(rb"\s{0,4}(?:xref\b|\d{1,10} \d{1,5} obj\b)")
_NEAR = 1 << 20  # bytes that a PDF's own cross-references are looked for in
_SCAN = 0xDA  # start of scan
_FILL = 1 << 16  # bytes read at a time of what may stand before a JPEG's marker
# Google's motion photos have the film right behind the picture's end marker, Samsung's behind a short record.
_FILM = re.compile(rb"\xff\xd9.{4,64}?ftyp", re.DOTALL)
_BEFORE_FILM = 80
_OFFSETS, _COUNTS = (273, 324), (279, 325)  # of strips and of tiles
_COMPRESSION, _UNCOMPRESSED = 259, 1
_ZEROS = 64  # bytes that end a strip; no compression yields so many zeros there
_ESCAPED = re.compile(rb"\\[\\{}]")
_LONGEST_RTF = 64 << 20  # bytes; of a longer one only the last bracket is looked at


class _Slow(Exception):
    """Made to be slow: what it is worth is found out in a process with limits."""


def ends_properly(path: Path) -> bool:
    """Whether the file is all there, judged by its first and last bytes; by content, not by name.

    PDF: a trailer near the end, not that of a file attached to it, and the length that a file for the web
    says it has. TIFF: every directory of the chain, and the image data that it points to, lie within the
    file and are no gap to be filled. JPEG, PNG: the end marker near the end, or before a film; that of a
    JPEG's own thumbnail does not count. ZIP, and office files that are ZIPs: the record that ends this
    directory, not that of a ZIP in it. Older office files: all sectors that are in use. HEIC: every box of
    the outermost level lies within the file. RTF: all brackets closed. Empty files have not ended. Files
    of other types, TIFFs that contradict themselves and what takes more than a second to tell count as
    complete: waiting would not mend them.

    Raises:
        OSError: when the file cannot be read.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(1024)
        if not head:
            return False
        file.seek(max(size - _TAIL, 0))
        tail = file.read(_TAIL)
        try:
            return _ends(file, size, head, tail)
        except struct.error:  # it shrank while it was looked at
            return False
        except _Slow:
            return True


def _ends(file: BinaryIO, size: int, head: bytes, tail: bytes) -> bool:
    if head.startswith(b"PK\3\4"):  # before PDF: a file in it may be stored as it is
        return zip_ends(file, size)
    if b"%PDF-" in head:
        length = _LINEARIZED.search(head)
        return not (length and int(length[1]) > size) and _pdf_ends(file, size, head.find(b"%PDF-"), tail)
    if head.startswith(b"\xff\xd8\xff"):
        data = _jpeg_data(file, size)
        return b"\xff\xd9" in tail[-1024:][-max(size - data, 1) :] or _film_follows(file, data)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return b"IEND\xaeB`\x82" in tail[-1024:]
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return _tiff_ends(file, size, head)
    if head.startswith(OLE):
        return ole_ends(file, size)
    if head.startswith(b"{\\rtf"):
        return tail.rstrip(b"\0\r\n\t ").endswith(b"}") and _rtf_closed(file, size)
    if head[4:8] == b"ftyp":
        return _boxes_end(file, size)
    return True


def _in_time(began: float) -> None:
    if time.monotonic() - began > _LONGEST:
        raise _Slow


def _pdf_ends(file: BinaryIO, size: int, start: int, tail: bytes) -> bool:
    """Whether the last trailer is this file's own: one attached as it is has its own, counted from its start.

    Where that cannot be told, as in files with a wrong count, it is.
    """
    if b"%%EOF" not in tail:
        return False
    said = [*_STARTXREF.finditer(tail)]
    if not said:
        return True
    at = int(said[-1][1])
    if at == 0 or any(_xref_at(file, first + at) for first in {0, start}):
        return True
    trailer = max(size - _TAIL, 0) + said[-1].start()
    begin, end = max(trailer - at - _NEAR, start + 1), trailer - at
    file.seek(begin)
    before = file.read(max(end - begin, 0))
    inner = (begin + match.start() for match in re.finditer(rb"%PDF-", before))
    return not any(_xref_at(file, first + at) for first in inner)


def _xref_at(file: BinaryIO, at: int) -> bool:
    file.seek(at)
    return _XREF.match(file.read(32)) is not None


def _rtf_closed(file: BinaryIO, size: int) -> bool:
    """Whether as many groups are closed as were opened; not told where raw bytes may lie between them."""
    if size > _LONGEST_RTF:
        return True
    file.seek(0)
    text = _ESCAPED.sub(b"", file.read())
    return b"\\bin" in text or text.count(b"{") <= text.count(b"}")


def _jpeg_data(file: BinaryIO, size: int) -> int:
    """Where the picture's data begin, or would: an end marker before is a thumbnail's (ITU T.81, B.1)."""
    at, began = 2, time.monotonic()
    while at + 4 <= size:
        _in_time(began)
        file.seek(at)
        start = file.read(4)
        if start[:2] == b"\xff\xff":  # any number of these may stand before a marker
            file.seek(at)
            fill = file.read(_FILL)
            at += max(len(fill) - len(fill.lstrip(b"\xff")) - 1, 1)
            continue
        sign, kind, length = struct.unpack(">BBH", start)
        if sign != 0xFF or kind == _SCAN:
            return at
        at += 2 + length
    return size


def _film_follows(file: BinaryIO, data: int) -> bool:
    """Whether the picture ends and a film follows it, as in the photos of many phones."""
    file.seek(data)
    rest, began = b"", time.monotonic()
    while part := file.read(1 << 20):
        _in_time(began)
        rest = rest[-_BEFORE_FILM:] + part
        if _FILM.search(rest):
            return True
    return False


def _boxes_end(file: BinaryIO, size: int) -> bool:
    """ISO/IEC 14496-12, 4.2: length and name of a box; 1 for a wider length behind them, 0 for the rest."""
    at = 0
    for _ in range(_MOST_BOXES):
        if at >= size:
            break
        file.seek(at)
        start = file.read(16)
        length = int.from_bytes(start[:4], "big")
        if length == 1:
            length = int.from_bytes(start[8:], "big")
        if length == 0 and start[4:8].strip(b"\0"):
            return True
        if length < 8:
            return False
        at += length
    return at <= size


def _tiff_ends(file: BinaryIO, size: int, head: bytes) -> bool:
    """TIFF 6.0 section 2; BigTIFF has the same with wider numbers."""
    order = "<" if head.startswith(b"II") else ">"
    big = head[2:4] in (b"+\0", b"\0+")
    number, count, entry = (
        (order + "Q", order + "Q", order + "HHQ8s") if big else (order + "I", order + "H", order + "HHI4s")
    )
    first = 8 if big else 4
    if size < first + struct.calcsize(number):
        return False
    (at,) = struct.unpack_from(number, head, first)
    if at == 0:
        return False  # libtiff fills the first offset in last
    seen: set[int] = set()
    began = time.monotonic()
    while at and at not in seen and len(seen) < _MOST_PAGES:
        _in_time(began)
        seen.add(at)
        file.seek(min(at, size))
        raw = file.read(struct.calcsize(count))
        if len(raw) < struct.calcsize(count):
            return False
        (entries,) = struct.unpack(count, raw)
        if entries == 0:
            return False  # none has none: room that was made for it, to be filled
        length = entries * struct.calcsize(entry)
        if at + len(raw) + length + struct.calcsize(number) > size:
            return False
        directory = file.read(length)
        (at,) = struct.unpack(number, file.read(struct.calcsize(number)))
        if not _data_inside(file, size, order, [*struct.iter_unpack(entry, directory)]):
            return False
    return True


def _data_inside(file: BinaryIO, size: int, order: str, entries: list[tuple[int, int, int, bytes]]) -> bool:
    """Whether the strips or tiles of one page lie within the file."""
    values: dict[int, tuple[int, ...]] = {}
    met: set[int] = set()
    for tag, kind, count, inline in entries[:_MOST_TAGS]:
        if tag == kind == 0:
            return False  # there is no such entry: room for one
        if tag in met:
            continue
        met.add(tag)
        length = _SIZES.get(kind, 1) * count
        raw = inline
        if length > len(inline):
            (at,) = struct.unpack(order + ("Q" if len(inline) == 8 else "I"), inline)
            if at + length > size:
                return False
            if tag in (*_OFFSETS, *_COUNTS) and count <= _MOST_STRIPS:
                file.seek(at)
                raw = file.read(length)
        letter = {3: "H", 4: "I", 16: "Q"}.get(kind)
        if tag in (*_OFFSETS, *_COUNTS, _COMPRESSION) and letter and count <= _MOST_STRIPS:
            values[tag] = struct.unpack_from(f"{order}{count}{letter}", raw)
    strips = [
        strip
        for tag, counts in zip(_OFFSETS, _COUNTS, strict=True)
        for strip in zip(values.get(tag, ()), values.get(counts, ()), strict=False)
    ]
    if any(offset + length > size for offset, length in strips):
        return False
    if not strips or values.get(_COMPRESSION, (_UNCOMPRESSED,))[:1] in ((), (_UNCOMPRESSED,)):
        return True
    offset, length = max(strips)
    file.seek(offset + max(length - _ZEROS, 0))
    return length < _ZEROS or any(file.read(_ZEROS))
