"""Training of the document classifier."""

import hashlib
import json
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # type: ignore[import-untyped]
import sklearn
from numpy.typing import NDArray
from scipy.special import softmax  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.svm import LinearSVC

from domain.errors import Usage
from domain.evidence import Example
from domain.wire import to_json
from models.evidence import enough
from models.features import BLOCKS, Matrix, count, fit, unit, weigh
from models.measures import measure
from models.model import Card, Floats, Model, Trial

FEWEST = 3
"""Documents of a class that training asks for."""

FOLDS = 5
SPLIT_FROM = 2_000
"""From so many documents on, a part is held out for the trial, which makes promises exact; with fewer, all
are learnt from and each is judged by a model of the other folds."""

SPLIT, SPLIT_AT_MOST = 0.25, 2_500
SETTINGS = "words 1-2, letters 2-4, edges, shape, ink; LinearSVC C=1; logistic C=10; 5 folds; three signs"
"""What the version of a model depends on besides data and seed: change it with the features."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Margins and nearness to each centre, of documents that the machine had not learnt from."""

    margins: Floats
    nearness: Floats


def train(
    examples: Sequence[Example], *, seed: int = 0, strict: bool = True, blocks: Sequence[str] = BLOCKS
) -> Model:
    """Fit the classifier: sparse counts and measures, a linear SVM, probabilities calibrated out of fold.

    Probabilities come from a logistic regression on the margins (after Platt 1999, with all classes at
    once) of documents that the SVM had not seen. The trial's figures come from documents held out from both.
    The rows are made once.

    Args:
        examples: labelled documents; those with too little text are left out, equal ones count once.
        seed: of the folds; the same examples in any order, settings and seed give the same model.
        strict: a class with too few documents is an error; otherwise it is left out, and the card says so.
        blocks: of features, for ablations.

    Raises:
        Usage: fewer than two classes, or too few documents of a class.
    """
    kept, left_out = _usable(examples, strict)
    names = sorted({one.label for one in kept})
    labels = np.searchsorted(names, [one.label for one in kept])
    split = len(kept) >= SPLIT_FROM
    learnt, tried = _split(labels, seed) if split else (np.arange(len(kept)), np.array([], np.int64))
    counts = count([one.evidence for one in kept], blocks)
    weights = fit({block: found[learnt] for block, found in counts.items()})
    rows = weigh(weights, counts)
    x, y = rows[learnt], labels[learnt]
    folds = _folds(y, seed)
    judged = _out_of_fold(x, y, folds, len(names), seed)
    machine, centres = _machine(x, y, seed), _centres(x, y, len(names))
    calibrator = _calibrator(judged.margins, y)
    typical = _typical(judged, y, len(names))
    if split:
        found = _judge(machine, centres, rows[tried])
        outcome = verdicts(_chances(calibrator, found.margins), found, typical)
    else:
        tried = learnt
        outcome = verdicts(_chances_of_folds(judged, y, folds), judged, typical)
    trial = Trial(tuple(kept[place].key for place in tried), labels[tried], *outcome)
    libraries = tuple((lib.__name__, str(lib.__version__)) for lib in (np, scipy, sklearn))
    data = dataset_version(kept)
    settings = json.dumps([SETTINGS, list(blocks), seed, libraries, data])
    card = Card(
        version=hashlib.sha256(settings.encode()).hexdigest()[:12],
        classes=tuple(sorted(Counter(one.label for one in kept).items())),
        left_out=left_out,
        seed=seed,
        data=data,
        libraries=libraries,
        held_out="split" if split else "folds",
        measures=measure(trial.truth, trial.guess, trial.probability, names, seed),
    )
    return Model(card, weights, machine, calibrator, centres, typical, trial)


def dataset_version(examples: Sequence[Example]) -> str:
    """SHA-256 over what the examples say, in whatever order they come."""
    rows = sorted(
        json.dumps([one.key, one.label, hashlib.sha256(to_json(one.evidence)).hexdigest()])
        for one in examples
    )
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def _usable(examples: Sequence[Example], strict: bool) -> tuple[list[Example], tuple[tuple[str, int], ...]]:
    """Those to learn from, in one order whatever the caller's, and the classes that are left out."""
    unlike = {(one.label, to_json(one.evidence)): one for one in sorted(examples, key=_order, reverse=True)}
    kept = sorted((one for one in unlike.values() if enough(one.evidence)), key=_order)
    counts = Counter(one.label for one in kept)
    few = tuple(
        sorted((label, counts[label]) for label in {one.label for one in examples} if counts[label] < FEWEST)
    )
    if strict and few and len({one.label for one in examples}) > 1:
        missing = ", ".join(f"{label} has {number}" for label, number in few)
        raise Usage(
            f"training needs {FEWEST} different readable documents of each class: {missing}; "
            "label more of them"
        )
    kept = [one for one in kept if counts[one.label] >= FEWEST]
    if len({one.label for one in kept}) < 2:
        raise Usage(
            "training needs documents of at least two classes: add labelled documents of another class"
        )
    return kept, few


def _order(one: Example) -> tuple[str, str, bytes]:
    return one.label, one.key, to_json(one.evidence)


def _split(labels: NDArray[np.int64], seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Those to learn from and those to try the model on, as many of each class as its share."""
    size = min(SPLIT_AT_MOST, round(SPLIT * len(labels)))
    learnt, tried = train_test_split(
        np.arange(len(labels)), test_size=size, random_state=seed, stratify=labels
    )
    return np.sort(learnt), np.sort(tried)


Fold = tuple[NDArray[np.int64], NDArray[np.int64]]


def _folds(labels: NDArray[np.int64], seed: int) -> list[Fold]:
    """A class of two documents too is in every part that is learnt from: they lie in different folds."""
    number = min(FOLDS, int(np.bincount(labels).max()))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class")
        return list(StratifiedKFold(number, shuffle=True, random_state=seed).split(labels, labels))


def _machine(rows: Matrix, labels: NDArray[np.int64], seed: int) -> LinearSVC:
    machine = LinearSVC(C=1.0, tol=1e-2, class_weight="balanced", random_state=seed).fit(rows, labels)
    machine.coef_ = np.asfortranarray(machine.coef_)  # scipy copies the other order for each product
    return machine


def _centres(rows: Matrix, labels: NDArray[np.int64], classes: int) -> NDArray[np.float32]:
    near = unit(rows)
    means = np.vstack([np.asarray(near[labels == place].mean(axis=0)) for place in range(classes)])
    return np.asfortranarray(means / np.linalg.norm(means, axis=1, keepdims=True), np.float32)


def _judge(machine: LinearSVC, centres: NDArray[np.float32], rows: Matrix) -> Judged:
    margins = rows @ machine.coef_.T + machine.intercept_
    if margins.shape[1] == 1:
        margins = np.hstack([-margins, margins])
    return Judged(np.asarray(margins, np.float64), np.asarray(unit(rows) @ centres.T, np.float64))


def _out_of_fold(
    rows: Matrix, labels: NDArray[np.int64], folds: Sequence[Fold], classes: int, seed: int
) -> Judged:
    margins, nearness = np.zeros((len(labels), classes)), np.zeros((len(labels), classes))
    for learnt, held in folds:
        x, y = rows[learnt], labels[learnt]
        judged = _judge(_machine(x, y, seed), _centres(x, y, classes), rows[held])
        margins[held], nearness[held] = judged.margins, judged.nearness
    return Judged(margins, nearness)


def _calibrator(margins: Floats, labels: NDArray[np.int64]) -> LogisticRegression:
    return LogisticRegression(C=10.0, max_iter=1000).fit(margins, labels)


def _typical(judged: Judged, labels: NDArray[np.int64], classes: int) -> tuple[Floats, ...]:
    right = judged.margins.argmax(axis=1) == labels
    signs = _signs(judged, labels)
    return tuple(np.sort(signs[:, right & (labels == place)], axis=1) for place in range(classes))


def _signs(judged: Judged, guess: NDArray[np.int64]) -> Floats:
    """How like its class a document is: nearness to its centre, margin, and lead over the next class."""
    places = np.arange(len(guess))
    margin = judged.margins[places, guess]
    others = judged.margins.copy()
    others[places, guess] = -np.inf
    return np.array([judged.nearness[places, guess], margin, margin - others.max(axis=1)])


def _chances_of_folds(judged: Judged, labels: NDArray[np.int64], folds: Sequence[Fold]) -> Floats:
    """The calibrator too judges only what it was not fitted on."""
    chances = np.zeros_like(judged.margins)
    for learnt, held in folds:
        fitted = _calibrator(judged.margins[learnt], labels[learnt])
        chances[held] = _chances(fitted, judged.margins[held])
    return chances


def judge(model: Model, rows: Matrix) -> tuple[Floats, Judged]:
    """Probabilities of the classes, and what they rest on, a row a document."""
    judged = _judge(model.machine, model.centres, rows)
    return _chances(model.calibrator, judged.margins), judged


def _chances(calibrator: LogisticRegression, margins: Floats) -> Floats:
    scores = margins @ calibrator.coef_.T + calibrator.intercept_
    if scores.shape[1] == 1:
        scores = np.hstack([-scores, scores]) / 2
    return np.asarray(softmax(scores, axis=1))


_LEAST_TYPICAL, _TYPICAL = 0.4, 2.0


def verdicts(
    chances: Floats, judged: Judged, typical: Sequence[Floats]
) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Guess, its probability, and the trust it deserves.

    The trust is the probability, but no more than 0.4 + 2 q, where q is the least of three shares: of the
    class's documents that lie as far from its centre or farther, that were told by as small a margin, and
    that were as little ahead of the next class. Each is a conformal p-value (Vovk, Gammerman, Shafer 2005).
    So what is unlike anything seen of its class is not trusted, whatever the probability, which only weighs
    the classes against each other: a document that is among the least typical twentieth in one of these
    never has more than 0.5. ``postroom bench classify --part novelty`` measures it.
    """
    guess = chances.argmax(axis=1)
    probability = chances[np.arange(len(guess)), guess]
    signs = _signs(judged, guess)
    share = np.ones(len(guess))
    for place in np.unique(guess):
        mine = guess == place
        for known, sign in zip(typical[place], signs[:, mine], strict=True):
            below = np.searchsorted(known, sign, side="right")
            share[mine] = np.minimum(share[mine], (below + 1) / (len(known) + 1))
    return guess, probability, np.minimum(probability, _LEAST_TYPICAL + _TYPICAL * share)
