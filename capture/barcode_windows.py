"""Where a page looks like it holds a barcode, whether or not one was read there."""

import cv2
import numpy as np
from numpy.typing import NDArray

from domain.page import Box

_CELL = 8  # pixels of the page a cell, at 200 dpi one millimetre
_MOST = 6
_STRONG = 26.0  # mean step between neighbouring pixels (0-255) in a code's cells
_MARGIN = 3  # cells left around a window for the quiet zone

Gray = NDArray[np.uint8]


def code_windows(page: Gray) -> tuple[Box, ...]:
    """Places with code-like texture, as fractions of ``page``, the largest first, at most six.

    Bars have strong steps across and hardly any along; matrix codes have strong steps both ways, in
    a filled rectangle. Text has weaker ones, in thin rows. Needs about 5 ms on a page of 200 dpi.

    Args:
        page: grey image (height, width) of about 200 dpi.
    """
    rows, columns = (page.shape[0] - 1) // _CELL, (page.shape[1] - 1) // _CELL
    if rows < 4 or columns < 4:
        return ()
    height, width = rows * _CELL, columns * _CELL  # a whole number of cells: resizing is fast then
    here = page[:height, :width]
    across = _cells(cv2.absdiff(here, page[:height, 1 : width + 1]), rows, columns)
    along = _cells(cv2.absdiff(here, page[1 : height + 1, :width]), rows, columns)
    wide, narrow = np.maximum(across, along), np.minimum(across, along)
    bars = (wide > _STRONG) & (narrow < 0.4 * wide)
    matrix = narrow > _STRONG
    found = [
        *_blobs(bars & (across > along), shortest=4, filled=0.5),
        *_blobs(bars & (across <= along), shortest=4, filled=0.5),
        *_blobs(matrix, shortest=6, filled=0.7),
    ]
    # A code may fall into several blobs: with their margins they touch.
    around = np.zeros((rows, columns), np.uint8)
    for x, y, w, h in found:
        around[max(y - _MARGIN, 0) : y + h + _MARGIN, max(x - _MARGIN, 0) : x + w + _MARGIN] = 1
    windows = cv2.connectedComponentsWithStats(around, connectivity=4)[2][1:].tolist()
    windows.sort(key=lambda window: -int(window[2] * window[3]))
    return tuple(
        (x / columns, y / rows, (x + w) / columns, (y + h) / rows) for x, y, w, h, _ in windows[:_MOST]
    )


def _cells(steps: NDArray[np.generic], rows: int, columns: int) -> NDArray[np.float32]:
    """Mean step a cell, evened out over its neighbours."""
    small = cv2.resize(np.asarray(steps), (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.blur(small.astype(np.float32), (3, 3)), np.float32)


def _blobs(mask: NDArray[np.bool_], shortest: int, filled: float) -> list[tuple[int, int, int, int]]:
    """Connected regions (x, y, width, height) at least 8 by ``shortest`` cells, mostly filled."""
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    stats = cv2.connectedComponentsWithStats(closed, connectivity=8)[2][1:]
    return [
        (int(x), int(y), int(width), int(height))
        for x, y, width, height, area in stats
        if max(width, height) >= 8 and min(width, height) >= shortest and area >= filled * width * height
    ]
