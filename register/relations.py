"""What entries are to each other: answers, forwards, duplicates. Each of two says what it is to the other."""

from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from domain.correspondence import INVERSE, Channel, Direction, Relation
from domain.errors import Usage
from domain.rights import Action
from domain.states import USUAL, States
from register.acts import Act
from register.entries import details_of, enter, locked, recorded
from register.models import Entry
from register.numbering import stored
from register.parties import fold
from register.session import write
from register.texts import fit


def relate(number: str, relation: Relation, other: str, act: Act) -> Entry:
    """Say what an entry is to another; the other knows the inverse.

    Raises:
        Usage: one of them is not there or void, they are one, or it was said before.
    """
    return _related(number, relation, other, act, so=True)


def unrelate(number: str, relation: Relation, other: str, act: Act) -> Entry:
    """Take back what was said of an entry and another, with the reason.

    Raises:
        Usage: it was not said, there is no reason, or one of them is void.
    """
    if not act.reason.strip():
        raise Usage(f"Say why {number} is not {relation} {other}: give the reason")
    return _related(number, relation, other, act, so=False)


def _related(number: str, relation: Relation, other: str, act: Act, *, so: bool) -> Entry:
    number, other = stored(fit(number)), stored(fit(other))
    if number == other:
        raise Usage(f"{number} cannot be related to itself: name another entry")
    with write():
        # In one order, so that two who relate never wait for each other.
        held = {one: _held(one, number, act, so=so) for one in sorted((number, other))}
        if ({"relation": str(relation), "number": other} in held[number].relations) == so:
            raise Usage(f"{number} {relation} {other}: that is {'said already' if so else 'not said'}")
        for one, what, whom in ((number, relation, other), (other, INVERSE[relation], number)):
            row = {"relation": str(what), "number": whom}
            others = [each for each in held[one].relations if each != row]
            Entry.objects.filter(pk=held[one].pk).update(relations=[*others, row] if so else others)
            kind = "related" if so else "no longer related"
            held[one] = recorded(held[one], kind, {**row, "reason": act.reason}, act)
    return held[number]


def _held(one: str, number: str, act: Act, *, so: bool) -> Entry:
    """One of the two; what is void is not related any more, and can still be parted from what counts."""
    if one == number:
        return locked(one, act)
    return locked(one, replace(act, seen=None), Action.VIEW, void=not so)


def forward(
    number: str,
    recipients: Sequence[str],
    act: Act,
    *,
    zone: ZoneInfo,
    office: States = USUAL,
) -> Entry:
    """Draft an outgoing entry that sends this one on to somebody outside; both know of each other.

    Raises:
        Usage: to nobody, the entry is void, or somebody changed it since it was seen.
    """
    if not any(map(fold, recipients)):
        raise Usage(f"Say to whom {number} goes: name a recipient")
    with write():
        entry = locked(number, act, Action.VIEW)
        sent = replace(
            details_of(entry), senders=(), recipients=tuple(recipients), channel=Channel.POST, dated=None,
            location="",
        )  # fmt: skip
        act = replace(act, seen=None)
        made = enter(
            Direction.OUTGOING,
            sent,
            act,
            zone=zone,
            department=entry.department,
            person=entry.person,
            office=office,
        )
        return relate(made.number, Relation.FORWARDS, number, act)
