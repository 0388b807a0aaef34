"""Who holds an entry now: a department, a person of it, or the registry's own queue where nobody does."""

import json
from dataclasses import replace

from domain.correspondence import holder
from domain.errors import Usage
from domain.rights import Action, Guarded
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


def assign(number: str, act: Act, *, department: str = "", person: str = "", office: States = USUAL) -> Entry:
    """Give an entry to a department, or to a person of it.

    Raises:
        Usage: to nobody, to who has it already, the entry has ended, or somebody was faster.
    """
    if not (department or person):
        raise Usage(f"Say who is to have {number}: --department NAME, --person NAME or both")
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
    """
    with write():
        entry = locked(number, act, Action.VIEW)
        today = act.rights.today if act.rights else act.at.date()
        if entry.person and act.actor not in decisions.office().deputies(entry.person, today):
            raise Usage(f"{entry.person} has {number}. To take it over: postroom entry assign {number}")
        return _give(entry, entry.department, act.actor, _GIVEN, act, office)


def give_back(number: str, act: Act, *, office: States = USUAL) -> Entry:
    """Give an entry back to who had it before, with the reason.

    Raises:
        Usage: nobody had it before, there is no reason, the entry has ended, or somebody was faster.
    """
    if not act.reason.strip():
        raise Usage(f"Say why {number} goes back: --reason TEXT")
    with write():
        entry = locked(number, act)
        given = EventContent.objects.filter(event__entry=entry, event__kind=_GIVEN)
        last = given.order_by("event__sequence").values_list("body", flat=True).last()
        if last is None:
            raise Usage(f"Nobody gave {number} to who has it: assign it, with the reason")
        before = json.loads(last)["from"]
        return _give(entry, before["department"], before["person"], "given back", act, office)


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
    return replace(guarded(entry), department=department, person=person)


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
