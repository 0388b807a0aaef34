"""How the classifier does in use, by blind reviews: people who did not see its guess."""

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import binomtest, fisher_exact  # type: ignore[import-untyped]
from sklearn.metrics import cohen_kappa_score

DOUBT = 0.05


@dataclass(frozen=True, slots=True)
class Live:
    """Of documents filed by machine, as drawn by chance.

    Attributes:
        n: that a person has said the class of.
        wrong: whose class the first person called another.
        error: share of wrong ones, with its exact 95 % interval (Clopper, Pearson 1934); 0 to 1 without any.
        broken: more are wrong than the contract allows, beyond noise.
        drift: the newer half has more wrong ones than the older, beyond noise.
        pairs: seen by two people; ``agree``: of whom so many said the same; ``kappa``: Cohen's, None where it
            says nothing.
    """

    n: int
    wrong: int
    error: float
    interval: tuple[float, float]
    broken: bool
    drift: bool
    pairs: int
    agree: int
    kappa: float | None


def live(reviews: Sequence[tuple[str, Sequence[str]]], max_error: float) -> Live:
    """What blind reviews tell: guess and the people's answers of each, the oldest first."""
    misses = [answers[0] != guess for guess, answers in reviews]
    n, wrong = len(misses), sum(misses)
    pairs = [answers[:2] for _, answers in reviews if len(answers) > 1]
    said = {one for pair in pairs for one in pair}
    low, high = (0.0, 1.0)
    if n:
        bounds = binomtest(wrong, n).proportion_ci(0.95, "exact")
        low, high = float(bounds.low), float(bounds.high)
    older, newer = misses[: n // 2], misses[n // 2 :]
    table = [[sum(newer), len(newer) - sum(newer)], [sum(older), len(older) - sum(older)]]
    return Live(
        n=n,
        wrong=wrong,
        error=wrong / n if n else 0.0,
        interval=(low, high),
        broken=bool(n and binomtest(wrong, n, max_error, "greater").pvalue < DOUBT),
        drift=n > 1 and float(fisher_exact(table, "greater").pvalue) < DOUBT,
        pairs=len(pairs),
        agree=sum(one == other for one, other in pairs),
        kappa=float(cohen_kappa_score(*zip(*pairs, strict=True))) if len(said) > 1 else None,
    )
