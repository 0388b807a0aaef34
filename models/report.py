"""The card of a model for people: what it was made of, what it promises, where it errs; with pictures."""

import io
from typing import TYPE_CHECKING

import numpy as np

from models.classify import percent
from models.contract import Limits
from models.measures import Interval, Measures
from models.model import Model
from models.offers import curve, offers
from models.registry import REPORT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RELIABILITY, FILED, CONFUSION = "reliability.png", "filed.png", "confusion.png"
PICTURES = (RELIABILITY, FILED, CONFUSION)
_NUMBERED = 20  # classes up to which the confusion matrix shows its numbers
_LINES = 12  # classes up to which each has a line of its own
_INK, _SOFT, _ALARM = "#1d3f5e", "#9db4c8", "#b5482f"


def report(model: Model, limits: Limits) -> dict[str, bytes]:
    """``card.md`` and its pictures. The same model and limits give the same bytes."""
    return {
        REPORT: _card(model, limits).encode(),
        RELIABILITY: _reliability(model.card.measures),
        FILED: _filed(model),
        CONFUSION: _confusion(model.card.measures),
    }


def _card(model: Model, limits: Limits) -> str:
    card, measures = model.card, model.card.measures
    held = (
        "a quarter of the documents, at most 2,500, which nothing was learnt from"
        if card.held_out == "split"
        else "each document by a model of the other folds, which had not seen it"
    )
    left = "".join(f"\n- {name}: left out, only {number}" for name, number in card.left_out)
    promised = "\n".join(
        f"| {percent(limit)} | {percent(one.filed)} | {percent(one.wrong)} | |"
        if one.threshold is not None
        else f"| {percent(limit)} | nothing | | {one.missing or 'more would not do'} |"
        for limit, one in offers(model, limits.confidence)
    )
    classes = "\n".join(
        f"| {one.name} | {one.n} | {one.precision:.3f} | {one.recall:.3f} | {one.f1:.3f} |"
        for one in measures.per_class
    )
    libraries = ", ".join(f"{name} {version}" for name, version in card.libraries)
    own = "".join(f"; {name} at most {percent(limit)}" for name, limit in limits.by_class)
    return f"""# Model {card.version}

Tells the class of a document from its text, how it is set, and what its first page looks like.

## What it learnt from

Dataset `{card.data}`, seed {card.seed}, {libraries}.

{chr(10).join(f"- {name}: {number}" for name, number in card.classes)}{left}

## How it does

Tried on {measures.n} documents: {held}.

- right: {measures.accuracy:.3f}
- macro-F1: {measures.macro_f1:.3f} ({_between(measures.macro_f1_interval)})
- calibration error: {measures.ece:.3f} ({_between(measures.ece_interval)})

| class | documents | precision | recall | F1 |
|---|---|---|---|---|
{classes}

![What it says and what is so]({RELIABILITY})
![What it takes for what]({CONFUSION})

## What it promises

With {percent(limits.confidence)} confidence. In force when it was made: at most {percent(limits.max_error)}
wrong{own}.

| at most wrong | filed by machine | wrong in the trial | labels missing |
|---|---|---|---|
{promised}

![Error against share filed]({FILED})

## Its limits

- It looks at the first 4,000 characters and at the picture of the first page.
- The promise holds for documents that come as those of the trial did. Other mail may bring other errors: the
  blind reviews show it.
- {_EXACT if card.held_out == "split" else _NEAR}
- What is unlike its class is told by how near it lies to the class's centre. A class that it was never taught
  can still look like one that it knows.
"""


_EXACT = "The promise is exact."
_NEAR = "The promise is near exact: the models of the trial learnt from a little less than this one."


def _between(interval: Interval) -> str:
    return f"95 %: {interval[0]:.3f} to {interval[1]:.3f}"


def _figure() -> "tuple[Figure, Axes]":
    from matplotlib.figure import Figure  # a second to import

    figure = Figure(figsize=(6, 5), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _png(figure: "Figure") -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def _reliability(measures: Measures) -> bytes:
    figure, axes = _figure()
    said, was, numbers = (np.array(column) for column in zip(*measures.reliability, strict=True))
    spread = 1.96 * np.sqrt(was * (1 - was) / numbers)
    axes.plot([0, 1], [0, 1], color=_SOFT, linestyle="--", label="as often as it says")
    axes.errorbar(said, was, spread, color=_INK, marker="o", capsize=3, label="tenths of the documents")
    axes.set(xlim=(0, 1.02), ylim=(0, 1.05), xlabel="probability that it gave", ylabel="share that was right")
    axes.set_title(f"Calibration error {measures.ece:.3f}", loc="left")
    axes.legend(loc="upper left", frameon=False)
    return _png(figure)


def _filed(model: Model) -> bytes:
    figure, axes = _figure()
    names = model.card.names
    for place, name in enumerate(names if len(names) <= _LINES else ()):
        if points := curve(model, place):
            axes.plot(*zip(*points, strict=True), linewidth=0.9, alpha=0.8, label=name)
    filed, wrong = zip(*curve(model), strict=True)
    axes.plot(filed, wrong, color=_INK, linewidth=2.5, label="all classes")
    for limit in (0.02, 0.05, 0.1):
        axes.axhline(limit, color=_SOFT, linewidth=0.6, linestyle=":")
    axes.set(
        xlim=(0, 1),
        ylim=(0, max(0.12, max(wrong) * 1.3)),
        xlabel="share filed by machine",
        ylabel="share of it wrong",
    )
    axes.set_title("The more is filed, the more is wrong", loc="left")
    axes.legend(loc="upper left", frameon=False, fontsize=8)
    return _png(figure)


def _confusion(measures: Measures) -> bytes:
    figure, axes = _figure()
    table = np.array(measures.confusion)
    size = len(measures.names)
    figure.set_size_inches(max(6, 0.55 * size + 2.5), max(5, 0.5 * size + 2))
    axes.imshow(table / np.maximum(table.sum(axis=1, keepdims=True), 1), cmap="Blues", vmin=0, vmax=1.3)
    short = [name if len(name) <= 24 else f"{name[:23]}…" for name in measures.names]
    axes.set_xticks(range(size), short, rotation=45, ha="right")
    axes.set_yticks(range(size), short)
    axes.set(xlabel="it says", ylabel="it is")
    for row in range(size if size <= _NUMBERED else 0):
        for column in range(size):
            if number := table[row, column]:
                colour = "black" if row == column else _ALARM
                axes.text(column, row, str(number), ha="center", va="center", color=colour, fontsize=9)
    return _png(figure)
