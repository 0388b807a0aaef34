"""No door to an entry lets in whom the one function refuses: each verb, for people and entries at random.

Nor one to what the office decides, to what is a user's own, or to reserved numbers.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from django.db import transaction

from domain.correspondence import Direction, Relation
from domain.errors import Forbidden, Missing, Usage
from domain.office import Delegation, Department, NumberRange, Post, Role, User
from domain.rights import Action, Rights
from domain.working_time import Calendar
from register import (
    clock_views,
    decisions,
    entries,
    extending,
    holding,
    listing,
    numbering,
    office,
    offline,
    outgoing,
    printing,
    problems,
    ranges,
    receipts,
    relations,
    sharing,
    tokens,
    views,
)
from register.acts import Act
from register.attaching import must_attach
from register.models import Entry
from register.office import rights_of
from register.offline import OfflineEntry
from register.rights import guarded
from tests.register.officers import ACT, LETTER, LEVELS, TODAY, ZONE, decide, enter

Door = Callable[[str, str, Act], object]
CALENDAR = Calendar(ZONE)


def why(act: Act) -> Act:
    return replace(act, reason="for a reason")


def _listed(number: str, other: str, act: Act) -> None:
    found = listing.listed(listing.Asked(), zone=ZONE, limit=200, rights=act.rights)
    if number not in {one["number"] for one in found}:
        raise Missing(number)


DOORS: dict[str, tuple[Action, Door]] = {
    "show": (Action.VIEW, lambda number, other, act: views.show(number, act.rights)),
    "list": (Action.VIEW, _listed),
    "clocks": (
        Action.VIEW,
        lambda number, other, act: clock_views.show(number, CALENDAR, act.at, act.rights),
    ),
    "forward": (
        Action.VIEW,
        lambda number, other, act: relations.forward(number, ["The county"], act, zone=ZONE),
    ),
    "amend": (
        Action.EDIT,
        lambda number, other, act: entries.amend(
            number, lambda one: replace(one, subject="x"), why(act), zone=ZONE
        ),
    ),
    "move": (Action.EDIT, lambda number, other, act: entries.move(number, "in progress", act)),
    "approve": (Action.APPROVE, lambda number, other, act: entries.move(number, "approved", act)),
    "sign": (Action.APPROVE, lambda number, other, act: entries.move(number, "signed", act)),
    "assign": (
        Action.EDIT,
        lambda number, other, act: holding.assign(number, act, department="legal"),
    ),
    "claim": (Action.EDIT, lambda number, other, act: holding.claim(number, act)),
    "return": (Action.EDIT, lambda number, other, act: holding.give_back(number, why(act))),
    "relate": (
        Action.EDIT,
        lambda number, other, act: relations.relate(number, Relation.CONCERNS, other, act),
    ),
    "unrelate": (
        Action.EDIT,
        lambda number, other, act: relations.unrelate(number, Relation.CONCERNS, other, why(act)),
    ),
    "share": (Action.EDIT, lambda number, other, act: sharing.share(number, "eve", act)),
    "share approving": (
        Action.APPROVE,
        lambda number, other, act: sharing.share(number, "ann", act, Action.APPROVE),
    ),
    "unshare": (Action.EDIT, lambda number, other, act: sharing.unshare(number, "ann", act)),
    "attach": (Action.EDIT, lambda number, other, act: must_attach(number, act)),
    "extend": (
        Action.EDIT,
        lambda number, other, act: extending.extend(number, "", why(act), CALENDAR, days=1),
    ),
    "void": (Action.REGISTER, lambda number, other, act: entries.strike(number, why(act))),
    "label": (Action.REGISTER, lambda number, other, act: printing.note([number], act, "L7160")),
    "receipt": (
        Action.EXPORT,
        lambda number, other, act: receipts.issued(
            receipts.receipt_of(
                views.entry(number, act.rights, Action.EXPORT), "Town Hall", zone=ZONE, at=act.at
            ),
            "",
            act,
        ),
    ),
}
"""By verb, the right that it takes, and the way in."""
NEED_EDIT_TOO = ("share approving",)


@contextmanager
def undone() -> Iterator[None]:
    """What is done within is rolled back."""
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)


def let(door: Door, number: str, other: str, act: Act) -> bool:
    """Whether somebody gets in; that something else does not fit is told only to who does."""
    with undone():
        try:
            door(number, other, act)
        except (Missing, Forbidden):
            return False
        except Usage:
            return True
    return True


def test_no_door_lets_in_whom_the_function_refuses(register: Path) -> None:
    dice = random.Random(11)
    decide(Department("works"), Department("roads", parent="works"), Department("legal"))
    decide(User("eve", posts=(Post(Role.CASE_HANDLER),)), User("ann"), User("cai"))
    decide(Delegation("leave", "cai", "ann", TODAY, TODAY + timedelta(days=3)))
    other = enter(department="works").number
    seen = set()
    for _ in range(120):
        posts = tuple(
            Post(dice.choice(list(Role)), dice.choice(["", "works", "legal"]))
            for _ in range(dice.randrange(3))
        )
        ann = User("ann", posts=posts, clearance=dice.choice(LEVELS))
        if decisions.office().users["ann"] != ann:
            decide(ann)
        direction = dice.choice([Direction.INCOMING, Direction.OUTGOING])
        made = enter(
            details=replace(LETTER, recipients=("Ada",), confidentiality=dice.choice(LEVELS)),
            direction=direction,
            department=dice.choice(["", "works", "roads", "legal"]),
        )
        access = [f"{dice.choice(sharing.SHARED)}:ann"] if dice.random() < 0.3 else []
        person = dice.choice(["", "", "ann", "cai"])
        Entry.objects.filter(pk=made.pk).update(access=access, person=person)
        entry = Entry.objects.get(pk=made.pk)
        may: Rights = rights_of(decisions.office(), "ann", TODAY)
        act = replace(ACT, actor="ann", rights=may)
        for name, (action, door) in DOORS.items():
            ought = may.may(action, guarded(entry))
            if name in NEED_EDIT_TOO:
                ought = ought and may.may(Action.EDIT, guarded(entry))
            got = let(door, entry.number, other, act)
            if name in ("forward", "relate", "unrelate") and ought and not got:
                continue  # of the other entry, or of drafting one, they may have no right
            assert got == ought, (name, entry.department, entry.confidentiality, person, access, ann)
            seen.add((name, got))
    assert seen == {(name, got) for name in DOORS for got in (True, False)}


OFFICE_DOORS: dict[str, Callable[[str, Act], object]] = {
    "put": lambda name, act: office.put("department", Department("tax"), act),
    "change": lambda name, act: office.change("department", "works", {"title": "Works"}, act),
    "take away": lambda name, act: office.take_away("department", "legal", act),
    "notices on their way": lambda name, act: outgoing.listed(act.rights, failed=False, limit=1),
    "try notices anew": lambda name, act: outgoing.retry((), act.at, act.rights),
    "all tokens": lambda name, act: tokens.listed(act.at, act.rights),
    "number format": lambda name, act: numbering.set_form("{register}-{year}-{sequence}-{check}", act),
}
"""Ways in for administrators alone."""
OWN_DOORS: dict[str, Callable[[str, Act], object]] = {
    "notices": lambda name, act: office.preferred(name, act.rights),
    "choose notices": lambda name, act: office.prefer(name, {"shared": "none"}, act),
    "token": lambda name, act: tokens.give("a program", name, ["read"], 1, act),
    "tokens": lambda name, act: tokens.listed(act.at, act.rights, name),
    "revoke": lambda name, act: tokens.revoke("a program", name, act),
}
"""Ways in for a user to what is theirs, and for administrators to everybody's."""
RANGE_DOORS: dict[str, Callable[[NumberRange, Act], object]] = {
    "show": lambda one, act: ranges.find(one.name, act.rights),
    "list after": lambda one, act: ranges.listed(act.rights, act.at, after=one.name),
    "reserve": lambda one, act: ranges.reserve("IN", 1, act, zone=ZONE, department=one.department),
    "void rest": lambda one, act: ranges.void_rest(one.name, why(act)),
    "import": lambda one, act: _imported(one, act),
}
"""Ways to reserved numbers, for who may use them."""


def _imported(one: NumberRange, act: Act) -> None:
    line = OfflineEntry(one.number(one.first), "Noise", ("Ada",), department=one.department)
    found = offline.take([(1, line)], act, zone=ZONE)
    if found.faults:
        raise Missing(found.faults[0].problem)


def let_in(door: Callable[[], object]) -> bool:
    return let(lambda number, other, act: door(), "", "", ACT)


def test_no_door_to_the_office_nor_to_what_is_anothers_lets_in_others(register: Path) -> None:
    decide(Department("works"), Department("legal"), User("ann"), User("ben"))
    made = [ranges.reserve("IN", 1, ACT, zone=ZONE, department=one) for one in ("", "works", "legal")]
    seen = set()
    for role in (None, *Role):
        for where in ("", "works"):
            ann = User("ann", posts=(Post(role, where),) if role else ())
            if decisions.office().users["ann"] != ann:
                decide(ann)
            may = rights_of(decisions.office(), "ann", TODAY)
            act = replace(ACT, actor="ann", rights=may)
            for name, door in OFFICE_DOORS.items():
                got = let_in(partial(door, "", act))
                assert got == may.anywhere(Action.ADMINISTER), (name, ann)
                seen.add((name, got))
            told_of = let_in(partial(problems.listed, may))  # letters that are no entries yet
            assert told_of == may.anywhere(Action.REGISTER)
            for name, door in OWN_DOORS.items():
                for whose in ("ann", "ben"):
                    with undone():
                        tokens.give("a program", whose, ["read"], 1, ACT)
                        got = let_in(partial(door, whose, act))
                    assert got == (whose == "ann" or may.anywhere(Action.ADMINISTER)), (name, ann)
                    seen.add((name, got))
            for whose in ("ann", "ben"):
                shown = office.told("user", decisions.office().users[whose], may)
                decided = office.versions("user", whose, may)[-1]["value"]
                ought = whose == "ann" or may.anywhere(Action.ADMINISTER)
                assert ("notices" in shown, "notices" in decided) == (ought, ought)
            for name, way in RANGE_DOORS.items():
                for one in made:
                    got = let_in(partial(way, one, act))
                    assert got == numbering.may_use(one, may), (name, ann, one)
                    seen.add((name, got))
    assert seen == {
        (name, got) for name in (*OFFICE_DOORS, *OWN_DOORS, *RANGE_DOORS) for got in (True, False)
    }
