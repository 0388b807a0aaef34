"""What people do, under the database's roles for the desk and for clerks' command lines, on a real server."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from domain.correspondence import Confidentiality, Direction, Relation
from domain.office import Deadline, Department, Post, Role, Rule, User
from domain.party import PartyDetails
from domain.rights import Action
from flows import receipts
from flows.attach import hand_over
from flows.follow import desk, follow
from flows.publish import deliver
from infra.database import connect, disconnect
from infra.wiring import Services, open_services
from register import (
    account,
    answers,
    decisions,
    following,
    history,
    inbox,
    office,
    party_acts,
    party_history,
    printing,
    ranges,
    review,
    sharing,
    tokens,
    views,
)
from register.entries import amend, details_of, move, strike
from register.followers import FOLLOWERS
from register.following import Happened
from register.holding import assign, claim, give_back
from register.models import Chunk, Event
from register.outbox import pending
from register.relations import forward, relate, unrelate
from tests.databases import settings
from tests.infra.deploy_database import FORBIDDEN, PEOPLE, PROCESSES, Laid, refused
from tests.register.filings import ALL, AT, file_one, open_batch
from tests.register.officers import ACT, LETTER, ZONE, enter, who
from tests.small import small_tiff

WHY = replace(ACT, reason="it is so")


@pytest.fixture
def laid_out(laid: Laid, tmp_path: Path) -> Laid:
    """With an office, and a letter that a worker filed."""
    connect(tmp_path, settings(laid.url("postroom_owner")))
    office.put("department", Department("works"), ACT)
    for name in ("ann", "ben"):
        user = User(name, posts=(Post(Role.REGISTRAR),), clearance=Confidentiality.SECRET)
        office.put("user", user, ACT)
    office.put("rule", Rule("all", 1, "true", {"assign": "works/ben", "notify": ("ben",)}), ACT)
    office.put("deadline", Deadline("soon", hours=4), ACT)
    disconnect()
    connect(tmp_path, settings(laid.url("postroom_worker")))
    file_one(open_batch(), 0, ((0, 1),))
    disconnect()
    return laid


@pytest.fixture(params=PEOPLE)
def services(
    request: pytest.FixtureRequest, laid_out: Laid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Services]:
    """The instance as that role opens it."""
    monkeypatch.setenv("POSTROOM_DATABASE__URL", laid_out.url(request.param))
    found = open_services(tmp_path)
    yield found
    found.index.close()


def test_people_do_all_that_they_do_with_entries(services: Services) -> None:
    letter = Event.objects.earliest("id").entry
    first, second = enter(), enter(details=ALL)
    deliver(services)
    amend(
        second.number,
        lambda one: replace(one, subject="Noise by day", senders=("Eve", "bob")),
        WHY,
        zone=ZONE,
    )
    assert details_of(views.entry(second.number)).senders == ("bob", "Eve")
    move(first.number, "in progress", WHY)
    give_back(second.number, WHY)
    claim(second.number, who("ann"))
    assign(second.number, WHY, department="works", person="ann")
    sharing.share(first.number, "ann", WHY, Action.EDIT)
    sharing.unshare(first.number, "ann", WHY, Action.EDIT)
    relate(first.number, Relation.ANSWERS, second.number, WHY)
    unrelate(first.number, Relation.ANSWERS, second.number, WHY)
    assert forward(second.number, ("The county",), WHY, zone=ZONE).direction == Direction.OUTGOING
    document = letter.documents.get()
    review.label(document.key, "invoice", actor="ann", at=AT)
    review.forget(document.key, reason="erased", actor="ann", at=AT)
    receipts.issue(services, first.number, WHY)
    assert receipts.again(services, first.number)
    printing.note([first.number], ACT, "zpl")
    strike(second.number, WHY, replaced_by=(first.number,))
    deliver(services)
    assert pending(50) == []
    assert list(history.breaks()) == list(account.number_gaps()) == []


def test_people_reserve_numbers_and_account_for_them(services: Services) -> None:
    made = ranges.reserve("IN", 4, ACT, zone=ZONE)
    printing.note([made.number(made.first)], ACT, "sheet L7160")
    enter(number=made.number(made.first + 1))
    assert len(ranges.void_rest(made.name, WHY)) == 3
    assert list(account.number_gaps()) == []


def test_people_keep_parties(services: Services) -> None:
    ada = PartyDetails("Ada Ltd", emails=("ada@example.org",))
    first = party_acts.new(ada, ACT)
    second = party_acts.new(PartyDetails("Brightwater", identifiers=("vat:ESB58378431",)), ACT)
    third = party_acts.new(PartyDetails("Brightwater Ltd"), ACT)
    party_acts.change(str(first.key), lambda one: replace(one, name="Ada Limited", emails=()), ACT)
    party_acts.merge(str(second.key), str(third.key), WHY)
    party_acts.merge(str(first.key), str(second.key), WHY)
    party_acts.split(str(second.key), WHY)
    party_acts.split(str(third.key), WHY)
    party_acts.separate(str(first.key), str(third.key), WHY)
    deliver(services)
    assert list(party_history.breaks()) == []


def test_people_decide_of_the_office_read_what_they_are_told_and_get_keys(services: Services) -> None:
    office.put("department", Department("legal"), ACT)
    office.take_away("department", "legal", ACT)
    enter()
    follow(services)
    ben = office.rights_of(decisions.office(), "ben", AT.date())
    told = inbox.inbox(ben, 9)
    assert inbox.read([one.pk for one in told], ben, AT) != []
    token = tokens.give("web form", "ben", ("write",), 90, ACT)
    assert tokens.known(token, AT)
    tokens.revoke("web form", "ben", ACT)
    for at in (AT, AT, AT + timedelta(days=2)):
        assert answers.once("ben", "k1", "POST /x", at, lambda: (201, "x")) == (201, "x")


@pytest.mark.parametrize("role", [*PEOPLE, *PROCESSES])
def test_what_went_wrong_is_done_again(laid_out: Laid, tmp_path: Path, role: str) -> None:
    connect(tmp_path, settings(laid_out.url(role)))

    def fails(happened: Happened, at_hand: following.Desk) -> None:
        raise ValueError(happened.kind)

    services = open_services(tmp_path, database=False)
    following.follow(desk(services), (fails,))
    assert following.undone() != []
    fails_no_more = {one.__module__: one for one in FOLLOWERS}
    fails_no_more[__name__] = lambda happened, at_hand: None
    fails_no_more[__name__].__module__ = __name__
    following.again(desk(services), tuple(fails_no_more.values()))
    assert following.undone() == []


def test_a_clerk_files_what_they_attach(laid_out: Laid, tmp_path: Path) -> None:
    connect(tmp_path, settings(laid_out.url("postroom_clerk")))
    batch = open_batch("more.pdf", pages=2)
    file_one(batch, 0, ((0, 1), (0, 2)), attach_to=enter(details=LETTER).number)


@pytest.mark.parametrize("role", PEOPLE)
def test_what_is_added_at_the_desk_is_filed_by_workers(laid_out: Laid, tmp_path: Path, role: str) -> None:
    connect(tmp_path, settings(laid_out.url(role)))
    services = open_services(tmp_path, database=False)
    paper = small_tiff(tmp_path / "more.tif", ["Nightfall"])
    batch = hand_over(services, enter().number, paper, ACT, source=Path("more.tif"))
    assert Chunk.objects.filter(batch=batch, state=Chunk.State.READY).count() == 1


OF_THE_DESK = {
    "change how a batch was cut": "UPDATE register_batch SET plan = '{}'",
    "change the pages of a batch": "UPDATE register_batch SET pages_known = 0",
    "change whose claim it is": "UPDATE register_claim SET batch_id = 1",
    "take a chunk": "UPDATE register_chunk SET state = 'held'",
    "take a fate back": "DELETE FROM register_pagefate",
    "file a document": "INSERT INTO register_document (key) VALUES ('x')",
    "read the seal": "SELECT * FROM register_seal",
    "stamp an event": "INSERT INTO register_stamp (event_id) VALUES (1)",
    "say that an object is whole": "UPDATE register_storedobject SET damage = ''",
    "remove what was answered": "DELETE FROM register_answer",
    "remove a token": "DELETE FROM register_token",
    "change whose token it is": "UPDATE register_token SET \"user\" = 'x'",
    "remove a notice": "DELETE FROM register_notice",
}
PARTIES = {
    "change what became of a party": "UPDATE register_partyevent SET kind = 'x'",
    "remove what became of a party": "DELETE FROM register_partyevent",
    "change what was said of a party": "UPDATE register_partycontent SET body = '{}'",
    "remove a party": "DELETE FROM register_party",
    "remove a decision": "DELETE FROM register_decision",
    "make an entry come elsewhere": "UPDATE register_entry SET direction = 'internal'",
    "turn a decision's guards off": "ALTER TABLE register_decision DISABLE TRIGGER USER",
}


def test_and_nothing_else(laid_out: Laid) -> None:
    for role in PEOPLE:
        asked = {**FORBIDDEN, **PARTIES, **(OF_THE_DESK if role == "postroom_desk" else {})}
        tried = {what: refused(laid_out.url(role), statement) for what, statement in asked.items()}
        assert tried == dict.fromkeys(asked, True), role


def test_the_guards_are_the_owners(laid_out: Laid) -> None:
    """Who owns a table can switch its triggers off: no role that people or processes log in as does."""
    with psycopg.connect(laid_out.superuser) as connection:
        for role in (*PEOPLE, *PROCESSES):
            found = connection.execute(
                "SELECT rolsuper OR rolcreaterole OR pg_has_role(rolname, 'postroom_owner', 'MEMBER') "
                "FROM pg_roles WHERE rolname = %s",
                [role],
            ).fetchone()
            assert found == (False,), role
            granted = connection.execute(
                "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
                "AND has_table_privilege(%s, oid, 'TRIGGER, TRUNCATE')",
                [role],
            ).fetchone()
            assert granted == (0,), role
