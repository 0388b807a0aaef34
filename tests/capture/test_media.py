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
