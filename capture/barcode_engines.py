"""Two barcode readers behind one port: zxing-cpp first, zbar for windows that it left open."""

from ctypes import c_int
from functools import cache
from typing import Any, Protocol

import numpy as np
import structlog
import zxingcpp
from numpy.typing import NDArray

from domain.errors import Usage
from domain.page import Barcode

Gray = NDArray[np.uint8]
log = structlog.get_logger()


class BarcodeEngine(Protocol):
    """Reads the codes of an image.

    ``read`` takes a grey image (height, width) and the wanted formats by their names in
    ``domain.page.Barcode``; it gives boxes as fractions of that image, and leaves out formats that
    it does not know.
    """

    name: str

    def read(self, gray: Gray, formats: tuple[str, ...]) -> tuple[Barcode, ...]:
        """The codes of ``gray`` that are of these formats."""


class ZxingEngine:
    """zxing-cpp in process.

    Args:
        thorough: also looks for inverted codes and on reduced copies of the image: 1.8 times the
            time, for windows.
        histogram: black and white are told apart by the whole image's histogram instead of by each
            place's surroundings; better on what was enlarged.
        damaged: a code that is seen but cannot be read is told, too, with an empty text.
    """

    name = "zxing-cpp"

    def __init__(self, thorough: bool, histogram: bool = False, damaged: bool = False) -> None:
        self._thorough, self._damaged = thorough, damaged
        self._binarizer = zxingcpp.Binarizer.GlobalHistogram if histogram else zxingcpp.Binarizer.LocalAverage

    def read(self, gray: Gray, formats: tuple[str, ...]) -> tuple[Barcode, ...]:
        """See ``BarcodeEngine``. Takes a page of 200 dpi in some tens of milliseconds."""
        if not formats:
            return ()
        try:
            found = self._read(gray, formats)
        except (RuntimeError, ValueError):
            # A decoder that trips over one symbol must not take all others on the page with it.
            if len(formats) == 1:
                log.warning("the decoder failed on a code", engine=self.name, format=formats[0])
                return ()
            return tuple(code for one in formats for code in self.read(gray, (one,)))
        codes = (self._barcode(one, gray.shape) for one in found)
        # zxing-cpp reads all of a family when one of it is wanted: Micro QR with QR, EAN-13 for UPC-A.
        return tuple(code for code in codes if code.format in formats or code.format in RETAIL)

    def _read(self, gray: Gray, formats: tuple[str, ...]) -> Any:
        known: Any = tuple(getattr(zxingcpp.BarcodeFormat, name) for name in formats)
        return zxingcpp.read_barcodes(
            np.ascontiguousarray(gray),
            formats=known,
            text_mode=zxingcpp.TextMode.Plain,
            binarizer=self._binarizer,
            try_invert=self._thorough,
            try_downscale=self._thorough,
            return_errors=self._damaged,
        )

    def _barcode(self, found: Any, shape: tuple[int, ...]) -> Barcode:
        at = found.position
        corners = (at.top_left, at.top_right, at.bottom_right, at.bottom_left)
        height, width = shape
        xs, ys = [p.x for p in corners], [p.y for p in corners]
        box = _box(min(xs), min(ys), max(xs) + 1, max(ys) + 1, width, height)
        # Bytes that are no text in any way that the code tells of: each stands as one sign then.
        text = (found.text or bytes(found.bytes).decode("latin-1")) if found.valid else ""
        return Barcode(_name(found), text, box, self.name)


# zbar's DataBar and PDF417 readers write assertions to stderr; its Codabar has no check digit; of
# some blurred EAN and UPC codes that zxing-cpp leaves it makes wrong numbers. They stay off.
_ZBAR = {
    "Code128": "CODE128",
    "Code39": "CODE39",
    "Code93": "CODE93",
    "ITF": "I25",
    "QRCode": "QRCODE",
}
# Shortest text believed of a format without a check digit: stripes in pictures read as short ones.
_ZBAR_SHORTEST = {"Code39": 4, "ITF": 6}


class ZbarEngine:
    """zbar through pyzbar. Slow on whole pages (0.2-0.5 s): meant for windows."""

    name = "zbar"

    def read(self, gray: Gray, formats: tuple[str, ...]) -> tuple[Barcode, ...]:
        """See ``BarcodeEngine``.

        Raises:
            Usage: when the shared library is not installed.
        """
        zbar = pyzbar()
        symbols = [zbar.ZBarSymbol[_ZBAR[name]] for name in formats if name in _ZBAR]
        if not symbols:
            return ()
        names = {value: key for key, value in _ZBAR.items()}
        height, width = gray.shape
        codes = []
        for one in zbar.decode(np.ascontiguousarray(gray), symbols=symbols):
            name = names.get(one.type, "")  # it also hands out halves of a code, as PARTIAL
            text = one.data.decode("utf-8", "replace")
            if not name or len(text) < _ZBAR_SHORTEST.get(name, 1):
                continue
            x, y = one.rect.left, one.rect.top
            box = _box(x, y, x + max(one.rect.width, 1), y + max(one.rect.height, 1), width, height)
            codes.append(Barcode(name, text, box, self.name))
        return tuple(codes)


def zbar_missing() -> str:
    """Why zbar cannot be used, empty when it can."""
    try:
        pyzbar()
    except Usage as why:
        return str(why)
    return ""


@cache
def pyzbar() -> Any:
    """The module ``pyzbar.pyzbar``, mended.

    Raises:
        Usage: when the shared library is not installed.
    """
    try:
        from pyzbar import pyzbar as module  # type: ignore[import-untyped]
    except ImportError as why:
        raise Usage(f"zbar cannot be loaded ({why}): apt-get install libzbar0") from why
    # pyzbar 0.1.9 declares it unsigned and fails on zbar's -1, "orientation unknown".
    module.zbar_symbol_get_orientation.restype = c_int
    return module


def _name(found: Any) -> str:
    """The format's name without its variant: ``Code39`` for zxing-cpp's ``Code39Std``."""
    name = str(found.format.name)
    return name if name in _OWN_NAMES else str(found.symbology.name)


RETAIL = ("EAN13", "EAN8", "UPCA", "UPCE")
_OWN_NAMES = (*RETAIL, "MicroQRCode", "RMQRCode", "MicroPDF417", "DXFilmEdge")


def _box(
    x0: float, y0: float, x1: float, y1: float, width: int, height: int
) -> tuple[float, float, float, float]:
    def inside(value: float, size: int) -> float:
        return min(max(value / size, 0.0), 1.0)

    return inside(x0, width), inside(y0, height), inside(x1, width), inside(y1, height)
