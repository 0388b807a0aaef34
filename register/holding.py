"""Who holds an entry now: a department, a person of it, or the registry's own queue where nobody does."""

import json
from collections.abc import Iterator
from dataclasses import replace

from domain.correspondence import holder
from domain.errors import Usage
from domain.office import Office
from domain.rights import Guarded
from domain.states import ASSIGNED, ENDS, RECEIVED, REGISTERED, USUAL, States
from register import decisions
from register.acts import Act
from register.entries import class_of, locked, recorded
from register.models import Entry, EventContent
from register.office import must_be_holder
from register.rights import guarded
from register.session import write
from register.states import must_follow
from register.texts import fit

_GIVEN = "assigned"
_HANDED = ("entered", "registered", "routed", _GIVEN, "given back", "brought back")


def assign(number: str, act: Act, *, department: str = "", person: str = "", office: States = USUAL) -> Entry:
    """Give an entry to a department, or to a person of it.

    Raises:
        Usage: to nobody, to who has it already, the entry has ended, or somebody was faster.
    """
    if not (department or person):
        raise Usage(f"Say who is to have {number}: a department, a person or both")
    department, person = fit(department), fit(person)
    with write():
        entry = locked(number, act)
        must_be_holder(
            decisions.office(), department, person, _with(entry, department, person), act.at.date()
        )
        if (entry.department, entry.person) == (department, person):
            raise Usage(f"{holder(department, person)} has {number} already")
        return _give(entry, department, person, _GIVEN, act, office)


def claim(number: str, act: Act, *, office: States = USUAL) -> Entry:
    """Take an entry from the queue of a department, or of the registry, for oneself.

    Who stands in for somebody today takes over what they hold.

    Raises:
        Usage: somebody has it already, the entry has ended, or somebody was faster.
        Forbidden: the person may not work on it.
    """
    with write():
        entry = locked(number, act)
        today = act.rights.today if act.rights else act.at.date()
        if entry.person and act.actor not in decisions.office().deputies(entry.person, today):
            raise Usage(f"{entry.person} has {number}. To take it over: postroom entry assign {number}")
        if act.rights:
            mine = _with(entry, entry.department, act.actor)
            must_be_holder(decisions.office(), "", act.actor, mine, today)
        return _give(entry, entry.department, act.actor, _GIVEN, act, office)


def give_back(number: str, act: Act, *, office: States = USUAL) -> Entry:
    """Give an entry back to who had it before, or to the registry, with the reason.

    Who has left, or may not know of it any more, is passed over.

    Raises:
        Usage: the registry has it, there is no reason, the entry has ended, or somebody was faster.
    """
    if not act.reason.strip():
        raise Usage(f"Say why {number} goes back: give the reason")
    with write():
        entry = locked(number, act)
        has, now = (entry.department, entry.person), decisions.office()
        if not any(has):
            raise Usage(f"{number} is with the registry: nobody gave it to who has it")
        for before in _had(entry):
            if before != has and _can_have(now, entry, *before, act):
                return _give(entry, *before, "given back", act, office)
        return _give(entry, "", "", "given back", act, office)


def _had(entry: Entry) -> Iterator[tuple[str, str]]:
    """Who had it before, department and person, the last first; who gave it back is not among them."""
    had: list[tuple[str, str]] = []
    rows = EventContent.objects.filter(event__entry=entry, event__kind__in=_HANDED)
    for kind, body in rows.order_by("event__sequence").values_list("event__kind", "body"):
        said = json.loads(body)
        to = said.get("after" if kind == "routed" else "to", said)
        if "department" in to or "person" in to:
            holder = to.get("department") or "", to.get("person") or ""
            if kind == "given back" and holder in had:
                del had[had.index(holder) :]
            had.append(holder)
    yield from reversed(had)


def _can_have(now: Office, entry: Entry, department: str, person: str, act: Act) -> bool:
    try:
        must_be_holder(now, department, person, _with(entry, department, person), act.at.date())
    except Usage:
        return False
    return True


def bring_back(number: str, act: Act, *, office: States = USUAL) -> Entry:
    """Give an entry to the registry's own queue, for nobody who holds it can do anything with it.

    Raises:
        Usage: it is with the registry already, or has ended.
    """
    with write():
        entry = locked(number, act)
        if not (entry.department or entry.person):
            raise Usage(f"{number} is with the registry already")
        return _give(entry, "", "", "brought back", act, office)


def _with(entry: Entry, department: str, person: str) -> Guarded:
    """Without what was granted to somebody: that lasts only until it is taken back."""
    return replace(guarded(entry), department=department, person=person, grants=())


def _give(entry: Entry, department: str, person: str, kind: str, act: Act, office: States) -> Entry:
    if entry.status in ENDS:
        raise Usage(f"{entry.number} is {entry.status}: reopen it first, postroom entry move {entry.number}")
    content = {
        "from": {"department": entry.department, "person": entry.person},
        "to": {"department": department, "person": person},
        "reason": act.reason,
        "status": entry.status,
    }
    entry.department, entry.person = department, person
    to, label = ASSIGNED if department or person else REGISTERED, class_of(entry)
    if entry.status == RECEIVED:  # what it lacks to be registered, nobody gives it by giving it away
        to = RECEIVED
    if to != entry.status and to in office.follow(entry.direction, label).get(entry.status, ()):
        must_follow(entry, to, office, label=label, reason=act.reason)
        entry.status = to
        content["status"] = to
    Entry.objects.filter(pk=entry.pk).update(department=department, person=person, status=entry.status)
    return recorded(entry, kind, content, act)
