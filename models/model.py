"""A trained classifier and its card."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

READ_AT_MOST = 4_000
"""Characters of a document that are looked at: its class shows on the first two pages."""

ENOUGH_LETTERS = 20
"""Fewer letters than this are not judged."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a model was made of and how well it did on texts held out from it.

    Attributes:
        version: short hash of data and settings; the same data and settings give the same version.
        classes: in the order of their names, with the number of texts of each.
        threshold: probability 0-1 below which the model abstains.
        seed: of the folds.
        data: SHA-256 over labels and texts, in whatever order they came.
        libraries: name and version.
        accuracy: share of held-out texts whose best class was right, 0-1.
        coverage: share of held-out texts that were not abstained from, 0-1.
        wrong: share of those not abstained from that were wrong, 0-1.
    """

    version: str
    classes: tuple[tuple[str, int], ...]
    threshold: float
    seed: int
    data: str
    libraries: tuple[tuple[str, str], ...]
    accuracy: float
    coverage: float
    wrong: float

    @property
    def priors(self) -> tuple[tuple[str, float], ...]:
        """Each class's share of the texts, the commonest first."""
        total = sum(count for _, count in self.classes)
        shares = ((label, count / total) for label, count in self.classes)
        return tuple(sorted(shares, key=lambda pair: (-pair[1], pair[0])))


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted scikit-learn pipeline: prepared texts to probabilities in the order of ``card.classes``."""

    card: Card
    pipeline: Any


def prepare(texts: Iterable[str]) -> list[str]:
    """Texts as the pipeline takes them: lower case, every figure a 0, blanks single, the beginning only."""
    return [" ".join(re.sub(r"\d", "0", text[:READ_AT_MOST]).lower().split()) for text in texts]


def enough(text: str) -> bool:
    """Whether there is enough text to judge it."""
    return sum(map(str.isalpha, text[:READ_AT_MOST])) >= ENOUGH_LETTERS
