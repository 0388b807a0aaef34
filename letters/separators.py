"""Separator sheets to print: a patch code along each edge, barcodes, and in words what the sheet does."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Literal

from letters.patch import typst_patch
from letters.typeset import barcode_image, compile_pdf, quote

Paper = Literal["a4", "letter"]
_SIZES = {"a4": (8.27, 11.69), "letter": (8.5, 11.0)}  # inches
_EDGE = 0.5  # inches from the edge of the paper to the first bar
_CODE = 0.8  # inches, depth of a patch code
_FREE = 0.4  # inches that stay white between a patch code and what is next to it
_LONG = 6.0  # inches, bars along the long edges
_CODE_LINE = 76  # signs of the QR code's text that fit on a line
_SHORT = 24  # signs of a value that is set large


@dataclass(frozen=True, slots=True)
class SeparatorSheet:
    """What a sheet bears.

    Attributes:
        barcode: text of the Code 128.
        code: text of the QR code.
        patch: letter of the patch code.
        said: names and values that people read, such as ``("Class", "invoice")``.
        paper: size.
    """

    barcode: str
    code: str
    patch: str
    said: Sequence[tuple[str, str]]
    paper: Paper = "a4"


def separator_pdf(sheet: SeparatorSheet, pages: int) -> bytes:
    """So many pages of the sheet as PDF.

    The bars lie parallel to each edge, first bar outside, so that whichever edge goes first into the
    scanner, its patch reader sees the same letter.
    """
    width, height = _SIZES[sheet.paper]
    margin = _EDGE + _CODE + _FREE
    head = (
        f"#set page(width: {width}in, height: {height}in, margin: {margin}in)\n"
        '#set text(font: "Lato", lang: "en", ligatures: false)\n#set par(spacing: 0mm)\n'
        f"#let sheet = [{_patches(sheet.patch, width - 2 * _FREE, margin)}\n{_middle(sheet)}]\n"
    )
    return compile_pdf(f"{head}#sheet\n" + "#pagebreak()\n#sheet\n" * (pages - 1)).pdf


def _patches(letter: str, across: float, margin: float) -> str:
    lying = typst_patch(letter, round(across, 2))
    standing = typst_patch(letter, _LONG, vertical=True)
    out = f"{margin - _EDGE}in"
    return "".join(
        (
            f"#place(top + center, dy: -{out})[{lying}]",
            f"#place(bottom + center, dy: {out})[#rotate(180deg)[{lying}]]",
            f"#place(left + horizon, dx: -{out})[{standing}]",
            f"#place(right + horizon, dx: {out})[#rotate(180deg)[{standing}]]",
        )
    )


def _middle(sheet: SeparatorSheet) -> str:
    code = "\n".join(wrap(sheet.code, _CODE_LINE, break_on_hyphens=False))
    said = "".join(
        f"#text(13pt)[{quote(name)}]#linebreak()"
        f'#text({_size(value)}pt, weight: "bold")[{quote(value)}]#v(3mm)'
        for name, value in sheet.said
    )
    return (
        '#align(center)[#text(36pt, weight: "bold")[Separator]#v(4mm)'
        "#text(14pt)[A new document begins behind this sheet.]#v(6mm)"
        f"{said}#v(1fr)"
        f"{barcode_image(sheet.code, 'QRCode', '52mm', '52mm')}#v(6mm)"
        f"{barcode_image(sheet.barcode, 'Code128', '108mm', '18mm')}#v(3mm)"
        f'#text(7pt, font: "DejaVu Sans Mono")[{quote(code)}]#v(2mm)'
        f"#text(10pt)[Patch code {quote(sheet.patch)}. Any edge may go first into the scanner.#linebreak()"
        "The sheet is not kept: use it again.]]"
    )


def _size(value: str) -> int:
    """Points that a value is set in: the longest still leaves room for the rest."""
    return 26 if len(value) <= _SHORT else 15
