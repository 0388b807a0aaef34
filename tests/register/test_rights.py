"""Who may do what with entries."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.correspondence import Confidentiality, Direction, Relation
from domain.errors import Forbidden, Missing, Usage
from domain.office import (
    Delegation,
    Department,
    Office,
    Post,
    Role,
    User,
)
from domain.rights import MATRIX, Action, Guarded, Rights, labels
from register import decisions, entries, holding, office, relations, sharing, views
from register.acts import Act
from register.attaching import must_attach
from register.listing import Asked, listed
from register.models import Entry
from register.rights import within
from tests.register.officers import ACT, LETTER, LEVELS, TODAY, ZONE, decide, enter, rights, who

# Role by action: what each may do, written out once more than in the program.
MAY = {
    Role.OPERATOR: "view register",
    Role.REGISTRAR: "view edit export register",
    Role.CASE_HANDLER: "view edit export",
    Role.APPROVER: "view approve export",
    Role.RECORDS_MANAGER: "view edit export register",
    Role.AUDITOR: "view export audit",
    Role.ADMINISTRATOR: "administer",
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("clearance", LEVELS)
@pytest.mark.parametrize("level", LEVELS)
def test_the_matrix(role: Role, action: Action, clearance: Confidentiality, level: Confidentiality) -> None:
    here, below, beside = (Guarded(name, "", level) for name in ("works", "roads", "legal"))
    known = {name: Department(name, parent=parent) for name, parent in (("works", ""), ("roads", "works"))}
    user = User("ben", posts=(Post(role, "works"),), clearance=clearance)
    may = Rights(Office(departments=known), user, TODAY)
    allowed = action in MAY[role].split() and LEVELS.index(level) <= LEVELS.index(clearance)
    public = action == Action.VIEW and level == Confidentiality.PUBLIC
    assert may.may(action, here) == (allowed or public)
    assert may.may(action, below) == (allowed or public)
    assert may.may(action, beside) == public
    gone = Rights(may.office, replace(user, active=False), TODAY)
    assert not gone.may(action, here)
    held = Guarded("legal", "ben", level)
    holds = action in (Action.VIEW, Action.EDIT, Action.EXPORT) and LEVELS.index(level) <= LEVELS.index(
        clearance
    )
    assert may.may(action, held) == (holds or public)


def test_the_matrix_is_the_programs() -> None:
    assert {role: set(actions) for role, actions in MATRIX.items()} == {
        role: {Action(one) for one in may.split()} for role, may in MAY.items()
    }


DEPARTMENTS, PEOPLE = ("", "works", "roads", "legal"), ("", "ann", "ben", "cai")


def guarded() -> st.SearchStrategy[Guarded]:
    grants = st.tuples(st.sampled_from(PEOPLE[1:]), st.sampled_from(("view", "edit", "approve", "export")))
    return st.builds(
        Guarded,
        st.sampled_from(DEPARTMENTS),
        st.sampled_from(PEOPLE),
        st.sampled_from(LEVELS),
        st.lists(grants, max_size=2, unique=True).map(tuple),
    )


def users() -> st.SearchStrategy[User]:
    posts = st.builds(Post, st.sampled_from(list(Role)), st.sampled_from(DEPARTMENTS))
    return st.builds(
        User,
        st.just("ben"),
        posts=st.lists(posts, max_size=3).map(tuple),
        clearance=st.sampled_from(LEVELS),
        active=st.booleans(),
    )


@given(users(), guarded(), st.booleans())
def test_no_badge_opens_what_the_function_refuses(user: User, entry: Guarded, away: bool) -> None:
    standing_in = {"x": Delegation("x", "ann", "ben", TODAY, TODAY)} if away else {}
    known = {"works": Department("works"), "roads": Department("roads", parent="works")}
    may = Rights(Office(departments=known, delegations=standing_in), user, TODAY)
    badges = may.reach(Action.VIEW).badges()
    assert may.may(Action.VIEW, entry) == bool(badges & labels(entry, Action.VIEW))
    levels = LEVELS.index(Confidentiality(entry.confidentiality)) <= LEVELS.index(user.clearance)
    covered = any(
        Action.VIEW in MATRIX[one.role]
        and one.department in ("", entry.department, *(["works"] if entry.department == "roads" else []))
        for one in user.posts
    )
    held = entry.person == "ben" or (entry.person == "ann" and away)
    granted = any(name == "ben" for name, _ in entry.grants)
    public = entry.confidentiality == Confidentiality.PUBLIC
    assert may.may(Action.VIEW, entry) == (
        user.active and (public or granted or (levels and (covered or held)))
    )


def test_a_query_finds_what_the_function_allows(register: Path) -> None:
    decide(Department("works"), Department("roads", parent="works"), Department("legal"))
    decide(*(User(name, clearance=Confidentiality.SECRET) for name in ("ann", "cai")))
    dice = random.Random(7)
    made = []
    for _ in range(60):
        level, person = dice.choice(LEVELS), dice.choice(["", "ann", "cai"])
        entry = enter(
            details=replace(LETTER, confidentiality=level), department=dice.choice(DEPARTMENTS), person=person
        )
        if dice.random() < 0.3:
            action = dice.choice(sharing.SHARED)
            entry = sharing.share(entry.number, "ann", ACT, action)
        made.append(entry)
    for role in Role:
        for where in ("", "works", "legal"):
            for clearance in LEVELS:
                user = User("ann", posts=(Post(role, where),), clearance=clearance)
                may = Rights(decisions.office(), user, TODAY)
                for action in Action:
                    found = set(Entry.objects.filter(within(may, action)).values_list("number", flat=True))
                    allowed = {
                        one.number
                        for one in made
                        if may.may(
                            action,
                            Guarded(
                                one.department,
                                one.person,
                                one.confidentiality,
                                tuple((said.split(":")[1], said.split(":")[0]) for said in one.access),
                            ),
                        )
                    }
                    assert found == allowed, (role, where, clearance, action)


@pytest.fixture
def people(register: Path) -> None:
    decide(Department("works"), Department("legal"))
    decide(
        User("ann", posts=(Post(Role.REGISTRAR),)),
        User("ben", posts=(Post(Role.CASE_HANDLER, "works"),)),
        User("cai", posts=(Post(Role.APPROVER, "works"),)),
        User("dan", posts=(Post(Role.AUDITOR),), clearance=Confidentiality.SECRET),
        User("eve", posts=(Post(Role.ADMINISTRATOR),)),
    )


DOES: dict[str, Callable[[str, Act], object]] = {
    "amend": lambda number, act: entries.amend(number, lambda one: replace(one, subject="x"), act, zone=ZONE),
    "move": lambda number, act: entries.move(number, "in progress", act),
    "assign": lambda number, act: holding.assign(number, act, department="legal"),
    "share": lambda number, act: sharing.share(number, "eve", act),
    "strike": lambda number, act: entries.strike(number, replace(act, reason="twice")),
    "relate": lambda number, act: relations.relate(number, Relation.CONCERNS, "IN-2026-000002-5", act),
    "unrelate": lambda number, act: relations.unrelate(
        number, Relation.CONCERNS, "IN-2026-000003-3", replace(act, reason="it does not")
    ),
    "claim": holding.claim,
    "return": lambda number, act: holding.give_back(number, replace(act, reason="not ours")),
    "unshare": lambda number, act: sharing.unshare(number, "dan", act),
    "attach": must_attach,
    "issue a receipt": lambda number, act: views.entry(number, act.rights, Action.EXPORT),
}
ALLOWED = {
    "ann": {*DOES},
    "ben": {*DOES} - {"strike"},
    "cai": {"issue a receipt"},
    "dan": {"issue a receipt"},
}


@pytest.mark.parametrize("what", DOES)
@pytest.mark.parametrize("name", ALLOWED)
@pytest.mark.usefixtures("people")
def test_who_may_change_what(what: str, name: str) -> None:
    number = enter(department="works").number
    enter(department="works")
    relations.relate(number, Relation.CONCERNS, enter(department="works").number, ACT)
    sharing.share(number, "dan", ACT)
    before = views.show(number)
    if what in ALLOWED[name]:
        DOES[what](number, who(name))
        return
    with pytest.raises(Forbidden, match=f"{name} may not"):
        DOES[what](number, who(name))
    assert views.show(number) == before


@pytest.mark.usefixtures("people")
def test_nobody_gives_away_what_is_not_theirs() -> None:
    letter = enter(
        details=replace(LETTER, recipients=("Ada",)), direction=Direction.OUTGOING, department="works"
    )
    with pytest.raises(Forbidden, match="ben may not approve"):
        sharing.share(letter.number, "ben", who("ben"), Action.APPROVE)
    with pytest.raises(Forbidden, match="dan may not edit"):
        sharing.share(letter.number, "dan", who("dan"), Action.EDIT)
    sharing.share(letter.number, "ben", ACT, Action.APPROVE)
    entries.move(letter.number, "for approval", who("ben"))
    assert entries.move(letter.number, "approved", who("ben")).status == "approved"


@pytest.mark.usefixtures("people")
def test_what_may_be_seen_is_not_taken() -> None:
    public = enter(details=replace(LETTER, confidentiality=Confidentiality.PUBLIC), department="legal").number
    shared = enter(details=replace(LETTER, confidentiality=Confidentiality.SECRET), department="works").number
    sharing.share(shared, "ben", ACT)
    for number in (public, shared):
        views.show(number, rights("ben"))
        with pytest.raises(Forbidden, match="ben may not edit"):
            holding.claim(number, who("ben"))
    with pytest.raises(Usage, match="ben may not know of it: it is secret"):
        holding.assign(shared, ACT, person="ben")


@pytest.mark.usefixtures("people")
def test_a_void_entry_tells_nothing_of_what_is_in_its_place() -> None:
    hidden = enter(details=replace(LETTER, confidentiality=Confidentiality.SECRET)).number
    number = enter().number
    told = []
    for other in (hidden, "IN-2026-000099-9"):
        with pytest.raises(Usage) as refused:
            entries.strike(number, replace(who("ann"), reason="twice"), replaced_by=[other])
        told.append(str(refused.value).replace(other, "IT"))
    assert told[0] == told[1]


@pytest.mark.usefixtures("people")
def test_what_one_may_not_know_of_is_not_there() -> None:
    hidden = enter(department="legal").number
    seen = enter(department="works").number
    relations.relate(seen, Relation.CONCERNS, hidden, ACT)
    shows: Callable[[str, Act], object] = lambda number, act: views.show(number, act.rights)  # noqa: E731
    for do in (*DOES.values(), shows):
        with pytest.raises(Missing, match=f"There is no entry {hidden}"):
            do(hidden, who("ben"))
    assert views.show(seen, rights("ben"))["relations"] == []
    last = views.show(seen, rights("ben"))["history"][-1]
    assert (last["kind"], last["content"]["number"]) == ("related", "")
    assert [one["number"] for one in listed(Asked(), zone=ZONE, rights=rights("ben"))] == [seen]
    sharing.share(hidden, "ben", who("ann"))
    assert views.show(hidden, rights("ben"))["access"] == ["view:ben"]
    assert len(views.show(seen, rights("ben"))["relations"]) == 1
    sharing.unshare(hidden, "ben", who("ann"))
    with pytest.raises(Missing):
        views.show(hidden, rights("ben"))


@pytest.mark.usefixtures("people")
def test_only_an_approver_approves() -> None:
    letter = replace(LETTER, senders=(), recipients=("Ada",))
    number = enter(who("ben"), letter, direction=Direction.OUTGOING, department="works").number
    entries.move(number, "for approval", who("ben"))
    with pytest.raises(Forbidden, match="ben may not approve"):
        entries.move(number, "approved", who("ben"))
    assert entries.move(number, "approved", who("cai")).status == "approved"


@pytest.mark.usefixtures("people")
def test_who_may_register_where() -> None:
    assert enter(who("ann")).number == "IN-2026-000001-7"
    with pytest.raises(Forbidden, match="ben may not register entries for works that are internal"):
        enter(who("ben"), department="works")
    with pytest.raises(Forbidden, match="that are confidential"):
        enter(who("ann"), replace(LETTER, confidentiality=Confidentiality.CONFIDENTIAL))
    for name in ("ann", "ben"):
        with pytest.raises(Forbidden, match="has no role that may administer"):
            office.put("department", Department("new"), who(name))
    office.put("department", Department("new"), who("eve"))


@pytest.mark.usefixtures("people")
def test_an_entry_goes_only_to_who_may_know_of_it() -> None:
    secret = enter(details=replace(LETTER, confidentiality=Confidentiality.SECRET)).number
    with pytest.raises(Usage, match="ben may not know of it: it is secret, and their clearance is internal"):
        holding.assign(secret, ACT, person="ben")
    with pytest.raises(Usage, match="There is no department 'wroks'"):
        holding.assign(secret, ACT, department="wroks")
    with pytest.raises(Usage, match="bne is no user"):
        holding.assign(secret, ACT, person="bne")
    open_one = enter(person="ben").number
    with pytest.raises(Usage, match="ben may not know of it"):
        entries.amend(
            open_one, lambda one: replace(one, confidentiality=Confidentiality.SECRET), ACT, zone=ZONE
        )


@pytest.mark.usefixtures("people")
def test_a_deputy_stands_in_from_the_first_day_to_the_last() -> None:
    number = enter(department="legal", person="dan").number
    decide(Delegation("dan away", "dan", "ben", date(2026, 3, 2), date(2026, 3, 3)))
    found = []
    for day in range(1, 5):
        try:
            found.append(views.show(number, rights("ben", date(2026, 3, day)))["number"])
        except Missing:
            found.append("")
    assert found == ["", number, number, ""]
