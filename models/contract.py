"""The error contract: which documents may be filed by machine so that no more than so many are wrong.

The promise: with probability ``confidence`` over the documents of the trial, at most ``max_error`` of what is
filed by machine is wrong, for documents that come as those did.

Method: Learn then Test (Angelopoulos, Bates, Candès, Jordan, Lei 2021). A threshold on the trust is a
hypothesis "more than max_error of what passes it is wrong"; the exact binomial bound of Clopper and Pearson
(1934) rejects it. Thresholds are tested one after the other from strict to loose, and the first that is not
rejected ends the walk: fixed-sequence testing, which costs nothing for looking at many. Two walks with half
of the risk each begin at places that depend on the number of documents alone: the first where a single
error may occur, the second at a third of the documents; they go on by the same steps under every limit.

Exact where the trial is a split. Where it is out of folds, the models of the trial learnt from a little
less than the one in use, and the bound is as good as that likeness (Barber, Candès, Ramdas, Tibshirani 2021,
on CV+).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil, log, log1p

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv  # type: ignore[import-untyped]

from domain.errors import Usage
from models.model import Model, Trial

LEAST_TRUST = 0.5
"""Nothing is filed by machine that is as likely wrong as right, whatever the promise allows."""

_STEP = 1.08  # each threshold of a walk lets so many times as many documents pass as the one before
_MORE, _TIMES, _DOCUMENTS = 1.25, 64.0, 20_000
"""What is missing is sought in such steps, up to so many times as many documents or to so many."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the operator asks for: shares 0-1 of what is filed by machine that may be wrong.

    Attributes:
        max_error: over all classes that have no limit of their own.
        by_class: limits of their own, by class.
        confidence: with which the promise holds.
    """

    max_error: float = 0.02
    by_class: tuple[tuple[str, float], ...] = ()
    confidence: float = 0.9


@dataclass(frozen=True, slots=True)
class Promise:
    """What can be promised of the documents of some classes.

    Attributes:
        threshold: trust from which a document is filed by machine; None where nothing can be promised.
        filed: share of the trial's documents that pass it.
        wrong: share of those that were wrong.
        n: documents of the trial that were guessed as one of these classes.
        missing: about how many more labelled documents a promise takes; 0 where there is one, None where
            more of the same would not do: even the surest are wrong too often.
    """

    threshold: float | None
    filed: float
    wrong: float
    n: int
    missing: int | None


@dataclass(frozen=True, slots=True)
class Contract:
    """Limits and what comes of them: a promise a class with limits of its own, one for all others."""

    limits: Limits
    overall: Promise
    by_class: tuple[tuple[str, Promise], ...] = ()

    def promise(self, name: str) -> Promise:
        """The promise that governs documents guessed as this class."""
        return dict(self.by_class).get(name, self.overall)

    def limit(self, name: str) -> float:
        """The share that may be wrong of documents filed as this class."""
        return dict(self.limits.by_class).get(name, self.limits.max_error)


def contract(model: Model, limits: Limits, called: Sequence[str] = ()) -> Contract:
    """What this model can promise under these limits.

    Args:
        model: with its trial.
        limits: by the names that classes have today.
        called: what the model's classes are called today, in their order; their own names where not given.
            To take one for another is no error where both have one name today.

    Raises:
        Usage: a limit or the confidence is not a share between 0 and 1.
    """
    _check(limits)
    names = tuple(called) or model.card.names
    own = {name: limit for name, limit in limits.by_class if name in names}
    trial = model.trial.by_name(names)
    others = [place for place, name in enumerate(names) if name not in own]
    return Contract(
        limits,
        promise(trial, np.isin(trial.guess, others), limits.max_error, limits.confidence),
        tuple(
            (name, promise(trial, trial.guess == names.index(name), limit, limits.confidence))
            for name, limit in own.items()
        ),
    )


def _check(limits: Limits) -> None:
    asked: Mapping[str, float] = {
        "max_error": limits.max_error,
        **{f"max_error of {name}": limit for name, limit in limits.by_class},
        "confidence": limits.confidence,
    }
    for name, value in asked.items():
        if not 0 < value < 1:
            raise Usage(f"{name} is {value:g}: give a share between 0 and 1, such as 0.02 for 2 %")


def promise(trial: Trial, of: NDArray[np.bool_], max_error: float, confidence: float) -> Promise:
    """The loosest threshold that keeps the error under ``max_error`` among the trial's documents ``of``."""
    trust, right = trial.trust[of], trial.right[of]
    order = np.argsort(-trust, kind="stable")
    trust, right = trust[order], right[order]
    may = int((trust >= LEAST_TRUST).sum())
    wrong = np.concatenate([[0], np.cumsum(~right[:may])])
    # A threshold lies between two different trusts: equals pass together or not at all.
    cuts = np.array([count for count in range(1, may + 1) if count == may or trust[count - 1] > trust[count]])
    passing = _walk(cuts, wrong, max_error, 1 - confidence, 1)
    if not passing:
        risk, few = 1 - confidence, fewest(max_error, 1 - confidence)
        missing = _missing(len(trust), cuts, wrong, max_error, risk) if len(trust) else few
        return Promise(None, 0.0, 0.0, len(trust), missing)
    return Promise(
        threshold=float(trust[passing - 1]),
        filed=passing / len(of),
        wrong=float(wrong[passing] / passing),
        n=len(trust),
        missing=0,
    )


def _missing(
    n: int, cuts: NDArray[np.int64], wrong: NDArray[np.int64], max_error: float, risk: float
) -> int | None:
    more = _MORE
    while more <= max(_TIMES, _DOCUMENTS / n):
        if _walk(cuts, wrong, max_error, risk, more):
            return ceil(n * (more - 1))
        more *= _MORE
    return None


def _walk(
    cuts: NDArray[np.int64], wrong: NDArray[np.int64], max_error: float, risk: float, more: float
) -> int:
    """Most documents that may pass; 0 for none. ``more``: as if there were so many times as many."""
    if not len(cuts):
        return 0
    total = int(cuts[-1] * more)
    first = _allowing(1, max_error, risk / 2)
    if total < first:  # one walk, from where no error may occur
        starts, risk_each = [fewest(max_error, risk)], risk
    else:
        starts, risk_each = sorted({first, max(first, total // 3)}), risk / 2
    best = 0
    for start in starts:
        for asked in _steps(start, total):
            place = int(np.searchsorted(cuts * more, asked))
            passing = int(cuts[min(place, len(cuts) - 1)])
            if bound(round(wrong[passing] * more), int(passing * more), risk_each) > max_error:
                break
            best = max(best, passing)
    return best


def _steps(start: int, total: int) -> list[int]:
    """From the first to all, by places that are the same for every limit.

    So a looser limit does not file fewer only because its walk came by other places.
    """
    found, asked = [], float(total)
    while asked >= start:
        found.append(int(asked))
        asked = min(asked / _STEP, asked - 1)
    return found[::-1]


def bound(wrong: int, n: int, risk: float) -> float:
    """Clopper and Pearson's upper bound of a share of which ``wrong`` of ``n`` were seen."""
    return 1.0 if wrong >= n else float(betaincinv(wrong + 1, n - wrong, 1 - risk))


@cache
def fewest(max_error: float, risk: float) -> int:
    """Documents without a single error that it takes for a promise."""
    return ceil(log(risk) / log1p(-max_error))


@cache
def _allowing(errors: int, max_error: float, risk: float) -> int:
    """Documents with so many errors that it takes for a promise."""
    n = fewest(max_error, risk)
    while bound(errors, n, risk) > max_error:
        n += 1
    return n
