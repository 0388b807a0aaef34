"""What an office decides of itself: departments, people, fields, rules, deadlines. Needs no migration."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from domain.correspondence import Confidentiality
from domain.numbers import DEFAULT, Place, written


class Role(StrEnum):
    """What somebody is in a department, or in all of them."""

    OPERATOR = "operator"
    REGISTRAR = "registrar"
    CASE_HANDLER = "case handler"
    APPROVER = "approver"
    RECORDS_MANAGER = "records manager"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class Department:
    """A part of the office; ``parent`` is the department that it belongs to, "" for none."""

    name: str
    title: str = ""
    parent: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """A role in a department and those below it; "" is all of the office."""

    role: Role
    department: str = ""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who works with Postroom.

    Attributes:
        clearance: the highest confidentiality of entries that they may know of.
        language: ISO 639-1, of what is written to them.
        active: False once they left; their name stays in the history.
        notices: by kind of notice how they get it: "mail", "digest" or "none"; in the inbox it always is.
    """

    name: str
    full_name: str = ""
    email: str = ""
    language: str = "en"
    posts: tuple[Post, ...] = ()
    clearance: Confidentiality = Confidentiality.INTERNAL
    active: bool = True
    notices: Mapping[str, str] = field(default_factory=dict)


class FieldKind(StrEnum):
    """What a field of the office's own holds."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    YES_NO = "yes/no"
    MONEY = "money"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class CustomField:
    """A field of the office's own; ``label`` is the class whose entries have it, "" for all."""

    name: str
    kind: FieldKind = FieldKind.TEXT
    label: str = ""
    title: str = ""
    choices: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done with an entry when it comes in, if ``when`` holds of it.

    Attributes:
        order: rules with a lower one are asked first.
        when: a condition in the Common Expression Language.
        then: by action what it does: ``assign`` (department, or department/person), ``priority``,
            ``confidentiality``, ``language``, ``location``, ``fields`` (of the office's own, each as
            ``name=value``), ``tags``, ``deadline`` (the name of one), ``notify`` (user or e-mail
            address), ``second look`` (why).
        owner: the user who answers for it.
        since, until: days on which it holds, both inclusive; None for always.
    """

    name: str
    order: int
    when: str
    then: Mapping[str, str | tuple[str, ...]]
    owner: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Deadline:
    """Until when something must have been done with an entry.

    Attributes:
        hours: working hours that it gives; or
        days: working days, or calendar days where it is legal.
        label: class of entries that have it; "" for all.
        priority: of entries that have it; "" for all.
        direction: of entries that have it; "" for all.
        state: in which it begins; "" when the entry is made.
        until: states that end it; the ends of an entry and ``answered`` where none are named.
        pauses: states in which it stands still.
        legal: it cannot be paused.
        remind: working hours before its end at which who holds the entry is reminded.
        escalate: "department", "department/person" or "/person" that hears of it once it has passed.
        by_rule: only entries to which a rule gives it have it.
    """

    name: str
    hours: float = 0.0
    days: int = 0
    label: str = ""
    priority: str = ""
    direction: str = ""
    state: str = ""
    until: tuple[str, ...] = ()
    pauses: tuple[str, ...] = ("waiting",)
    legal: bool = False
    remind: tuple[float, ...] = ()
    escalate: str = ""
    by_rule: bool = False


@dataclass(frozen=True, slots=True)
class Closure:
    """Days on which the office is closed beside its holidays, both inclusive."""

    name: str
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Delegation:
    """Who stands in for somebody on these days, both inclusive."""

    name: str
    absent: str
    deputy: str
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Numbering:
    """How numbers are written: of the register ``name``, or of all that have none of their own, ``all``.

    ``before`` are the forms in which numbers were given until then: these numbers stay.
    """

    name: str
    form: str = DEFAULT
    before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Printed:
    """Labels with these numbers, both inclusive, were printed then."""

    first: int
    last: int
    at: datetime


@dataclass(frozen=True, slots=True)
class NumberRange:
    """Numbers reserved ahead, for labels or a place without network: each is used, or becomes void.

    Attributes:
        first, last: sequences, both inclusive.
        place: where they are used, for people.
        form: in which they are written, whatever numbers of later look like.
        department: whose they are; "" for the registry's own.
        reserved_at: when.
        printed: the labels with them.
    """

    name: str
    register: str
    year: int
    first: int
    last: int
    place: str
    form: str = DEFAULT
    department: str = ""
    reserved_at: datetime | None = None
    printed: tuple[Printed, ...] = ()

    def number(self, sequence: int) -> str:
        """One of its numbers."""
        return written(Place(self.register, self.year, sequence), self.form)

    def holds(self, place: Place) -> bool:
        """Whether this number was reserved with it."""
        of = (place.register, place.year) == (self.register, self.year)
        return of and self.first <= place.sequence <= self.last


@dataclass(frozen=True, slots=True)
class Webhook:
    """A program that is told of what happens to entries; its secret is no decision, but a setting.

    Attributes:
        url: that it is told at, http or https.
        kinds: of events that it is told of; none named: of all.
    """

    name: str
    url: str
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Office:
    """All of it as it stands; ``version`` grows with every decision."""

    version: int = 0
    departments: Mapping[str, Department] = field(default_factory=dict)
    users: Mapping[str, User] = field(default_factory=dict)
    fields: Mapping[str, CustomField] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    deadlines: Mapping[str, Deadline] = field(default_factory=dict)
    closures: Mapping[str, Closure] = field(default_factory=dict)
    delegations: Mapping[str, Delegation] = field(default_factory=dict)
    ranges: Mapping[str, NumberRange] = field(default_factory=dict)
    numberings: Mapping[str, Numbering] = field(default_factory=dict)
    webhooks: Mapping[str, Webhook] = field(default_factory=dict)

    def with_below(self, department: str) -> Iterator[str]:
        """The department and all that belong to it, at whatever remove."""
        yield department
        for one in self.departments.values():
            if one.parent == department:
                yield from self.with_below(one.name)

    def absent_for(self, deputy: str, today: date) -> Iterator[str]:
        """Those whom this user stands in for today."""
        for one in self.delegations.values():
            if one.deputy == deputy and one.since <= today <= one.until:
                yield one.absent

    def deputies(self, absent: str, today: date) -> list[str]:
        """Those who stand in for this user today; none where they are not away."""
        away = (one for one in self.delegations.values() if one.since <= today <= one.until)
        return sorted({one.deputy for one in away if one.absent == absent})


KINDS: Mapping[str, tuple[str, type[Any]]] = {
    "department": ("departments", Department),
    "user": ("users", User),
    "field": ("fields", CustomField),
    "rule": ("rules", Rule),
    "deadline": ("deadlines", Deadline),
    "closure": ("closures", Closure),
    "delegation": ("delegations", Delegation),
    "range": ("ranges", NumberRange),
    "numbering": ("numberings", Numbering),
    "webhook": ("webhooks", Webhook),
}
"""Where decisions of each kind stand in the office, and what they are."""
