"""Rules: what is refused, what they do with what comes in, what they would have done."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.correspondence import Confidentiality, Details, Direction
from domain.document import Verdict
from domain.errors import Unavailable, Usage
from domain.office import CustomField, Department, FieldKind, Office, Post, Role, Rule, User, Webhook
from register import decisions, entries, office, review, rules, views
from register.acts import Act
from register.conditions import empty, holds, must_be_condition
from register.followers import FOLLOWERS
from register.following import Desk, behind, follow
from register.models import Entry, Mark, Notice
from register.routing import in_order, route
from tests.register.filings import AT, file_one, open_batch

ZONE = ZoneInfo("UTC")
ACT = Act("eva", AT)
LETTER = Details(subject="Noise at night", senders=("Ada",))
OFFICE = Office(fields={"plot": CustomField("plot", FieldKind.NUMBER)})


def run(text: str = "") -> int:
    return follow(Desk(decisions.office(), ZONE, text=lambda entry: text), FOLLOWERS)


def enter(details: Details = LETTER, **more: Any) -> Entry:
    return entries.enter(more.pop("direction", Direction.INCOMING), details, ACT, zone=ZONE, **more)


def rule(name: str, when: str = "true", order: int = 100, **then: Any) -> Rule:
    return Rule(name, order, when, {name.replace("_", " "): value for name, value in then.items()})


def now(entry: Entry) -> tuple[str, str, str, str]:
    found = Entry.objects.get(pk=entry.pk)
    return found.status, found.department, found.person, found.priority


WRONG = {
    "subject ==": "when is no condition: line 1, sign 11: Syntax error",
    "subject == 'a' &&\n amount >": "when is no condition: line 2, sign 10",
    "subjec == 'a'": "when asks for 'subjec' at line 1, sign 1. It may ask for: number, register",
    "amount": "when gives 0.0 in place of yes or no",
    "custom.size > 1.0": "when asks for a field 'size' that is not there: custom.size at line 1, sign 1",
    "subject == '' || nofunc(subject)": "function 'nofunc' at line 1, sign 18. There are: has_words",
    "subject == '' || subject.nofunc()": "when asks for the function 'nofunc' at line 1, sign 26",
    "subject != '' &&\n custom.nofield > 10.0": "custom.nofield at line 2, sign 2. There are: plot",
    "pages > 1 ? fields.nothere == 'x' : false": "that is not there: fields.nothere at line 1, sign 13",
    "pages > 1 && custom [ 'size' ] > 1.0": "that is not there: custom.size at line 1, sign 14",
    "pages > 1 && has(custom.size)": "that is not there: custom.size at line 1, sign 18",
    "pages > 1 && tags.exists(t, t == subjec)": "when asks for 'subjec' at line 1, sign 34",
    "tags.exists(t, t == 'x') || pages > 1 && t == 'y'": "when asks for 't' at line 1, sign 42",
    "pages > 1 && has_words(subject)": "has has_words at line 1, sign 14 otherwise than it can be: write",
    "pages > 1 && contains(subject, 'a')": "otherwise than it can be: write subject.contains('rent')",
    "received.getHours('UTC') > 1": "write received.getHours()",
    "has_words(subject, 1)": "when cannot be asked: has_words is asked of two texts",
    "subject > 1": "when cannot be asked: ",
    "like(subject)": "when asks for the function 'like' at line 1, sign 1",
    "tags.all(a, tags.all(b, tags.all(c, tags.all(d, true))))": "more than 3 times",
    "'" + "x" * 2000 + "' == subject": "when has 2013 signs: at most 2000",
}


@pytest.mark.parametrize(("when", "said"), WRONG.items(), ids=range(len(WRONG)))
def test_a_broken_condition_is_refused_with_the_place(when: str, said: str) -> None:
    with pytest.raises(Usage) as error:
        must_be_condition(when, OFFICE)
    assert said in str(error.value)


HOLD = {
    "has_words(subject, 'NOISE nacht')": True,
    "has_words(subject, 'nois')": False,
    "class == 'letter' && direction == 'incoming'": True,
    "amount > 1000 && custom.plot >= 12.5": True,
    "'red' in tags || senders.exists(one, one.startsWith('A'))": True,
    "fields.iban.startsWith('DE')": True,
    "received.getFullYear() == 2026 && pages == 2": True,
    "text.contains('eviction')": True,
    "dated == ''": True,
    "subject != 'custom.size' && subject != \"it's nofunc(x)\" // nofunc(fields.x)": True,
    'subject != r\'\\\' && !("""nofunc(\'x\')""" in tags)': True,
    "has(custom.plot) && custom['plot'] == 12.5 && subject.has_words('noise')": True,
    "senders.exists(fields, fields == 'Ada') && fields.iban != ''": True,
    "senders.map(one, one.size() > 1, one).size() == 1 && size([1, 2, 3]) == 3": True,
    "received > timestamp('2020-01-01T00:00:00Z') + duration('1h') && string(pages) == '2'": True,
}


@pytest.mark.parametrize(("when", "held"), HOLD.items(), ids=range(len(HOLD)))
def test_conditions(when: str, held: bool) -> None:
    must_be_condition(when, OFFICE)
    facts = {
        **empty(OFFICE), "subject": "Nächt: noise", "class": "letter", "direction": "incoming",
        "amount": 1200.0, "custom": {"plot": 12.5}, "senders": ["Ada"], "received": AT, "pages": 2,
        "fields": {"iban": "DE89"}, "text": "an eviction",
    }  # fmt: skip
    assert holds(when, facts) == held


BAD: dict[str, tuple[Rule, str]] = {
    "nothing": (rule("x"), "x does nothing: say what"),
    "a department": (
        rule("x", assign="wroks"),
        "assign of x: there is no department 'wroks'. There are: works",
    ),
    "a person": (rule("x", assign="works/bne"), "assign of x: there is no user 'bne'. There are: ben"),
    "nobody": (rule("x", assign="/"), "assign of x: name a department"),
    "a priority": (rule("x", priority="soon"), "priority of x: there is no 'soon'. There are: high, low"),
    "a level": (rule("x", confidentiality="top"), "confidentiality of x: there is no 'top'"),
    "a deadline": (rule("x", deadline="a week"), "deadline of x: there is no 'a week'. There is none yet"),
    "somebody": (
        rule("x", notify=("bne",)),
        "notify of x: 'bne' is no user, no webhook and no e",
    ),
    "an action": (rule("x", burn="yes"), "burn of x: there is no such action. They are: assign"),
    "days": (
        replace(rule("x", priority="high"), since=date(2026, 2, 2), until=date(2026, 2, 1)),
        "it ends on 2026-02-01, before it begins",
    ),
    "an owner": (replace(rule("x", priority="high"), owner="zoe"), "owner is 'zoe', who is no user"),
}


@pytest.mark.parametrize(("made", "said"), BAD.values(), ids=BAD)
def test_a_rule_that_cannot_be_done_is_refused(register: Path, made: Rule, said: str) -> None:
    office.put("department", Department("works"), ACT)
    office.put("user", User("ben"), ACT)
    with pytest.raises(Usage) as error:
        office.put("rule", made, ACT)
    assert said in str(error.value)


@pytest.fixture
def works(register: Path) -> Path:
    office.put("department", Department("works"), ACT)
    office.put("department", Department("legal"), ACT)
    office.put("user", User("ben", posts=(Post(Role.CASE_HANDLER, "works"),)), ACT)
    office.put("user", User("ann", posts=(Post(Role.REGISTRAR),)), ACT)
    return register


def put(*some: Rule) -> None:
    for one in some:
        office.put("rule", one, ACT)


@pytest.mark.usefixtures("works")
def test_what_comes_in_goes_where_the_rules_say() -> None:
    put(
        rule(
            "noise", "has_words(subject, 'noise')", 10, assign="works/ben", priority="high", tags=("noise",)
        ),
        rule("all", "true", 20, assign="legal", tags=("seen",), notify=("ann",), second_look=("new sender",)),
    )
    entry, other = enter(), enter(replace(LETTER, subject="Silence"))
    assert run() == 4  # two were entered, two routed
    assert now(entry) == ("assigned", "works", "ben", "high")
    assert now(other) == ("assigned", "legal", "", "normal")
    event = views.show(entry.number)["history"][-1]
    assert (event["kind"], event["actor"], event["content"]) == (
        "routed",
        "rules",
        {
            "rules": {"noise": 10, "all": 20},
            "before": {
                "priority": "normal",
                "tags": [],
                "department": "",
                "person": "",
                "status": "registered",
            },
            "after": {
                "priority": "high",
                "tags": ["noise", "seen", "second look"],
                "department": "works",
                "person": "ben",
                "status": "assigned",
            },
            "deadline": "",
            "notify": ["ann"],
            "reason": "new sender",
            "overruled": [["all", "assign", "noise"]],
            "failed": {},
        },
    )
    assert {(one.to, one.kind) for one in Notice.objects.filter(kind="routed")} == {("ann", "routed")}
    assert (run(), behind()) == (0, 0)


@pytest.mark.usefixtures("works")
def test_what_a_person_decided_stands() -> None:
    put(rule("all", assign="legal"))
    entry = enter(department="works")
    run()
    assert now(entry)[:3] == ("assigned", "works", "")


@pytest.mark.usefixtures("works")
def test_a_scan_is_routed_by_its_text_and_when_its_class_is_known_at_last() -> None:
    put(
        rule("text", "has_words(text, 'eviction')", 1, priority="urgent"),
        rule("letters", "class == 'letter'", assign="works"),
    )
    batch = open_batch()
    document = file_one(batch, 0, ((0, 1), (0, 2)), verdict=Verdict(None, "letter", 0.5, (), "v1"))
    run("An eviction notice")
    assert now(document.entry) == ("registered", "", "", "urgent")
    review.label(document.key, "letter", actor="eva", at=AT, today={"letter": "letter"})
    run("An eviction notice")
    assert now(document.entry) == ("assigned", "works", "", "urgent")


@pytest.mark.usefixtures("works")
def test_a_rule_that_breaks_on_an_entry_leaves_it_with_the_registry() -> None:
    put(
        rule("plots", "size(senders) > 0 && senders[0] == 'Ada'", 1, priority="high"),
        rule("all", assign="works"),
    )
    nobody = entries.enter(
        Direction.OUTGOING, replace(LETTER, senders=(), recipients=("Bob",)), ACT, zone=ZONE
    )
    decisions.decide("rule", "broken", rule("broken", "senders[0] == 'Ada'", 2, priority="low"), ACT)
    fine = enter()
    run()
    assert now(fine)[1:] == ("works", "", "high")
    assert now(nobody)[1:] == ("", "", "normal")
    event = views.show(nobody.number)["history"][-1]["content"]
    assert list(event["failed"]) == ["broken"]
    assert "second look" in Entry.objects.get(pk=nobody.pk).tags
    told = Notice.objects.get(kind="rule failed")
    assert (told.to, told.entry) == ("ann", nobody)


@pytest.mark.usefixtures("works")
def test_a_rule_gives_nothing_to_who_may_not_know_of_it() -> None:
    put(rule("secret", confidentiality="secret"), rule("to ben", assign="works/ben"))
    entry = enter()
    run()
    found = Entry.objects.get(pk=entry.pk)
    assert (found.confidentiality, found.department, found.person) == (Confidentiality.SECRET, "", "")
    assert found.tags == ["second look"]
    failed = views.show(entry.number)["history"][-1]["content"]["failed"]
    assert failed["assign"].startswith("ben may not know of it: it is secret")


@pytest.mark.usefixtures("works")
def test_nothing_follows_twice_from_an_event() -> None:
    put(rule("all", tags=("seen",)))
    enter()
    run()
    before = views.show("IN-2026-000001-7")
    Mark.objects.filter(name="followed IN").update(told={"sequence": 1})
    run()
    assert views.show("IN-2026-000001-7") == before
    assert run() == 0


def test_without_rules_what_happens_is_passed_over(register: Path) -> None:
    enter()
    assert (run(), behind()) == (0, 0)
    office.put("department", Department("works"), ACT)
    office.put("user", User("ben"), ACT)
    put(rule("all", assign="works"))
    run()
    assert now(Entry.objects.get()) == ("registered", "", "", "normal")


@pytest.mark.usefixtures("works")
def test_an_event_waits_for_a_service_that_does_not_answer() -> None:
    put(rule("text", "has_words(text, 'eviction')", priority="urgent"), rule("all", assign="works"))
    entry = enter()

    def silent(_: Entry) -> str:
        raise Unavailable("the archive does not answer")

    with pytest.raises(Unavailable):
        follow(Desk(decisions.office(), ZONE, text=silent), FOLLOWERS)
    assert (now(entry)[:3], behind()) == (("registered", "", ""), 1)
    run("An eviction notice")
    assert now(entry) == ("assigned", "works", "", "urgent")


@pytest.mark.usefixtures("works")
def test_what_other_rules_would_have_done() -> None:
    put(
        rule("noise", "has_words(subject, 'noise')", 10, assign="works", priority="high"),
        rule("never", "class == 'invoice'", 20, assign="legal"),
        rule("late", "true", 30, assign="legal"),
    )
    first, second = enter(), enter(replace(LETTER, subject="Silence"))
    run()
    entries.amend(first.number, lambda one: replace(one, subject="Quite another"), ACT, zone=ZONE)
    there = decisions.office()
    tried = {name: one for name, one in there.rules.items() if name != "noise"}
    past = [
        (entry.number, day, told, lambda: "")
        for entry, day, told in rules.came_in(AT.date(), AT.date(), ZONE)
    ]
    assert rules.trial(there, tried, past) == {
        "entries": 2,
        "changed": [
            {
                "number": first.number,
                "before": {"assign": "works", "priority": "high"},
                "after": {"assign": "legal"},
            }
        ],
        "rules": [
            {"name": "never", "matched": 0, "overruled": 0, "failed": ""},
            {"name": "late", "matched": 2, "overruled": 0, "failed": ""},
        ],
        "conflicts": [],
        "dead": ["never"],
    }
    whole = rules.trial(there, there.rules, past)
    assert whole["conflicts"] == [{"first": "noise", "second": "late", "action": "assign", "entries": 1}]
    assert whole["changed"] == []
    assert second.number in {number for number, *_ in past}


def days(some: Iterable[Rule], day: date) -> list[str]:
    return [one.name for one in in_order({one.name: one for one in some}, day)]


def test_rules_hold_on_their_days_and_in_their_order() -> None:
    today = date(2026, 3, 4)
    some = [
        rule("b", order=2),
        rule("c", order=2),
        rule("a", order=9),
        replace(rule("over"), until=today - timedelta(days=1)),
        replace(rule("last day", order=1), until=today),
        replace(rule("to come"), since=today + timedelta(days=1)),
    ]
    assert days(some, today) == ["last day", "b", "c", "a"]
    assert route([], {}).said == {}


def test_what_a_rule_needs_stays(register: Path) -> None:
    office.put("field", CustomField("plot", FieldKind.NUMBER), ACT)
    office.put("field", CustomField("size", FieldKind.NUMBER), ACT)
    office.put("webhook", Webhook("erp", "https://erp.example.org/x"), ACT)
    put(
        rule("plots", "pages > 1 && custom.plot > 10.0", tags=("x",)), rule("told", "true", notify=("erp",)),
    )  # fmt: skip
    for kind, name, said in (
        ("field", "plot", "field plot cannot go: the rule plots asks for it or sets it"),
        ("webhook", "erp", "webhook erp cannot go: the rule told notifies it"),
    ):
        with pytest.raises(Usage) as error:
            office.take_away(kind, name, ACT)
        assert str(error.value) == said
    put(rule("numbers", "custom.plot > 10.0", tags=("x",)))
    with pytest.raises(Usage, match=r"the rule plots could not be followed any more: .* Change it first"):
        office.put("field", CustomField("plot", FieldKind.TEXT), ACT)
    office.take_away("field", "size", ACT)
    for name in ("plots", "numbers", "told"):
        office.take_away("rule", name, ACT)
    office.take_away("field", "plot", ACT)
    office.take_away("webhook", "erp", ACT)
