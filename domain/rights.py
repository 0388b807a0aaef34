"""Who may do what with an entry. ``Rights.may`` decides for all: commands, API, search and desk.

An entry bears labels, a person badges: who has a badge that the entry bears as a label, may. The index holds
the labels of viewing, so a search sees what ``may`` allows, and counts no more.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from domain.correspondence import Confidentiality
from domain.office import Office, Role, User


class Action(StrEnum):
    """What can be done with entries, or with the office."""

    VIEW = "view"
    EDIT = "edit"
    APPROVE = "approve"
    EXPORT = "export"
    REGISTER = "register"
    AUDIT = "audit"
    ADMINISTER = "administer"


_V, _E, _X = Action.VIEW, Action.EDIT, Action.EXPORT
MATRIX: Mapping[Role, frozenset[Action]] = MappingProxyType(
    {
        Role.OPERATOR: frozenset({_V, Action.REGISTER}),
        Role.REGISTRAR: frozenset({_V, _E, _X, Action.REGISTER}),
        Role.CASE_HANDLER: frozenset({_V, _E, _X}),
        Role.APPROVER: frozenset({_V, _X, Action.APPROVE}),
        Role.RECORDS_MANAGER: frozenset({_V, _E, _X, Action.REGISTER}),
        Role.AUDITOR: frozenset({_V, _X, Action.AUDIT}),
        Role.ADMINISTRATOR: frozenset({Action.ADMINISTER}),
    }
)
"""What each role may do, in its department, up to the person's clearance."""

KEEPERS = frozenset({Role.REGISTRAR, Role.RECORDS_MANAGER, Role.ADMINISTRATOR, Role.AUDITOR})
"""Roles that, held in all of the office, know of all of its parties."""

_LEVELS = tuple(Confidentiality)
_HOLDERS = frozenset({_V, _E, _X})  # what holding an entry is enough for
_EVERYWHERE = "*"


@dataclass(frozen=True, slots=True)
class Guarded:
    """What of an entry decides who may: ``grants`` are ``(user, action)``, given for this entry alone."""

    department: str = ""
    person: str = ""
    confidentiality: str = Confidentiality.INTERNAL
    grants: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Reach:
    """The entries that a person may do something with.

    Attributes:
        levels: of confidentiality, up to the clearance.
        everywhere: in all departments and none.
        departments: or in these.
        holders: or held by these people: the person, and those whom they stand in for.
        granted: or granted to this user.
        public: or public.
    """

    levels: tuple[str, ...]
    everywhere: bool
    departments: frozenset[str]
    holders: frozenset[str]
    granted: str
    public: bool

    def badges(self) -> frozenset[str]:
        """What ``labels`` are compared with."""
        return frozenset(self._badges())

    def _badges(self) -> Iterator[str]:
        for level in self.levels:
            if self.everywhere:
                yield _of_department(level, _EVERYWHERE)
            yield from (_of_department(level, one) for one in self.departments)
            yield from (_of_holder(level, one) for one in self.holders)
        yield _of_grant(self.granted)
        if self.public:
            yield Confidentiality.PUBLIC


def labels(entry: Guarded, action: Action) -> frozenset[str]:
    """What an entry bears: one badge among them is enough for the action."""
    level = entry.confidentiality
    found = {_of_department(level, entry.department), _of_department(level, _EVERYWHERE)}
    if entry.person and action in _HOLDERS:
        found.add(_of_holder(level, entry.person))
    granted = {user for user, what in entry.grants if what == action or action == Action.VIEW}
    found |= {_of_grant(user) for user in granted}
    if level == Confidentiality.PUBLIC and action == Action.VIEW:
        found.add(Confidentiality.PUBLIC)
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Rights:
    """A user of the office, on a day."""

    office: Office
    user: User
    today: date
    _badges: dict[Action, frozenset[str]] = field(default_factory=dict, repr=False, compare=False)

    def may(self, action: Action, entry: Guarded) -> bool:
        """Whether the user may do this with the entry."""
        if action not in self._badges:
            self._badges[action] = self.reach(action).badges()
        return not self._badges[action].isdisjoint(labels(entry, action))

    def anywhere(self, action: Action) -> bool:
        """Whether one of the user's roles allows this in any department."""
        return self.user.active and any(action in MATRIX[one.role] for one in self.user.posts)

    def keeps_parties(self) -> bool:
        """Whether the user knows of all parties, also of those of entries that they may not see."""
        return self.user.active and any(one.role in KEEPERS and not one.department for one in self.user.posts)

    def reach(self, action: Action) -> Reach:
        """The entries with which the user may do this."""
        user, office = self.user, self.office
        posts = [one.department for one in user.posts if action in MATRIX[one.role]] if user.active else []
        below = {name for one in posts if one for name in office.with_below(one)}
        holders = {user.name, *office.absent_for(user.name, self.today)} if action in _HOLDERS else set()
        return Reach(
            levels=_LEVELS[: _LEVELS.index(user.clearance) + 1],
            everywhere="" in posts,
            departments=frozenset(below),
            holders=frozenset(holders if user.active else ()),
            granted=user.name if user.active else "",
            public=user.active and action == Action.VIEW,
        )


def _of_department(level: str, department: str) -> str:
    return f"{level}/{department}"


def _of_holder(level: str, person: str) -> str:
    return f"{level}@{person}"


def _of_grant(user: str) -> str:
    return f"+{user}"
