"""A trained classifier and its card."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.features import Weights
from models.measures import Measures

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trial:
    """How the model did on documents that it had not learnt from: what every promise rests on.

    Arrays of one length, and the documents' ``keys``. ``truth`` and ``guess`` are places in the order of the
    classes; ``probability`` is that of the guess, 0-1; ``trust`` orders documents by how far the guess may be
    trusted.
    """

    keys: tuple[str, ...]
    truth: NDArray[np.int64]
    guess: NDArray[np.int64]
    probability: Floats
    trust: Floats

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which guesses were right."""
        return np.asarray(self.truth == self.guess)

    def by_name(self, names: Sequence[str]) -> "Trial":
        """With one place, the first, for all classes of one name; ``names`` in the order of the classes."""
        place = np.array([names.index(name) for name in names])
        return replace(self, truth=place[self.truth], guess=place[self.guess])


@dataclass(frozen=True, slots=True)
class Card:
    """What a model was made of and how well it did on documents held out from it.

    Attributes:
        version: short hash of data and settings; the same data and settings give the same version.
        classes: in the order of their names, with the number of documents of each that it learnt from.
        left_out: classes with too few documents, with their number: the model knows nothing of them.
        seed: of the folds.
        data: the dataset's version: SHA-256 over the rows of keys, evidence and labels, whatever their order.
        libraries: name and version.
        held_out: ``"split"`` where a part of the documents was held out for the trial, ``"folds"`` where
            each was judged by a model that had not seen it.
        measures: of the trial.
    """

    version: str
    classes: tuple[tuple[str, int], ...]
    left_out: tuple[tuple[str, int], ...]
    seed: int
    data: str
    libraries: tuple[tuple[str, str], ...]
    held_out: str
    measures: Measures

    @property
    def names(self) -> tuple[str, ...]:
        """The classes in order."""
        return tuple(name for name, _ in self.classes)


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted classifier.

    Attributes:
        weights: of the features.
        machine: linear SVM, one margin a class.
        calibrator: margins to probabilities: a logistic regression on margins of documents not learnt from.
        centres: the mean row of each class, scaled to length 1.
        typical: for each class three sorted rows: how near its centre, by what margin and how far ahead of
            the next class those of its documents were that were guessed right by a model without them.
    """

    card: Card
    weights: Weights
    machine: Any
    calibrator: Any
    centres: NDArray[np.float32]
    typical: tuple[Floats, ...]
    trial: Trial
