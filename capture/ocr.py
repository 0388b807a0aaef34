"""Tesseract in this process: words with boxes."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from capture.tools.tesseract import binding, language_code

Gray = npt.NDArray[np.uint8]

_WORD = "5"
_OTSU, _SAUVOLA = "0", "2"


@dataclass(frozen=True, slots=True)
class Spot:
    """One word: its text, ``(left, top, right, bottom)`` in pixels, confidence 0-1, and text line from 0."""

    text: str
    box: tuple[int, int, int, int]
    confidence: float
    line: int


def recognise(
    gray: Gray, dpi: float, language: str, tessdata: Path, *, sauvola: bool = False
) -> tuple[Spot, ...]:
    """The words of an upright page image, in reading order.

    Args:
        gray: (height, width), 0 black to 255 white.
        dpi: resolution of ``gray``.
        language: ISO 639-1.
        tessdata: folder of the language data.
        sauvola: ink is what is dark for its surroundings (Sauvola, 2000), not for the page (Otsu).

    Raises:
        Usage: there is no data for the language.
        MemoryError: the page needs more memory than there is.
    """
    api = _engine(tessdata, language_code(language, tessdata))
    api.SetVariable("thresholding_method", _SAUVOLA if sauvola else _OTSU)
    try:
        _show(api, gray, dpi)
        api.Recognize()
        return _spots(api.GetTSVText(0))
    finally:
        api.Clear()


def _show(api: Any, gray: Gray, dpi: float) -> None:
    # SetImage(PIL image) goes through a file format in memory and costs accuracy; bytes do not
    height, width = gray.shape
    api.SetImageBytes(np.ascontiguousarray(gray).tobytes(), width, height, 1, width)
    api.SetSourceResolution(max(70, round(dpi)))


def _spots(tsv: str) -> tuple[Spot, ...]:
    spots: list[Spot] = []
    lines: dict[tuple[str, ...], int] = {}
    for row in tsv.splitlines():
        cells = row.split("\t", 11)
        if len(cells) < 12 or cells[0] != _WORD or not cells[11].strip():
            continue
        left, top, width, height = (int(cell) for cell in cells[6:10])
        line = lines.setdefault(tuple(cells[1:5]), len(lines))
        confidence = min(1.0, max(0.0, float(cells[10]) / 100))
        spots.append(Spot(cells[11].strip(), (left, top, left + width, top + height), confidence, line))
    return tuple(spots)


@cache
def _engine(tessdata: Path, code: str) -> Any:
    os.environ["OMP_THREAD_LIMIT"] = "1"  # its threads spin; pages run side by side instead
    tesserocr = binding()
    make: Callable[..., Any] = tesserocr.PyTessBaseAPI
    return make(path=str(tessdata), lang=code, psm=tesserocr.PSM.AUTO, oem=tesserocr.OEM.LSTM_ONLY)
