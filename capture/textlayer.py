"""The words of a page as a PDF page of invisible text, in place: what OCRmyPDF lays under the scan.

As Tesseract's own (``pdfrenderer.cpp``): one font without shapes, in which every UTF-16 unit is a glyph
half as wide as it is high, stretched for each word to the word's box. A document so needs no font of a
script, and no subset of one, which took more time than all else in making it.
"""

import io
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from math import atan, cos, radians, sin, tan

import pikepdf
from pikepdf import Array, Dictionary, Name

from domain.page import Box, Page, Word

FONT = "/f-0-0"
"""The name under which OCRmyPDF looks for Tesseract's font."""

_DESCENT = 0.2  # of the line's height, below the baseline
_STRAIGHT = 0.25  # degrees
_WIDTH = 0.5  # of a glyph, in its height
_TO_UNICODE = b"""/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
1 beginbfrange
<0000> <FFFF> <0000>
endbfrange
endcmap
CMapName currentdict /CMap defineresource pop
end
end
"""


def text_page(page: Page) -> bytes:
    """A one-page PDF, as large as the page, with its words as invisible text."""
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(page.width, page.height))
        only = pdf.pages[0]
        only.Contents = pdf.make_stream(b"\n".join(_drawn(page)))
        only.Resources = Dictionary(Font=Dictionary({FONT: _font(pdf)}))
        made = io.BytesIO()
        pdf.save(made, static_id=True)
    return made.getvalue()


def _drawn(page: Page) -> Iterator[bytes]:
    yield b"BT 3 Tr"
    for line in page.lines:
        boxed = [(word.text, box) for word in line if (box := _points(word, page)) is not None]
        if boxed:
            yield from _down(boxed) if _runs_down(boxed) else _across(boxed, page.skew)
    yield b"ET"


def _points(word: Word, page: Page) -> Box | None:
    """Left, bottom, right, top in points from the bottom left; None for a word of no size."""
    x0, y0, x1, y1 = word.box
    if x1 <= x0 or y1 <= y0:
        return None
    return x0 * page.width, (1 - y1) * page.height, x1 * page.width, (1 - y0) * page.height


def _across(line: list[tuple[str, Box]], skew: float) -> Iterator[bytes]:
    slope = tan(radians(skew)) if abs(skew) >= _STRAIGHT else 0.0
    # A leaning word's box is higher than the word: by its width times the slope.
    heights = [(top - bottom) - abs(slope) * (right - left) for _, (left, bottom, right, top) in line]
    size = max(*heights, 0.4 * max(top - bottom for _, (_, bottom, _, top) in line), 1.0)
    start = min(left for _, (left, _, _, _) in line)
    # Where the line's underside meets its left end, taking each word's own underside up the slope.
    under = min(
        bottom + (abs(slope) * (right - left) if slope > 0 else 0.0) + slope * (left - start)
        for _, (left, bottom, right, _) in line
    )
    angle = -atan(slope)
    for text, (left, _, right, _) in line:
        foot = under - slope * (left - start) + _DESCENT * size
        yield _word(text, size, angle, left, foot, (right - left) / cos(angle))


def _runs_down(line: list[tuple[str, Box]]) -> bool:
    longer = [box for text, box in line if len(text) > 2]
    return bool(longer) and all(top - bottom > 1.2 * (right - left) for left, bottom, right, top in longer)


def _down(line: list[tuple[str, Box]]) -> Iterator[bytes]:
    """A line that runs up the page, or down it if its words come in that order."""
    left, right = min(box[0] for _, box in line), max(box[2] for _, box in line)
    size = max(right - left, 1.0)
    falls = line[-1][1][3] < line[0][1][3]
    for text, (_, bottom, _, top) in line:
        if falls:
            yield _word(text, size, radians(-90), left + _DESCENT * size, top, top - bottom)
        else:
            yield _word(text, size, radians(90), right - _DESCENT * size, bottom, top - bottom)


def _word(text: str, size: float, angle: float, x: float, y: float, length: float) -> bytes:
    """A word from its foot (x, y) on, in the direction of the angle, stretched to its length."""
    units = text.encode("utf-16-be", "replace")
    stretch = 100 * length / (_WIDTH * size * (len(units) // 2))
    turn = f"{cos(angle):.5f} {sin(angle):.5f} {-sin(angle):.5f} {cos(angle):.5f}"
    blank = " ".encode("utf-16-be")  # parts the words for readers that go by the text alone
    shown = (units + blank).hex().upper()
    return f"{FONT} {size:.2f} Tf {turn} {x:.2f} {y:.2f} Tm {stretch:.2f} Tz <{shown}> Tj".encode()


def _font(pdf: pikepdf.Pdf) -> pikepdf.Object:
    descriptor = Dictionary(
        Type=Name.FontDescriptor,
        FontName=Name.Occulta,
        Flags=5,
        FontBBox=Array([0, -200, 1000, 800]),
        ItalicAngle=0,
        Ascent=800,
        Descent=-200,
        CapHeight=800,
        StemV=80,
        FontFile2=pdf.make_stream(_program()),
    )
    described = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType2,
        BaseFont=Name.Occulta,
        CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0),
        FontDescriptor=pdf.make_indirect(descriptor),
        DW=round(1000 * _WIDTH),
        CIDToGIDMap=pdf.make_stream(b"\0\x01" * 0x10000),
    )
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.Type0,
            BaseFont=Name.Occulta,
            Encoding=Name("/Identity-H"),
            DescendantFonts=Array([pdf.make_indirect(described)]),
            ToUnicode=pdf.make_stream(_TO_UNICODE),
        )
    )


@cache
def _program() -> bytes:
    """OCRmyPDF's font without shapes, of which one empty glyph is enough."""
    from fontTools.subset import Options, Subsetter  # type: ignore[import-untyped]
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    font = TTFont(
        io.BytesIO(files("ocrmypdf").joinpath("data", "Occulta.ttf").read_bytes()), recalcTimestamp=False
    )
    subsetter = Subsetter(Options(notdef_outline=True, name_IDs=[], drop_tables=["OS/2"]))
    subsetter.populate(glyphs=["space"])
    subsetter.subset(font)
    made = io.BytesIO()
    font.save(made)
    return made.getvalue()
