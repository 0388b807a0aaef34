"""Labelled documents to measure the classifier on, and the recipes that it is measured beside."""

import csv
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import ComplementNB
from sklearn.neural_network import MLPClassifier

from domain.evidence import Evidence, Example
from models import features
from models import train as training
from models.evidence import enough, of_text
from models.model import Trial
from postroom.reading import Refusals, evidence_of
from samples.texts import LANGUAGES, noise, training_texts

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "classification"
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Labelled:
    """Documents with enough text, their classes as places in ``names``, and their rows."""

    name: str
    texts: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    labels: Places
    names: tuple[str, ...]
    languages: tuple[str, ...]


def sets(short: bool) -> Iterator[Labelled]:
    """Those that this machine has: ``tobacco`` and ``cfpb`` of the shared data, and sample mail."""
    folder = DATA / "tobacco_pages"
    if folder.is_dir():
        rows = _rows(folder / "labels_text.csv")
        texts = [(folder / row["ocr_text"]).read_text("utf-8", "replace") for row in rows]
        yield made("tobacco", texts, [row["label"] for row in rows], short)
        rows = _rows(DATA / "cfpb" / "labels.csv")
        yield made("cfpb", [row["text"] for row in rows], [row["label"] for row in rows], short)
    yield sample_mail(24 if short else 100, short)


def sample_mail(per_class: int, short: bool = False) -> Labelled:
    """So much sample mail of each class, in its languages."""
    pairs = training_texts(per_class, 77)
    languages = [LANGUAGES[place % len(LANGUAGES)] for place in range(len(pairs))]
    return made("sample", [text for text, _ in pairs], [label for _, label in pairs], short, languages)


def scanned(short: bool) -> Iterator[Labelled]:
    """The images of the shared data, as our own OCR reads them; few where it is to be short."""
    folder = DATA / "tobacco_pages"
    if not folder.is_dir():
        return
    rows = _rows(folder / "labels_images.csv")
    read = evidence_of([folder / row["image"] for row in rows[:: 6 if short else 1]], Refusals())
    labels = {folder / row["image"]: row["label"] for row in rows}
    names = sorted(set(labels.values()))
    yield Labelled(
        "tobacco images",
        tuple(one.text for one in read.values()),
        tuple(read.values()),
        np.array([names.index(labels[file]) for file in read]),
        tuple(names),
        (),
    )


def made(
    name: str, texts: Sequence[str], labels: Sequence[str], short: bool = False, languages: Sequence[str] = ()
) -> Labelled:
    """Documents of these texts, in an order drawn once; at most 250 where it is to be short."""
    order = list(range(len(texts)))
    Random(0).shuffle(order)
    seen = [(place, of_text(texts[place])) for place in (order[:250] if short else order)]
    kept = [(place, one) for place, one in seen if enough(one)]
    names = sorted({labels[place] for place, _ in kept})
    return Labelled(
        name,
        tuple(texts[place] for place, _ in kept),
        tuple(one for _, one in kept),
        np.array([names.index(labels[place]) for place, _ in kept]),
        tuple(names),
        tuple(languages[place] for place, _ in kept) if languages else (),
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def resampled(found: Sequence[Labelled], number: int, seed: int) -> list[Example]:
    """So many documents drawn from these, each with OCR errors of its own."""
    chance = Random(seed)
    pool = [
        (text, f"{one.name} {one.names[label]}")
        for one in found
        for text, label in zip(one.texts, one.labels, strict=True)
    ]
    drawn = (chance.choice(pool) for _ in range(number))
    return [
        Example(str(place), of_text(noise(text[:5000], chance)), label)
        for place, (text, label) in enumerate(drawn)
    ]


def rows_of(found: Labelled, blocks: Sequence[str] = features.BLOCKS) -> Any:
    """The rows of all documents, made once."""
    counts = features.count(found.evidence, blocks)
    return features.weigh(features.fit(counts), counts)


def tried(rows: Any, labels: Places, learnt: Places, held: Places, seed: int = 0) -> tuple[Trial, Trial]:
    """What training on some rows gives: its own trial, and how it does on those held out."""
    x, y, classes = rows[learnt], labels[learnt], int(labels.max()) + 1
    folds = list(training._folds(y, seed))
    judged = training._out_of_fold(x, y, folds, classes, seed)
    machine, centres = training._machine(x, y, seed), training._centres(x, y, classes)
    typical = training._typical(judged, y, classes)
    own = training.verdicts(training._chances_of_folds(judged, y, folds), judged, typical)
    found = training._judge(machine, centres, rows[held])
    chances = training._chances(training._calibrator(judged.margins, y), found.margins)
    theirs = training.verdicts(chances, found, typical)
    return Trial((), y, *own), Trial((), labels[held], *theirs)


def recipe(name: str, texts: Sequence[str], labels: Places, judged: Sequence[str]) -> Places:
    """Guesses of another recipe: ``paperless`` (words 1-2 of at least 1 %, a small network) or ``nb``."""
    counter = CountVectorizer(analyzer="word", ngram_range=(1, 2), min_df=0.01)
    known = counter.fit_transform(texts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        machine = MLPClassifier(tol=0.01, random_state=0) if name == "paperless" else ComplementNB()
        return np.asarray(machine.fit(known, labels).predict(counter.transform(judged)))
