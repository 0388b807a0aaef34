"""Who may know of which parties, and who may change them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from domain.correspondence import Confidentiality
from domain.errors import Forbidden, Missing
from domain.office import Department, Post, Role, User
from domain.party import PartyDetails
from register import party_acts, party_views, views
from register.models import Entry, EntryParty, Party
from register.parties import find
from register.party_rights import visible
from register.rights import within
from tests.register.officers import ACT, LETTER, decide, enter, rights, who

WHY = replace(ACT, reason="one house")


@pytest.fixture
def office(register: Path) -> Path:
    """Somebody of each role in all of the office and in one department, and letters of two departments."""
    decide(Department("works"), Department("legal"))
    for role in Role:
        name = role.replace(" ", "-")
        decide(User(name, posts=(Post(role),)), User(f"{name}-works", posts=(Post(role, "works"),)))
    for sender, department in (("Ada Ltd", "works"), ("Bob", "legal"), ("Ada GmbH", "legal")):
        enter(details=replace(LETTER, senders=(sender,)), department=department)
    party_acts.new(PartyDetails("Nobody's"), ACT)
    return register


def number(name: str) -> str:
    return str(Party.objects.get(name=name).key)


ALL = {"Ada Ltd", "Bob", "Ada GmbH", "Nobody's"}
WORKS = {"Ada Ltd"}
SEEN = {
    "operator": ALL, "operator-works": WORKS | {"Nobody's"},
    "registrar": ALL, "registrar-works": WORKS | {"Nobody's"},
    "case-handler": ALL - {"Nobody's"}, "case-handler-works": WORKS,
    "approver": ALL - {"Nobody's"}, "approver-works": WORKS,
    "records-manager": ALL, "records-manager-works": WORKS | {"Nobody's"},
    "auditor": ALL, "auditor-works": WORKS,
    "administrator": ALL, "administrator-works": set(),
}  # fmt: skip


@pytest.mark.parametrize("user", SEEN)
def test_who_sees_whom(office: Path, user: str) -> None:
    may = rights(user)
    assert {one["name"] for one in party_views.listed(rights=may)} == SEEN[user]
    for name in ALL:
        if name in SEEN[user]:
            assert party_views.show(number(name), may)["name"] == name
            assert party_views.history(number(name), may, limit=1)
        else:
            for door in (party_views.show, party_views.history):
                with pytest.raises(Missing, match="There is no party"):
                    door(number(name), may)
    both = {"Ada Ltd", "Ada GmbH"} <= SEEN[user]
    assert len(party_views.similar(may)) == both
    if "Ada Ltd" in SEEN[user]:
        assert len(party_views.show(number("Ada Ltd"), may)["similar"]) == both
        told = party_views.history(number("Ada Ltd"), may)
        assert [one["kind"] for one in told] == ["came up"]
    if "Ada GmbH" in SEEN[user]:
        (came,) = party_views.history(number("Ada GmbH"), may)
        assert len(came["content"]["similar"]) == both


REGISTERING = {"operator", "registrar", "records-manager"}


@pytest.mark.parametrize("user", SEEN)
def test_who_changes_whom(office: Path, user: str) -> None:
    act = replace(who(user), reason="x")
    keeps = user.removesuffix("-works") in REGISTERING
    if keeps:
        party_acts.change(number("Ada Ltd"), lambda one: replace(one, notes="x"), act)
        assert party_acts.new(PartyDetails("New"), act).name == "New"
    else:
        with pytest.raises(Forbidden, match=f"{user} may not change parties: ask a registrar"):
            party_acts.change(number("Ada Ltd"), lambda one: replace(one, notes="x"), act)
        with pytest.raises(Forbidden):
            party_acts.new(PartyDetails("New"), act)
    whole = user in REGISTERING
    steps: tuple[Callable[[], Party], ...] = (
        lambda: party_acts.merge(number("Ada Ltd"), number("Ada GmbH"), act),
        lambda: party_acts.split(number("Ada GmbH"), act),
    )
    for do in steps:
        if whole:
            do()
        else:
            with pytest.raises(Missing if keeps else Forbidden):
                do()


def test_somebody_elses_identifier_is_not_told_whose(office: Path) -> None:
    party_acts.change(number("Bob"), lambda one: replace(one, emails=("b@x.org",)), ACT)
    with pytest.raises(Exception, match=r"email is 'b@x\.org', which is somebody else's"):
        party_acts.change(
            number("Ada Ltd"), lambda one: replace(one, emails=("b@x.org",)), who("registrar-works")
        )


def test_merged_with_one_that_somebody_sees_it_is_seen(office: Path) -> None:
    may = rights("case-handler-works")
    party_acts.merge(number("Bob"), number("Ada Ltd"), WHY)
    shown = party_views.show(number("Ada Ltd"), may)
    assert (shown["name"], shown["entries"]) == ("Bob", 1)  # that of legal is not counted
    assert [one["number"] for one in party_views.listed(rights=may)] == [number("Bob")]


def test_a_sender_by_number_must_be_known(office: Path) -> None:
    with pytest.raises(Missing, match="There is no party"):
        enter(who("registrar-works"), replace(LETTER, senders=(number("Bob"),)), department="works")
    made = enter(who("registrar-works"), replace(LETTER, senders=("Bob",)), department="works")
    assert views.show(made.number)["parties"][0]["party"] == number("Bob")  # whom they know of from now on


PLACES = st.tuples(
    st.sampled_from(["", "works", "legal"]),
    st.sampled_from(list(Confidentiality)),
    st.sampled_from(["Ada", "Bob"]),
)


@settings(
    max_examples=25,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(PLACES, min_size=1, max_size=4), st.sampled_from(sorted(SEEN)))
def test_no_party_is_seen_but_by_an_entry_or_by_its_keepers(
    office: Path, places: list[tuple[str, Confidentiality, str]], user: str
) -> None:
    for department, level, sender in places:
        details = replace(LETTER, senders=(sender,), confidentiality=level)
        enter(details=details, department=department)
    may = rights(user)
    seen = set(visible(may).values_list("pk", flat=True))
    of_entries = set(
        EntryParty.objects.filter(entry__in=Entry.objects.filter(within(may))).values_list("party", flat=True)
    )
    everybody = set(Party.objects.values_list("pk", flat=True))
    free = {find(number("Nobody's")).pk} if user.removesuffix("-works") in REGISTERING else set()
    assert seen == (everybody if may.keeps_parties() else of_entries | free)
