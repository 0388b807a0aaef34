"""``classify``, ``train``, ``evaluate``: the classifier on files that nobody files."""

import getpass
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from domain.errors import Usage
from infra.wiring import with_max_error
from postroom.context import services
from postroom.output import answer, aside, count, percent, say, table
from postroom.reading import Refusals, evidence_of
from postroom.searching import Json

if TYPE_CHECKING:
    from domain.evidence import Example
    from models.classify import Classifier
    from models.evaluate import Evaluation

_DIGITS = 4
MaxError = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE", help="Share 0-1 of what is filed by machine that may be wrong; default: settings."
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    app.command()(classify)
    app.command()(train)
    app.command()(evaluate)


def classify(
    files: Annotated[list[Path], typer.Argument(help="Files to look at; .txt too.")],
    max_error: MaxError = None,
    as_json: Json = False,
) -> None:
    """Say what class files are, without filing them."""
    from infra.classifier import champion
    from models.classify import classify as tell

    refusals = Refusals()
    read = evidence_of(files, refusals)
    classifier = champion(with_max_error(services(), max_error))
    verdicts = tell(classifier, list(read.values()))
    data: list[dict[str, Any]] = [
        {
            "file": str(file),
            "class": verdict.label,
            "guess": verdict.guess,
            "probability": round(verdict.probability, _DIGITS),
            "abstained": verdict.abstained,
            "why": verdict.why or None,
            "model": verdict.model,
            "alternatives": [
                {"class": name, "probability": round(share, _DIGITS)} for name, share in verdict.alternatives
            ],
        }
        for file, verdict in zip(read, verdicts, strict=True)
    ]
    rows = [
        (one["file"], one["class"] or f"perhaps {one['guess']}", percent(one["probability"]), one["why"])
        for one in data
    ]
    columns = ["file", "class", "probability", "a person must look"]
    answer(as_json, data, lambda: table("Classes", columns, rows))
    refusals.end()


def labelled(path: Path, refusals: Refusals) -> "list[Example]":
    """The documents of a CSV with their classes; what cannot be read is left out and said.

    Raises:
        Usage: the CSV is broken; names the line.
    """
    import hashlib

    from domain.evidence import Example
    from domain.wire import to_json
    from models.data import read_labels
    from models.evidence import of_text

    rows = read_labels(path)
    read = evidence_of([one.file for one in rows if one.file], refusals)
    found = []
    for one in rows:
        evidence = of_text(one.text) if one.file is None else read.get(one.file)
        if evidence is None:
            aside.print(f"{path} line {one.line}: left out, {one.file} could not be read", markup=False)
            continue
        digest = hashlib.sha256(to_json(evidence)).hexdigest()[:32]
        found.append(Example(f"given:{digest}", evidence, one.label))
    if not found:
        raise Usage(f"{path}: none of its {count(len(rows), 'document')} could be read")
    return found


def train(
    labels: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Documents (path or text) and their classes; default: sample mail."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Train the classifier on given documents alone, and bring it into use."""
    from infra.classes import add, current
    from infra.classifier import card, promotions, teach, train_on_samples

    instance = services()
    refusals = Refusals()
    if labels is None:
        version = train_on_samples(instance)
    else:
        examples = labelled(labels, refusals)
        _check(labels, examples)
        who = getpass.getuser()
        version = teach(instance, examples, by=who, why=f"trained on {labels.name}")
        for name in sorted({one.label for one in examples} - set(current(instance))):
            add(instance, name, by=who, reason=f"taught with {labels.name}")
    made = card(instance, version)
    measures = made.measures
    data: dict[str, Any] = {
        "model": version,
        "champion": promotions(instance)[-1].version == version,
        "documents": sum(number for _, number in made.classes),
        "classes": dict(made.classes),
        "data": made.data,
        "accuracy": round(measures.accuracy, _DIGITS),
        "macro_f1": round(measures.macro_f1, _DIGITS),
        "macro_f1_interval": list(measures.macro_f1_interval),
        "ece": round(measures.ece, _DIGITS),
        "promise": _promise(instance, version),
    }

    def show() -> None:
        learnt = count(data["documents"], "document")
        say(f"Model {version} is in use now: {learnt} of {count(len(made.classes), 'class', 'classes')}.")
        say(f"On documents held out from it {percent(measures.accuracy)} of its guesses are right.")
        say(data["promise"]["says"])

    answer(as_json, data, show)
    refusals.end()


def _check(path: Path, examples: "list[Example]") -> None:
    if len({one.label for one in examples}) < 2:
        raise Usage(
            f"{path} line 2: every row is of the class {examples[0].label}. Give at least two classes"
        )


def _promise(instance: Any, version: str) -> dict[str, Any]:
    from infra.classifier import ready

    return told(ready(instance, version))


def told(classifier: "Classifier") -> dict[str, Any]:
    """What a model promises under the limits in force, as JSON and in words."""
    from models.classify import not_promised

    promise, limits = classifier.contract.overall, classifier.contract.limits
    says = (
        not_promised(promise, limits.max_error).capitalize()
        if promise.threshold is None
        else f"At most {100 * limits.max_error:.3g} % wrong: it files {percent(promise.filed)} by machine."
    )
    return {
        "max_error": limits.max_error,
        "confidence": limits.confidence,
        "promised": promise.threshold is not None,
        "filed": round(promise.filed, _DIGITS),
        "wrong": round(promise.wrong, _DIGITS),
        "missing": promise.missing,
        "says": says,
    }


def evaluate(
    labels: Annotated[
        Path, typer.Argument(metavar="CSV", help="Documents (path or text) and their classes.")
    ],
    model: Annotated[str | None, typer.Option(metavar="VERSION", help="Default: the one in use.")] = None,
    max_error: MaxError = None,
    as_json: Json = False,
) -> None:
    """How a model does on labelled documents: images, PDFs or texts."""
    from infra.classifier import champion_version, ready
    from models.evaluate import evaluate as judge

    start = time.monotonic()
    instance = with_max_error(services(), max_error)
    refusals = Refusals()
    examples = labelled(labels, refusals)
    classifier = ready(instance, model or champion_version(instance))
    found = judge(classifier, examples)
    data = evaluation(found, classifier)
    data["refused"] = refusals.number
    data["seconds"] = round(time.monotonic() - start, 2)
    answer(as_json, data, lambda: _show(found, data))
    refusals.end()


def evaluation(found: "Evaluation", classifier: "Classifier") -> dict[str, Any]:
    """An evaluation as JSON."""
    measures = found.measures
    filed = {name: (number, wrong) for name, number, wrong in found.filed}
    return {
        "n": measures.n,
        "model": classifier.model.card.version,
        "max_error": classifier.contract.limits.max_error,
        "accuracy": round(measures.accuracy, _DIGITS),
        "macro_f1": round(measures.macro_f1, _DIGITS),
        "macro_f1_interval": [round(one, _DIGITS) for one in measures.macro_f1_interval],
        "coverage": round(found.coverage, _DIGITS),
        "error_at_coverage": round(found.error_at_coverage, _DIGITS),
        "ece": round(measures.ece, _DIGITS),
        "ece_interval": [round(one, _DIGITS) for one in measures.ece_interval],
        "reliability": [
            {"probability": round(said, _DIGITS), "right": round(was, _DIGITS), "n": number}
            for said, was, number in measures.reliability
        ],
        "per_class": {
            one.name: {
                "n": one.n,
                "precision": round(one.precision, _DIGITS),
                "recall": round(one.recall, _DIGITS),
                "f1": round(one.f1, _DIGITS),
                "filed": filed[one.name][0],
                "filed_wrong": filed[one.name][1],
            }
            for one in measures.per_class
        },
        "confusion": {
            truth: {guess: number for guess, number in zip(measures.names, row, strict=True) if number}
            for truth, row in zip(measures.names, measures.confusion, strict=True)
        },
        "why": dict(found.why),
    }


def _show(found: "Evaluation", data: dict[str, Any]) -> None:
    rows = [
        (name, one["n"], percent(one["precision"]), percent(one["recall"]), f"{one['f1']:.3f}", one["filed"],
         one["filed_wrong"])
        for name, one in data["per_class"].items()
    ]  # fmt: skip
    columns = ["class", "documents", "precision", "recall", "F1", "filed by machine", "wrong of those"]
    table(f"Model {data['model']} on {count(data['n'], 'document')}", columns, rows)
    low, high = data["macro_f1_interval"]
    say(f"Right {percent(data['accuracy'])}, macro-F1 {data['macro_f1']:.3f} ({low:.3f} to {high:.3f})")
    say(
        f"At most {100 * data['max_error']:.3g} % wrong: {percent(data['coverage'])} filed by machine, "
        f"{100 * data['error_at_coverage']:.2g} % of those wrong."
    )
    for why, number in found.why:
        say(f"{number} to a person: {why}")
