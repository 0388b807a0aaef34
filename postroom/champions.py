"""``retrain``, ``models``: what the classifier learns, and which version is in use."""

import getpass
import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from domain.errors import Usage
from infra.wiring import Services
from postroom.context import services
from postroom.learning import told
from postroom.output import answer, count, percent, say, table
from postroom.searching import Json

if TYPE_CHECKING:
    from flows.retrain import Outcome
    from models.gate import Gate

_DIGITS = 4
_DAYS = 28
models = typer.Typer(no_args_is_help=True, help="Versions of the document classifier.")
Version = Annotated[str, typer.Argument(metavar="VERSION", help="As in: postroom models list")]
Reason = Annotated[str, typer.Option(help="Why, for the record.")]


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    app.command()(retrain)
    app.add_typer(models, name="models")


def retrain(
    approve: Annotated[
        bool, typer.Option("--approve", help="Bring it into use also where the settings ask for a person.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Train on what people said; bring the new model into use if it is no worse than the one that is."""
    instance = services()
    from flows.retrain import retrain as run

    done = run(instance, by=getpass.getuser(), approve=approve)
    data = {
        "champion": done.champion,
        "challenger": done.challenger or None,
        "state": done.state,
        "reasons": list(done.reasons),
        "learnt": done.learnt,
        "frozen": done.frozen,
        "gate": gate_told(done.gate) if done.gate else None,
        "promise": _promise(instance, done.champion),
    }
    answer(as_json, data, lambda: _show_outcome(done, data))


def _show_outcome(done: "Outcome", data: dict[str, Any]) -> None:
    learnt = f"{count(done.learnt, 'labelled document')} learnt from, {done.frozen} held out as the test set"
    if done.state == "nothing new":
        say(f"Model {done.champion} knows all that was said: {learnt}.")
        return
    says = {
        "promoted": f"Model {done.challenger} is in use now: {learnt}.",
        "waits for approval": f"Model {done.challenger} is no worse and waits: postroom retrain --approve",
        "kept": f"Model {done.challenger} was kept aside; {done.champion} stays in use:",
    }
    say(says[done.state], style="bold")
    for reason in done.reasons:
        say(f"  {reason}")
    if done.gate:
        _show_gate(done.gate)
    say(data["promise"]["says"])


def _show_gate(gate: "Gate") -> None:
    rows = [(one.name, one.n, one.champion, one.challenger) for one in (*gate.sets, *gate.classes)]
    table(
        "Documents that neither had learnt from",
        ["set or class", "documents", "champion right", "challenger right"],
        rows,
    )


def gate_told(gate: "Gate") -> dict[str, Any]:
    """A gate as JSON."""
    return {**asdict(gate), "passed": gate.passed}


def _promise(instance: Services, version: str) -> dict[str, Any]:
    from infra.classifier import ready

    return told(ready(instance, version))


@models.command("list")
def list_models(as_json: Json = False) -> None:
    """All versions, the one in use first."""
    instance = services()
    from infra.classifier import card, champion_version, promotions, versions

    now = champion_version(instance)
    done = promotions(instance)
    used = {one.version: one for one in done}
    data: list[dict[str, Any]] = []
    for version in versions(instance):
        made = card(instance, version)
        gates = _gates(instance, version)
        data.append(
            {
                "version": version,
                "state": _state(version, now, set(used), gates),
                "documents": sum(number for _, number in made.classes),
                "classes": len(made.classes),
                "accuracy": round(made.measures.accuracy, _DIGITS),
                "macro_f1": round(made.measures.macro_f1, _DIGITS),
                "since": used[version].at if version in used else None,
                "why": used[version].why
                if version in used
                else "; ".join(gates[-1].reasons)
                if gates
                else "",
            }
        )
    data.sort(key=lambda one: (one["version"] != now, one["since"] is None, one["version"]))

    def show() -> None:
        rows = [
            (
                one["version"],
                one["state"],
                one["documents"],
                one["classes"],
                percent(one["accuracy"]),
                one["why"],
            )
            for one in data
        ]
        table("Models", ["version", "state", "documents", "classes", "right", "why"], rows)

    answer(as_json, data, show)


def _state(version: str, now: str, used: set[str], gates: "list[Gate]") -> str:
    if version == now:
        return "in use"
    if version in used:
        return "was in use"
    return "waits for approval" if gates and gates[-1].passed else "kept aside"


def _gates(instance: Services, version: str) -> "list[Gate]":
    from archive.keys import MODELS
    from domain.wire import from_json
    from models.gate import Gate

    keys = [key for key in instance.archive.list(f"{MODELS}{version}/") if "/gate-" in key]
    return [from_json(Gate, instance.archive.read(key)) for key in keys]


@models.command("show")
def show_model(
    version: Annotated[str | None, typer.Argument(metavar="VERSION", help="Default: the one in use.")] = None,
    card_to: Annotated[
        Path | None,
        typer.Option("--card", metavar="DIR", help="Write its card and pictures into this folder."),
    ] = None,
    labels: Annotated[bool, typer.Option("--labels", help="List the labels that it learnt from.")] = False,
    as_json: Json = False,
) -> None:
    """What a model was made of, what it promises, and how it does in use."""
    instance = services()
    from infra.classifier import beside, champion_version, ready
    from models.offers import curve, offers
    from models.registry import LABELS, REPORT
    from register.learning import filed_since

    version = version or champion_version(instance)
    classifier = ready(instance, version)
    card = classifier.model.card
    settings = instance.settings.classifier
    a_day = filed_since(datetime.now(UTC) - timedelta(days=_DAYS)) / _DAYS
    rows = json.loads(beside(instance, version, LABELS) or b"[]")
    data: dict[str, Any] = {
        "version": version,
        "data": card.data,
        "held_out": card.held_out,
        "classes": dict(card.classes),
        "left_out": dict(card.left_out),
        "accuracy": round(card.measures.accuracy, _DIGITS),
        "macro_f1": round(card.measures.macro_f1, _DIGITS),
        "ece": round(card.measures.ece, _DIGITS),
        "promise": told(classifier),
        "offers": [
            {
                "max_error": limit,
                "filed": round(one.filed, _DIGITS),
                "missing": one.missing,
                "review_minutes_a_day": round((1 - one.filed) * a_day * settings.review_seconds / 60, 1),
            }
            for limit, one in offers(classifier.trial, settings.confidence)
        ],
        "curve": [[round(filed, _DIGITS), round(error, _DIGITS)] for filed, error in curve(classifier.trial)],
        "live": _live(instance, version),
        "gates": [gate_told(one) for one in _gates(instance, version)],
        "learnt_from": len(rows),
    }
    if labels:
        data["labels"] = [{"document": key, "class": name} for key, name in rows]
    if card_to:
        card_to.mkdir(parents=True, exist_ok=True)
        for name in (REPORT, "reliability.png", "filed.png", "confusion.png"):
            (card_to / name).write_bytes(beside(instance, version, name))

    def show() -> None:
        say(
            f"Model {version}, learnt from {count(len(rows), 'document')} of {len(card.classes)} classes",
            "bold",
        )
        say(f"Right {percent(card.measures.accuracy)} of the time on documents held out from it.")
        table(
            "What it can promise",
            ["at most wrong", "filed by machine", "labels missing", "review a day"],
            [
                (
                    percent(one["max_error"]),
                    percent(one["filed"]) if one["filed"] else "nothing",
                    one["missing"] or "",
                    f"{one['review_minutes_a_day']:g} min",
                )
                for one in data["offers"]
            ],
        )
        say(data["promise"]["says"])
        say(data["live"]["says"])
        if card_to:
            say(f"Its card and pictures are in {card_to}")
        for one in data.get("labels", []):
            say(f"{one['document']}  {one['class']}")

    answer(as_json, data, show)


def _live(instance: Services, version: str) -> dict[str, Any]:
    from infra.classes import today
    from models.live import live
    from register.learning import blind_reviews

    limit = instance.settings.classifier.max_error
    now = today(instance)  # a class may have gone into another since
    seen = [
        tuple(now.get(name, name) for name in (one.guess, *one.answers))
        for one in blind_reviews()
        if one.model == version
    ]
    found = live([(guess, answers) for guess, *answers in seen], limit)
    if not found.n:
        says = "Nobody has answered a blind review of it yet."
    else:
        low, high = found.interval
        says = (
            f"Blind reviews: {found.wrong} of {found.n} filed wrong, "
            f"{100 * found.error:.2g} % (95 %: {100 * low:.2g} to {100 * high:.2g} %)."
        )
    if found.broken:
        says += f" That is more than {100 * limit:.3g} %: retrain, or ask for less."
    if found.drift:
        says += " It does worse than it did: the mail has changed."
    if found.pairs:
        says += f" Two people said the same of {found.agree} of {found.pairs}."
    return {**asdict(found), "interval": list(found.interval), "says": says}


@models.command()
def promote(version: Version, reason: Reason = "", as_json: Json = False) -> None:
    """Bring a version into use, whatever the gate says."""
    instance = services()
    from infra.classifier import promote as bring

    bring(instance, version, by=getpass.getuser(), why=reason or "chosen by a person")
    answer(as_json, {"champion": version}, lambda: say(f"Model {version} is in use now."))


@models.command()
def rollback(reason: Reason = "", as_json: Json = False) -> None:
    """Bring the version that was in use before back into use. Documents keep the class they have."""
    instance = services()
    from infra.classifier import promote as bring
    from infra.classifier import promotions

    done = promotions(instance)
    before = next((one.version for one in reversed(done) if one.version != done[-1].version), None)
    if before is None:
        raise Usage("No other model was in use before. See: postroom models list")
    bring(instance, before, by=getpass.getuser(), why=reason or f"back from {done[-1].version}")
    answer(as_json, {"champion": before}, lambda: say(f"Model {before} is in use again."))


@models.command()
def trust(version: Version, as_json: Json = False) -> None:
    """Take a model that another installation made, after you have made sure of it."""
    instance = services()
    from infra.classifier import trust as take

    take(instance, version)
    answer(as_json, {"trusted": version}, lambda: say(f"Model {version} is taken from now on."))


@models.command()
def forget(
    document: Annotated[
        str, typer.Argument(help="Document id, or the number of an entry with one document.")
    ],
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Learn from a document no more, and say which models did."""
    instance = services()
    from flows.retrain import learnt_by
    from infra.classifier import versions
    from register.review import forget as strike

    found = strike(document, reason=reason, actor=getpass.getuser(), at=datetime.now(UTC))
    key = f"document:{found.key}"
    saw = [version for version in versions(instance) if key in learnt_by(instance, version)]
    data: dict[str, Any] = {"document": found.key, "models": saw}

    def show() -> None:
        say(f"{found.key} is learnt from no more.")
        say(
            f"Models that learnt from it: {', '.join(saw) or 'none'}. "
            "Retrain, and the one in use will not have."
        )

    answer(as_json, data, show)
