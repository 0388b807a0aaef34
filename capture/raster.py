"""Pages of image files (TIFF, JPEG, PNG): decoded once for reading, archived as they came where PDF can."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import img2pdf
import numpy as np
import numpy.typing as npt
import pikepdf
from PIL import Image, ImageOps, TiffImagePlugin

from capture.loaded import Loaded, Pixels, check_pixels, credible_dpi, page_points
from capture.settings import CaptureSettings
from domain.errors import Refused

_MIRROR_TURN = {
    1: (False, 0), 2: (True, 0), 3: (False, 180), 4: (True, 180),
    5: (True, 270), 6: (False, 90), 7: (True, 90), 8: (False, 270),
}  # fmt: skip
"""EXIF/TIFF orientation: mirrored first, then turned clockwise."""

_WIDTH, _COMPRESSION, _PHOTOMETRIC, _FILL, _STRIPS, _STRIP_BYTES = 256, 259, 262, 266, 273, 279
_JPEG_TABLES, _ORIENTATION = 347, 274
_G4, _JPEG = 4, 7
_BLACK_IS_ZERO, _RGB, _YCBCR = 1, 2, 6


@dataclass(frozen=True, slots=True)
class _Payload:
    """An image as it stands in the PDF."""

    data: bytes
    filter: str
    color: str
    bits: int
    size: tuple[int, int]
    parms: dict[str, Any] | None = None


class _Held:
    """The file last read in this process, kept open: finding page n of a TIFF means walking to it."""

    def __init__(self) -> None:
        self.key: tuple[Path, int, int] | None = None
        self.image: Image.Image | None = None
        self.file: BinaryIO | None = None

    def open(self, path: Path) -> Image.Image:
        stat = path.stat()
        key = (path, stat.st_size, stat.st_mtime_ns)
        if self.image is None or key != self.key:
            self.close()
            # by its file, not its name: Pillow maps a named one into memory and garbles turned pages
            self.file = path.open("rb")
            self.image, self.key = Image.open(self.file, formats=["TIFF"]), key
        return self.image

    def close(self) -> None:
        if self.image is not None:
            self.image.close()
        if self.file is not None:
            self.file.close()
        self.image = self.file = self.key = None


held = _Held()


def load_image(path: Path, number: int, media: str, settings: CaptureSettings) -> Loaded:
    """Page ``number`` of an image file.

    Raises:
        Refused: it has more pixels than allowed, or there is no such page.
        Exception: whatever Pillow raises on damaged data (``capture.pages.refusing`` turns it into Refused).
    """
    if media == "tiff":
        try:
            image = held.open(path)
            _seek(image, number)
            return _loaded(image, number, settings, None)
        except BaseException:
            held.close()  # a half-read file is not kept
            raise
    with Image.open(path, formats=["JPEG", "PNG"]) as image:
        raw = path.read_bytes() if media == "jpeg" else None
        return _loaded(image, number, settings, raw)


def _seek(image: Image.Image, number: int) -> None:
    try:
        image.seek(number - 1)
    except EOFError as error:
        raise Refused("the page is missing from the file", "scan or send it again", number) from error


def _loaded(image: Image.Image, number: int, settings: CaptureSettings, raw: bytes | None) -> Loaded:
    check_pixels(*image.size, settings.page_pixels, number)
    tags = image.tag_v2 if isinstance(image, TiffImagePlugin.TiffImageFile) else None
    code = int(tags.get(_ORIENTATION, 1) if tags is not None else image.getexif().get(_ORIENTATION, 1))
    mirrored, turn = _MIRROR_TURN.get(code, (False, 0))
    stored = _stored_size(image, tags)
    dpi = credible_dpi(_tag(image.info.get("dpi")), *stored)
    image.load()
    # Pillow turns TIFF pages upright itself while loading, other files not
    upright = image if tags is not None else ImageOps.exif_transpose(image)
    plain = _plain(upright)
    view = _pixels(plain)
    payload = _as_it_came(image, tags, raw, plain, stored)
    if payload is None:
        stored, mirrored, turn, shown = plain.size, False, 0, turn
        if shown in (90, 270):
            dpi = dpi[::-1]
    points = page_points(*stored, dpi)
    view_dpi = dpi[::-1] if turn in (90, 270) else dpi
    size = points[::-1] if turn in (90, 270) else points

    def make(rotate: int) -> bytes:
        # Not before it is asked for: most blank pages never are.
        return _page(payload or _encoded(plain, settings.jpeg_quality), points, mirrored, rotate)

    return Loaded(view, view_dpi, size, round(max(dpi), 2), turn, make)


def _stored_size(image: Image.Image, tags: Any) -> tuple[int, int]:
    # of a TIFF page on its side, Pillow already shows the upright size
    turned = tags is not None and int(tags.get(_ORIENTATION, 1)) in (5, 6, 7, 8)
    if turned and int(tags.get(_WIDTH, image.width)) != image.width:
        return image.height, image.width
    return image.size


def _tag(dpi: Any) -> tuple[float, float] | None:
    try:
        across, down = (float(value) for value in dpi)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if np.isfinite(across) and np.isfinite(down) else None


def _plain(image: Image.Image) -> Image.Image:
    """The image as bilevel, 8-bit grey or RGB, on white paper."""
    if image.mode in ("1", "L", "RGB"):
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_eight_bits(np.asarray(image)))
    if image.mode == "La":
        return _plain(image.convert("LA"))
    if image.mode in ("RGBA", "LA", "PA", "RGBa") or "transparency" in image.info:
        clear = image.convert("RGBA")
        paper = Image.new("RGBA", clear.size, "white")
        return Image.alpha_composite(paper, clear).convert("RGB" if image.mode != "LA" else "L")
    if image.mode == "P" and image.palette is not None and _is_grey(image):
        return image.convert("L")
    return image.convert("RGB")


def _pixels(plain: Image.Image) -> Pixels:
    if plain.mode != "1":
        return np.asarray(plain, np.uint8)
    # Pillow holds bilevel pixels as bytes 0 and 255 already; by way of booleans it takes seven times as long
    return np.frombuffer(plain.tobytes("raw", "L"), np.uint8).reshape(plain.height, plain.width)


def _is_grey(image: Image.Image) -> bool:
    palette = image.getpalette() or []
    return palette[0::3] == palette[1::3] == palette[2::3]


def _eight_bits(values: npt.NDArray[Any]) -> Pixels:
    """Deeper grey values as 8 bits: whole numbers by their bit depth, others by their range."""
    if values.dtype.kind in "iu":
        whole = values.astype(np.int64) - min(0, int(values.min()))
        depth = max(8, int(whole.max()).bit_length())
        return np.asarray(whole >> (depth - 8), np.uint8)
    finite = np.nan_to_num(values.astype(np.float64))
    low, high = float(finite.min()), float(finite.max())
    return np.asarray((finite - low) * (255 / (high - low) if high > low else 0), np.uint8)


def _as_it_came(
    image: Image.Image, tags: Any, raw: bytes | None, plain: Image.Image, size: tuple[int, int]
) -> _Payload | None:
    """The file's own compressed data where a PDF may hold it unchanged."""
    if raw is not None and image.mode in ("L", "RGB"):
        return _Payload(raw, "/DCTDecode", _color(image.mode), 8, size)
    if tags is None or len(tags.get(_STRIPS, ())) != 1 or len(tags.get(_STRIP_BYTES, ())) != 1:
        return None
    if tags.get(_COMPRESSION) == _G4 and image.mode == "1":
        data = _strip(tags)
        if tags.get(_FILL, 1) == 2:
            data = data.translate(_REVERSED)
        parms = {"/K": -1, "/Columns": size[0], "/Rows": size[1]}
        if tags.get(_PHOTOMETRIC) == _BLACK_IS_ZERO:
            parms["/BlackIs1"] = True
        return _Payload(data, "/CCITTFaxDecode", "/DeviceGray", 1, size, parms)
    if tags.get(_COMPRESSION) == _JPEG and image.mode in ("L", "RGB"):
        strip, tables = _strip(tags), tags.get(_JPEG_TABLES, b"")
        if (
            strip[:2] != b"\xff\xd8"
            or tags.get(_PHOTOMETRIC) not in (0, 1, _RGB, _YCBCR)
            or plain.mode != image.mode
        ):
            return None
        data = strip[:2] + tables[2:-2] + strip[2:]
        stays = {"/ColorTransform": 0} if tags.get(_PHOTOMETRIC) == _RGB else None
        return _Payload(data, "/DCTDecode", _color(image.mode), 8, size, stays)
    return None


_REVERSED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


def _strip(tags: Any) -> bytes:
    file = held.file
    assert file is not None
    file.seek(tags[_STRIPS][0])
    return file.read(tags[_STRIP_BYTES][0])


def _color(mode: str) -> str:
    return "/DeviceRGB" if mode == "RGB" else "/DeviceGray"


def _encoded(plain: Image.Image, quality: int) -> _Payload:
    if plain.mode == "L" and not any(plain.histogram()[1:255]):
        plain = plain.convert("1", dither=Image.Dither.NONE)
    if plain.mode == "1":
        parms = {"/K": -1, "/Columns": plain.width, "/Rows": plain.height, "/BlackIs1": True}
        data = img2pdf.transcode_monochrome(plain)
        return _Payload(data, "/CCITTFaxDecode", "/DeviceGray", 1, plain.size, parms)
    out = io.BytesIO()
    plain.save(out, "JPEG", quality=quality)
    return _Payload(out.getvalue(), "/DCTDecode", _color(plain.mode), 8, plain.size)


def _page(payload: _Payload, points: tuple[float, float], mirrored: bool, rotate: int) -> bytes:
    pdf = pikepdf.new()
    width, height = points
    page = pdf.add_blank_page(page_size=(width, height))
    image = pdf.make_stream(payload.data)
    image.Type, image.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
    image.Width, image.Height = payload.size
    image.ColorSpace, image.BitsPerComponent = pikepdf.Name(payload.color), payload.bits
    image.Filter = pikepdf.Name(payload.filter)
    if payload.parms:
        image.DecodeParms = pikepdf.Dictionary(payload.parms)
    page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im=image))
    across = f"-{width} 0 0 {height} {width} 0" if mirrored else f"{width} 0 0 {height} 0 0"
    page.Contents = pdf.make_stream(f"q {across} cm /Im Do Q".encode())
    if rotate:
        page.Rotate = rotate
    out = io.BytesIO()
    pdf.save(out, deterministic_id=True, fix_metadata_version=False)
    return out.getvalue()
