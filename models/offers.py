"""What a model could file by machine under other limits."""

from collections.abc import Sequence

import numpy as np

from models.contract import Promise, promise
from models.model import Trial

ERRORS = (0.01, 0.02, 0.05, 0.1)
_POINTS = 100


def offers(
    trial: Trial, confidence: float, errors: Sequence[float] = ERRORS
) -> tuple[tuple[float, Promise], ...]:
    """What can be promised of all documents together, for each share that may be wrong."""
    everything = np.ones(len(trial.truth), np.bool_)
    return tuple((limit, promise(trial, everything, limit, confidence)) for limit in errors)


def curve(trial: Trial, guessed: int | None = None) -> tuple[tuple[float, float], ...]:
    """The share filed and the share of that which was wrong, from the surest document of the trial on.

    ``guessed``: only what was guessed as the class at this place, and shares of that. At most 100 points.
    """
    of = np.ones(len(trial.truth), np.bool_) if guessed is None else trial.guess == guessed
    order = np.argsort(-trial.trust[of], kind="stable")
    wrong = np.cumsum(~trial.right[of][order])
    counts = np.unique(np.linspace(1, len(order), _POINTS).astype(int)) if len(order) else np.array([], int)
    return tuple((float(count / len(order)), float(wrong[count - 1] / count)) for count in counts)
