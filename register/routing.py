"""What the rules of the office do with an entry that comes in. Pure: facts in, what is to be done out."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from domain.correspondence import Confidentiality, Priority, is_stricter
from domain.errors import Usage
from domain.fields import checked_value
from domain.notices import is_address
from domain.office import Office, Rule
from register.conditions import asks_for_field, holds, must_be_condition

ONCE = ("assign", "priority", "confidentiality", "deadline", "language", "location")
"""What only one rule can say of an entry: the first that does."""
EACH = ("tags", "notify", "second look")
"""What each rule can add to."""
FIELDS = "fields"
"""Fields of the office's own, each as ``name=value``: of each only one rule can say what it is."""
FIELD = "field "
"""In front of the name of such a field, in what the rules say."""
_ACTIONS = (*ONCE, FIELDS, *EACH)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rules say of one entry.

    Attributes:
        said: by action, what is to be done.
        by: by action, the rules that said so.
        overruled: rule, action, and the rule that was first.
        failed: by rule, why it could not be asked.
        matched: the rules that hold of the entry.
    """

    said: Mapping[str, Any] = field(default_factory=dict)
    by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    overruled: tuple[tuple[str, str, str], ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    matched: tuple[str, ...] = ()


def in_order(rules: Mapping[str, Rule], day: date) -> list[Rule]:
    """The rules that hold on a day, in the order in which they are asked."""
    valid = (one for one in rules.values() if (one.since or day) <= day <= (one.until or day))
    return sorted(valid, key=lambda one: (one.order, one.name))


def route(rules: Sequence[Rule], facts: Mapping[str, Any]) -> Outcome:
    """Ask each rule of an entry with these facts.

    One that cannot be asked says nothing; and where one could not be asked, nobody is given the entry: it
    waits in the registry's queue, for what that rule would have said is not known.
    """
    said: dict[str, Any] = {}
    by: dict[str, tuple[str, ...]] = {}
    overruled: list[tuple[str, str, str]] = []
    failed: dict[str, str] = {}
    matched: list[str] = []
    for rule in rules:
        try:
            _must_be_formed(rule)
            if not holds(rule.when, facts):
                continue
        except ValueError as error:
            failed[rule.name] = str(error)
            continue
        matched.append(rule.name)
        for action, value in _said(rule):
            if action in EACH:
                said[action] = list(dict.fromkeys([*said.get(action, ()), *_listed(value)]))
                by[action] = (*by.get(action, ()), rule.name)
            elif action not in said:
                said[action], by[action] = value, (rule.name,)
            elif said[action] != value:
                overruled.append((rule.name, action, by[action][0]))
    if failed:
        said.pop("assign", None)
        by.pop("assign", None)
    return Outcome(said, by, tuple(overruled), failed, tuple(matched))


def _said(rule: Rule) -> Iterator[tuple[str, Any]]:
    for action, value in rule.then.items():
        if action == FIELDS:
            yield from ((f"{FIELD}{name}", text) for name, text in _fields(value))
        else:
            yield action, value


def _fields(value: object) -> list[tuple[str, str]]:
    """Name and value of each; "" for the value where there is none."""
    parts = (one.partition("=") for one in _listed(value))
    return [(name.strip(), text.strip()) for name, _, text in parts]


def must_be_rule(now: Office, rule: Rule) -> None:
    """See that a rule can be asked and done.

    Raises:
        Usage: it cannot; names the place.
    """
    must_be_condition(rule.when, now)
    if not rule.then:
        raise Usage(f"{rule.name} does nothing: say what, such as --assign DEPARTMENT")
    for action, value in rule.then.items():
        for problem in _problems(now, action, value):
            raise Usage(f"{action} of {rule.name}: {problem}")
    if rule.since and rule.until and rule.until < rule.since:
        raise Usage(f"it ends on {rule.until}, before it begins on {rule.since}")
    _must_be_cleared(now, rule)
    if rule.owner and rule.owner not in now.users:
        raise Usage(f"owner is {rule.owner!r}, who is no user. {_known(now.users)}")


def _must_be_formed(rule: Rule) -> None:
    """See that what was decided before it was looked at so closely can be done.

    Raises:
        ValueError: it cannot.
    """
    for action, value in rule.then.items():
        for problem in _misformed(action, value):
            raise ValueError(f"{action}: {problem}")


def _must_be_cleared(now: Office, rule: Rule) -> None:
    """See that a rule gives to nobody what it makes more confidential than they may know of."""
    person, level = holders(str(rule.then.get("assign", "")))[1], str(rule.then.get("confidentiality", ""))
    user = now.users.get(person)
    if user and level and is_stricter(level, user.clearance):
        raise Usage(
            f"assign of {rule.name}: {person} may not know of what it makes {level}, their clearance is "
            f"{user.clearance}. Name somebody else, or: postroom user change {person} --clearance {level}"
        )


def _misformed(action: str, value: object) -> Iterator[str]:
    if action in ONCE and not isinstance(value, str):
        yield "there can be only one: give a text, not a list"
    elif not all(one.strip() for one in _listed(value) or ("",)):
        yield "there is nothing in it: leave it out"


def _problems(now: Office, action: str, value: str | tuple[str, ...]) -> Iterator[str]:
    if action not in _ACTIONS:
        yield f"there is no such action. They are: {', '.join(_ACTIONS)}"
    yield from _misformed(action, value)
    if action == "assign":
        yield from no_holder(now, str(value))
        return
    if action == FIELDS:
        yield from _no_fields(now, value)
    if action == "language" and not (len(str(value)) == 2 and str(value).isalpha()):
        yield f"{value!r} is no language: give two letters, such as en"
    known: Mapping[str, Collection[str]] = {
        "priority": tuple(Priority),
        "confidentiality": tuple(Confidentiality),
        "deadline": now.deadlines,
    }
    for one in _listed(value):
        if action in known and one not in known[action]:
            yield f"there is no {one!r}. {_known(known[action])}"
        told = {*_there(now), *now.webhooks}
        if action == "notify" and one in now.users and one not in told:
            yield f"{one} has left: name somebody else"
        elif action == "notify" and one not in told and not is_address(one):
            yield f"{one!r} is no user, no webhook and no e-mail address. {_known(told)}"


def _no_fields(now: Office, value: object) -> Iterator[str]:
    found = _fields(value)
    for place, (name, text) in enumerate(found):
        if not text:
            yield f"{name!r} is given no value: write it as NAME=VALUE"
        elif name not in now.fields:
            yield f"there is no field {name!r}. {_known(now.fields)}"
        elif name in dict(found[:place]):
            yield f"{name} stands twice: it can be only one"
        else:
            try:
                checked_value(now.fields[name], text)
            except Usage as error:
                yield str(error)


def must_fit_fields(now: Office, rule: Rule) -> None:
    """See that a rule that is there goes with the office's own fields as they are to be.

    Raises:
        Usage: it could not be asked, or set what it sets.
    """
    must_be_condition(rule.when, now)
    for problem in _no_fields(now, rule.then.get(FIELDS, ())):
        raise Usage(problem)


def needs_field(rule: Rule, name: str) -> bool:
    """Whether a rule asks for this field of the office's own, or sets it."""
    return asks_for_field(rule.when, name) or name in dict(_fields(rule.then.get(FIELDS, ())))


def needed_by_rule(now: Office, kind: str, name: str) -> str:
    """Which rule needs what the office decided, and for what; "" for none."""
    for rule in now.rules.values():
        what = {
            "department": ("assigns to it", holders(str(rule.then.get("assign", "")))[0] == name),
            "deadline": ("sets it", rule.then.get("deadline") == name),
            "webhook": ("notifies it", name in _listed(rule.then.get("notify", ()))),
            "field": ("asks for it or sets it", needs_field(rule, name)),
        }
        does, needs = what.get(kind, ("", False))
        if needs:
            return f"the rule {rule.name} {does}"
    return ""


def no_holder(now: Office, value: str) -> Iterator[str]:
    """What is wrong with ``DEPARTMENT``, ``DEPARTMENT/PERSON`` or ``/PERSON``; nothing if they are there."""
    department, person = holders(value)
    if department and department not in now.departments:
        yield f"there is no department {department!r}. {_known(now.departments)}"
    if person and person not in now.users:
        yield f"there is no user {person!r}. {_known(_there(now))}"
    elif person and person not in _there(now):
        yield f"{person} has left: name somebody else"
    if not (department or person):
        yield "name a department, DEPARTMENT/PERSON or /PERSON"


def holders(text: str) -> tuple[str, str]:
    """Department and person of ``DEPARTMENT``, ``DEPARTMENT/PERSON`` or ``/PERSON``."""
    department, _, person = text.partition("/")
    return department.strip(), person.strip()


def _there(now: Office) -> list[str]:
    return [one.name for one in now.users.values() if one.active]


def _listed(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _known(names: Collection[str]) -> str:
    return f"There are: {', '.join(sorted(names))}" if names else "There is none yet"
