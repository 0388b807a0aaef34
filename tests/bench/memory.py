"""Whether memory and disk grow with the batch: ``postroom bench memory``.

Bilevel A4 at 300 dpi, a few pages of text among blank ones with specks, as one TIFF and as one PDF through
the whole intake, each beside a batch of a tenth of the pages with as many of text. The peak is that of the
intake and all its processes together; the first pages are text in both, so that both have the reading
processes at full work.
"""

import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import img2pdf
import numpy as np
import pikepdf
from PIL import Image

from infra.database import prepare
from tests.bench.running import PeakDisk, postroom
from tests.small import train_small

_SIZE = (3508, 2480)
_DPI = 300
_LINES = 20
_TEXT_FIRST = 4
_BACKS = 25  # different blank pages
_FLAT = 1.15  # times the peak of the small batch; what is more has grown with the pages
_SPOOL = 2.0  # times the large batch
_ONE_STRIP = {278: _SIZE[0]}  # rows of a strip: as scanners write it
_TEXT = "the committee has read your letter and will answer the parcel claim within thirty days"
_WORDS = _TEXT.split()


def text_page(number: int) -> Image.Image:
    """A full page of text, none like another."""
    canvas = np.full(_SIZE, 255, np.uint8)
    for line in range(_LINES):
        words = [_WORDS[(number * 7 + line * 3 + place * (line + 1)) % len(_WORDS)] for place in range(9)]
        where = (220, 300 + line * 72)
        cv2.putText(canvas, f"{' '.join(words)} {number}", where, cv2.FONT_HERSHEY_COMPLEX, 1.27, 0, 3)
    return Image.fromarray(canvas).convert("1")


@cache
def blank_page(number: int) -> Image.Image:
    """The back of a sheet: paper with some dust."""
    canvas = np.full(_SIZE, 255, np.uint8)
    dust = np.random.default_rng(number)
    for y, x in zip(dust.integers(0, _SIZE[0], 40), dust.integers(0, _SIZE[1], 40), strict=True):
        canvas[y : y + 3, x : x + 3] = 0
    return Image.fromarray(canvas).convert("1")


def with_text(pages: int, text: int) -> frozenset[int]:
    """Which of the pages, from 0, bear text: the first ones, then some all over the batch."""
    first = min(text, _TEXT_FIRST)
    return frozenset((*range(first), *np.linspace(first, pages - 1, text - first).astype(int).tolist()))


def images(pages: int, text: int) -> Iterator[Image.Image]:
    """The pages of a batch."""
    worded = with_text(pages, text)
    for number in range(pages):
        yield text_page(number) if number in worded else blank_page(number % _BACKS)


def write_tiff(path: Path, pages: int, text: int) -> None:
    """One TIFF, G4."""
    rest = images(pages, text)
    first = next(rest)
    first.save(
        path, save_all=True, append_images=rest, compression="group4", dpi=(_DPI, _DPI), tiffinfo=_ONE_STRIP
    )


def write_pdf(path: Path, pages: int, text: int) -> None:
    """One PDF, an image a page."""
    encoded = cache(lambda number: img2pdf.transcode_monochrome(blank_page(number)))
    worded = with_text(pages, text)
    size = (_SIZE[1] * 72 / _DPI, _SIZE[0] * 72 / _DPI)
    with pikepdf.new() as pdf:
        for number in range(pages):
            page = pdf.add_blank_page(page_size=size)
            data = (
                img2pdf.transcode_monochrome(text_page(number))
                if number in worded
                else encoded(number % _BACKS)
            )
            image = pdf.make_stream(data)
            image.Type, image.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
            image.Width, image.Height = _SIZE[1], _SIZE[0]
            image.ColorSpace, image.BitsPerComponent = pikepdf.Name.DeviceGray, 1
            image.Filter = pikepdf.Name.CCITTFaxDecode
            image.DecodeParms = pikepdf.Dictionary(K=-1, Columns=_SIZE[1], Rows=_SIZE[0], BlackIs1=True)
            page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im=image))
            page.Contents = pdf.make_stream(f"q {size[0]} 0 0 {size[1]} 0 0 cm /Im Do Q".encode())
        pdf.save(path)


WRITERS = {"tiff": write_tiff, "pdf": write_pdf}


def measure(kind: str, pages: int, text: int, *, keep_blank: bool = False) -> dict[str, Any]:
    """Take in one batch; what it needed, and the fates of its pages."""
    prepare()
    with tempfile.TemporaryDirectory(prefix="postroom-memory-") as scratch:
        home, station = Path(scratch) / "home", Path(scratch) / "drop" / "backs"
        home.mkdir()
        station.mkdir(parents=True)
        train_small(home)
        separation = f"[separation]\ndrop_blank = {str(not keep_blank).lower()}\n"
        (station / "station.toml").write_text(f"quiet_seconds = 0.1\npage_limit = {pages}\n{separation}")
        batch = station / f"batch.{kind}"
        WRITERS[kind](batch, pages, text)
        size = batch.stat().st_size
        with PeakDisk(home / "spool", home / "work") as disk:
            ran = postroom(home, "intake", str(station.parent), "--once", seconds=120 + pages)
        return {
            "pages": pages,
            "text_pages": text,
            "code": ran.code,
            "fates": ran.data.get("fates"),
            "peak_mb": round(ran.peak_mb, 1),
            "batch_mb": round(size / 1e6, 2),
            "spool_ratio": round(disk.bytes / size, 3),
            "cpu_seconds": round(ran.cpu_seconds, 1),
            "seconds": ran.data.get("seconds"),
        }


def run(pages: int = 5000, text: int = 50, *, keep_blank: bool = False) -> dict[str, Any]:
    """Both kinds, each with ``pages`` and with a tenth of them, ``text`` of which are to be read.

    With ``keep_blank`` blank pages are filed too: one document of all pages.
    """
    kinds: dict[str, dict[str, Any]] = {
        kind: {
            "small": measure(kind, pages // 10, text, keep_blank=keep_blank),
            "large": measure(kind, pages, text, keep_blank=keep_blank),
        }
        for kind in WRITERS
    }
    for one in kinds.values():
        small, large = one["small"], one["large"]
        one["peak_ratio"] = round(large["peak_mb"] / small["peak_mb"], 3)
        more = (large["cpu_seconds"] - small["cpu_seconds"]) / (large["pages"] - small["pages"])
        one["blank_page_ms"] = round(1000 * more, 1)
    return {
        "pages": pages,
        "text_pages": text,
        "peak_mb": max(one["large"]["peak_mb"] for one in kinds.values()),
        "peak_ratio": max(one["peak_ratio"] for one in kinds.values()),
        "peak_spool_ratio": max(one["large"]["spool_ratio"] for one in kinds.values()),
        **kinds,
    }


def right(data: dict[str, Any]) -> bool:
    """Whether each batch ended as it should, every page told, and memory and disk stayed in bounds."""
    within = data["peak_ratio"] <= _FLAT and data["peak_spool_ratio"] < _SPOOL
    return within and all(
        one[size]["code"] == 0 and sum(one[size]["fates"].values()) == one[size]["pages"]
        for one in (data[kind] for kind in WRITERS)
        for size in ("small", "large")
    )
