"""What the office decides of itself, checked before it is written down."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

from domain.errors import Missing, Stale, Usage
from domain.notices import EVENTS, NONE, WAYS, is_address, way_of
from domain.notices import KINDS as NOTICES
from domain.numbers import must_be_form
from domain.office import (
    KINDS,
    Closure,
    CustomField,
    Deadline,
    Delegation,
    Department,
    FieldKind,
    Numbering,
    Office,
    Rule,
    User,
    Webhook,
)
from domain.rights import Action, Guarded, Rights
from domain.wire import to_plain
from register import decisions
from register.acts import Act
from register.deadlines import must_be_deadline
from register.decisions import decide, office
from register.models import Entry
from register.rights import is_own, must_anywhere, must_be_own
from register.routing import holders, must_be_rule, must_fit_fields, needed_by_rule, needs_field
from register.session import alone, write
from register.staff import why_nobody

_NAME = re.compile(r"[^\W_]([\w .&-]{0,62}[^\W_])?")
NOTHING = 0
"""What somebody has seen where nothing was decided yet, and what is usual holds."""
_WEBHOOK, _URL = 40, 2000
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,47}")
_LONGEST = timedelta(days=366)  # of a closure


def put(kind: str, value: Any, act: Act) -> None:
    """Let this hold from now on, in place of what held under its name.

    Raises:
        Usage: it cannot be; names the field, the value and what to do.
    """
    must_anywhere(act.rights, Action.ADMINISTER)
    with write():
        now = _locked()
        _must_be_seen(kind, value.name, act)
        _CHECKS[kind](now, value)
        if _of(now, kind).get(value.name) == value:
            raise Usage(f"{kind} {value.name} is so already: nothing is changed")
        decide(kind, value.name, value, act)


def change(kind: str, name: str, said: Mapping[str, Any], act: Act) -> None:
    """Let some of it be otherwise from now on.

    Raises:
        Missing: there is none of this name.
        Usage: it cannot be.
    """
    with write():  # else it could bring back what somebody changed meanwhile
        put(kind, replace(find(kind, name, _locked()), **said), act)


def prefer(name: str, said: Mapping[str, str], act: Act) -> None:
    """Let a user be told of these kinds of notices in these ways; they may say so themselves.

    Raises:
        Missing: there is no such user.
        Usage: there is no such kind or way, or nothing changes.
        Forbidden: it is for the user or an administrator to say.
    """
    with write():
        user: User = find("user", name, _locked())
        must_be_own(name, act.rights)
        put("user", replace(user, notices={**user.notices, **said}), replace(act, rights=None))


def preferred(name: str, rights: Rights | None) -> dict[str, str]:
    """In which way a user gets each kind of notice, beside their inbox.

    Raises:
        Missing: there is no such user.
        Forbidden: it is for the user or an administrator to know.
    """
    user: User = find("user", name)
    must_be_own(name, rights)
    return {kind: way_of(kind, user.notices) if user.email else NONE for kind in NOTICES}


def told(kind: str, value: Any, rights: Rights | None) -> dict[str, Any]:
    """What holds, as somebody is told of it: what a user prefers is for the user and administrators."""
    plain: dict[str, Any] = to_plain(value)
    return plain if kind != "user" or is_own(value.name, rights) else _without_preferences(plain)


def versions(kind: str, name: str, rights: Rights | None) -> list[dict[str, Any]]:
    """What was decided under a name, oldest first, as ``told``."""
    found = decisions.versions(kind, name)
    if kind != "user" or is_own(name, rights):
        return found
    return [{**one, "value": one["value"] and _without_preferences(one["value"])} for one in found]


def _without_preferences(user: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in user.items() if name != "notices"}


def take_away(kind: str, name: str, act: Act) -> None:
    """Let it hold no more; its history stays.

    Raises:
        Missing: there is none of this name.
        Usage: something still needs it.
    """
    must_anywhere(act.rights, Action.ADMINISTER)
    with write():
        now = _locked()
        _must_be_seen(kind, name, act)
        find(kind, name, now)
        if needed := _needed(now, kind, name):
            raise Usage(f"{kind} {name} cannot go: {needed}")
        decide(kind, name, None, act)


def find(kind: str, name: str, now: Office | None = None) -> Any:
    """What holds under this name.

    Raises:
        Missing: nothing does.
    """
    known = _of(now or office(), kind)
    if name not in known:
        raise Missing(f"There is no {kind} {name!r}. There {_are(known)}")
    return known[name]


def rights_of(now: Office, name: str, today: date) -> Rights:
    """What a user may do.

    Raises:
        Missing: there is no such user.
        Usage: they have left.
    """
    user: User = find("user", name, now)
    if not user.active:
        raise Usage(f"{name} has left. To let them in again: postroom user return {name}")
    return Rights(now, user, today)


def must_be_holder(now: Office, department: str, person: str, entry: Guarded, today: date) -> None:
    """See that an entry can be given to these; an office that names none of its people believes all.

    Raises:
        Usage: one of them is not known, has left, or may not know of the entry.
    """
    if now.departments and department and department not in now.departments:
        raise Usage(f"There is no department {department!r}. There {_are(now.departments)}")
    if now.users and person:
        user = now.users.get(person)
        if user is None or not user.active:
            gone = "has left" if user else "is no user"
            raise Usage(f"{person} {gone}. There {_are([one for one, of in now.users.items() if of.active])}")
        if not Rights(now, user, today).may(Action.VIEW, entry):
            raise Usage(
                f"{person} may not know of it: it is {entry.confidentiality}, and their clearance is "
                f"{user.clearance}. Give it to somebody else, or: postroom user change {person} --clearance"
            )


def must_stay_held(now: Office, entry: Guarded, today: date) -> None:
    """See that somebody of those who hold an entry can work on it, as confidential as it is now to be.

    Raises:
        Usage: nobody can; the registry's own queue is not asked.
    """
    must_be_holder(now, "", entry.person, entry, today)
    if entry.department and not entry.person and now.users and (why := why_nobody(now, entry, today)):
        raise Usage(
            f"confidentiality is {entry.confidentiality}, and {why}. Give it to somebody who may first: "
            "postroom entry assign"
        )


def _of(now: Office, kind: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = getattr(now, KINDS[kind][0])
    return found


def _must_be_seen(kind: str, name: str, act: Act) -> None:
    """See that nobody has decided of it since the person looked.

    Raises:
        Stale: somebody has; says what they did.
    """
    last = decisions.last(kind, name)
    if act.seen is None or (last is None and act.seen == NOTHING):
        return
    if last is None:
        raise Stale(f"There is no {kind} {name}, and never was: look at what there is, then decide anew.")
    if last.sequence != act.seen:
        did = "decided anew" if last.body else "taken away"
        raise Stale(
            f"{kind} {name} was changed meanwhile: {did} by {last.actor} at "
            f"{last.at.isoformat(timespec='seconds')}. Look at it again, then decide anew."
        )


def _locked() -> Office:
    """The office, which nobody else changes until the caller's transaction ends."""
    alone("office")
    return office()


def _are(known: Collection[str]) -> str:
    return f"are: {', '.join(sorted(known))}" if known else "is none yet"


def _must_be_name(what: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise Usage(f"{what} is {name!r}: letters, digits, blanks and . & - _, at most 64")


def _department(now: Office, one: Department) -> None:
    _must_be_name("name", one.name)
    _must_be_mail(one.email)
    if one.parent:
        find("department", one.parent, now)
        known = {**now.departments, one.name: one}
        above, seen = one.parent, {one.name}
        while above:
            if above in seen:
                raise Usage(f"parent is {one.parent!r}, which belongs to {one.name} itself: name another")
            seen.add(above)
            above = known[above].parent


def _user(now: Office, one: User) -> None:
    _must_be_name("name", one.name)
    _must_be_mail(one.email)
    for post in one.posts:
        if post.department:
            find("department", post.department, now)
    if not (len(one.language) == 2 and one.language.isalpha()):
        raise Usage(f"language is {one.language!r}: give two letters, such as en")
    if one.name in now.webhooks:
        raise Usage(f"name is {one.name!r}, which is a webhook's: take another")
    for kind, way in one.notices.items():
        if kind not in NOTICES:
            raise Usage(f"There is no kind of notice {kind!r}. There {_are(NOTICES)}")
        if way not in WAYS:
            raise Usage(f"{kind} is {way!r}: give one of {', '.join(WAYS)}")
        if way != "none" and not one.email:
            raise Usage(
                f"{kind} is {way!r}, but {one.name} has no e-mail address: postroom user change --email"
            )


def _webhook(now: Office, one: Webhook) -> None:
    _must_be_name("name", one.name)
    if len(one.name) > _WEBHOOK or one.name in now.users:
        raise Usage(f"name is {one.name!r}: at most {_WEBHOOK} signs, and no user's")
    _must_be_url(one.url)
    for kind in one.kinds:
        if kind not in EVENTS:
            raise Usage(f"There is no event {kind!r}. There {_are(EVENTS)}")


def _must_be_url(url: str) -> None:
    wanted = "give an address such as https://erp.example.org/postroom"
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known or len(url) > _URL or not url.isprintable() or " " in url:
        raise Usage(f"url is {url!r}: {wanted}")
    if parts.username is not None or parts.fragment:
        raise Usage(f"url is for {parts.hostname}, with a user or a fragment in it: {wanted}")


def _must_be_mail(address: str) -> None:
    if address and not is_address(address):
        raise Usage(f"email is {address!r}: give an address such as ada@example.org")


def _field(now: Office, one: CustomField) -> None:
    if not _FIELD.fullmatch(one.name):
        raise Usage(f"name is {one.name!r}: small letters, digits and _, a letter first, at most 48")
    if (one.kind == FieldKind.CHOICE) != bool(one.choices):
        raise Usage("choices are for a field of the kind choice, which needs some: --choice A --choice B")
    with_it = replace(now, fields={**now.fields, one.name: one})
    for rule in now.rules.values():
        if needs_field(rule, one.name):
            _must_go_with(rule, with_it)
    before = now.fields.get(one.name)
    if before and before.kind != one.kind and Entry.objects.filter(custom__has_key=one.name).exists():
        raise Usage(f"kind is {one.kind}, but entries have it as {before.kind}: make a field of another name")


def _must_go_with(rule: Rule, now: Office) -> None:
    try:
        must_fit_fields(now, rule)
    except Usage as error:
        raise Usage(
            f"the rule {rule.name} could not be followed any more: {error}. Change it first"
        ) from error


def _closure(now: Office, one: Closure) -> None:
    _must_be_name("name", one.name)
    _must_be_span(one)
    if one.until - one.since > _LONGEST:
        raise Usage(f"it ends on {one.until}, more than a year after it begins on {one.since}: name the days")


def _delegation(now: Office, one: Delegation) -> None:
    _must_be_span(one)
    for name in (one.absent, one.deputy):
        find("user", name, now)
    if one.absent == one.deputy:
        raise Usage(f"{one.deputy} cannot stand in for themselves: name another deputy")
    if not now.users[one.deputy].active:
        raise Usage(f"{one.deputy} has left: name another deputy")


def _must_be_span(one: Closure | Delegation) -> None:
    if one.until < one.since:
        raise Usage(f"it ends on {one.until}, before it begins on {one.since}")


def _needed(now: Office, kind: str, name: str) -> str:
    """What still needs it; "" for nothing."""
    if kind == "department":
        if Entry.objects.filter(department=name, voided_at=None).exists():
            return "entries are with it. Assign them first: postroom entry list --department NAME"
        if below := [one.name for one in now.departments.values() if one.parent == name]:
            return f"{', '.join(below)} belongs to it"
        if with_post := [one.name for one in now.users.values() if name in {p.department for p in one.posts}]:
            return f"{', '.join(with_post)} has a role in it"
        if told := [one.name for one in now.deadlines.values() if holders(one.escalate)[0] == name]:
            return f"the deadline {told[0]} is escalated to it"
    if kind == "user":
        return "users stay, for the history names them. Say that they left: postroom user leave NAME"
    return needed_by_rule(now, kind, name)


def _rule(now: Office, one: Rule) -> None:
    _must_be_name("name", one.name)
    must_be_rule(now, one)


def _deadline(now: Office, one: Deadline) -> None:
    _must_be_name("name", one.name)
    must_be_deadline(now, one)


def _numbering(now: Office, one: Numbering) -> None:
    must_be_form(one.form)


Check = Callable[[Office, Any], None]
_CHECKS: dict[str, Check] = {
    "department": _department,
    "user": _user,
    "field": _field,
    "closure": _closure,
    "deadline": _deadline,
    "delegation": _delegation,
    "rule": _rule,
    "numbering": _numbering,
    "webhook": _webhook,
}
