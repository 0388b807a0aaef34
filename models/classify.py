"""What class a document is, or that a person must look, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.document import Verdict
from domain.evidence import Evidence
from models.contract import Contract, Promise
from models.evidence import enough
from models.features import count, weigh
from models.model import Model
from models.train import judge, verdicts

LITTLE_TEXT = "too little text"
UNLIKE = "unlike anything seen of its class"
_CLOSE = 0.25  # between two probabilities that are close
_AT_ONCE = 512  # documents whose rows are in memory together


@dataclass(frozen=True, slots=True)
class Classifier:
    """A model, and what it promises."""

    model: Model
    contract: Contract


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
    model, under = classifier.model, classifier.contract
    judged: list[Verdict] = []
    for start in range(0, len(documents), _AT_ONCE):
        some = documents[start : start + _AT_ONCE]
        chances, nearness = judge(model, weigh(model.weights, count(some, model.weights.blocks)))
        guesses, _, trusts = verdicts(chances, nearness, model.typical)
        judged += [
            _verdict(model, one, chances[place], int(guesses[place]), float(trusts[place]), under)
            for place, one in enumerate(some)
        ]
    return judged


def _verdict(
    model: Model,
    document: Evidence,
    chances: NDArray[np.float64],
    guess: int,
    trust: float,
    under: Contract,
) -> Verdict:
    names = model.card.names
    ranked = tuple(sorted(zip(names, chances.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0])))
    name, probability = names[guess], float(chances[guess])
    why = _why(document, ranked, trust, under, name)
    return Verdict(None if why else name, name, probability, ranked, model.card.version, why)


def _why(
    document: Evidence, ranked: tuple[tuple[str, float], ...], trust: float, under: Contract, name: str
) -> str:
    """Why a person must look; "" where nobody must."""
    promised = under.promise(name)
    if not enough(document):
        return LITTLE_TEXT
    if promised.threshold is None:
        return not_promised(promised, under.limit(name))
    if trust >= promised.threshold:
        return ""
    probability = dict(ranked)[name]
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
