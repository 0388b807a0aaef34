"""What class a document is, or that a person must look, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.document import Verdict
from domain.evidence import Evidence
from models.contract import Contract, Limits, Promise, contract
from models.evidence import enough
from models.features import count, weigh
from models.model import Model, Trial
from models.train import judge, verdicts

LITTLE_TEXT = "too little text"
UNLIKE = "unlike anything seen of its class"
_CLOSE = 0.25  # between two probabilities that are close
_AT_ONCE = 512  # documents whose rows are in memory together


@dataclass(frozen=True, slots=True)
class Classifier:
    """A model, and what it promises.

    ``called`` is what its classes are called today, in their order: one may have gone into another since.
    """

    model: Model
    contract: Contract
    called: tuple[str, ...]

    @property
    def trial(self) -> Trial:
        """The model's, by what its classes are called today."""
        return self.model.trial.by_name(self.called)


def called_today(model: Model, now: Mapping[str, str]) -> tuple[str, ...]:
    """What the model's classes are called, in their order; ``now`` tells it of a class by any name."""
    return tuple(now.get(name, name) for name in model.card.names)


def promising(model: Model, limits: Limits, now: Mapping[str, str] | None = None) -> Classifier:
    """A model with what it promises under these limits; ``now`` is what a class is called today.

    Raises:
        Usage: a limit is no share between 0 and 1.
    """
    called = called_today(model, now or {})
    return Classifier(model, contract(model, limits, called), called)


def classify(classifier: Classifier, documents: Sequence[Evidence]) -> list[Verdict]:
    """Judge documents, in one go.

    The verdict abstains (``label`` None) where the contract does not reach, and for a document with too
    little text; ``why`` says so in words. Any document will do.

    Args:
        classifier: a model, as trained or loaded, and what it promises.
        documents: what is known of each.

    Returns:
        One verdict for each document, in order.
    """
    model = classifier.model
    judged: list[Verdict] = []
    for start in range(0, len(documents), _AT_ONCE):
        some = documents[start : start + _AT_ONCE]
        chances, judged_as = judge(model, weigh(model.weights, count(some, model.weights.blocks)))
        guesses, _, trusts = verdicts(chances, judged_as, model.typical)
        judged += [
            _verdict(classifier, one, chances[place], int(guesses[place]), float(trusts[place]))
            for place, one in enumerate(some)
        ]
    return judged


def _verdict(
    classifier: Classifier, document: Evidence, chances: NDArray[np.float64], guess: int, trust: float
) -> Verdict:
    by_name = dict.fromkeys(classifier.called, 0.0)
    for called, chance in zip(classifier.called, chances.tolist(), strict=True):
        by_name[called] += chance
    ranked = tuple(sorted(by_name.items(), key=lambda pair: (-pair[1], pair[0])))
    name, probability = ranked[0]
    why = _why(document, ranked, float(chances[guess]), trust, classifier.contract)
    return Verdict(None if why else name, name, probability, ranked, classifier.model.card.version, why)


def _why(
    document: Evidence,
    ranked: tuple[tuple[str, float], ...],
    probability: float,
    trust: float,
    under: Contract,
) -> str:
    """Why a person must look; "" where nobody must."""
    name = ranked[0][0]
    promised = under.promise(name)
    if not enough(document):
        return LITTLE_TEXT
    if promised.threshold is None:
        return not_promised(promised, under.limit(name))
    if trust >= promised.threshold:
        return ""
    if probability >= promised.threshold:
        return UNLIKE
    (first, most), (second, less) = ranked[:2]
    if most - less < _CLOSE:
        return f"{first} or {second}: too close to tell"
    return f"not sure enough for at most {percent(under.limit(name))} wrong"


def not_promised(promise: Promise, limit: float) -> str:
    """Why nothing is filed by machine, and what would help."""
    asked = f"at most {percent(limit)} wrong"
    if promise.missing is None:
        return f"{asked} cannot be promised: even the surest guesses are wrong too often"
    return f"{asked} cannot be promised yet: about {promise.missing} more labelled documents are needed"


def percent(share: float) -> str:
    """A share as people write it: "2 %", "0.5 %"."""
    return f"{100 * share:.3g} %"
