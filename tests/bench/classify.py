"""The classifier beside other recipes: ``postroom bench classify``. Each part is a list of rows."""

import resource
import time
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold

from domain.errors import Usage
from models import features
from models.classify import classify, promising
from models.contract import Limits, promise
from models.measures import measure
from models.train import train
from tests.bench.classify_sets import (
    Labelled,
    Places,
    recipe,
    resampled,
    rows_of,
    sample_mail,
    scanned,
    sets,
    tried,
)

OTHERS = ("paperless", "nb")
ERRORS = (0.02, 0.05, 0.1)
CONFIDENCE = 0.9
Row = dict[str, Any]


def run(parts: Sequence[str], short: bool) -> dict[str, list[Row]]:
    """Measure these parts; ``short``: on few documents.

    Raises:
        Usage: there is no such part.
    """
    known: dict[str, Callable[[list[Labelled], bool], list[Row]]] = {
        "sizes": sizes,
        "sets": by_set,
        "labels": few_labels,
        "ablation": ablation,
        "images": images,
        "contract": contracts,
        "novelty": novelty,
    }
    if strange := [part for part in parts if part not in known]:
        raise Usage(f"there is no part {strange[0]!r}; there are {', '.join(known)}")
    found = list(sets(short))
    return {part: known[part](found, short) for part in parts}


def images(_: list[Labelled], short: bool) -> list[Row]:
    """Scans read by our own OCR: what each block is worth, the ink of the page too."""
    return [row for one in scanned(short) for row in _ablated(one)]


def sizes(found: list[Labelled], short: bool) -> list[Row]:
    """Time, memory and accuracy by number of documents, each in a process of its own."""
    rows = []
    for number in (200, 400) if short else (1_000, 3_000, 10_000, 30_000):
        for name in ("postroom", *OTHERS):
            if name == "paperless" and number > 10_000:
                continue  # takes longer than all the others together
            with get_context("spawn").Pool(1) as pool:
                rows.append(pool.apply(partial(_sized, number, name, short)))
    return rows


def _sized(number: int, name: str, short: bool) -> Row:
    found = list(sets(short))
    learn = [_part(one, slice(0, len(one.texts) * 3 // 4)) for one in found]
    judge = [_part(one, slice(len(one.texts) * 3 // 4, None)) for one in found]
    examples, held = resampled(learn, number, 1), resampled(judge, 50 if short else 1_000, 2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    if name == "postroom":
        model = train(examples)
        trained = time.process_time() - start
        classifier = promising(model, Limits())
        start = time.process_time()
        guesses = [classify(classifier, [one.evidence])[0].guess for one in held]
        ms = (time.process_time() - start) / len(held) * 1e3
        right = float(np.mean([guess == one.label for guess, one in zip(guesses, held, strict=True)]))
    else:
        names = sorted({one.label for one in examples})
        labels = np.array([names.index(one.label) for one in examples])
        said = recipe(
            name, [one.evidence.text for one in examples], labels, [one.evidence.text for one in held]
        )
        trained, ms = time.process_time() - start, None
        right = float(np.mean([names[guess] == one.label for guess, one in zip(said, held, strict=True)]))
    return {
        "recipe": name,
        "documents": number,
        "cpu_seconds": round(trained, 1),
        "seconds_per_1000": round(trained / number * 1000, 2),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "before_mb": before // 1024,
        "ms_a_document": None if ms is None else round(ms, 2),
        "accuracy": round(right, 4),
    }


def _part(one: Labelled, part: slice) -> Labelled:
    return Labelled(
        one.name, one.texts[part], one.evidence[part], one.labels[part], one.names, one.languages[part]
    )


def by_set(found: list[Labelled], short: bool) -> list[Row]:
    """Five folds of each set: macro-F1 and calibration with intervals, by class and language."""
    rows = []
    for one in found:
        whole = rows_of(one)
        guess, probability = np.zeros_like(one.labels), np.zeros(len(one.labels))
        others = {name: np.zeros_like(one.labels) for name in OTHERS}
        for learnt, held in _folds(one.labels, 0):
            _, trial = tried(whole, one.labels, learnt, held)
            guess[held], probability[held] = trial.guess, trial.probability
            for name, said in others.items():
                said[held] = _other(name, one, learnt, held)
        told = measure(one.labels, guess, probability, one.names)
        rows.append(
            {
                "set": one.name,
                "of": "all",
                "n": told.n,
                "macro_f1": told.macro_f1,
                "interval": told.macro_f1_interval,
                "ece": told.ece,
                "ece_interval": told.ece_interval,
                **{name: round(_f1(one.labels, said), 4) for name, said in others.items()},
            }
        )
        rows += [
            {"set": one.name, "of": each.name, "n": each.n, "macro_f1": each.f1} for each in told.per_class
        ]
        for language in sorted(set(one.languages)):
            of = np.array(one.languages) == language
            told = measure(one.labels[of], guess[of], probability[of], one.names)
            rows.append(
                {
                    "set": one.name,
                    "of": language,
                    "n": told.n,
                    "macro_f1": told.macro_f1,
                    "interval": told.macro_f1_interval,
                    "ece": told.ece,
                    "ece_interval": told.ece_interval,
                }
            )
    return rows


def few_labels(found: list[Labelled], short: bool) -> list[Row]:
    """Macro-F1 from a few labels a class: the mean of draws, and their spread."""
    rows = []
    # The real sets have fewer than 200 of some class.
    for one in found if short else [*found[:-1], sample_mail(260)]:
        whole = rows_of(one)
        for number in (5, 20) if short else (5, 20, 50, 200):
            if np.bincount(one.labels).min() <= number:
                continue
            scores: dict[str, list[float]] = {"postroom": [], **{name: [] for name in OTHERS}}
            for draw in range(2 if short else 5):
                chance = np.random.default_rng(draw)
                places = [np.flatnonzero(one.labels == place) for place in range(len(one.names))]
                learnt = np.concatenate([chance.choice(some, number, replace=False) for some in places])
                held = np.setdiff1d(np.arange(len(one.labels)), learnt)
                scores["postroom"].append(_f1(*_said(tried(whole, one.labels, learnt, held)[1])))
                for name in OTHERS:
                    scores[name].append(_f1(one.labels[held], _other(name, one, learnt, held)))
            rows.append(
                {
                    "set": one.name,
                    "labels": number,
                    **{name: round(float(np.mean(some)), 4) for name, some in scores.items()},
                    "spread": round(float(np.std(scores["postroom"])), 4),
                }
            )
    return rows


def ablation(found: list[Labelled], short: bool) -> list[Row]:
    """Macro-F1 without each block of features, and with it alone; differences with 95 % intervals."""
    return [row for one in found[: 1 if short else 2] for row in _ablated(one)]


def _ablated(one: Labelled) -> list[Row]:
    counts = features.count(one.evidence)
    every = _guesses(one, counts, features.BLOCKS)
    rows: list[Row] = [{"set": one.name, "blocks": "all", "macro_f1": round(_f1(one.labels, every), 4)}]
    for block in features.BLOCKS:
        if block == features.INK and not one.evidence[0].ink:
            continue  # texts have none
        for name, blocks in (
            (f"without {block}", tuple(other for other in features.BLOCKS if other != block)),
            (f"only {block}", (block,)),
        ):
            said = _guesses(one, counts, blocks)
            rows.append(
                {
                    "set": one.name,
                    "blocks": name,
                    "macro_f1": round(_f1(one.labels, said), 4),
                    "difference": _difference(one.labels, every, said),
                }
            )
    return rows


def _guesses(one: Labelled, counts: dict[str, Any], blocks: Sequence[str]) -> Places:
    some = {block: counts[block] for block in blocks}
    whole = features.weigh(features.fit(some), some)
    guess = np.zeros_like(one.labels)
    for learnt, held in _folds(one.labels, 0):
        guess[held] = tried(whole, one.labels, learnt, held)[1].guess
    return guess


def _difference(truth: Places, every: Places, said: Places) -> tuple[float, float]:
    """95 % interval of the macro-F1 of ``said`` less that of ``every``, by paired resampling."""
    chance = np.random.default_rng(0)
    drawn = (chance.integers(0, len(truth), len(truth)) for _ in range(300))
    found = [_f1(truth[some], said[some]) - _f1(truth[some], every[some]) for some in drawn]
    low, high = np.quantile(found, (0.025, 0.975))
    return round(float(low), 4), round(float(high), 4)


def contracts(found: list[Labelled], short: bool) -> list[Row]:
    """How often more is wrong than was promised, over resamplings."""
    one = found[0]
    whole = rows_of(one)
    learn = min(400, len(one.labels) // 2)
    kept: dict[float, list[tuple[int, int, int]]] = {limit: [] for limit in ERRORS}
    for draw in range(5 if short else 200):
        order = np.random.default_rng(draw).permutation(len(one.labels))
        own, theirs = tried(whole, one.labels, order[:learn], order[learn:], draw)
        everything = np.ones(len(own.truth), np.bool_)
        for limit in ERRORS:
            threshold = promise(own, everything, limit, CONFIDENCE).threshold
            passed = theirs.trust >= (2.0 if threshold is None else threshold)
            kept[limit].append((int(passed.sum()), int((~theirs.right[passed]).sum()), len(passed)))
    return [
        {
            "set": one.name,
            "learnt": learn,
            "max_error": limit,
            "promised": round(float(np.mean([filed > 0 for filed, _, _ in some])), 4),
            "filed": round(sum(filed for filed, _, _ in some) / sum(n for *_, n in some), 4),
            "wrong": round(
                sum(wrong for _, wrong, _ in some) / max(1, sum(filed for filed, _, _ in some)), 4
            ),
            "exceeded": round(float(np.mean([wrong > limit * filed for filed, wrong, _ in some])), 4),
            "allowed": round(1 - CONFIDENCE, 4),
            "resamplings": len(some),
        }
        for limit, some in kept.items()
    ]


def novelty(found: list[Labelled], short: bool) -> list[Row]:
    """Each class left out in turn: how much of it is filed all the same."""
    rows = []
    for one in found[: 1 if short else 3]:
        whole = rows_of(one)
        for place, name in enumerate(one.names):
            known = np.flatnonzero(one.labels != place)
            np.random.default_rng(0).shuffle(known)
            labels = np.where(one.labels > place, one.labels - 1, one.labels)
            labels[one.labels == place] = 0  # never right: it is none of these
            learnt, rest = np.sort(known[: len(known) * 2 // 3]), known[len(known) * 2 // 3 :]
            unknown = np.flatnonzero(one.labels == place)
            own, theirs = tried(whole, labels, learnt, np.concatenate([rest, unknown]))
            strange = np.arange(len(theirs.truth)) >= len(rest)
            good = theirs.right & ~strange
            row: Row = {
                "set": one.name,
                "left_out": name,
                "auroc": _auroc(theirs.trust, good, strange),
                "auroc_of_probability": _auroc(theirs.probability, good, strange),
            }
            for limit in ERRORS:
                threshold = promise(own, np.ones(len(own.truth), np.bool_), limit, CONFIDENCE).threshold
                passed = theirs.trust >= (2.0 if threshold is None else threshold)
                row[f"known_{limit}"] = round(float(passed[~strange].mean()), 4)
                row[f"unknown_{limit}"] = round(float(passed[strange].mean()), 4)
            rows.append(row)
    return rows


def _auroc(score: NDArray[np.float64], good: NDArray[np.bool_], strange: NDArray[np.bool_]) -> float:
    of = good | strange
    return round(float(roc_auc_score(good[of], score[of])), 4)


def _folds(labels: Places, seed: int) -> list[tuple[Places, Places]]:
    return list(StratifiedKFold(5, shuffle=True, random_state=seed).split(labels, labels))


def _other(name: str, one: Labelled, learnt: Places, held: Places) -> Places:
    return recipe(name, [one.texts[at] for at in learnt], one.labels[learnt], [one.texts[at] for at in held])


def _said(trial: Any) -> tuple[Places, Places]:
    return trial.truth, trial.guess


def _f1(truth: Places, said: Places) -> float:
    return float(f1_score(truth, said, average="macro"))
