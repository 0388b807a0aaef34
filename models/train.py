"""Training of the document classifier."""

import hashlib
import json
import random
from collections import Counter
from collections.abc import Sequence

import numpy as np
import scipy  # type: ignore[import-untyped]
import sklearn
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.svm import LinearSVC

from domain.errors import Usage
from models.model import Card, Model, enough, prepare

FEWEST = 5
"""Texts of each class that training asks for."""

FOLDS = 3
SETTINGS = "words 1-2 in 2^15, char_wb 3-5 in 2^16, tf-idf sublinear, LinearSVC C=1, sigmoid out of 3 folds"
"""What the version of a model depends on besides data, threshold and seed: change it with the pipeline."""


def train(texts: Sequence[str], labels: Sequence[str], *, threshold: float = 0.6, seed: int = 0) -> Model:
    """Fit the classifier: word and letter n-grams, a linear SVM, probabilities calibrated out of fold.

    Probabilities are Platt's sigmoid (Platt 1999) of each class's margin on texts that the SVM had not
    seen, scaled to a sum of one. The card's figures come from texts held out from SVM and calibration.

    Args:
        texts: of documents; those with too little text are left out.
        labels: the class of each.
        threshold: probability 0-1 below which the model abstains.
        seed: of the folds; the same data, settings and seed give the same model.

    Raises:
        Usage: fewer than two classes, too few texts of a class, or an absurd threshold.
    """
    if not 0 <= threshold <= 1:
        raise Usage(f"threshold is {threshold}: give a probability from 0 to 1")
    if len(texts) != len(labels):
        raise Usage(f"{len(texts)} texts and {len(labels)} labels: give one label for each text")
    # In one order whatever the caller's, then shuffled, so that the same texts make the same folds.
    kept = sorted((label, text) for text, label in zip(texts, labels, strict=True) if enough(text))
    random.Random(seed).shuffle(kept)  # noqa: S311
    counts = Counter(label for label, _ in kept)
    _require(counts, set(labels))
    names = [label for label, _ in kept]
    vectors = _vectors()
    features = vectors.fit_transform(prepare(text for _, text in kept))
    classifier = _classifier(seed)
    held_out = cross_val_predict(_classifier(seed), features, names, cv=FOLDS, method="predict_proba")
    classifier.fit(features, names)
    card = _card(kept, counts, threshold, seed, held_out)
    return Model(card, Pipeline([("vectors", vectors), ("classifier", classifier)]))


def _require(counts: Counter[str], asked: set[str]) -> None:
    if len(asked) < 2:
        raise Usage("training needs texts of at least two classes: add labelled documents of another class")
    if few := sorted(label for label in asked if counts[label] < FEWEST):
        missing = ", ".join(f"{label} has {counts[label]}" for label in few)
        raise Usage(f"training needs {FEWEST} readable texts of each class: {missing}; label more of them")


def _vectors() -> FeatureUnion:
    # Hashed, not a vocabulary: a stored vocabulary of 60,000 entries takes skops minutes to write.
    words = HashingVectorizer(
        ngram_range=(1, 2), n_features=2**15, alternate_sign=False, norm=None, strip_accents="unicode"
    )
    letters = HashingVectorizer(
        analyzer="char_wb", ngram_range=(3, 5), n_features=2**16, alternate_sign=False, norm=None
    )
    return FeatureUnion(
        [
            (name, Pipeline([("count", counter), ("weigh", TfidfTransformer(sublinear_tf=True))]))
            for name, counter in (("words", words), ("letters", letters))
        ]
    )


def _classifier(seed: int) -> CalibratedClassifierCV:
    svm = LinearSVC(C=1.0, tol=1e-3, class_weight="balanced", random_state=seed)
    return CalibratedClassifierCV(svm, method="sigmoid", cv=FOLDS, ensemble=False)


def _card(
    kept: Sequence[tuple[str, str]],
    counts: Counter[str],
    threshold: float,
    seed: int,
    held_out: NDArray[np.float64],
) -> Card:
    data = hashlib.sha256()
    for label, text in sorted(kept):
        data.update(json.dumps([label, text]).encode())
    libraries = tuple((lib.__name__, str(lib.__version__)) for lib in (np, scipy, sklearn))
    settings = json.dumps([SETTINGS, threshold, seed, libraries, data.hexdigest()])
    classes = sorted(counts)
    right = np.array(classes)[held_out.argmax(axis=1)] == np.array([label for label, _ in kept])
    sure = held_out.max(axis=1) >= threshold
    return Card(
        version=hashlib.sha256(settings.encode()).hexdigest()[:12],
        classes=tuple((label, counts[label]) for label in classes),
        threshold=threshold,
        seed=seed,
        data=data.hexdigest(),
        libraries=libraries,
        accuracy=round(float(right.mean()), 4),
        coverage=round(float(sure.mean()), 4),
        wrong=round(float((~right[sure]).mean()), 4) if sure.any() else 0.0,
    )
