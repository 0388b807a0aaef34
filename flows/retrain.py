"""Retrain: a challenger learns from what people said, and takes the champion's place if it earns it."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from archive.keys import model_key
from domain.wire import to_json
from flows.learning import Dataset, dataset, documents_of, evidence
from infra.classifier import (
    beside,
    champion,
    described,
    keep,
    promote,
    ready,
    taught,
)
from infra.wiring import Services
from models.classify import Classifier, classify
from models.gate import Gate, judge, opinions
from models.registry import LABELS
from models.train import train
from register import learning, marks, review

log = structlog.get_logger()
_RECENT = timedelta(days=28)
MARK = "retrain"
"""Of when it was last tried."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a retraining.

    Attributes:
        champion: the version in use afterwards.
        challenger: the one that was trained; "" where there was nothing new to learn.
        state: "promoted", "waits for approval", "kept" (with the reasons) or "nothing new".
        learnt, frozen: documents that people labelled: learnt from, and held out for good.
    """

    champion: str
    challenger: str
    state: str
    reasons: tuple[str, ...] = ()
    gate: Gate | None = None
    learnt: int = 0
    frozen: int = 0


def retrain(services: Services, *, by: str, approve: bool = False) -> Outcome:
    """Train on all that is known, compare with the champion, and promote what passes the gate.

    ``approve``: a person lets it pass that the policy would have wait for one.

    Raises:
        Usage: there is too little to learn from.
    """
    marks.note(MARK, datetime.now(UTC))
    holder = champion(services)
    version = holder.model.card.version
    data = dataset(services, version)
    examples = data.to_learn
    model = train(examples, strict=False)
    frozen = [one for one in data.said if one.frozen]
    learnt = len(data.said) - len(frozen)
    if model.card.version == version:
        return Outcome(version, "", "nothing new", learnt=learnt, frozen=len(frozen))
    used = [(one.key, one.label) for one in examples if one.label in model.card.names]
    keep(services, model, described(services, model, taught(data.taught), used))
    gate = _compared(services, holder, ready(services, model.card.version), data)
    _write_gate(services, gate)
    automatic = services.settings.classifier.promotion == "automatic"
    if gate.passed and (automatic or approve):
        promote(services, model.card.version, by=by, why=f"retrained: passed the gate against {version}")
        after, state = model.card.version, "promoted"
    else:
        after, state = version, "waits for approval" if gate.passed else "kept"
    return Outcome(after, model.card.version, state, gate.reasons, gate, learnt, len(frozen))


def _compared(services: Services, holder: Classifier, challenger: Classifier, data: Dataset) -> Gate:
    documents = [one.example for one in data.said]
    last = max((one.at for one in data.said), default=None)
    recent = [one.example for one in data.said if last and one.at > last - _RECENT]
    return judge(
        (holder, opinions(holder, learnt_by(services, holder.model.card.version), documents)),
        (challenger, opinions(challenger, learnt_by(services, challenger.model.card.version), documents)),
        frozen=[one.example for one in data.said if one.frozen],
        recent=recent,
        corrected=[one.example for one in data.said if one.erred],
    )


def learnt_by(services: Services, version: str) -> frozenset[str]:
    """Keys of the documents and examples that a model learnt from."""
    return documents_of(json.loads(beside(services, version, LABELS) or b"[]"))


def _write_gate(services: Services, gate: Gate) -> None:
    """How it did beside this champion; a later champion gets a line of its own."""
    key = model_key(gate.challenger, f"gate-{gate.champion}.json")
    if key not in set(services.archive.list(key)):
        services.archive.put(key, to_json(gate, indent=2), media_type="application/json")


def take_turn(services: Services, now: datetime) -> bool:
    """Whether it is time to retrain, and for the caller to do it: of many machines one is told so."""
    last = marks.last(MARK)
    return due(services, now, last) and marks.take(MARK, now, last)


def due(services: Services, now: datetime, last: datetime | None) -> bool:
    """Whether enough was said since the last time, or a night has passed and something was said at all."""
    chosen = services.settings.classifier
    said = learning.said_since(last)
    if chosen.retrain_after and said >= chosen.retrain_after:
        return True
    return (
        bool(said)
        and chosen.retrain_hour >= 0
        and _night_passed(last, now, chosen.retrain_hour, services.settings.zone)
    )


def _night_passed(last: datetime | None, now: datetime, hour: int, zone: ZoneInfo) -> bool:
    here = now.astimezone(zone)
    begun = here.replace(hour=hour, minute=0, second=0, microsecond=0)
    if begun > here:
        begun -= timedelta(days=1)
    return last is None or last < begun


def judge_again(services: Services) -> tuple[int, list[str]]:
    """Let the champion judge what waits for a class without anybody's word.

    Returns:
        How many it looked at, and the numbers of the entries that have a class now.
    """
    waiting = learning.waits_for_a_class()
    held = learning.objects_of(waiting)
    seen = [(one, found) for one in waiting if (found := evidence(services, *held.get(one.pk, ("", ""))))]
    verdicts = classify(champion(services), [found for _, found in seen])
    given = []
    for (document, _), verdict in zip(seen, verdicts, strict=True):
        told: dict[str, object] = {
            "guess": verdict.guess,
            "probability": verdict.probability,
            "alternatives": [list(one) for one in verdict.alternatives],
            "model": verdict.model,
        }
        if verdict.label and review.judge_again(document, verdict.label, told, at=datetime.now(UTC)):
            given.append(document.entry.number)
    return len(seen), given
