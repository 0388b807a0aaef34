"""The people of the office: who works where, stands in for whom, hears of an entry or can work on it."""

from dataclasses import replace
from datetime import date

from domain.office import Office, Role, User
from domain.rights import MATRIX, Action, Guarded, Rights
from register.routing import holders


def registrars(office: Office) -> list[str]:
    """Those who look after the registry's own queue."""
    return [
        one.name
        for one in office.users.values()
        if one.active and any(post.role == Role.REGISTRAR and not post.department for post in one.posts)
    ]


def members(office: Office, department: str) -> list[str]:
    """The people of a department, those who work on what it holds before others; or of the one above."""
    seen: set[str] = set()
    while department and department not in seen:
        seen.add(department)
        for action in (Action.EDIT, Action.VIEW):
            if found := [one.name for one in office.users.values() if _may_in(one, action, department)]:
                return found
        above = office.departments.get(department)
        department = above.parent if above else ""
    return []


def present(office: Office, name: str, today: date) -> list[str]:
    """Who acts for a user today: they themselves, or while they are away those who stand in and are there."""
    user = office.users.get(name)
    if user is None or not user.active:
        return []
    deputies = office.deputies(name, today)
    if not deputies:
        return [name]
    return [one for one in deputies if office.users[one].active and not office.deputies(one, today)]


def hear(office: Office, department: str, person: str, entry: Guarded, today: date) -> list[str]:
    """Those of a holder who are told something of an entry, as far as they may know of it.

    A person, and who stands in for them while they are away; the people of a department. Where none of these
    may know of it, those who look after the registry's queue.
    """
    named = [person, *office.deputies(person, today)] if person else []
    for some in (named, members(office, department), registrars(office)):
        if found := [one for one in some if _may_know(office, one, entry, today)]:
            return list(dict.fromkeys(found))
    return []


def why_nobody(office: Office, subject: Guarded, today: date) -> str:
    """Why nobody who is there can work on what these hold; "" where somebody can."""
    if subject.person:
        return _why_person(office, subject, today)
    if subject.department and office.departments and subject.department not in office.departments:
        return f"there is no department {subject.department} any more"
    able = office.users if subject.department else registrars(office)
    if any(_may_work(office, one, subject, today) for one in able):
        return ""
    where = subject.department or "the registry"
    return f"nobody of {where} may work on what is {subject.confidentiality}"


def _why_person(office: Office, subject: Guarded, today: date) -> str:
    person = subject.person
    user = office.users.get(person)
    if user is None:
        return f"{person} is no user"
    if not user.active:
        return f"{person} has left"
    there = present(office, person, today)
    if not there:
        return f"{person} is away, and so is who stands in for them"
    if not any(_may_work(office, one, replace(subject, department=""), today) for one in there):
        return f"{person} may not know of what is {subject.confidentiality}"
    return ""


def _may_work(office: Office, name: str, subject: Guarded, today: date) -> bool:
    user = office.users.get(name)
    return bool(user and user.active and Rights(office, user, today).may(Action.EDIT, subject))


def _may_know(office: Office, name: str, entry: Guarded, today: date) -> bool:
    user = office.users.get(name)
    return bool(user and user.active and Rights(office, user, today).may(Action.VIEW, entry))


def _may_in(user: User, action: Action, department: str) -> bool:
    held = (post.role for post in user.posts if post.department == department)
    return user.active and any(action in MATRIX[role] for role in held)


def still_named(now: Office, name: str, today: date) -> list[str]:
    """What the office decided that names a user, who may have left; nothing of what is over."""
    found = []
    for rule in now.rules.values():
        if rule.until and rule.until < today:
            continue
        notified = rule.then.get("notify", ())
        said = {
            "assigns to them": holders(str(rule.then.get("assign", "")))[1] == name,
            "notifies them": name in ([notified] if isinstance(notified, str) else notified),
            "is theirs to answer for": rule.owner == name,
        }
        found += [f"the rule {rule.name} {does}" for does, is_so in said.items() if is_so]
    for deadline in now.deadlines.values():
        if holders(deadline.escalate)[1] == name:
            found.append(f"the deadline {deadline.name} is escalated to them")
    for one in now.delegations.values():
        if name in (one.deputy, one.absent) and one.until >= today:
            found.append(
                f"the delegation {one.name}: {one.deputy} stands in for {one.absent} until {one.until}"
            )
    return found
