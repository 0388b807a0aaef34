"""Who is told of what happens: of their own, of what they may see, once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from domain.correspondence import Confidentiality, Details, Direction
from domain.document import Verdict
from domain.errors import Forbidden, Missing, Usage
from domain.notices import KINDS
from domain.office import Delegation, Department, Post, Role, Rule, User, Webhook
from domain.rights import Action
from register import decisions, holding, notices, office, sharing
from register.acts import Act
from register.entries import amend, move, strike
from register.followers import FOLLOWERS
from register.following import Desk, follow
from register.inbox import inbox, read, told, unread
from register.models import Notice
from register.notices import let_know, tell
from register.session import borrowed
from tests.register.filings import AT, file_one, open_batch
from tests.register.officers import ACT, LETTER, TODAY, ZONE, decide, enter, rights, who

pytestmark = pytest.mark.usefixtures("staff")
OUT = Details(subject="The answer", recipients=("Ada",))


@pytest.fixture
def staff(register: Path) -> None:
    decide(
        Department("works", email="works@example.org"),
        Department("legal"),
        Department("roads", parent="works"),
        User("ann", email="ann@example.org", posts=(Post(Role.REGISTRAR),), language="de"),
        User("ben", email="ben@example.org", posts=(Post(Role.CASE_HANDLER, "works"),)),
        User("cora", posts=(Post(Role.CASE_HANDLER, "legal"),)),
        User("dan", email="dan@example.org", posts=(Post(Role.APPROVER, "legal"),)),
        User("gone", email="gone@example.org", posts=(Post(Role.CASE_HANDLER, "legal"),), active=False),
    )
    run()


def run(**more: Any) -> int:
    return follow(Desk(decisions.office(), ZONE, **more), FOLLOWERS)


def news(*, way: str = "", **more: Any) -> set[tuple[str, str, str]]:
    """Who was told, how and what, since this was asked last."""
    run(**more)
    found = Notice.objects.filter(**({"way": way} if way else {}))
    rows = {(one.to, one.way, one.kind) for one in found}
    Notice.objects.all().delete()
    return rows


def both(name: str, kind: str) -> set[tuple[str, str, str]]:
    return {(name, "inbox", kind), (name, "mail", kind)}


def test_who_gets_an_entry_is_told_and_who_gives_it_is_not() -> None:
    number = enter(department="legal", person="cora").number
    assert news() == {("cora", "inbox", "assigned")}  # she has no address
    holding.assign(number, who("ann"), department="works", person="ben")
    run()
    mail = Notice.objects.get(way="mail")
    assert (mail.to, mail.due_at, mail.sent_at, mail.language) == ("ben", AT, None, "en")
    assert mail.told == {"by": "ann"}
    assert news() == both("ben", "assigned")
    holding.give_back(number, replace(who("ben"), reason="not mine"))
    run()
    assert Notice.objects.get(to="cora").told == {"by": "ben", "reason": "not mine"}
    assert news() == {("cora", "inbox", "given back")}
    other = enter(department="works").number
    news()
    holding.claim(other, who("ben"))
    assert news() == set()


def test_a_department_hears_by_its_mailbox_or_its_people() -> None:
    enter(department="works")
    assert news() == {("works@example.org", "mail", "assigned"), ("ben", "inbox", "assigned")}
    enter(department="legal")
    assert news() == {("cora", "inbox", "assigned")}  # dan approves there, and works on nothing
    enter(department="roads")  # has nobody of its own
    assert news() == both("ben", "assigned")
    secret = replace(LETTER, confidentiality=Confidentiality.CONFIDENTIAL)
    enter(details=secret, department="works")  # ben's clearance is lower, and all may read the mailbox
    assert news() == set()


def test_what_came_back_to_nobody_is_the_registrys() -> None:
    number = enter().number
    holding.assign(number, ACT, department="legal", person="cora")
    assert news() == {("cora", "inbox", "assigned")}
    holding.give_back(number, replace(who("cora"), reason="not ours"))
    assert news() == both("ann", "given back")


def test_a_scan_for_a_department_is_told_once_its_rules_were_followed() -> None:
    decide(User("eve", posts=(Post(Role.CASE_HANDLER, "legal"),), clearance=Confidentiality.SECRET))
    made = Rule("hush", 1, "true", {"confidentiality": "secret"})
    office.put("rule", made, ACT)
    file_one(open_batch(), 0, ((0, 1), (0, 2)), verdict=Verdict("letter", "letter", 0.9, (), "v1"),
             department="legal")  # fmt: skip
    assert news() == {("eve", "inbox", "assigned")}


def test_rules_tell_whom_they_give_to_and_whom_they_name() -> None:
    decide(Webhook("erp", "https://erp.example.org/"))
    notify, look = ("ann", "out@example.com", "erp"), ("odd",)
    then: dict[str, str | tuple[str, ...]] = {"assign": "works/ben", "notify": notify, "second look": look}
    office.put("rule", Rule("all", 1, "true", then), ACT)
    enter()
    assert news() == {
        *both("ben", "assigned"),
        ("ben", "inbox", "second look"),
        *both("ann", "routed"),
        ("out@example.com", "mail", "routed"),
        ("erp", "webhook", "routed"),
        ("erp", "webhook", "entered"),
    }


def test_a_second_look_is_asked_of_who_has_it() -> None:
    number = enter(department="legal", person="cora").number
    news()
    amend(number, lambda one: replace(one, tags=("second look",)), ACT, zone=ZONE)
    assert news() == {("cora", "inbox", "second look")}
    amend(number, lambda one: replace(one, tags=("second look", "urgent")), ACT, zone=ZONE)
    assert news() == set()
    alone = enter().number
    news()
    amend(alone, lambda one: replace(one, tags=("second look",)), ACT, zone=ZONE)
    assert news() == {("ann", "inbox", "second look")}


def test_approval_is_asked_of_who_may_and_a_refusal_is_told_who_asked() -> None:
    made = enter(who("cora"), OUT, direction=Direction.OUTGOING, department="legal", person="cora")
    news()
    move(made.number, "for approval", who("cora"))
    assert news() == both("dan", "approval asked")
    move(made.number, "draft", Act("dan", AT, "too long"))
    run()
    assert Notice.objects.get().told == {"by": "dan", "reason": "too long"}
    assert news() == {("cora", "inbox", "sent back")}
    holding.assign(made.number, ACT, department="works", person="ben")
    news()
    move(made.number, "for approval", Act("cora", AT))
    assert news() == set()  # dan approves for legal only
    move(made.number, "draft", Act("dan", AT, "no"))
    assert news() == both("ben", "sent back")  # cora may not see it any more


def test_shared_with_somebody() -> None:
    number = enter(department="works").number
    news()
    sharing.share(number, "cora", who("ann"), Action.EDIT)
    run()
    assert Notice.objects.get().told == {"by": "ann", "action": "edit"}
    assert news() == {("cora", "inbox", "shared")}


def test_nobody_hears_of_what_they_may_not_see() -> None:
    entry = enter(department="works")
    news()
    for name in ("cora", "gone", "nobody"):
        tell("k", name, "deadline passed", AT, entry=entry)
    assert news() == set()
    tell("k", "cora", "deadline passed", AT)  # of no entry
    assert news() == {("cora", "inbox", "deadline passed")}


def test_who_stands_in_is_told_too_on_those_days() -> None:
    decide(Delegation("x", "ben", "cora", TODAY, TODAY))
    entry = enter(department="works", person="ben")
    run()
    assert Notice.objects.get(to="cora").told == {"by": "eva", "absent": "ben"}
    assert news() == {*both("ben", "assigned"), ("cora", "inbox", "assigned")}
    tell("next day", "ben", "deadline passed", AT + timedelta(days=1), entry=entry)
    assert news() == both("ben", "deadline passed")
    let_know(notices.News("own", "shared", AT, entry, by="cora"), "ben")
    assert news() == {("ben", "inbox", "shared")}
    let_know(notices.News("by the absent", "shared", AT, entry, by="ben"), "ben")
    assert news() == set()


def test_a_key_is_told_once_to_each() -> None:
    entry = enter(department="works")
    news()
    for name in ("ben", "ben", "ann", "x" * 200 + "@example.org", "x" * 200 + "@example.org"):
        tell("k" * 100, name, "deadline passed", AT, entry=entry)
    rows = list(Notice.objects.values_list("to", "way", "due_at", "sent_at"))
    assert sorted(rows, key=str) == sorted(
        [
            ("ben", "inbox", None, AT),
            ("ben", "mail", AT, None),
            ("ann", "inbox", None, AT),
            ("ann", "mail", AT, None),
            ("x" * 200 + "@example.org", "mail", AT, None),
        ],
        key=str,
    )


def test_everybody_chooses_how_they_are_told() -> None:
    office.prefer("ben", {"assigned": "digest", "shared": "mail", "deadline passed": "none"}, who("ben"))
    entry = enter(department="works")
    news()
    for kind in ("assigned", "shared", "deadline passed", "deadline soon", "of tomorrow"):
        tell(kind, "ben", kind, AT, entry=entry)
    digest = Notice.objects.get(way="digest")
    assert (digest.kind, digest.due_at, digest.sent_at) == ("assigned", None, None)
    assert {one for one in news() if one[1] != "inbox"} == {
        ("ben", "digest", "assigned"),
        ("ben", "mail", "shared"),
    }


def test_who_chooses_at_the_same_time_undoes_nothing() -> None:
    kinds = list(KINDS)[:6]
    together = Barrier(len(kinds))

    def choose(kind: str) -> None:
        with borrowed():
            together.wait()
            office.prefer("ben", {kind: "digest"}, who("ben"))

    with ThreadPoolExecutor(len(kinds)) as threads:
        list(threads.map(choose, kinds))
    assert decisions.office().users["ben"].notices == dict.fromkeys(kinds, "digest")


@pytest.mark.parametrize(
    ("name", "said", "by", "wrong", "why"),
    [
        ("ben", {"assigne": "mail"}, "ben", Usage, "There is no kind of notice 'assigne'. There are: app"),
        ("ben", {"assigned": "fax"}, "ben", Usage, "assigned is 'fax': give one of mail, digest, none"),
        ("cora", {"assigned": "mail"}, "cora", Usage, "assigned is 'mail', but cora has no e-mail address"),
        ("ben", {"assigned": "none"}, "ann", Forbidden, "ann has no role that may administer"),
        ("zoe", {"assigned": "none"}, "ben", Missing, "There is no user 'zoe'"),
    ],
)
def test_what_cannot_be_chosen(name: str, said: Any, by: str, wrong: type[Exception], why: str) -> None:
    with pytest.raises(wrong) as error:
        office.prefer(name, said, who(by))
    assert str(error.value).startswith(why)


def test_the_inbox_is_ones_own_and_of_what_one_may_see() -> None:
    first, second = enter(department="works", person="ben"), enter(department="works", person="ben")
    run()
    mine = inbox(rights("ben"), 10)
    assert [(one.entry, one.kind) for one in mine] == [(second, "assigned"), (first, "assigned")]
    assert inbox(rights("ben"), 1, before=mine[0].pk) == mine[1:]
    assert told(mine[:1], "es") == [
        {
            "id": mine[0].pk, "kind": "assigned", "number": second.number, "subject": "Noise",
            "text": f"Se le ha asignado {second.number}", "told": {"by": "eva"}, "at": AT.isoformat(),
            "read_at": None,
        }
    ]  # fmt: skip
    with pytest.raises(Missing):
        read([mine[0].pk], rights("ann"), AT)
    (done,) = read([mine[0].pk], rights("ben"), AT)
    read([mine[0].pk], rights("ben"), AT + timedelta(days=1))
    assert (done.read_at, unread(rights("ben"))) == (AT, 1)
    assert inbox(rights("ben"), 10, unread=True) == mine[1:]
    holding.assign(first.number, ACT, department="legal")
    assert inbox(rights("ben"), 10, unread=True) == []
    assert unread(rights("ben")) == 0


def test_programs_are_told_what_they_asked_for_and_no_more() -> None:
    decide(Webhook("all", "https://a.example.org/"), Webhook("moves", "https://b.example.org/", ("moved",)))
    number = enter(details=replace(LETTER, subject="A secret matter"), department="legal").number
    move(number, "in progress", ACT)
    holding.assign(number, ACT, department="works", person="ben")
    run()
    found = Notice.objects.filter(way="webhook").order_by("id")
    assert [(one.to, one.kind, one.told) for one in found] == [
        ("all", "entered", {"number": number, "state": "registered", "holder": "legal"}),
        ("all", "moved", {"number": number, "state": "assigned", "holder": "legal"}),
        ("moves", "moved", {"number": number, "state": "assigned", "holder": "legal"}),
        ("all", "moved", {"number": number, "state": "in progress", "holder": "legal"}),
        ("moves", "moved", {"number": number, "state": "in progress", "holder": "legal"}),
        ("all", "assigned", {"number": number, "state": "assigned", "holder": "ben of works"}),
    ]
    news()
    strike(number, replace(ACT, reason="twice"))
    assert news() == {("all", "webhook", "voided")}


@pytest.mark.parametrize(
    ("hook", "why"),
    [
        (Webhook("erp", "ftp://erp.example.org"), "url is 'ftp://erp.example.org': give an address"),
        (Webhook("erp", "https://"), "url is 'https://': give"),
        (Webhook("erp", "https://a b.example.org"), "url is 'https://a b"),
        (Webhook("erp", "https://me:secret@erp.example.org"), "url is for erp.example.org, with a user"),
        (Webhook("erp", "https://erp.example.org:99999"), "url is 'https://erp.example.org:99999'"),
        (Webhook("erp", "https://erp.example.org", ("move",)), "There is no event 'move'. There are: am"),
        (Webhook("ben", "https://erp.example.org"), "name is 'ben': at most 40 signs, and no user's"),
        (Webhook("x" * 41, "https://erp.example.org"), "name is 'xxx"),
    ],
)
def test_webhooks_that_cannot_be(hook: Webhook, why: str) -> None:
    with pytest.raises(Usage) as error:
        decide(hook)
    assert str(error.value).startswith(why)


def test_an_office_without_people_tells_programs_and_mailboxes_all_the_same() -> None:
    now = decisions.office()
    quiet = replace(now, users={}, rules={}, departments={}, version=0)
    assert [Desk(quiet, ZONE, external=one).busy for one in (False, True)] == [False, True]
    enter(department="works")
    follow(Desk(replace(now, users={}), ZONE), FOLLOWERS)
    assert list(Notice.objects.values_list("to", "way")) == [("works@example.org", "mail")]
