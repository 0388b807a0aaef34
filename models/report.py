"""The card of a model for people: what it was made of, what it promises, where it errs; with pictures."""

import io
import re
import warnings
from typing import TYPE_CHECKING

import numpy as np

from models.classify import percent
from models.contract import Limits
from models.measures import Interval, Measures
from models.model import Floats, Model
from models.offers import curve, offers
from models.registry import REPORT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RELIABILITY, FILED, CONFUSION = "reliability.png", "filed.png", "confusion.png"
PICTURES = (RELIABILITY, FILED, CONFUSION)
_NUMBERED = 20  # classes up to which the confusion matrix shows its numbers
_LINES = 12  # classes up to which each has a line of its own
_COLOURS = 10  # lines before their colours come again
_LETTERS = 24  # of a class's name in a picture
_WIDEST = 30  # inches of a confusion matrix
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
    left = "".join(f"\n- {_told(name)}: left out, only {number}" for name, number in card.left_out)
    promised = "\n".join(
        f"| {percent(limit)} | {percent(one.filed)} | {percent(one.wrong)} | |"
        if one.threshold is not None
        else f"| {percent(limit)} | nothing | | {one.missing or 'more would not do'} |"
        for limit, one in offers(model.trial, limits.confidence)
    )
    classes = "\n".join(
        f"| {_told(one.name)} | {one.n} | {one.precision:.3f} | {one.recall:.3f} | {one.f1:.3f} |"
        for one in measures.per_class
    )
    libraries = ", ".join(f"{name} {version}" for name, version in card.libraries)
    own = "".join(
        f"; {_told(name)} at most {percent(limit)}" for name, limit in limits.by_class if name in card.names
    )
    return f"""# Model {card.version}

Tells the class of a document from its text, how it is set, and what its first page looks like.

## What it learnt from

Dataset `{card.data}`, seed {card.seed}, {libraries}.

{chr(10).join(f"- {_told(name)}: {number}" for name, number in card.classes)}{left}

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


def _told(name: str) -> str:
    """A class's name in Markdown, whatever stands in it."""
    return re.sub(r"([\\`*<>\[\]|])", r"\\\1", " ".join(name.split()))


def _drawn(name: str) -> str:
    """A class's name in a picture: long ones lose their middle; a dollar begins no formula."""
    name = " ".join(name.split())
    short = name if len(name) <= _LETTERS else f"{name[: _LETTERS // 2]}…{name[1 - _LETTERS // 2 :]}"
    return short.replace("$", r"\$")


def _figure() -> "tuple[Figure, Axes]":
    from matplotlib.figure import Figure  # a second to import

    figure = Figure(figsize=(6, 5), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _png(figure: "Figure") -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # it draws a box
        figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def _reliability(measures: Measures) -> bytes:
    figure, axes = _figure()
    said, was, numbers = (np.array(column) for column in zip(*measures.reliability, strict=True))
    low, high = _wilson(was, numbers)
    axes.plot([0, 1], [0, 1], color=_SOFT, linestyle="--", label="as often as it says")
    axes.errorbar(
        said,
        was,
        (was - low, high - was),
        color=_INK,
        fmt="o",
        capsize=3,
        label=f"{len(said)} equal parts, 95 %",
    )
    axes.set(xlim=(0, 1.02), ylim=(0, 1.05), xlabel="probability that it gave", ylabel="share that was right")
    axes.set_title(f"Calibration error {measures.ece:.3f}", loc="left")
    axes.legend(loc="upper left", frameon=False)
    return _png(figure)


def _wilson(share: Floats, n: Floats) -> tuple[Floats, Floats]:
    """The 95 % interval of shares (Wilson 1927): not of no width where all or none were right."""
    z2 = 1.96**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2 * share * (1 - share) / n + (z2 / (2 * n)) ** 2) / (1 + z2 / n)
    return np.minimum(middle - half, share), np.maximum(middle + half, share)


def _filed(model: Model) -> bytes:
    figure, axes = _figure()
    figure.set_size_inches(8, 5)
    names = model.card.names
    for place, name in enumerate(names if len(names) <= _LINES else ()):
        if points := curve(model.trial, place):
            dashes = "-" if place < _COLOURS else "--"
            axes.plot(*zip(*points, strict=True), dashes, linewidth=0.9, alpha=0.8, label=_drawn(name))
    filed, wrong = zip(*curve(model.trial), strict=True)
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
    figure.legend(loc="outside right upper", frameon=False, fontsize=8)
    return _png(figure)


def _confusion(measures: Measures) -> bytes:
    figure, axes = _figure()
    table = np.array(measures.confusion)
    size = len(measures.names)
    side = 0.5 if size <= _NUMBERED else min(0.25, _WIDEST / size)  # inches a class
    figure.set_size_inches(max(6, side * size + 2.5), max(5, side * size + 2))
    axes.imshow(table / np.maximum(table.sum(axis=1, keepdims=True), 1), cmap="Blues", vmin=0, vmax=1.3)
    names, font = [_drawn(name) for name in measures.names], min(10, 50 * side)
    axes.set_xticks(range(size), names, rotation=45 if size <= _NUMBERED else 90, ha="right", fontsize=font)
    axes.set_yticks(range(size), names, fontsize=font)
    axes.set(xlabel="it says", ylabel="it is")
    for row in range(size if size <= _NUMBERED else 0):
        for column in range(size):
            if number := table[row, column]:
                colour = "black" if row == column else _ALARM
                axes.text(column, row, str(number), ha="center", va="center", color=colour, fontsize=9)
    return _png(figure)
