"""How well guesses do: macro-F1, calibration, by class, each with the width of chance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 10
ROUNDS = 1000
"""Resamplings behind an interval."""

Interval = tuple[float, float]
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class ClassMeasures:
    """Of one class: how many there were, and precision, recall and F1 of the guesses, 0-1."""

    name: str
    n: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Measures:
    """Of guesses beside the truth, whatever was abstained from.

    Attributes:
        n: documents.
        accuracy: share of right guesses.
        macro_f1: mean F1 of the classes that occur, with its 95 % interval.
        ece: expected calibration error over ten bins of as many documents each (Naeini et al. 2015; equal
            mass), with its 95 % interval.
        reliability: by bin: mean probability, share that was right, documents.
        confusion: rows the truth, columns the guess, in the order of ``names``.
    """

    n: int
    accuracy: float
    macro_f1: float
    macro_f1_interval: Interval
    ece: float
    ece_interval: Interval
    reliability: tuple[tuple[float, float, int], ...]
    per_class: tuple[ClassMeasures, ...]
    names: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]


def measure(
    truth: NDArray[np.int64],
    guess: NDArray[np.int64],
    probability: NDArray[np.float64],
    names: Sequence[str],
    seed: int = 0,
) -> Measures:
    """Measures of guesses; ``truth`` and ``guess`` are places in ``names``. At least one document."""
    table = np.zeros((len(names), len(names)), np.int64)
    np.add.at(table, (truth, guess), 1)
    right = truth == guess
    chance = np.random.default_rng(seed)
    drawn = chance.multinomial(len(truth), table.ravel() / len(truth), ROUNDS).reshape(-1, *table.shape)
    return Measures(
        n=len(truth),
        accuracy=_round(right.mean()),
        macro_f1=_round(_macro_f1(table[None])[0]),
        macro_f1_interval=_interval(_macro_f1(drawn)),
        ece=_round(calibration_error(probability, right)),
        ece_interval=_interval(_resampled_errors(probability, right, chance)),
        reliability=reliability(probability, right),
        per_class=tuple(_of_class(name, place, table) for place, name in enumerate(names)),
        names=tuple(names),
        confusion=tuple(tuple(row) for row in table.tolist()),
    )


def calibration_error(probability: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Expected calibration error over bins of equal mass."""
    return sum(
        count / len(right) * abs(said - was) for said, was, count in reliability(probability, right, _all)
    )


def reliability(
    probability: NDArray[np.float64], right: NDArray[np.bool_], digits: int = _DIGITS
) -> tuple[tuple[float, float, int], ...]:
    """By bin of equal mass: mean probability, share that was right, documents."""
    order = np.argsort(probability, kind="stable")
    return tuple(
        (round(float(probability[bin_].mean()), digits), round(float(right[bin_].mean()), digits), len(bin_))
        for bin_ in np.array_split(order, min(BINS, len(order)))
    )


_all = 17  # digits: no rounding


def _resampled_errors(
    probability: NDArray[np.float64], right: NDArray[np.bool_], chance: np.random.Generator
) -> NDArray[np.float64]:
    places = chance.integers(0, len(right), (ROUNDS // 2, len(right)))
    return np.array([calibration_error(probability[row], right[row]) for row in places])


def _macro_f1(tables: NDArray[np.int64]) -> NDArray[np.float64]:
    """Of each table; classes that neither occur nor are guessed do not count."""
    hits = np.diagonal(tables, axis1=1, axis2=2)
    either = tables.sum(axis=1) + tables.sum(axis=2)
    scores = 2 * hits / np.maximum(either, 1)
    return np.asarray(scores.sum(axis=1) / np.maximum((either > 0).sum(axis=1), 1))


def _of_class(name: str, place: int, table: NDArray[np.int64]) -> ClassMeasures:
    hits, there, guessed = table[place, place], table[place].sum(), table[:, place].sum()
    return ClassMeasures(
        name=name,
        n=int(there),
        precision=_round(hits / guessed) if guessed else 0.0,
        recall=_round(hits / there) if there else 0.0,
        f1=_round(2 * hits / (there + guessed)) if there + guessed else 0.0,
    )


def _interval(values: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(values, (0.025, 0.975))
    return _round(low), _round(high)


def _round(value: float) -> float:
    return round(float(value), _DIGITS)
