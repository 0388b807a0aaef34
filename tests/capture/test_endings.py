import io
import re
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


def with_attachment(attached: bytes) -> bytes:
    """A PDF of many pages with another stored in it as it is, somewhere before its end."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(picture("PDF", pages=12))) as pdf:
        pdf.attachments["inner.pdf"] = attached
        pdf.save(
            out,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
        )
    assert attached in out.getvalue()
    return out.getvalue()


def directory_ends(tiff: bytes) -> list[int]:
    """Where the number of the next directory stands in each of a little-endian TIFF."""
    ends, at = [], struct.unpack_from("<I", tiff, 4)[0]
    while at:
        ends.append(at + 2 + 12 * struct.unpack_from("<H", tiff, at)[0])
        at = struct.unpack_from("<I", tiff, ends[-1])[0]
    return ends


def zipped(*members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number, member in enumerate(members):
            archive.writestr(f"{number}.bin", member)
    return out.getvalue()


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
    "pdf with a pdf": lambda: with_attachment(picture("PDF")),
    "zip with a zip": lambda: zipped(bytes(3000), zipped(b"in it"), bytes(3000)),
    "rtf": lambda: b"{\\rtf1" + 400 * rb"{\b bold \} text}" + b"\\par }",
}


@pytest.mark.parametrize("kind", MAKERS)
def test_file_has_ended_when_all_of_it_is_there(kind: str, tmp_path: Path) -> None:
    data, path = MAKERS[kind](), tmp_path / "a"
    path.write_bytes(data)
    assert ends_properly(path)
    # The last bytes of some formats are padding; nothing shorter than that may pass.
    inner = [match.end() for match in re.finditer(rb"%%EOF\n?|PK\x05\x06.{18}", data, re.DOTALL)][:-1]
    for length in sorted({0, 1, 4, 9, *inner, *range(10, len(data) - 16, 37)}):
        path.write_bytes(data[:length])
        assert not ends_properly(path) or length in (1, 4, 9), (kind, length)


@pytest.mark.parametrize(
    "kind", ["pdf", "pdf with a pdf", "zip with a zip", "jpeg", "png", "tiff pages", "heic"]
)
def test_room_that_was_made_for_a_file_is_no_file(kind: str, tmp_path: Path) -> None:
    """As SMB clients and copiers do: its whole length first, then its bytes from the beginning."""
    path = tmp_path / "a"
    if kind == "heic":
        heif = io.BytesIO()
        pillow_heif.from_pillow(Image.new("RGB", (80, 60))).save(heif)
        data = heif.getvalue()
        lengths = range(12, data.index(b"mdat"), 5)
    else:
        data = MAKERS[kind]()
        lengths = range(10, len(data) * 3 // 4, 41)
    for length in lengths:
        path.write_bytes(data[:length] + bytes(len(data) - length))
        if kind == "tiff pages" and any(end - 4 < length < end + 4 for end in directory_ends(data)):
            continue  # a whole TIFF of fewer pages, but for what follows it
        assert not ends_properly(path), length


def test_what_may_stand_before_a_marker_of_a_jpeg_is_passed_over(tmp_path: Path) -> None:
    path, photo = tmp_path / "a", thumbnailed(picture("JPEG"))
    filled = photo[:2] + 300_001 * b"\xff" + photo[2:]
    path.write_bytes(filled)
    assert ends_properly(path)
    path.write_bytes(filled[:-100])
    assert not ends_properly(path)


def test_what_is_made_to_be_slow_counts_as_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read in a process with limits; the intake must not stand still for it."""
    monkeypatch.setattr("capture.endings._LONGEST", -1.0)
    path = tmp_path / "a"
    for kind in ("jpeg", "tiff"):
        path.write_bytes(MAKERS[kind]()[:-100])
        assert ends_properly(path)


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
    path.write_bytes(b"II*\0" + struct.pack("<IHHHIII", 8, 1, 256, 4, 1, 80, 8))
    assert ends_properly(path)


@pytest.mark.parametrize("folder", ["ocr", "invoices", "image_formats/libtiffpic"])
def test_real_files_have_ended(folder: str) -> None:
    kinds = {".pdf", ".tif", ".tiff", ".jpg", ".png"}
    files = [path for path in shared(folder).rglob("*") if path.suffix.lower() in kinds]
    assert files
    assert [path for path in files if not ends_properly(path)] == []
