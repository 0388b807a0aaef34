"""What the office decided of itself: added to, each linked to the one before. The last of a name holds."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.chain import START, body_of, moment
from domain.errors import Usage
from domain.office import KINDS, Office
from domain.wire import from_json, to_json
from register.acts import Act
from register.models import Decision, Outbox
from register.numbers import HISTORY, OFFICE, events_of, take_next
from register.records import write_record
from register.session import write
from register.texts import fit


@dataclass(frozen=True, slots=True)
class Held:
    """What held under a name at some moment, and since when there was anything."""

    value: Any
    since: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """All that was decided up to some decision.

    Attributes:
        office: as it stands then.
        each: by kind, all decisions in order: name, value or None where it was taken away, when.
    """

    office: Office = field(default_factory=Office)
    each: Mapping[str, Sequence[tuple[str, Any, datetime]]] = field(default_factory=dict)

    def held(self, kind: str, at: datetime) -> Mapping[str, Held]:
        """What had been decided of a kind by a moment, by name."""
        now: dict[str, Held] = {}
        for name, value, when in self.each.get(kind, ()):
            if when > at:
                continue
            if value is None:
                now.pop(name, None)
            else:
                now[name] = Held(value, now[name].since if name in now else when)
        return now


_read: dict[str, Decided] = {"": Decided()}  # by the hash of the last decision; the last one only


def decide(kind: str, name: str, value: object | None, act: Act) -> Decision:
    """Write down that from now on this holds of the name; None takes it away. Checks nothing."""
    body = to_json(fit(value)).decode() if value is not None else ""
    with write():
        sequence = take_next(OFFICE, HISTORY)
        last = Decision.objects.filter(sequence=sequence - 1).values_list("hash", flat=True).first()
        made = Decision(
            sequence=sequence,
            kind=kind,
            name=name,
            body=body,
            actor=fit(act.actor),
            at=act.at,
            reason=fit(act.reason),
            source=fit(act.source),
            previous=last or START,
        )
        made.hash = link(made)
        made.save(force_insert=True)
        Outbox.objects.create(decision=made, sequence=sequence, body=write_record({"decision": _told(made)}))
    return made


def office() -> Office:
    """The office as it stands."""
    return decided().office


def held(kind: str, at: datetime) -> Mapping[str, Held]:
    """What had been decided of a kind by a moment, by name."""
    return decided().held(kind, at)


def decided() -> Decided:
    """All that is decided now; asks which decision is the last, and reads them once for each of these.

    Raises:
        Usage: one cannot be read.
    """
    last = Decision.objects.order_by("-sequence").values_list("hash", flat=True).first() or ""
    found = _read.get(last)
    if found is None:
        found = _decided()
        _read.clear()
        _read[last] = found
    return found


def _decided() -> Decided:
    version, now = 0, {kind: dict[str, Any]() for kind in KINDS}
    each: dict[str, list[tuple[str, Any, datetime]]] = {}
    for one in Decision.objects.filter(kind__in=KINDS).order_by("sequence").iterator():
        version = one.sequence
        value = _value(one)
        each.setdefault(one.kind, []).append((one.name, value, one.at))
        if value is None:
            now[one.kind].pop(one.name, None)
        else:
            now[one.kind][one.name] = value
    return Decided(Office(version, **{place: now[kind] for kind, (place, _) in KINDS.items()}), each)


def _value(one: Decision) -> Any:
    """What holds by a decision; None for nothing any more.

    Raises:
        Usage: it cannot be read.
    """
    try:
        return from_json(KINDS[one.kind][1], one.body) if one.body else None
    except ValueError as error:
        raise Usage(
            f"decision {one.sequence} ({one.kind} {one.name}) cannot be read. "
            "Find out who wrote to the database: postroom verify"
        ) from error


def versions(kind: str, name: str = "") -> list[dict[str, Any]]:
    """All that was decided of the name, or of all names of the kind, oldest first."""
    found = Decision.objects.filter(kind=kind, **({"name": name} if name else {})).order_by("sequence")
    return [
        {
            "sequence": one.sequence,
            "name": one.name,
            "value": json.loads(one.body) if one.body else None,
            "actor": one.actor,
            "at": one.at.isoformat(),
            "reason": one.reason,
            "source": one.source,
        }
        for one in found
    ]


def last(kind: str, name: str) -> Decision | None:
    """The decision by which it holds, or does not any more; None where nothing was ever decided."""
    return Decision.objects.filter(kind=kind, name=name).order_by("sequence").last()


def breaks() -> Iterator[dict[str, Any]]:
    """Each place where the chain of decisions does not hold."""
    previous, last = START, 0
    for one in Decision.objects.order_by("sequence").iterator():
        wrong = ""
        if one.sequence != last + 1:
            wrong = f"decision {last + 1} is missing"
        elif one.previous != previous or one.hash != link(one):
            wrong = "the decision was altered"
        elif one.kind in KINDS and not _readable(one):
            wrong = "the decision cannot be read"
        if wrong:
            yield {"register": OFFICE, "sequence": one.sequence, "number": "", "problem": wrong}
        previous, last = one.hash, one.sequence
    counted = events_of(OFFICE)
    if counted != last:
        ends = f"the decisions end at {last}, but {counted} were written"
        yield {"register": OFFICE, "sequence": counted, "number": "", "problem": ends}


def _readable(one: Decision) -> bool:
    try:
        _value(one)
    except Usage:
        return False
    return True


def _told(one: Decision) -> dict[str, Any]:
    names = ["sequence", "kind", "name", "body", "actor", "reason", "previous", "hash"]
    names += ["source"] if one.source else []  # decisions of before were hashed without
    return {**{name: getattr(one, name) for name in names}, "at": moment(one.at)}


def link(one: Decision) -> str:
    """The hash of a decision, over all that it says and the hash of the one before."""
    told = _told(one)
    del told["hash"]
    return hashlib.sha256(body_of(told).encode()).hexdigest()
