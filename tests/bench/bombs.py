"""Files made to do harm: small on disk and huge inside, endless, or with names that break out of folders.

Each writer makes one file or some; what must become of each stands in ``EXPECTED``. Nothing here needs much
memory or time to be written.
"""

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pikepdf

from tests.small import small_page

_SIDE = 20_000  # pixels
_REPEATED = 100_000  # pages
_GIGABYTE = 1 << 30
_ZEROS = bytes(1 << 20)
_DEPTH = 40

NAMES = {
    "newline": b"two\nlines.tif",
    "quotes": b'it\'s "quoted" `id` $(id); rm -rf %s.tif',
    "emoji": "\U0001f4ec post \U0001f469\u200d\U0001f4bb.tif".encode(),
    "upwards": b"up..\\..\\..%2f..%2fetc%2fpasswd.tif",
    "option": b"--help.tif",
    "long": b"n" * 251 + b".tif",
    "not utf-8": b"caf\xe9 \xff\xfe.tif",
    "turned": "\u202efit.fdp\u202c.tif".encode(),
    "control": b"bell\x07escape\x1b[31m.tif",
    "blanks": b"  two  blanks .tif",
    "markup": b"<script>alert(1)</script>.tif".replace(b"/", b":"),
}
"""Of files that are filed like any other."""

LONGER = "m" * 400 + ".tif"
"""A name that no folder takes, for inside a ZIP."""


def letter(text: str) -> bytes:
    """A TIFF of one good page."""
    out = io.BytesIO()
    small_page(text.encode("ascii", "replace").decode()).save(
        out, "TIFF", compression="group4", dpi=(100, 100)
    )
    return out.getvalue()


def deflated(size: int) -> bytes:
    """So many bytes of zeros, deflated (RFC 1950, 1951); a thousandth of their size.

    What was flushed in full may stand there again: the megabyte is packed once.
    """
    packer = zlib.compressobj(9)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    unit = packer.compress(_ZEROS) + packer.flush(zlib.Z_FULL_FLUSH)
    whole, rest = divmod(size, len(_ZEROS))
    tail = packer.compress(_ZEROS[:rest]) + packer.flush()
    checksum = (size % 65521) << 16 | 1  # Adler-32 of zeros
    return head + unit * whole + tail[:-4] + struct.pack(">I", checksum)


def wide_png(path: Path, side: int = _SIDE) -> None:
    """So many pixels across and down, grey."""
    rows = deflated((side + 1) * side)
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", rows), (b"IEND", b""))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*one) for one in chunks))


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def text_png(path: Path) -> None:
    """A small picture with a comment of 2 GB."""
    picture = io.BytesIO()
    small_page("Bombs").save(picture, "PNG", dpi=(100, 100))
    plain = picture.getvalue()
    comment = _chunk(b"zTXt", b"Comment\0\0" + deflated(2 * _GIGABYTE))
    path.write_bytes(plain[:33] + comment + plain[33:])  # after IHDR


def filled_jpeg(path: Path) -> None:
    """Nothing but fill bytes, which may stand before a marker: slow for who takes them one at a time."""
    path.write_bytes(b"\xff\xd8" + b"\xff" * (50 << 20))


def wide_jpeg(path: Path) -> None:
    """A small picture whose header says 20,000 pixels across and down."""
    picture = io.BytesIO()
    small_page("Bombs").convert("L").save(picture, "JPEG")
    plain = bytearray(picture.getvalue())
    at = plain.index(b"\xff\xc0") + 5
    plain[at : at + 4] = struct.pack(">HH", _SIDE, _SIDE)
    path.write_bytes(plain)


def _tiff(path: Path, tags: dict[int, tuple[int, int]], strip: bytes = b"", size: int = 0) -> None:
    """A TIFF of one page: ``tags`` by number, each of a type with one value; made longer with a hole."""
    start = 8 + len(strip) + len(strip) % 2
    entries = b"".join(
        struct.pack("<HHII", tag, kind, 1, value) for tag, (kind, value) in sorted(tags.items())
    )
    directory = struct.pack("<H", len(tags)) + entries + bytes(4)
    with path.open("wb") as file:
        file.write(struct.pack("<2sHI", b"II", 42, start) + strip)
        file.seek(start)
        file.write(directory)
        file.truncate(max(size, start + len(directory)))


def _page(width: int, height: int, compression: int, count: int) -> dict[int, tuple[int, int]]:
    short, long = 3, 4
    return {
        256: (long, width), 257: (long, height), 258: (short, 8), 259: (short, compression), 262: (short, 1),
        273: (long, 8), 277: (short, 1), 278: (long, height), 279: (long, count),
    }  # fmt: skip


def wide_tiff(path: Path) -> None:
    """20,000 pixels across and down, Deflate."""
    strip = deflated(_SIDE * _SIDE)
    _tiff(path, _page(_SIDE, _SIDE, 8, len(strip)), strip)


def flate_tiff(path: Path) -> None:
    """A strip of 4 GB for a page of 800 by 600."""
    strip = deflated(4 * _GIGABYTE)
    _tiff(path, _page(800, 600, 8, len(strip)), strip)


def endless_tiff(path: Path) -> None:
    """A directory whose next directory is itself."""
    _tiff(path, _page(80, 60, 1, 4800), bytes(4800))
    with path.open("r+b") as file:
        file.seek(-4, os.SEEK_END)
        file.write(struct.pack("<I", 8 + 4800))


def sparse_tiff(path: Path, size: int) -> None:
    """A header and a directory for a page of 40,000 by 60,000 dots, and a hole in place of them."""
    _tiff(path, _page(40_000, 60_000, 1, 2_400_000_000), size=size)


def _pdf(path: Path, objects: dict[int, bytes]) -> None:
    """A PDF of these objects; number 1 is the catalog."""
    body, places = bytearray(b"%PDF-1.7\n"), {}
    for number, data in objects.items():
        places[number] = len(body)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, data)
    start = len(body)
    body += b"xref\n0 1\n0000000000 65535 f \n"
    for number, place in places.items():
        body += b"%d 1\n%010d 00000 n \n" % (number, place)
    body += b"trailer\n<< /Root 1 0 R /Size %d >>\nstartxref\n%d\n%%%%EOF\n" % (max(objects) + 1, start)
    path.write_bytes(body)


def _stream(data: bytes, more: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), more, data)


_CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
_ONE_PAGE = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
_PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << %s >> >>"


def repeated_pdf(path: Path) -> None:
    """100,000 pages, all of them the same."""
    kids = b"3 0 R " * _REPEATED
    pages = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, _REPEATED)
    _pdf(path, {1: _CATALOG, 2: pages, 3: _PAGE % b"", 4: _stream(b"0 0 9 9 re f")})


def doubling_pdf(path: Path) -> None:
    """A tree of pages in which each branch has the next one twice: 2 to the 40th pages."""
    objects = {1: _CATALOG}
    for depth in range(_DEPTH):
        child = 2 + depth + 1
        objects[2 + depth] = b"<< /Type /Pages /Kids [%d 0 R %d 0 R] /Count 2 >>" % (child, child)
    objects[2 + _DEPTH] = b"<< /Type /Page /MediaBox [0 0 595 842] >>"
    _pdf(path, objects)


def flate_pdf(path: Path) -> None:
    """A page whose content is 100 GB, deflated twice."""
    inner = deflated(100 * _GIGABYTE)
    content = _stream(zlib.compress(inner, 9), b"/Filter [/FlateDecode /FlateDecode]")
    _pdf(path, {1: _CATALOG, 2: _ONE_PAGE, 3: _PAGE % b"", 4: content})


def wide_pdf(path: Path) -> None:
    """A page with an image of 20,000 by 20,000 over all of it."""
    look = b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8"
    image = _stream(deflated(_SIDE * _SIDE), look % (_SIDE, _SIDE) + b" /Filter /FlateDecode")
    page = _PAGE % b"/XObject << /Im 5 0 R >>"
    drawn = _stream(b"q 595 0 0 842 0 0 cm /Im Do Q")
    _pdf(path, {1: _CATALOG, 2: _ONE_PAGE, 3: page, 4: drawn, 5: image})


def laughing_pdf(path: Path) -> None:
    """Forms that draw the next form ten times each, twelve deep."""
    forms: dict[int, bytes] = {}
    for depth in range(5, 17):
        look = b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X %d 0 R >> >>"
        forms[depth] = _stream(b"/X Do " * 10, look % (depth + 1))
    forms[17] = _stream(b"0 0 1 1 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9]")
    page = _PAGE % b"/XObject << /X 5 0 R >>"
    _pdf(path, {1: _CATALOG, 2: _ONE_PAGE, 3: page, 4: _stream(b"/X Do"), **forms})


def large_page_pdf(path: Path) -> None:
    """A page as large as a football field."""
    page = _PAGE.replace(b"[0 0 595 842]", b"[0 0 300000 200000]") % b""
    _pdf(path, {1: _CATALOG, 2: _ONE_PAGE, 3: page, 4: _stream(b"0 0 9 9 re f")})


def portfolio_pdf(path: Path) -> None:
    """A PDF in a PDF in a PDF ..., forty deep, each a page with words."""
    inside = b""
    for depth in range(_DEPTH):
        with pikepdf.new() as pdf:
            pdf.add_blank_page(page_size=(300, 200))
            page = pdf.pages[0]
            font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1)
            font.BaseFont = pikepdf.Name.Helvetica
            page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=font))
            page.Contents = pdf.make_stream(b"BT /F 18 Tf 30 100 Td (Portfolio of papers %d) Tj ET" % depth)
            if inside:
                pdf.attachments["inner.pdf"] = inside
                pdf.Root.Collection = pikepdf.Dictionary(View=pikepdf.Name.D)
            out = io.BytesIO()
            pdf.save(out)
            inside = out.getvalue()
    path.write_bytes(inside)


def zip_bomb(path: Path) -> None:
    """A thousand members of 256 MB, which are all the same place in the file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        _zeros(archive)
        archive.filelist *= 1000


def _zeros(archive: zipfile.ZipFile) -> None:
    with archive.open("zeros.tif", "w") as member:
        for _ in range(256):
            member.write(_ZEROS)


def zip_of_zips(path: Path) -> None:
    """A ZIP of ten ZIPs of ten ZIPs ..., eight deep: a hundred million letters."""
    name, inside = "letter.tif", letter("Zipped")
    for _ in range(8):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for number in range(10):
                archive.writestr(f"{number}-{name[-10:]}", inside)
        name, inside = "more.zip", packed.getvalue()
    path.write_bytes(inside)


def zip_of_names(path: Path) -> None:
    """Members whose names lead out of any folder, are too long, twice there, or no names at all."""
    names = ["../../out.tif", "/etc/out.tif", "C:\\out.tif", LONGER, "a/" * 200 + "deep.tif", "..", " "]
    names += [os.fsdecode(name).encode("utf-8", "replace").decode() for name in NAMES.values()]
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), letter(name[-12:]))
        link = zipfile.ZipInfo("link.tif")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")


def lying_zip(path: Path) -> None:
    """A member of 256 MB that says it has 100 bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        _zeros(archive)
    size = struct.pack("<I", 256 * len(_ZEROS))
    path.write_bytes(path.read_bytes().replace(size, struct.pack("<I", 100)))


REFUSED: dict[str, Callable[[Path], None]] = {
    "wide.png": wide_png,
    "wide.jpg": wide_jpeg,
    "wide.tif": wide_tiff,
    "wide.pdf": wide_pdf,
    "repeated.pdf": repeated_pdf,
    "doubling.pdf": doubling_pdf,
    "flate.pdf": flate_pdf,
    "large page.pdf": large_page_pdf,
    "filled.jpg": filled_jpeg,
}
"""Files that can only be refused."""

EITHER: dict[str, Callable[[Path], None]] = {
    "endless.tif": endless_tiff,
    "comment.png": text_png,
    "flate.tif": flate_tiff,
    "laughing.pdf": laughing_pdf,
    "portfolio.pdf": portfolio_pdf,
    "bomb.zip": zip_bomb,
    "nested.zip": zip_of_zips,
    "names.zip": zip_of_names,
    "lying.zip": lying_zip,
}
"""Files of which something may be read."""


def write(folder: Path, sparse: int = 10 * _GIGABYTE) -> dict[Path, str]:
    """Write them all; returns what must become of each: ``refused``, ``filed``, ``either``."""
    folder.mkdir(parents=True)
    fates = dict(_made(folder, REFUSED, "refused"))
    fates |= dict(_made(folder, EITHER, "either"))
    hole = folder / "sparse.tif"
    sparse_tiff(hole, sparse)
    fates[hole] = "refused"
    for what, name in NAMES.items():
        path = folder / os.fsdecode(name)
        path.write_bytes(letter(what))
        fates[path] = "filed"
    return fates


def _made(folder: Path, writers: dict[str, Callable[[Path], None]], fate: str) -> Iterator[tuple[Path, str]]:
    for name, write_one in writers.items():
        write_one(folder / name)
        yield folder / name, fate
