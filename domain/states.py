"""The states of an entry, and which may follow which. An office may give a class states of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.correspondence import Direction

Follow = Mapping[str, tuple[str, ...]]
"""For each state those that may follow it; the first is where an entry begins."""

RECEIVED, REGISTERED, ASSIGNED, IN_PROGRESS = "received", "registered", "assigned", "in progress"
WAITING = "waiting"
ANSWERED, CLOSED, REJECTED, WITHDRAWN = "answered", "closed", "rejected", "withdrawn"
DRAFT, FOR_APPROVAL, APPROVED, SIGNED = "draft", "for approval", "approved", "signed"
DISPATCHED, DELIVERED, RETURNED, RESPONDED = "dispatched", "delivered", "returned", "responded"

_INCOMING: Follow = {
    RECEIVED: (REGISTERED, REJECTED, WITHDRAWN),
    REGISTERED: (ASSIGNED, IN_PROGRESS, CLOSED, REJECTED, WITHDRAWN),
    ASSIGNED: (REGISTERED, IN_PROGRESS, WAITING, ANSWERED, CLOSED, REJECTED, WITHDRAWN),
    IN_PROGRESS: (REGISTERED, ASSIGNED, WAITING, ANSWERED, CLOSED, REJECTED, WITHDRAWN),
    WAITING: (IN_PROGRESS, ANSWERED, CLOSED, REJECTED, WITHDRAWN),
    ANSWERED: (CLOSED, IN_PROGRESS),
    CLOSED: (IN_PROGRESS,),
    REJECTED: (IN_PROGRESS,),
    WITHDRAWN: (),
}
_OUTGOING: Follow = {
    DRAFT: (FOR_APPROVAL, WITHDRAWN),
    FOR_APPROVAL: (APPROVED, DRAFT, WITHDRAWN),
    APPROVED: (SIGNED, DRAFT, WITHDRAWN),
    SIGNED: (DISPATCHED, WITHDRAWN),
    DISPATCHED: (DELIVERED, RETURNED, RESPONDED, CLOSED),
    DELIVERED: (RETURNED, RESPONDED, CLOSED),
    RETURNED: (DISPATCHED, CLOSED),
    RESPONDED: (CLOSED,),
    CLOSED: (),
    WITHDRAWN: (),
}
DEFAULT: Mapping[Direction, Follow] = {
    Direction.INCOMING: _INCOMING,
    Direction.OUTGOING: _OUTGOING,
    Direction.INTERNAL: _INCOMING,
}
APPROVALS = frozenset({APPROVED, SIGNED})
"""What only an approver may bring an entry into."""
ENDS = frozenset({CLOSED, REJECTED, WITHDRAWN})
"""Where nobody has anything to do with an entry any more."""


@dataclass(frozen=True, slots=True)
class States:
    """The office's states: those of all entries, and by class and direction those of a class."""

    of_class: Mapping[str, Mapping[Direction, Follow]] = field(default_factory=dict)

    def follow(self, direction: str, label: str) -> Follow:
        """The states of an entry of this direction and class."""
        known = Direction(direction)
        return self.of_class.get(label, {}).get(known, DEFAULT[known])

    def names(self) -> frozenset[str]:
        """All of them, of whatever class and direction."""
        all_of = (*DEFAULT.values(), *(one for some in self.of_class.values() for one in some.values()))
        return frozenset(state for follow in all_of for state in follow)

    def first(self, direction: str, label: str) -> str:
        """Where such an entry begins."""
        return next(iter(self.follow(direction, label)))

    def ends(self, direction: str, label: str) -> frozenset[str]:
        """Where nobody has anything to do with such an entry any more: also those that nothing follows."""
        return ENDS | {state for state, then in self.follow(direction, label).items() if not then}


USUAL = States()
"""Of an office that has none of its own."""


def checked_states(follow: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The same states, once each leads to known ones and can be reached from the first.

    Raises:
        ValueError: names the state.
    """
    if not follow:
        raise ValueError("there is no state")
    for state, then in follow.items():
        for other in then:
            if other not in follow:
                raise ValueError(f"{state!r} is followed by {other!r}, which is no state of it")
    reached, seen = [next(iter(follow))], set[str]()
    while reached:
        state = reached.pop()
        if state not in seen:
            seen.add(state)
            reached += follow[state]
    if lost := [state for state in follow if state not in seen]:
        raise ValueError(f"nothing leads to {lost[0]!r}")
    return follow
