"""Whether an entry may go from its state to another. What a state asks for goes by its name."""

from collections.abc import Collection

from domain.correspondence import Direction, Relation
from domain.errors import Forbidden, Usage
from domain.rights import Action
from domain.states import (
    ANSWERED,
    APPROVED,
    CLOSED,
    DELIVERED,
    DISPATCHED,
    DRAFT,
    ENDS,
    FOR_APPROVAL,
    IN_PROGRESS,
    REJECTED,
    RESPONDED,
    RETURNED,
    SIGNED,
    WAITING,
    WITHDRAWN,
    States,
)
from register.acts import Act
from register.models import Entry
from register.rights import guarded

_WITH_REASON = frozenset({REJECTED, WITHDRAWN, RETURNED, WAITING})
_BACK = {(ANSWERED, IN_PROGRESS), (CLOSED, IN_PROGRESS), (REJECTED, IN_PROGRESS)} | {
    (later, DRAFT) for later in (FOR_APPROVAL, APPROVED)
}


_APPROVED_SINCE = frozenset({APPROVED, SIGNED, DISPATCHED, DELIVERED, RETURNED, RESPONDED, CLOSED})
_SAID = frozenset({
    "subject", "senders", "recipients", "channel", "reference", "dated", "label", "language", "custom",
})  # fmt: skip
"""What a letter says: that is what is approved, and what an entry has ended with."""
_NO_ANSWER = (DRAFT, FOR_APPROVAL, WITHDRAWN)


def must_amend(entry: Entry, changed: Collection[str], act: Act) -> None:
    """See that what an entry says may still be changed: once it was approved, or has ended, with a reason.

    Raises:
        Forbidden: it was approved, and the person neither approves nor registers.
        Usage: there is no reason.
    """
    said = sorted(_SAID.intersection(changed))
    approved = entry.direction == Direction.OUTGOING and entry.status in _APPROVED_SINCE
    if not said or not (approved or entry.status in ENDS):
        return
    if approved and not any(_may(act, action, entry) for action in (Action.APPROVE, Action.REGISTER)):
        back = f"postroom entry move {entry.number} draft, or " if entry.status == APPROVED else ""
        raise Forbidden(
            f"{entry.number} is {entry.status}: its {said[0]} stays as approved. "
            f"To change it: {back}ask who approves, or a registrar"
        )
    if not act.reason.strip():
        raise Usage(f"{entry.number} is {entry.status}: say why its {said[0]} is changed: give the reason")


def _may(act: Act, action: Action, entry: Entry) -> bool:
    return act.rights is None or act.rights.may(action, guarded(entry))


def state_in(entry: Entry, label: str, states: States) -> str:
    """The state of an entry once it is of this class: its own where that class has it, else the first.

    Raises:
        Usage: it has ended, and entries of the class do not end so.
    """
    follow = states.follow(entry.direction, label)
    if entry.status in follow:
        return entry.status
    if entry.status in ENDS:
        raise Usage(
            f"{entry.number} is {entry.status}, which entries of the class {label or 'none'} never are: "
            "its class stays"
        )
    return next(iter(follow))


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
    gone = entry.status not in follow  # its class has become another, or the state was taken away since
    after = follow.get(entry.status, tuple(follow))
    if gone and entry.status in ENDS:
        after = after[:1]
    if to not in after:
        then = f"may become {', '.join(after)}" if after else "stays so"
        raise Usage(f"{entry.number} is {entry.status}, and cannot become {to}: it {then}")
    if not reason.strip() and (to in _WITH_REASON or (entry.status, to) in _BACK):
        raise Usage(f"Say why {entry.number} becomes {to}: give the reason")
    if lacking := _lacks(entry, to):
        raise Usage(f"{entry.number} cannot become {to}: {lacking}")


def _lacks(entry: Entry, to: str) -> str:
    """What the state asks for and the entry has not; "" for nothing."""
    match to:
        case "registered" if entry.direction != Direction.OUTGOING and not _has(entry, "sender"):
            return "it has no sender. Give it one: postroom entry amend NUMBER --sender NAME"
        case "assigned" if not (entry.department or entry.person):
            return "nobody holds it. Give it to somebody: postroom entry assign NUMBER --department NAME"
        case "for approval" | "dispatched" if not _has(entry, "recipient"):
            return "it has no recipient. Give it one: postroom entry amend NUMBER --recipient NAME"
        case "answered" | "responded":
            return _unanswered(entry)
    return ""


def _has(entry: Entry, role: str) -> bool:
    return bool(entry.parties.filter(role=role).exists())


def _unanswered(entry: Entry) -> str:
    """Why nothing answers it; "" once something does: not a void entry, a draft, or mail of the same side."""
    numbers = [one["number"] for one in entry.relations if one["relation"] == Relation.ANSWERED_BY]
    if not numbers:
        return "no entry answers it. Name the answer: postroom entry relate ANSWER answers NUMBER"
    ours = entry.direction == Direction.OUTGOING
    for answer in Entry.objects.filter(number__in=numbers).order_by("id"):
        if answer.voided_at:
            why = "is void"
        elif answer.direction == (Direction.OUTGOING if ours else Direction.INCOMING):
            why = f"is {answer.direction} too"
        elif answer.status in _NO_ANSWER:
            why = f"is {answer.status}"
        else:
            return ""
        found = f"its answer {answer.number} {why}"
    return f"{found}. Name one that counts: postroom entry relate ANSWER answers NUMBER"
