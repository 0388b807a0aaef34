"""Pages drawn for the tests."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from capture.clean import Gray
from capture.settings import CaptureSettings
from capture.tools.tesseract import find_tessdata

LETTER = (
    "Harbour Lane Trading Company",
    "To the records department",
    "Please find enclosed the signed contract",
    "together with two copies of the invoice.",
    "We expect your answer before Friday.",
    "With kind regards",
)


def settings(**changes: object) -> CaptureSettings:
    """The default settings, with the language data of this machine."""
    return CaptureSettings(find_tessdata(), **changes)  # type: ignore[arg-type]


def sheet(
    lines: Sequence[str] = LETTER, *, dpi: int = 200, mode: str = "L", lean: float = 0.0
) -> Image.Image:
    """An A4 page with a letter on it; ``lean`` turns it clockwise by so many degrees."""
    page = Image.new("L", (round(8.27 * dpi), round(11.69 * dpi)), 255)
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(dpi * 14 / 72)
    for number, line in enumerate(lines):
        draw.text((dpi, dpi * (1 + 0.5 * number)), line, fill=0, font=font)
    if lean:
        page = page.rotate(-lean, Image.Resampling.BICUBIC, fillcolor=255)
    return page.convert(mode, dither=Image.Dither.NONE) if mode != "L" else page


def array(page: Image.Image) -> Gray:
    """Its grey pixels."""
    return np.asarray(page.convert("L"), np.uint8)


def saved(page: Image.Image, path: Path, *, dpi: int = 200, **options: object) -> Path:
    """The page in a file, with its resolution."""
    page.save(path, dpi=(dpi, dpi), **options)  # type: ignore[arg-type]
    return path
