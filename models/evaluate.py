"""A model beside people's labels."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from domain.document import Verdict
from domain.evidence import Example
from models.classify import Classifier, classify
from models.measures import Measures, measure


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a model did on labelled documents.

    Attributes:
        measures: of its guesses, whatever it abstained from.
        coverage: share that it would file by machine.
        error_at_coverage: share of those that were wrong.
        filed: by class: how many it would file as that, and how many of these were wrong.
        why: how often it abstained for which reason.
    """

    measures: Measures
    coverage: float
    error_at_coverage: float
    filed: tuple[tuple[str, int, int], ...]
    why: tuple[tuple[str, int], ...]
    verdicts: tuple[Verdict, ...]


def evaluate(classifier: Classifier, examples: Sequence[Example]) -> Evaluation:
    """Judge labelled documents, at least one. A class that the model does not know counts as wrong."""
    verdicts = classify(classifier, [one.evidence for one in examples])
    known = tuple(dict.fromkeys(classifier.called))
    names = [*known, *sorted({one.label for one in examples} - set(known))]
    place = {name: at for at, name in enumerate(names)}
    filed = [
        (verdict.label, one.label) for verdict, one in zip(verdicts, examples, strict=True) if verdict.label
    ]
    as_what = Counter(said for said, _ in filed)
    wrong = Counter(said for said, truth in filed if said != truth)
    return Evaluation(
        measures=measure(
            np.array([place[one.label] for one in examples]),
            np.array([place[verdict.guess] for verdict in verdicts]),
            np.array([verdict.probability for verdict in verdicts]),
            names,
        ),
        coverage=len(filed) / len(examples),
        error_at_coverage=wrong.total() / len(filed) if filed else 0.0,
        filed=tuple((name, as_what[name], wrong[name]) for name in names),
        why=tuple(Counter(verdict.why for verdict in verdicts if verdict.why).most_common()),
        verdicts=tuple(verdicts),
    )
