"""Letters with a code on them, as scanners deliver them: every symbology, turn and damage. Seeded."""

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from random import Random

import cv2
import numpy as np
import segno
import zxingcpp
from numpy.typing import NDArray
from PIL import Image

from capture.patch import PATTERNS
from letters.typeset import compile_pdf
from samples.scanner import render

Gray = NDArray[np.uint8]

# What each holds, and its module (of linear codes the narrowest bar) in millimetres: common label sizes.
_CODES = (
    ("QRCode", "https://example.org/brief/17?class=invoice", 0.50),
    ("MicroQRCode", "IN-2026-17", 0.60),
    ("DataMatrix", "IN-2026-000123-7", 0.50),
    ("Aztec", "IN-2026-000123-7", 0.50),
    ("PDF417", "Postroom, separator, invoice, IN", 0.35),
    ("Code128", "IN-2026-000123-7", 0.33),
    ("Code39", "ABC-12345", 0.33),
    ("Code93", "IN-2026-123", 0.33),
    ("ITF", "12345678901231", 0.33),
    ("Codabar", "A40156B", 0.33),
    ("EAN13", "4006381333931", 0.33),
    ("EAN8", "96385074", 0.33),
    ("UPCA", "036000291452", 0.33),
    ("UPCE", "0012345000065", 0.33),
    ("MicroPDF417", "IN-2026-000123-7", 0.40),
    ("RMQRCode", "IN-2026-000123-7", 0.50),
    ("DataBarOmni", "0104006381333931", 0.33),
)
CODES = {name: (text, module) for name, text, module in _CODES}
# rMQR is read as well, but three in ten of leaning, faxed or creased ones are not (docs/measured.md).
PROMISED = tuple(name for name in CODES if name != "RMQRCode")
PATCHES = tuple(f"Patch{letter}" for letter in PATTERNS.values())
DAMAGES = ("none", "blur", "noise", "fold", "fax")
_TALL = 12.0  # millimetres, height of linear codes
_MATRIX = {"QRCode", "MicroQRCode", "DataMatrix", "Aztec", "PDF417", "MicroPDF417", "RMQRCode"}


@dataclass(frozen=True, slots=True)
class CodedLetter:
    """A page with one code, or none: ``symbology`` is then empty.

    ``text`` is what must be read, a patch code's letter.
    """

    symbology: str
    text: str
    damage: str
    dpi: int
    turn: int
    scan: Gray


def coded_letters(
    symbologies: tuple[str, ...] = (*PROMISED, *PATCHES), seed: int = 1
) -> Iterator[CodedLetter]:
    """Every symbology with every damage, at 200 and 300 dpi, in four turns, leaning by up to 7 degrees."""
    for name in symbologies:
        for damage in DAMAGES:
            for dpi in (200, 300):
                for turn in (0, 90, 180, 270):
                    yield coded_letter(name, damage, dpi, turn, seed)


def coded_letter(symbology: str, damage: str, dpi: int, turn: int, seed: int = 1) -> CodedLetter:
    """One such page; ``symbology`` "" gives a letter without a code."""
    chance = Random(f"{symbology} {damage} {dpi} {turn} {seed}")
    page = letter(chance.randrange(3), dpi).copy()
    text, crease = "", 0.07
    if symbology.startswith("Patch"):
        page, text = patch_sheet(symbology[-1], dpi), symbology[-1]
    elif symbology:
        text = CODES[symbology][0]
        code = drawn(symbology, dpi)
        height, width = code.shape
        free = round(20 * dpi / 25.4)
        y = free + chance.randrange(max(1, round(38 * dpi / 25.4) - height))
        x = page.shape[1] - free - width - chance.randrange(round(5 * dpi / 25.4))
        page[y : y + height, x : x + width] = code
        crease = (y + height * chance.uniform(0.2, 0.8)) / page.shape[0]
    if damage == "fold":
        _fold(page, dpi, crease, chance)
    page = lean(page, chance.uniform(-7, 7))
    page = np.ascontiguousarray(np.rot90(page, -turn // 90))
    return CodedLetter(symbology, text, damage, dpi, turn, _damaged(page, damage, dpi, chance))


def drawn(symbology: str, dpi: float, module: float | None = None) -> Gray:
    """A code as print of ``module`` millimetres lies on paper scanned at ``dpi``, quiet zone included."""
    text, size = CODES[symbology]
    fine = 8
    if symbology == "MicroQRCode":
        out = io.BytesIO()
        segno.make_micro(text).save(out, kind="png", scale=fine, border=2)
        picture = np.array(Image.open(out).convert("L"))
    else:
        made = zxingcpp.create_barcode(
            "01234565" if symbology == "UPCE" else text, getattr(zxingcpp.BarcodeFormat, symbology)
        )
        picture = np.array(zxingcpp.write_barcode_to_image(made, scale=fine, add_quiet_zones=False))
        if symbology not in _MATRIX:
            rows = round(_TALL / (module or size) * fine)
            picture = np.repeat(picture[picture.shape[0] // 2][None, :], rows, axis=0)
        picture = np.pad(picture, (10 if symbology not in _MATRIX else 4) * fine, constant_values=255)
    scale = (module or size) * dpi / 25.4 / fine
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


@cache
def letter(which: int, dpi: int) -> Gray:
    """One of three typeset letters without a code: plain, with a table, and with rules and a heading."""
    extra = (
        "",
        "#table(columns: 4, ..range(24).map(i => [Item #i, #(i * 37) EUR]))",
        "#line(length: 100%)\n#text(28pt, weight: 'black')[NOTICE]\n#line(length: 100%, stroke: 3pt)",
    )[which]
    source = (
        '#set page(paper: "a4", margin: (top: 65mm, rest: 20mm))\n#set text(11pt)\n'
        f"Dear Ms Weber,\n\n{extra}\n\n#lorem({(330, 180, 240)[which]})\n\nYours sincerely\n"
    )
    return render(compile_pdf(source.replace("'", '"')).pdf, 0, dpi, colour=False)


def patch_sheet(letter_of: str, dpi: int) -> Gray:
    """A separator sheet as scanners' makers print them: the bars near the top edge, words below."""
    bars = {letter: bars for bars, letter in PATTERNS.items()}[letter_of]
    page = np.full((math.ceil(11.69 * dpi), math.ceil(8.27 * dpi)), 255, np.uint8)
    top = 0.5
    for bar in bars:
        width = 0.2 if bar == "W" else 0.08
        page[round(top * dpi) : round((top + width) * dpi), round(1.5 * dpi) : round(6.7 * dpi)] = 0
        top += width + 0.08
    cv2.putText(
        page, f"PATCH {letter_of}", (2 * dpi, 4 * dpi), cv2.FONT_HERSHEY_SIMPLEX, dpi / 50, 0, dpi // 25
    )
    return page


def lean(page: Gray, degrees: float) -> Gray:
    """The page turned by a few degrees on a white ground."""
    height, width = page.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return np.asarray(cv2.warpAffine(page, turn, (width, height), borderValue=255), np.uint8)


def _fold(page: Gray, dpi: int, at: float, chance: Random) -> None:
    """A crease across the sheet: print rubbed off along 0.3 mm, a shadow on one side of it."""
    height, width = page.shape
    x = np.arange(width)
    line = (at * height + (x - width / 2) * chance.uniform(-0.02, 0.02)).astype(int)
    thick, shade = round(0.3 * dpi / 25.4), height // 60
    for step in range(shade):
        rows = np.clip(line + step, 0, height - 1)
        values = page[rows, x].astype(np.float32)
        page[rows, x] = 225 if step < thick else values * (1 - 0.25 * (1 - step / shade))


def _damaged(page: Gray, damage: str, dpi: int, chance: Random) -> Gray:
    noise = np.random.default_rng(chance.getrandbits(32))
    if damage == "blur":
        page = np.asarray(cv2.GaussianBlur(page, (0, 0), 0.12 * dpi / 25.4), np.uint8)
    if damage == "noise":
        faded = 255 - (255 - page.astype(np.float32)) * 0.75
        page = (faded + noise.normal(0, 22, page.shape)).clip(0, 255).astype(np.uint8)
    if damage == "fax":
        grainy = cv2.GaussianBlur(page, (0, 0), 0.05 * dpi / 25.4) + noise.normal(0, 12, page.shape)
        page = np.where(grainy > 140, 255, 0).astype(np.uint8)
        flips = noise.random(page.shape) < 0.003
        page[flips] = 255 - page[flips]
    return page
