"""The gate: whether a challenger may take the champion's place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy.stats import binomtest  # type: ignore[import-untyped]

from domain.evidence import Example
from models.classify import Classifier, classify
from models.contract import Contract

DOUBT = 0.05
"""Chance at which a difference counts as more than noise."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """A guess on a document that the model had not learnt from, and whether it would be filed by machine."""

    guess: str
    filed: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """Both on the same documents.

    Attributes:
        n: documents on which both can be judged.
        champion, challenger: how many each guessed right.
        chance: probability that a challenger no worse would do so badly beside it (McNemar's exact test,
            one-sided); 1 where they do not differ.
    """

    name: str
    n: int
    champion: int
    challenger: int
    chance: float


@dataclass(frozen=True, slots=True)
class Gate:
    """How a challenger did beside the champion, and whether it may take its place.

    Attributes:
        sets: the frozen test set, the documents of the last weeks, the corrected ones.
        classes: by class, over the first two.
        max_error: that the contract promises.
        filed, wrong: what the challenger would file of the frozen set, and how many of those are wrong.
        reasons: against it; none where it may.
    """

    champion: str
    challenger: str
    sets: tuple[Compared, ...]
    classes: tuple[Compared, ...]
    max_error: float
    filed: int
    wrong: int
    reasons: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against the challenger."""
        return not self.reasons


def opinions(
    classifier: Classifier, learnt: frozenset[str], examples: Sequence[Example]
) -> dict[str, Opinion]:
    """By key. Of what the model learnt from, only what its trial says; nothing where that is silent."""
    model, under = classifier.model, classifier.contract
    found: dict[str, Opinion] = {}
    for place, key in enumerate(model.trial.keys):
        name = classifier.called[model.trial.guess[place]]
        threshold = under.promise(name).threshold
        found[key] = Opinion(name, threshold is not None and model.trial.trust[place] >= threshold)
    new = [one for one in examples if one.key not in learnt]
    for one, verdict in zip(new, classify(classifier, [one.evidence for one in new]), strict=True):
        found[one.key] = Opinion(verdict.guess, verdict.label is not None)
    return found


def judge(
    champion: tuple[Classifier, Mapping[str, Opinion]],
    challenger: tuple[Classifier, Mapping[str, Opinion]],
    frozen: Sequence[Example],
    recent: Sequence[Example],
    corrected: Sequence[Example],
) -> Gate:
    """Compare both on documents that neither has learnt from.

    The challenger passes if it is not worse overall, on no set and in no class beyond noise, and if what it
    would file of the frozen set keeps the contract.
    """
    old, new = champion[1], challenger[1]
    both = {one.key: one for one in (*frozen, *recent)}
    sets = tuple(
        _compare(name, some, old, new)
        for name, some in (
            ("frozen", frozen),
            ("recent", recent),
            ("corrected", corrected),
            ("frozen and recent", tuple(both.values())),
        )
    )
    names = sorted({one.label for one in both.values()})
    classes = tuple(
        _compare(name, [one for one in both.values() if one.label == name], old, new) for name in names
    )
    under = challenger[0].contract
    filed = [one for one in frozen if one.key in new and new[one.key].filed]
    reasons = [
        f"worse on the {one.name} documents: {one.challenger} of {one.n} right, the champion {one.champion}"
        for one in sets
        if one.chance < DOUBT
    ]
    reasons += [
        f"worse at {one.name}: {one.challenger} of {one.n} right, the champion {one.champion}"
        for one in classes
        if one.chance < DOUBT / max(1, len(classes))
    ]
    for said, some in _by_promise(under, filed, new).items():
        wrong = _wrong(some, new)
        if binomtest(wrong, len(some), under.limit(said), "greater").pvalue < DOUBT:
            what = f"{said} " if said else ""
            reasons.append(
                f"the contract does not hold: {wrong} of {len(some)} frozen {what}documents filed wrong"
            )
    return Gate(
        champion[0].model.card.version,
        challenger[0].model.card.version,
        sets,
        classes,
        under.limits.max_error,
        len(filed),
        _wrong(filed, new),
        tuple(reasons),
    )


def _wrong(examples: Sequence[Example], new: Mapping[str, Opinion]) -> int:
    return sum(new[one.key].guess != one.label for one in examples)


def _by_promise(
    under: Contract, filed: Sequence[Example], new: Mapping[str, Opinion]
) -> dict[str, list[Example]]:
    """What would be filed, by the class whose own limit governs it; "" for the one over all others."""
    own = {name for name, _ in under.by_class}
    found: dict[str, list[Example]] = {}
    for one in filed:
        guess = new[one.key].guess
        found.setdefault(guess if guess in own else "", []).append(one)
    return found


def _compare(
    name: str, examples: Sequence[Example], old: Mapping[str, Opinion], new: Mapping[str, Opinion]
) -> Compared:
    some = [one for one in examples if one.key in old and one.key in new]
    pairs = [(old[one.key].guess == one.label, new[one.key].guess == one.label) for one in some]
    lost, won = pairs.count((True, False)), pairs.count((False, True))
    chance = float(binomtest(lost, lost + won, 0.5, "greater").pvalue) if lost + won else 1.0
    return Compared(
        name, len(some), sum(one for one, _ in pairs), sum(one for _, one in pairs), round(chance, 6)
    )
