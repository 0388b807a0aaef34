"""N-grams of letters within words, counted as numbers: a text has three thousand, and one loop each is slow.

The same n-grams as scikit-learn's ``char_wb`` (``tests/models/test_letters.py``), hashed on the way.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import scipy.sparse as sparse  # type: ignore[import-untyped]
from numpy.typing import NDArray

SIZE = 2**16
"""Columns."""

_LONGEST = 4
_BLANK = ord(" ")
_TIMES, _STIR = np.uint32(0x9E3779B1), np.uint32(0x85EBCA6B)


def letters(texts: Iterable[str]) -> Any:
    """How often each n-gram of 2 to 4 letters comes in each text: a row a text, in float32.

    A word's ends count as letters; no n-gram goes beyond a word.
    """
    counts, columns, ends = [], [], [0]
    for text in texts:
        found = np.bincount(_columns(text), minlength=SIZE)
        there = np.flatnonzero(found)
        counts.append(found[there])
        columns.append(there)
        ends.append(ends[-1] + len(there))
    if len(ends) == 1:
        return sparse.csr_matrix((0, SIZE), dtype=np.float32)
    told = np.concatenate(counts).astype(np.float32)
    return sparse.csr_matrix((told, np.concatenate(columns), ends), shape=(len(ends) - 1, SIZE))


def _columns(text: str) -> NDArray[np.int64]:
    padded = "".join(f" {word}" for word in text.split()) + " "
    signs = np.frombuffer(padded.encode("utf-32-le", "surrogatepass"), np.uint32)
    blank = signs == _BLANK
    hashed, beyond, found = signs, np.zeros(len(signs), np.bool_), []
    for length in range(2, _LONGEST + 1):
        hashed, beyond = hashed[:-1] * _TIMES ^ signs[length - 1 :], beyond[:-1]
        if length > 2:
            beyond = beyond | blank[length - 2 : -1]  # the sign that was last lies within now
        found.append(_stirred(hashed[~beyond] + np.uint32(length)))
    return np.concatenate(found).astype(np.int64)


def _stirred(hashed: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Every bit has its say in the column (the finish of MurmurHash3, Appleby 2008)."""
    hashed = (hashed ^ hashed >> np.uint32(16)) * _STIR
    hashed = (hashed ^ hashed >> np.uint32(13)) * np.uint32(0xC2B2AE35)
    return (hashed ^ hashed >> np.uint32(16)) & np.uint32(SIZE - 1)
