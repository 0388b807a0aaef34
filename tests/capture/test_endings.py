import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pillow_heif
import pytest
from PIL import Image

from capture.endings import ends_properly
from tests.data import shared


def picture(kind: str, pages: int = 1, **options: object) -> bytes:
    noise = np.random.default_rng(1).integers(0, 255, (80, 60), np.uint8)
    image = Image.fromarray(noise)
    file = io.BytesIO()
    if pages > 1:
        options |= {"save_all": True, "append_images": [image] * (pages - 1)}
    image.save(file, kind, **options)
    return file.getvalue()


def opencv_tiff() -> bytes:
    noise = np.random.default_rng(1).integers(0, 255, (80, 60), np.uint8)
    return bytes(cv2.imencode(".tif", noise)[1])


def linearized(pdf: bytes) -> bytes:
    """The first page stands in front, with an end marker of its own."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        opened.save(out, linearize=True)
    assert out.getvalue().count(b"%%EOF") == 2
    return out.getvalue()


def thumbnailed(jpeg: bytes) -> bytes:
    """With a whole small JPEG in its head, as cameras write it."""
    small = picture("JPEG")
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(small) + 2) + small + jpeg[2:]


MAKERS: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: picture("JPEG"),
    "png": lambda: picture("PNG"),
    "tiff": lambda: picture("TIFF"),
    "tiff pages": lambda: picture("TIFF", pages=3, compression="tiff_lzw"),
    "tiff big": lambda: picture("TIFF", pages=2, big_tiff=True),
    "tiff by opencv": opencv_tiff,
    "pdf": lambda: picture("PDF"),
    "pdf for the web": lambda: linearized(picture("PDF")),
    "jpeg with thumbnail": lambda: thumbnailed(picture("JPEG")),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_file_has_ended_when_all_of_it_is_there(kind: str, tmp_path: Path) -> None:
    data, path = MAKERS[kind](), tmp_path / "a"
    path.write_bytes(data)
    assert ends_properly(path)
    # The last bytes of some formats are padding; nothing shorter than that may pass.
    for length in sorted({0, 1, 4, 9, *range(10, len(data) - 16, 37)}):
        path.write_bytes(data[:length])
        assert not ends_properly(path) or length in (1, 4, 9), (kind, length)


def test_containers_end_with_their_directory(tmp_path: Path) -> None:
    path = tmp_path / "a"
    heif, packed = io.BytesIO(), io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (80, 60))).save(heif)
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.pdf", b"%PDF-1.7\n%%EOF\n" + bytes(3000))
        archive.comment = b"with a comment" * 9
    for data in (heif.getvalue(), packed.getvalue(), b"{\\rtf1 text}\r\n"):
        path.write_bytes(data)
        assert ends_properly(path)
        for length in range(8, len(data) - 160, 97):
            path.write_bytes(data[:length])
            assert not ends_properly(path), (data[:8], length)
    path.write_bytes(b"{\\rtf1 text")
    assert not ends_properly(path)


@pytest.mark.parametrize("before", [b"", struct.pack("<HHI", 0, 0x0A30, 16) + b"MotionPhoto_Data"])
def test_a_photo_may_have_a_film_behind_it(before: bytes, tmp_path: Path) -> None:
    """As phones of Google and of Samsung write it; the film may be of any length."""
    path, photo = tmp_path / "a", thumbnailed(picture("JPEG"))
    path.write_bytes(photo + before + b"\0\0\0\x18ftypmp42" + bytes(5000))
    assert ends_properly(path)
    path.write_bytes(photo[:-40] + bytes(5000))
    assert not ends_properly(path)


def test_other_types_count_as_complete(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(b"anything")
    assert ends_properly(path)
    path.write_bytes(b"")
    assert not ends_properly(path)


def test_circle_of_directories_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(b"II*\0" + (8).to_bytes(4, "little") + b"\0\0" + (8).to_bytes(4, "little"))
    assert ends_properly(path)


@pytest.mark.parametrize("folder", ["ocr", "invoices", "image_formats/libtiffpic"])
def test_real_files_have_ended(folder: str) -> None:
    kinds = {".pdf", ".tif", ".tiff", ".jpg", ".png"}
    files = [path for path in shared(folder).rglob("*") if path.suffix.lower() in kinds]
    assert files
    assert [path for path in files if not ends_properly(path)] == []
