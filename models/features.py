"""From evidence to numbers: one sparse row a document. Hashed, so that nothing of a text can be read back.

A stored vocabulary would hold people's words; it also takes skops minutes to write.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sparse  # type: ignore[import-untyped]
from numpy.typing import NDArray
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.preprocessing import StandardScaler

from domain.evidence import Evidence
from models.evidence import GRID
from models.letters import letters

Matrix = Any
"""A sparse matrix in rows (``scipy.sparse.csr_matrix``), float32."""

_EDGE = 4  # lines at the top and at the bottom that have a say of their own
_MAIL = re.compile(r"@([a-z0-9.-]+\.[a-z]{2,})")
_FIGURE = re.compile(r"\d")
_SIGNS = re.compile(r"\w\w+|[:$€£%@]")


def _plain(evidence: Evidence) -> str:
    """Lower case, every figure a 0, blanks single."""
    return " ".join(_lines(evidence))


def _lines(evidence: Evidence) -> list[str]:
    return _FIGURE.sub("0", evidence.text).lower().split("\n")


def _edges(evidence: Evidence) -> str:
    """Who it comes from, and how it begins and ends.

    The words of the first and of the last lines, marked as such (letterhead, signature); its language, and
    the domains of the addresses in it.
    """
    lines = _lines(evidence)
    marked = [("h", line) for line in lines[:_EDGE]] + [("f", line) for line in lines[_EDGE:][-_EDGE:]]
    domains = dict.fromkeys(_MAIL.findall(evidence.text.lower()))
    signs = [f"{mark}_{sign}" for mark, line in marked for sign in _SIGNS.findall(line)]
    return " ".join([*signs, f"lang_{evidence.language}", *(f"from_{domain}" for domain in domains)])


def _hashed(size: int, text: Callable[[Evidence], str], **how: Any) -> Callable[[Sequence[Evidence]], Matrix]:
    analyse = CountVectorizer(lowercase=False, **how).build_analyzer()
    hasher = FeatureHasher(size, input_type="dict", dtype=np.float32, alternate_sign=False)
    # Counted first: most of what a text consists of comes more than once, and hashing costs the most.
    return lambda documents: hasher.transform(Counter(analyse(text(one))) for one in documents)


_BLANKS = r"\S+"
COUNTS: dict[str, Callable[[Sequence[Evidence]], Matrix]] = {
    "words": _hashed(2**16, _plain, ngram_range=(1, 2), strip_accents="unicode"),
    "letters": lambda documents: letters(map(_plain, documents)),
    "edges": _hashed(2**14, _edges, token_pattern=_BLANKS),
}
"""Blocks of counts, each weighed by tf-idf and scaled to length 1."""

SHAPE, INK = "shape", "ink"
"""Blocks of measures: how the text is set, and where the first page is dark."""

_SHARE = {SHAPE: 0.12, INK: 0.05}  # of a standard deviation, beside rows of length 1
_FAR = 3.0  # standard deviations beyond which a measure counts no more


def _shape(evidence: Evidence) -> list[float]:
    lines = evidence.lines
    text = evidence.text
    signs, rows = len(text) + 1, len(lines) + 1
    lengths = np.array([len(line.text) for line in lines] or [0])
    lefts = np.array([line.left for line in lines] or [0.1])
    words, digits = text.split(), sum(map(str.isdigit, text))
    heights = np.array([line.height for line in lines if line.height] or [np.nan])
    return [
        np.log(signs), np.log(rows), lengths.mean(), lengths.std(), lengths.max(),
        digits / signs, sum(map(str.isupper, text)) / signs,
        (len(text) - sum(map(str.isalnum, text)) - sum(map(str.isspace, text))) / signs,
        sum(":" in line.text[:20] for line in lines) / rows,
        float((lengths < 20).mean()), float((lengths > 60).mean()),
        sum(map(len, words)) / (len(words) + 1),
        lefts.std(), float((lefts > 0.3).mean()),
        sum(sum(map(str.isdigit, line.text)) * 3 > len(line.text) for line in lines) / rows,
        np.log(evidence.pages), min(evidence.barcodes, 5),
        float(np.median(heights)), float(heights.max() / np.median(heights)),
    ]  # fmt: skip


def _inked(evidence: Evidence) -> list[float]:
    ink = np.array(evidence.ink or [np.nan] * GRID * GRID)
    return [*ink, float(ink.mean()), float(ink.std())]


_MEASURES: dict[str, Callable[[Evidence], list[float]]] = {SHAPE: _shape, INK: _inked}

BLOCKS = ("words", "letters", "edges", SHAPE, INK)
"""What a row is made of; ``postroom bench classify`` reports what each is worth."""


@dataclass(frozen=True)
class Weights:
    """What was learnt of the training documents about the features themselves: by block, in order."""

    blocks: tuple[str, ...]
    fitted: tuple[Any, ...]


def count(documents: Sequence[Evidence], blocks: Iterable[str] = BLOCKS) -> dict[str, Matrix]:
    """The blocks before weighing: what costs the time, and depends on no other document."""
    return {
        name: COUNTS[name](documents)
        if name in COUNTS
        else np.array([_MEASURES[name](one) for one in documents], np.float64)
        for name in blocks
    }


def fit(counts: dict[str, Matrix]) -> Weights:
    """Learn how rare each feature is, and the spread of each measure."""
    fitted = tuple(
        TfidfTransformer(sublinear_tf=True).fit(block) if name in COUNTS else _spread(block)
        for name, block in counts.items()
    )
    return Weights(tuple(counts), fitted)


def weigh(weights: Weights, counts: dict[str, Matrix]) -> Matrix:
    """The rows: each block as wide as it is, side by side.

    What the fitted transformers would do, without their checks: those take longer than all else for a
    single document (``tests/models/test_features.py`` holds that the numbers are the same).
    """
    return _side_by_side(
        [
            _rarity(learnt, counts[name]) if name in COUNTS else _measured(learnt, counts[name], _SHARE[name])
            for name, learnt in zip(weights.blocks, weights.fitted, strict=True)
        ]
    )


Part = tuple[NDArray[np.float32], NDArray[Any], NDArray[Any], int]
"""Values, their columns, where each row ends, and the columns that there are."""


def _side_by_side(parts: Sequence[Part]) -> Matrix:
    """One matrix of these: as ``scipy.sparse.hstack``, which makes and checks a dozen for each document."""
    lengths = [np.diff(ends) for _, _, ends, _ in parts]
    ends = np.concatenate([[0], np.cumsum(np.sum(lengths, axis=0))])
    values, columns = np.empty(ends[-1], np.float32), np.empty(ends[-1], np.int32)
    begins, width = ends[:-1].copy(), 0
    for (data, places, own, wide), long in zip(parts, lengths, strict=True):
        to = np.repeat(begins - own[:-1], long) + np.arange(len(data))
        values[to], columns[to] = data, places + width
        begins += long
        width += wide
    return sparse.csr_matrix((values, columns, ends), shape=(len(ends) - 1, width))


def unit(rows: Matrix) -> Matrix:
    """The rows scaled to length 1; empty ones stay empty."""
    return sparse.csr_matrix((_unit(rows.data, rows.indptr), rows.indices, rows.indptr), shape=rows.shape)


def _unit(data: NDArray[Any], indptr: NDArray[Any]) -> NDArray[np.float32]:
    squares = np.concatenate([[0.0], np.cumsum(data.astype(np.float64) ** 2)])
    lengths = np.sqrt(np.diff(squares[indptr]))
    lengths[lengths == 0] = 1.0
    return np.asarray(data / np.repeat(lengths, np.diff(indptr)), np.float32)


def _rarity(learnt: TfidfTransformer, block: Matrix) -> Part:
    weighed = (np.log(block.data) + 1) * learnt.idf_[block.indices]
    return _unit(weighed, block.indptr), block.indices, block.indptr, block.shape[1]


def _spread(block: NDArray[np.float64]) -> StandardScaler:
    """What is known of no document at all counts for nothing."""
    known = np.where(np.isnan(block).all(axis=0), 0.0, block)
    return StandardScaler().fit(known)


def _measured(learnt: StandardScaler, block: NDArray[np.float64], share: float) -> Part:
    """In standard deviations; what is not known of a document is taken for usual."""
    rows, columns = block.shape
    far = np.clip(np.nan_to_num((block - learnt.mean_) / learnt.scale_), -_FAR, _FAR) * share
    places = np.tile(np.arange(columns, dtype=np.int32), rows)
    return far.astype(np.float32).ravel(), places, np.arange(rows + 1) * columns, columns
