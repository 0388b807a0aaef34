"""A batch as a mailroom has it: of ten pages four scans to read, three blank backs and three born digital."""

from itertools import cycle
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from capture.media import PAGED, sniff
from domain.errors import Usage
from samples.compose import compose
from samples.layout import typeset
from samples.scanner import Feed, draw_faults, scan
from samples.style import draw_style

_TEN = (True, True, True, False)  # of four fronts, which have a back that was scanned too
_LABELS = ("letter", "invoice", "complaint", "contract")


def write_mixed(folder: Path, scans: Path, pages: int, language: str) -> Path:
    """About ``pages`` pages (whole tens) into ``folder``: sheets of ``scans`` as TIFFs, and PDFs with text.

    Raises:
        Usage: there is no scan of one page in ``scans``.
    """
    tens, rng = max(1, pages // 10), Random(1)
    folder.mkdir(parents=True)
    fronts = cycle(_fronts(scans))
    for number in range(4 * tens):
        front = _front(next(fronts))
        sheet = [front, _back(front, rng)] if _TEN[number % 4] else [front]
        save = {"compression": "group4"} if front.mode == "1" else {"compression": "tiff_lzw"}
        sheet[0].save(
            folder / f"{number:04}-sheet.tif", save_all=True, append_images=sheet[1:], dpi=(_dpi(front),) * 2,
            **save,
        )  # fmt: skip
    left, number = 3 * tens, 0
    while left:
        done = typeset(compose(rng, _LABELS[number % 4], language), draw_style(rng), rng)
        number += 1
        if len(done.texts) <= left:
            (folder / f"{number:04}-text.pdf").write_bytes(done.pdf)
            left -= len(done.texts)
    return folder


def _fronts(folder: Path) -> list[Path]:
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() and _single(path)]
    if not found:
        raise Usage(f"{folder}: no image of one page in it can be read. Name a folder with scans.")
    return found


def _single(path: Path) -> bool:
    media = sniff(path)
    if media not in PAGED or media == "pdf":
        return False
    with Image.open(path) as image:
        return getattr(image, "n_frames", 1) == 1


def _front(path: Path) -> Image.Image:
    """Bilevel or grey, its resolution with it."""
    with Image.open(path) as image:
        dpi = float(image.info.get("dpi", (300, 300))[0])
        front = image.copy() if image.mode == "1" else image.convert("L")
    front.info["dpi"] = dpi, dpi
    return front


def _dpi(image: Image.Image) -> float:
    return float(image.info["dpi"][0])


def _back(front: Image.Image, rng: Random) -> Image.Image:
    """The empty back of the same sheet, with dust, staples and holes as the scanner sees them."""
    feed = Feed(round(_dpi(front)), "bilevel" if front.mode == "1" else "grey", rng.random())
    paper = np.full((front.height, front.width), 255, np.uint8)
    image = Image.fromarray(scan(paper, feed, draw_faults(rng, feed, plain=True), rng))
    return image.convert(front.mode)
