"""Whether an entry may go from its state to another. What a state asks for goes by its name."""

from domain.correspondence import Direction, Relation
from domain.errors import Usage
from domain.states import (
    ANSWERED,
    APPROVED,
    CLOSED,
    DRAFT,
    FOR_APPROVAL,
    IN_PROGRESS,
    REJECTED,
    RETURNED,
    WAITING,
    WITHDRAWN,
    States,
)
from register.models import Entry

_WITH_REASON = frozenset({REJECTED, WITHDRAWN, RETURNED, WAITING})
_BACK = {(ANSWERED, IN_PROGRESS), (CLOSED, IN_PROGRESS), (REJECTED, IN_PROGRESS)} | {
    (later, DRAFT) for later in (FOR_APPROVAL, APPROVED)
}


def must_follow(entry: Entry, to: str, states: States, *, label: str, reason: str) -> None:
    """See that the entry may go from its state to this one.

    Raises:
        Usage: it may not; says which may follow, or what is missing.
    """
    follow = states.follow(entry.direction, label)
    if to not in follow:
        raise Usage(f"There is no state {to!r} for {entry.number}. The states are: {', '.join(follow)}")
    if to == entry.status:
        raise Usage(f"{entry.number} is {to} already")
    after = follow.get(entry.status, tuple(follow))  # a state that was taken away since leads to any
    if to not in after:
        then = f"may become {', '.join(after)}" if after else "stays so"
        raise Usage(f"{entry.number} is {entry.status}, and cannot become {to}: it {then}")
    if not reason.strip() and (to in _WITH_REASON or (entry.status, to) in _BACK):
        raise Usage(f"Say why {entry.number} becomes {to}: --reason TEXT")
    if lacking := _lacks(entry, to):
        raise Usage(f"{entry.number} cannot become {to}: {lacking}")


def _lacks(entry: Entry, to: str) -> str:
    """What the state asks for and the entry has not; "" for nothing."""
    roles = set(entry.parties.values_list("role", flat=True))
    related = {one["relation"] for one in entry.relations}
    match to:
        case "registered" if "sender" not in roles and entry.direction != Direction.OUTGOING:
            return "it has no sender. Give it one: postroom entry amend NUMBER --sender NAME"
        case "assigned" if not (entry.department or entry.person):
            return "nobody holds it. Give it to somebody: postroom entry assign NUMBER --department NAME"
        case "for approval" | "dispatched" if "recipient" not in roles:
            return "it has no recipient. Give it one: postroom entry amend NUMBER --recipient NAME"
        case "answered" | "responded" if Relation.ANSWERED_BY not in related:
            return "no entry answers it. Name the answer: postroom entry relate ANSWER answers NUMBER"
    return ""
