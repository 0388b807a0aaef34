"""Barcodes of a page, in a cascade: cheap looks for all pages, hard ones where a code is expected.

Only places with code-like texture are looked at (``capture.barcode_windows``): most pages have few, and
those cost little. A station that expects a code, and whose page gave none, has the likeliest two looked
at once more for creased codes, and in every way that is known to help (``capture.barcode_passes``) where a
code can be seen; then, where there are more such places, the whole page at 200 dpi and at half of that.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from capture.barcode_engines import BarcodeEngine, Gray, ZxingEngine
from capture.barcode_passes import (
    CHEAP,
    CHEAP_LABEL,
    CHEAP_LARGE,
    FIRST_HARD,
    HARD,
    READING_DPI,
    Pass,
    halved,
    scaled,
    striped,
)
from capture.barcode_windows import MOST, code_windows
from capture.cover import HEAD
from capture.labels import objection
from capture.patch import read_patches
from capture.station import FORMATS
from domain.numbers import is_like
from domain.page import Barcode, Box

_LABEL = 640 * 640  # pixels; an image so small is a label or a photo of one, looked at as a whole
_LARGE = 0.1  # of the page
_HARD_WINDOWS = 2  # the likeliest; each costs up to a tenth of a second
_WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
_PAGES: BarcodeEngine = ZxingEngine(thorough=False)


@dataclass(frozen=True, slots=True)
class BarcodeOptions:
    """What to look for.

    Attributes:
        formats: of barcodes, by their names in ``domain.page.Barcode``; any that zxing-cpp knows.
        patch: letters of the patch codes wanted (``1 2 3 4 6 T``); none: patch codes are not read.
        expected: the page should bear a code: if none is found, it is looked for in every way.
        label: what the text of the expected code matches whole, if the station says so: a payment code or a
            parcel sticker is not the one that is looked for. Register numbers and separators always are.
        label_formats: formats that such a code has; none: any.
        separator: the text of the station's own separator sheets; empty: there are none.
    """

    formats: tuple[str, ...] = FORMATS
    patch: tuple[str, ...] = ()
    expected: bool = False
    label: str = ""
    label_formats: tuple[str, ...] = ()
    separator: str = ""

    def wanted(self, code: Barcode) -> bool:
        """Whether this may be the code that was expected: any, where the station does not say which."""
        if not self.label and not self.separator:
            return True
        if code.text == self.separator or code.text.startswith(HEAD) or is_like(code.text):
            return True
        return not objection(code, self.label, self.label_formats)


def read_barcodes(gray: Gray, dpi: float, options: BarcodeOptions = BarcodeOptions()) -> tuple[Barcode, ...]:
    """All codes on the page, each once, from top to bottom and left to right.

    Args:
        gray: page image (height, width), 0 black to 255 white, in any of the four rotations.
        dpi: its resolution; 0 when unknown.
        options: what to look for.

    Returns:
        The codes, with boxes as fractions of ``gray``.
    """
    codes: list[Barcode] = []
    label = gray.size <= _LABEL
    shown: set[Box] = {_WHOLE} if label else set()
    patches: tuple[Barcode, ...] = ()
    # Without a resolution the page is taken for A4, but never for a coarse one.
    fine = dpi if dpi > 0 else max(READING_DPI, max(gray.shape) / 11.7)
    if options.formats:
        windows = (_WHOLE,) if label else code_windows(gray, dpi)
        for window in windows:
            passes = CHEAP_LABEL if label else CHEAP_LARGE if _area(window) > _LARGE else CHEAP
            for found in _looks(gray, fine, window, passes, options.formats):
                codes = _merged(codes, [code for code in found if code.text])
                shown |= {window for code in found if not code.text}
    if options.patch:
        patches = read_patches(gray, dpi, options.patch)
    if options.expected and options.formats and not patches and not any(map(options.wanted, codes)):
        unread = [one for one in windows if not any(_overlap(one, code.box) > 0.3 for code in codes)]
        for found in _hard_looks(gray, fine, unread, shown, options.formats):
            codes = _merged(codes, found)
            if any(map(options.wanted, found)):
                break
    # Four bars of a very large barcode can pass for a patch code.
    codes += [one for one in patches if not any(_overlap(one.box, code.box) > 0.3 for code in codes)]
    return tuple(sorted(codes, key=lambda code: (code.box[1], code.box[0], code.text)))


def _looks(
    gray: Gray, dpi: float, window: Box, passes: Iterable[Pass], formats: tuple[str, ...]
) -> Iterator[list[Barcode]]:
    """What each pass finds in a window, with boxes as fractions of the page.

    A window may hold several codes, such as a separator sheet with bars along all its edges: what one
    pass leaves another may read.
    """
    part = _part(gray, window)
    for look in passes:
        yield [replace(code, box=_outer(code.box, window)) for code in look.read(part, dpi, formats)]


def _hard_looks(
    gray: Gray, dpi: float, windows: Sequence[Box], shown: set[Box], formats: tuple[str, ...]
) -> Iterator[list[Barcode]]:
    """For a crease in the likeliest windows; in every way that is known to help where a code shows.

    It shows where it was seen without being read, by bars, and in an image that is a label by itself. The
    whole page comes last, where so much of it looks like codes that not all was told.
    """
    for window in windows[:_HARD_WINDOWS]:
        yield from _looks(gray, dpi, _wider(window), (FIRST_HARD,), formats)
        if window in shown or striped(_part(gray, window)):
            yield from _looks(gray, dpi, _wider(window), HARD, formats)
    if len(windows) == MOST:
        yield _all_over(scaled(gray, dpi, READING_DPI), formats)


def _part(gray: Gray, window: Box) -> Gray:
    height, width = gray.shape
    x0, y0, x1, y1 = window
    return gray[int(y0 * height) : round(y1 * height), int(x0 * width) : round(x1 * width)]


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _wider(window: Box) -> Box:
    """The window with a quarter of its size more on each side: light ends of a code may lie outside."""
    x0, y0, x1, y1 = window
    across, down = 0.25 * (x1 - x0), 0.25 * (y1 - y0)
    return max(x0 - across, 0.0), max(y0 - down, 0.0), min(x1 + across, 1.0), min(y1 + down, 1.0)


def _all_over(page: Gray, formats: tuple[str, ...]) -> list[Barcode]:
    return _merged(list(_PAGES.read(page, formats)), _PAGES.read(halved(page), formats))


def _merged(codes: list[Barcode], more: Sequence[Barcode]) -> list[Barcode]:
    """``codes`` and those of ``more`` that are not one of them found again."""
    kept = list(codes)
    for code in more:
        if not any(_same(code, other) for other in kept):
            kept.append(code)
    return kept


def _same(code: Barcode, other: Barcode) -> bool:
    """Whether two readings are of one code: same place, or same text close by (1D boxes are thin)."""
    if _overlap(code.box, other.box) > 0.3:
        return True
    if code.text.lstrip("0") != other.text.lstrip("0"):
        return False
    return all(
        abs((code.box[i] + code.box[i + 2]) - (other.box[i] + other.box[i + 2])) < 0.06 for i in (0, 1)
    )


def _overlap(one: Box, other: Box) -> float:
    """Shared area as a fraction of the smaller box; a box without height counts as a thin one."""
    thin = 1e-4
    x = min(one[2], other[2]) - max(one[0], other[0]) + thin
    y = min(one[3], other[3]) - max(one[1], other[1]) + thin
    area = min((box[2] - box[0] + thin) * (box[3] - box[1] + thin) for box in (one, other))
    return max(x, 0.0) * max(y, 0.0) / area


def _outer(inner: Box, window: Box) -> Box:
    """``inner``, fractions of ``window``, as fractions of the page."""
    x0, y0, x1, y1 = window
    width, height = x1 - x0, y1 - y0
    return (
        x0 + inner[0] * width,
        y0 + inner[1] * height,
        x0 + inner[2] * width,
        y0 + inner[3] * height,
    )
