"""Labels with register numbers: sheets for any printer as PDF, and what label printers take (ZPL II).

Each bears its number in words, as a QR code, and as a Code 128 where that is wide enough to be read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import zxingcpp

from domain.errors import Usage
from letters.typeset import barcode_image, compile_pdf, quote

_PAPER = {"a4": (210.0, 297.0), "letter": (215.9, 279.4)}  # mm
_EDGE = 2.0  # mm that stay white along a label's edges: printers feed a little askew
_NARROWEST = 0.23  # mm, of a bar that a scan at 300 dpi still shows
_SMALLEST = 0.37  # mm, of a QR code's dot
_QUIET = 10  # bars' widths that stay white on either side of a Code 128
_FREE = 4  # dots that stay white around a QR code
_POINT = 0.3528  # mm
_WIDE = 0.61  # of a sign of the number's font, by its height
_LARGEST, _SMALL = 16.0, 6.5  # points


@dataclass(frozen=True, slots=True)
class LabelSize:
    """How labels lie on a sheet, in mm; the grid stands in the middle of the paper.

    ``across`` and ``down`` are from one label's edge to the same edge of the next.
    """

    paper: str
    columns: int
    rows: int
    width: float
    height: float
    across: float
    down: float

    @property
    def count(self) -> int:
        """Labels on a sheet."""
        return self.columns * self.rows

    def corner(self, place: int) -> tuple[float, float]:
        """Left and top of the ``place``-th label, from 0, row by row."""
        wide, high = _PAPER[self.paper]
        left = (wide - (self.columns - 1) * self.across - self.width) / 2
        top = (high - (self.rows - 1) * self.down - self.height) / 2
        row, column = divmod(place, self.columns)
        return left + column * self.across, top + row * self.down


_L7160 = LabelSize("a4", 3, 7, 63.5, 38.1, 66.04, 38.1)
SIZES: Mapping[str, LabelSize] = MappingProxyType(
    {
        "L7159": LabelSize("a4", 3, 8, 63.5, 33.9, 66.04, 33.9),
        "L7160": _L7160,
        "L7161": LabelSize("a4", 3, 6, 63.5, 46.6, 66.04, 46.6),
        "L7162": LabelSize("a4", 2, 8, 99.1, 33.9, 101.6, 33.9),
        "L7163": LabelSize("a4", 2, 7, 99.1, 38.1, 101.6, 38.1),
        "L7651": LabelSize("a4", 5, 13, 38.1, 21.2, 40.6, 21.2),
        "L7654": LabelSize("a4", 4, 10, 45.7, 25.4, 48.26, 25.4),
        "J8160": _L7160,
        "5160": LabelSize("letter", 3, 10, 66.675, 25.4, 69.85, 25.4),
        "5161": LabelSize("letter", 2, 10, 101.6, 25.4, 106.3625, 25.4),
        "5163": LabelSize("letter", 2, 5, 101.6, 50.8, 106.3625, 50.8),
    }
)
"""Sheets of labels by Avery's numbers; others make the same sizes under numbers of their own."""


@dataclass(frozen=True, slots=True)
class Label:
    """What a label bears; ``line`` is a line of small print."""

    number: str
    line: str = ""


def must_be_size(name: str) -> LabelSize:
    """The size of this name, in whichever case.

    Raises:
        Usage: there is none.
    """
    if name.upper() not in SIZES:
        raise Usage(f"size is {name!r}. Sheets of labels are: {', '.join(SIZES)}")
    return SIZES[name.upper()]


def sheet_pdf(labels: Sequence[Label], size: LabelSize, start: int = 1) -> bytes:
    """Sheets with these labels as PDF, the first at the ``start``-th place, from 1, of a sheet in part used.

    Raises:
        Usage: the sheet has no such place.
    """
    if not 1 <= start <= size.count:
        raise Usage(f"start is {start}: a sheet of this size has places 1 to {size.count}")
    wide, high = _PAPER[size.paper]
    parts = [
        f"#set page(width: {wide}mm, height: {high}mm, margin: 0mm)\n",
        '#set text(font: "Lato", lang: "en", ligatures: false)\n#set par(spacing: 0mm, leading: 0.4em)\n',
    ]
    for at, label in enumerate(labels, start=start - 1):
        sheet, place = divmod(at, size.count)
        if place == 0 and sheet:
            parts.append("#pagebreak()\n")
        left, top = size.corner(place)
        parts.append(
            f"#place(top + left, dx: {left:.3f}mm, dy: {top:.3f}mm, "
            f"box(width: {size.width}mm, height: {size.height}mm, clip: true)[{_label(label, size)}])\n"
        )
    return compile_pdf("".join(parts)).pdf


def _label(label: Label, size: LabelSize) -> str:
    """Small print and number on the left, the QR code on the right, bars below over the whole width."""
    wide, high = size.width - 2 * _EDGE, size.height - 2 * _EDGE
    bars = bars_of(label.number)
    bar = wide / (bars + 2 * _QUIET)
    depth = min(12.0, high * 0.28) if bar >= _NARROWEST else 0.0
    modules = _width(label.number, zxingcpp.BarcodeFormat.QRCode)
    free = _FREE / modules  # of the square's width
    square = min((high - depth) / (1 + free * bool(depth)), wide * 0.4)
    room = wide - square * (1 + free)
    points = min(_LARGEST, room / _POINT / _WIDE / len(label.number))
    line = f"#text({_SMALL}pt)[{quote(label.line)}]#v(1mm)" if label.line else ""
    code = barcode_image(label.number, "QRCode", f"{square:.2f}mm", f"{square:.2f}mm")
    said = f'{line}#text({points:.2f}pt, font: "DejaVu Sans Mono", weight: "bold")[{quote(label.number)}]'
    box = f"box(width: {room:.2f}mm, height: {square:.2f}mm, clip: true)"
    parts = [
        f"#place(top + left, dx: {_EDGE}mm, dy: {_EDGE}mm, {box}[#align(left + horizon)[{said}]])",
        f"#place(top + right, dx: -{_EDGE}mm, dy: {_EDGE}mm)[{code}]",
    ]
    if depth:
        image = barcode_image(label.number, "Code128", f"{bars * bar:.3f}mm", f"{depth:.2f}mm")
        parts.append(f"#place(bottom + center, dy: -{_EDGE}mm)[{image}]")
    return "".join(parts)


def bars_of(text: str) -> int:
    """How many bars' widths a Code 128 of this text takes."""
    return _width(text, zxingcpp.BarcodeFormat.Code128)


def _width(text: str, form: zxingcpp.BarcodeFormat) -> int:
    code = zxingcpp.create_barcode(text, form)
    image = zxingcpp.write_barcode_to_image(code, scale=1, add_hrt=False, add_quiet_zones=False)
    return int(image.shape[1])


def zpl(labels: Sequence[Label], width: float, height: float, dpi: int) -> str:
    """These labels in ZPL II, for a label printer.

    Args:
        labels: one after the other.
        width: of a label, mm.
        height: the same.
        dpi: dots to the inch of the printer: 203, 300 or 600.

    Raises:
        Usage: a label is too small for its code.
    """
    return "".join(_zpl(one, width, height, dpi) for one in labels)


def must_fit(number: str, width: float, height: float, dpi: int) -> None:
    """See that a label of this size has room for a number.

    Raises:
        Usage: it has not, or this is no number of ours.
    """
    try:
        _Dots.of(number, width, height, dpi)
    except ValueError as error:  # signs that no barcode has
        raise Usage(f"{number!r} is no register number: write it as IN-2026-000123-7") from error


@dataclass(frozen=True, slots=True)
class _Dots:
    """Where all lies on a label, in a printer's dots; no bars (0) where they would be too thin."""

    wide: int
    high: int
    edge: int
    bar: int
    depth: int
    dot: int
    square: int

    @classmethod
    def of(cls, number: str, width: float, height: float, dpi: int) -> "_Dots":
        wide, high, edge = (round(one * dpi / 25.4) for one in (width, height, _EDGE))
        room, deep = wide - 2 * edge, high - 2 * edge
        modules = _width(number, zxingcpp.BarcodeFormat.QRCode)
        bar = min(10, room // (bars_of(number) + 2 * _QUIET))
        bar = bar if bar * 25.4 / dpi >= _NARROWEST else 0
        depth = round(deep * 0.28) if bar else 0
        dot = min(10, int((deep - depth) / (modules + _FREE * bool(bar))), int(room * 0.4 / modules))
        if dot * 25.4 / dpi < _SMALLEST:
            raise Usage(f"a label of {width:g} x {height:g} mm is too small for {number}: name a larger one")
        return cls(wide, high, edge, bar, depth, dot, dot * modules)


def _zpl(label: Label, width: float, height: float, dpi: int) -> str:
    at = _Dots.of(label.number, width, height, dpi)
    edge, number = at.edge, _safe(label.number)
    room = at.wide - 2 * edge - at.square - _FREE * at.dot
    small = round(_SMALL * _POINT * dpi / 25.4)
    tall = min(round(_LARGEST * _POINT * dpi / 25.4), int(room / _WIDE / len(label.number)))
    parts = [f"^XA^CI28^PW{at.wide}^LL{at.high}^LH0,0"]
    if label.line:
        parts.append(f"^FO{edge},{edge}^A0N,{small},{small}^FB{room},2^FH_^FD{_safe(label.line)}^FS")
    parts.append(f"^FO{edge},{edge + 3 * small}^A0N,{tall},{tall}^FH_^FD{number}^FS")
    # Of its own accord the printer puts a QR code ten dots lower than it is told.
    across, down = at.wide - edge - at.square, max(0, edge - 10)
    parts.append(f"^FO{across},{down}^BQN,2,{at.dot}^FH_^FDMA,{number}^FS")
    if at.bar:
        across = (at.wide - at.bar * bars_of(label.number)) // 2
        down = at.high - edge - at.depth
        parts.append(f"^FO{across},{down}^BY{at.bar}^BCN,{at.depth},N,N,N,A^FH_^FD{number}^FS")
    return "".join((*parts, "^XZ\n"))


def _safe(text: str) -> str:
    """Text of a field: what the printer would take for a command is written by its code."""
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return "".join(f"_{ord(sign):02X}" if sign in "^~_\\" else sign for sign in plain)
