import zipfile
from pathlib import Path

import pytest

from capture.media import sniff


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("a.txt", b"%PDF-1.7\n", "pdf"),
        ("a.pdf", b"junk before\n%PDF-1.4\n", "pdf"),
        ("a", b"II*\0" + bytes(20), "tiff"),
        ("a", b"MM\0*" + bytes(20), "tiff"),
        ("a", b"II+\0\x08\0\0\0", "tiff"),
        ("a.pdf", b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(20), "jpeg"),
        ("a", b"\x89PNG\r\n\x1a\n" + bytes(30), "png"),
        ("a.xyz", b"PK\x03\x04" + bytes(60), "zip"),
        ("a.docx", b"PK\x03\x04" + bytes(60), "zip"),
        ("a", b"PK\x05\x06" + bytes(18), "zip"),
        ("a.pdf", b"PK\x03\x04" + bytes(60) + b"%PDF-1.7\n", "zip"),
        ("a.doc", b"{\\rtf1\\ansi }", "rtf"),
        ("a.docx", b"hello", "unknown"),
        ("a.jpg", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40), "heic"),
        ("a", b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + bytes(40), "heic"),
        ("a", b"\0\0\0\x18ftypavif\0\0\0\0mif1avif" + bytes(40), "avif"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(20), "ole"),
        ("list.csv", b"a,b\n1,2\n", "csv"),
        ("note.txt", b"hello", "txt"),
        ("scan.pdf", b"hello", "unknown"),
        ("noname", b"hello", "unknown"),
        ("scan.tif", b"", "empty file"),
    ],
)
def test_kind_is_told_by_content(tmp_path: Path, name: str, head: bytes, kind: str) -> None:
    path = tmp_path / name
    path.write_bytes(head)
    assert sniff(path) == kind


def ole(*names: str, shift: int = 9) -> bytes:
    """An OLE file that is no more than its directory, which lies in sectors 2, 3 … after its table."""
    size = 1 << shift
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    header[30:32] = shift.to_bytes(2, "little")
    header[48:52] = (2).to_bytes(4, "little")
    header[76:80] = (0).to_bytes(4, "little")
    parts = b"".join(_part(name) for name in names)
    sectors = -(-len(parts) // size)
    table = [0xFFFFFFFD, 0xFFFFFFFF, *range(3, 2 + sectors), 0xFFFFFFFE]
    words = b"".join(one.to_bytes(4, "little") for one in table)
    body = words.ljust(size, b"\xff") + bytes(size) + parts.ljust(sectors * size, b"\0")
    return bytes(header).ljust(size, b"\0") + body


def _part(name: str) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    return text.ljust(64, b"\0") + len(text).to_bytes(2, "little") + bytes(62)


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (("Root Entry", "Data", "1Table", "Other", "WordDocument"), "doc"),
        (("Root Entry", "Workbook"), "xls"),
        (("Root Entry", *("x" * 31,) * 20, "PowerPoint Document"), "ppt"),
        (("Root Entry", "__properties_version1.0"), "msg"),
        (("Root Entry", "EncryptedPackage"), "locked office file"),
        (("Root Entry", "Something"), "ole"),
    ],
)
def test_an_ole_file_is_told_by_its_parts(tmp_path: Path, names: tuple[str, ...], kind: str) -> None:
    for shift in (9, 12):
        data = ole(*names, shift=shift)
        (tmp_path / "a").write_bytes(data)
        assert sniff(tmp_path / "a") == kind
        for length in range(8, len(data), 101):
            (tmp_path / "a").write_bytes(data[:length])
            assert sniff(tmp_path / "a") in (kind, "ole")


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (("[Content_Types].xml", "word/document.xml"), "docx"),
        (("xl/workbook.xml", "_rels/.rels", "[Content_Types].xml"), "xlsx"),
        (("[Content_Types].xml", "ppt/presentation.xml"), "pptx"),
        (("[Content_Types].xml", "visio/document.xml"), "ooxml"),
        (("word/document.xml",), "zip"),
        (("folder/[Content_Types].xml", "folder/word/document.xml"), "zip"),
    ],
)
def test_a_zip_is_told_by_its_parts(tmp_path: Path, names: tuple[str, ...], kind: str) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    assert sniff(path) == kind
    path.write_bytes(path.read_bytes()[:-30])
    assert sniff(path) == "zip"


@pytest.mark.parametrize(
    ("mime", "kind"),
    [
        ("application/vnd.oasis.opendocument.text", "odt"),
        ("application/vnd.oasis.opendocument.spreadsheet-template", "ods"),
        ("application/vnd.oasis.opendocument.chart", "opendocument"),
        ("application/epub+zip", "epub"),
    ],
)
def test_an_open_document_is_told_by_its_first_part(tmp_path: Path, mime: str, kind: str) -> None:
    with zipfile.ZipFile(tmp_path / "a", "w") as archive:
        archive.writestr("mimetype", mime)
    assert sniff(tmp_path / "a") == kind
