"""Writes scanned pages as the files scanners drop; same pages, same bytes."""

from io import BytesIO
from pathlib import Path
from typing import Literal

import img2pdf
from PIL import Image as Pillow

from samples.scanner import Image, Mode

Container = Literal["tiff", "pdf"]


def _pillow(image: Image, mode: Mode) -> Pillow.Image:
    picture = Pillow.fromarray(image)
    return picture.convert("1", dither=Pillow.Dither.NONE) if mode == "bilevel" else picture


def write_tiff(path: Path, images: list[Image], dpi: int, mode: Mode, compression: str) -> None:
    """A multi-page TIFF; ``compression`` is ``group4`` (bilevel only), ``tiff_lzw`` or ``jpeg``."""
    first, *rest = [_pillow(image, mode) for image in images]
    quality = {"quality": 70} if compression == "jpeg" else {}
    first.save(
        path, "TIFF", save_all=True, append_images=rest, compression=compression, dpi=(dpi, dpi), **quality
    )


def jpeg_bytes(image: Image, dpi: int, quality: int) -> bytes:
    """One page as JPEG."""
    out = BytesIO()
    Pillow.fromarray(image).save(out, "JPEG", quality=quality, dpi=(dpi, dpi))
    return out.getvalue()


def write_pdf(path: Path, images: list[Image], dpi: int, mode: Mode, quality: int = 78) -> None:
    """An image-only PDF: CCITT G4 for bilevel pages, else JPEG."""
    pages = []
    for image in images:
        if mode == "bilevel":
            out = BytesIO()
            _pillow(image, mode).save(out, "TIFF", compression="group4", dpi=(dpi, dpi))
            pages.append(out.getvalue())
        else:
            pages.append(jpeg_bytes(image, dpi, quality))
    data = img2pdf.convert(pages, nodate=True, producer="", engine=img2pdf.Engine.internal)
    path.write_bytes(data)


def break_file(path: Path, kind: str) -> None:
    """Spoils the file at ``path``, as a scanner that lost its network leaves it: no page can be had from it.

    Of a PDF the header and a piece of image data remain, without objects, page tree or end; of a TIFF the
    pixels without the directory.
    """
    data = path.read_bytes()
    if kind == "pdf":
        start, end = data.find(b"stream") + 6, data.find(b"endstream")
        path.write_bytes(data[:9] + data[start : start + (end - start) // 2])
    else:
        path.write_bytes(data[: min(len(data) // 2, int.from_bytes(data[4:8], "little"))])
