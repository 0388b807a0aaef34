"""Bottlenecks: how long entries stay in each state and with each holder, as their history tells."""

import json
import math
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Any

from domain.rights import Rights
from domain.states import REGISTERED, USUAL, States
from register.models import Document, Entry, Event
from register.rights import within
from register.standing import VOIDED

Worked = Callable[[datetime, datetime], float]
"""Seconds of work between two moments."""

_AT_ONCE = 5000  # events read together
_JOINED = "attached"  # a document more, whose department counts only where the entry had none


class By(StrEnum):
    """What stays are told apart by."""

    STATE = "state"
    DEPARTMENT = "department"
    PERSON = "person"
    CLASS = "class"


def elapsed(begin: datetime, end: datetime) -> float:
    """All seconds between two moments, whether anybody works or not."""
    return (end - begin).total_seconds()


@dataclass(frozen=True, slots=True)
class _Stands:
    """How an entry stands after an event."""

    status: str = ""
    department: str = ""
    person: str = ""
    over: bool = False


@dataclass(slots=True)
class _Stays:
    """All stays of one name: seconds of those that ended, and those that are open."""

    ended: "array[float]" = field(default_factory=lambda: array("d"))
    open: "array[float]" = field(default_factory=lambda: array("d"))
    oldest: tuple[float, str] = (-1.0, "")


def bottlenecks(
    by: By,
    *,
    since: datetime | None,
    until: datetime,
    rights: Rights | None = None,
    worked: Worked = elapsed,
    office: States = USUAL,
) -> list[dict[str, Any]]:
    """Where entries stay, the most time in all first.

    Stays that ended in the time asked for are counted; open are those that had begun and not ended by
    ``until``. A state in which nobody has anything to do with an entry any more is no stay. By class it is
    the time from the first event to such a state. Events are read once, in order; of each stay a number is
    kept.

    Args:
        by: what they are told apart by.
        since: from when; None for the beginning.
        until: until when.
        rights: of whoever asks: entries that they may not view are left out; None for all.
        worked: seconds of work between two moments.
        office: the states.
    """
    found: dict[str, _Stays] = {}
    labels = _labels()
    for entry, events in groupby(_events(rights, until), key=lambda row: row[0]):
        rows = list(events)
        number, direction, own = rows[0][1:4]
        label = own or labels.get(entry, "")
        ends = office.ends(direction, label)
        for name, begin, end in _stays(by, rows, label, ends):
            if not name and by == By.PERSON:
                continue
            stays = found.setdefault(name, _Stays())
            seconds = worked(begin, end or until)
            if end is None:
                stays.open.append(seconds)
                stays.oldest = max(stays.oldest, (seconds, number))
            elif since is None or end >= since:
                stays.ended.append(seconds)
    told = [_told(name, stays) for name, stays in found.items() if stays.ended or stays.open]
    return sorted(told, key=lambda one: (-one["total_seconds"], one["name"]))


def _events(rights: Rights | None, until: datetime) -> Iterator[tuple[Any, ...]]:
    rows = Event.objects.filter(at__lt=until)
    if rights is not None:
        rows = rows.filter(entry__in=Entry.objects.filter(within(rights)))
    columns = ("entry_id", "entry__number", "entry__direction", "entry__label", "kind", "at", "content__body")
    yield from rows.order_by("entry_id", "sequence").values_list(*columns).iterator(chunk_size=_AT_ONCE)


def _labels() -> dict[int, str]:
    """The class of the first document that has one, by entry."""
    rows = Document.objects.exclude(label=None).order_by("-id").values_list("entry_id", "label")
    return {entry: label or "" for entry, label in rows.iterator(chunk_size=_AT_ONCE)}


def _stays(
    by: By, rows: list[tuple[Any, ...]], label: str, ends: frozenset[str]
) -> Iterator[tuple[str, datetime, datetime | None]]:
    """Name, begin and end of each stay of an entry; no end where it goes on."""
    stands, name, begin = _Stands(), None, rows[0][5]
    for place, (*_, kind, at, body) in enumerate(rows):
        said = json.loads(body) if body else {}
        if place == 0 and not said.get("status"):
            said = {**said, "status": _first(rows)}
        stands = _after(stands, kind, said)
        now = None if stands.over or stands.status in ends else _name(by, stands, label)
        if now != name:
            if name is not None:
                yield name, begin, at
            name, begin = now, at
    if name is not None:
        yield name, begin, None


def _first(rows: list[tuple[Any, ...]]) -> str:
    """The state in which an entry began whose first event, of before, does not say so."""
    for *_, kind, _, body in rows:
        if kind == "moved" and body:
            return str(json.loads(body)["from"])
    return REGISTERED


def _after(stands: _Stands, kind: str, said: Mapping[str, Any]) -> _Stands:
    """How the entry stands once this was done, whatever it was."""
    to = said.get("to")
    became: Mapping[str, Any] = {**said, **(said.get("after") or {}), **(to if isinstance(to, dict) else {})}
    status = to if kind == "moved" and isinstance(to, str) else became.get("status") or stands.status
    department = became.get("department")
    if department is None or (kind == _JOINED and stands.department):
        department = stands.department
    person = became.get("person")
    person = stands.person if person is None else person
    return _Stands(status, department, person, stands.over or kind == VOIDED)


def _name(by: By, stands: _Stands, label: str) -> str:
    return {
        By.STATE: stands.status,
        By.DEPARTMENT: stands.department,
        By.PERSON: stands.person,
        By.CLASS: label,
    }[by]


def _told(name: str, stays: _Stays) -> dict[str, Any]:
    ended = sorted(stays.ended)
    return {
        "name": name,
        "count": len(ended),
        "median_seconds": round(_at(ended, 0.5), 1) if ended else None,
        "p90_seconds": round(_at(ended, 0.9), 1) if ended else None,
        "total_seconds": round(sum(ended) + sum(stays.open), 1),
        "open": len(stays.open),
        "open_longest_seconds": round(stays.oldest[0], 1) if stays.open else None,
        "oldest": stays.oldest[1],
    }


def _at(ordered: list[float], share: float) -> float:
    """The value below which this share lies, by nearest rank."""
    return ordered[max(math.ceil(len(ordered) * share) - 1, 0)]
