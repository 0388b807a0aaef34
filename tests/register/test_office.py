"""What an office decides of itself."""

import hashlib
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError

from domain.chain import body_of, moment
from domain.errors import Usage
from domain.fields import checked_values
from domain.office import (
    Closure,
    CustomField,
    Deadline,
    Delegation,
    Department,
    FieldKind,
    Office,
    Post,
    Role,
    Rule,
    User,
)
from register import decisions, entries, office
from register.models import Decision, Entry
from register.staff import still_named
from tests.register.filings import AT
from tests.register.officers import ACT, LETTER, TODAY, ZONE, decide, enter
from tests.register.tampering import past_the_guards


def test_the_last_decision_holds_and_each_is_kept(register: Path) -> None:
    assert decisions.office() == Office()
    decide(Department("works"), User("ben", posts=(Post(Role.REGISTRAR),)))
    there = replace(ACT, reason="asked for", source="192.0.2.7")
    office.change("department", "works", {"title": "Public works"}, there)
    office.take_away("department", "works", ACT)
    assert decisions.office() == Office(4, users={"ben": User("ben", posts=(Post(Role.REGISTRAR),))})
    told = decisions.versions("department", "works")
    said = ("actor", "reason", "source")
    assert [(*(one[name] for name in said), one["value"] and one["value"]["title"]) for one in told] == [
        ("eva", "", "", ""),
        ("eva", "asked for", "192.0.2.7", "Public works"),
        ("eva", "", "", None),
    ]
    assert list(decisions.breaks()) == []


@pytest.mark.parametrize("forged", ["", "203.0.113.5"])
def test_from_where_a_decision_was_made_is_chained(register: Path, forged: str) -> None:
    office.put("department", Department("works"), ACT)
    office.put("department", Department("legal"), replace(ACT, source="192.0.2.7"))
    old = Decision.objects.get(sequence=1)  # as decisions were hashed before there were sources
    names = ("sequence", "kind", "name", "body", "actor", "reason", "previous")
    told = body_of({**{name: getattr(old, name) for name in names}, "at": moment(AT)})
    assert old.hash == hashlib.sha256(told.encode()).hexdigest()
    with past_the_guards():
        Decision.objects.filter(sequence=2).update(source=forged)
    assert [(one["sequence"], one["problem"]) for one in decisions.breaks()] == [
        (2, "the decision was altered")
    ]


@pytest.mark.parametrize("change", [{"actor": "nobody"}, {"body": ""}])
def test_a_decision_is_never_changed(register: Path, change: dict[str, Any]) -> None:
    decide(Department("works"))
    with pytest.raises(IntegrityError, match="append-only"):
        Decision.objects.update(**change)
    with pytest.raises(IntegrityError, match="append-only"):
        Decision.objects.all()._raw_delete("default")


def test_a_decision_that_was_altered_all_the_same_is_found(register: Path) -> None:
    decide(Department("works"), Department("legal"))
    Decision.objects.create(
        sequence=3, kind="user", name="eve", body="{}", actor="eve", at=AT, previous="0" * 64, hash="1" * 64
    )
    assert [(one["sequence"], one["problem"]) for one in decisions.breaks()] == [
        (3, "the decision was altered"),
        (2, "the decisions end at 3, but 2 were written"),
    ]


CYCLE = "parent is 'b', which belongs to a itself"
WRONG: dict[str, tuple[Any, str]] = {
    "a name": (Department("a/b"), "name is 'a/b'"),
    "a parent": (Department("a", parent="z"), "There is no department 'z'. There are: b"),
    "itself": (Department("b", parent="b"), "parent is 'b', which belongs to b itself"),
    "an address": (Department("a", email="x@y"), "email is 'x@y'"),
    "a place of a role": (
        User("u", posts=(Post(Role.AUDITOR, "z"),)),
        "There is no department 'z'. There are: b",
    ),
    "a language": (User("u", language="english"), "language is 'english'"),
    "a field's name": (CustomField("A b"), "name is 'A b'"),
    "no choices": (CustomField("a", FieldKind.CHOICE), "choices are for a field of the kind choice"),
    "the last day": (Closure("x", date(2026, 2, 2), date(2026, 2, 1)), "it ends on 2026-02-01, before"),
    "an absent": (Delegation("x", "nobody", "ben", TODAY, TODAY), "There is no user 'nobody'"),
    "oneself": (Delegation("x", "ben", "ben", TODAY, TODAY), "ben cannot stand in for themselves"),
    "the same again": (Department("b"), "department b is so already"),
}


@pytest.mark.parametrize(("made", "said"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_is_refused_with_the_value(register: Path, made: Any, said: str) -> None:
    decide(Department("b"), User("ben"))
    with pytest.raises(Usage) as error:
        decide(made)
    assert said in str(error.value)
    assert decisions.office().version == 2


def test_departments_do_not_belong_to_each_other_in_a_ring(register: Path) -> None:
    decide(Department("a"), Department("b", parent="a"))
    with pytest.raises(Usage, match=CYCLE):
        office.change("department", "a", {"parent": "b"}, ACT)


def test_what_is_needed_stays(register: Path) -> None:
    decide(
        Department("works"),
        Department("legal", parent="works"),
        User("ben", posts=(Post(Role.AUDITOR, "legal"),)),
    )  # fmt: skip
    enter(department="works")
    for name, said in (("works", "entries are with it"), ("legal", "ben has a role in it")):
        with pytest.raises(Usage, match=said):
            office.take_away("department", name, ACT)
    with pytest.raises(Usage, match="Say that they left: postroom user leave"):
        office.take_away("user", "ben", ACT)


def test_fields_of_the_offices_own(register: Path) -> None:
    decide(
        CustomField("plot", FieldKind.NUMBER),
        CustomField("permit", FieldKind.CHOICE, "letter", choices=("new", "old"), required=True),
        CustomField("paid", FieldKind.YES_NO, "invoice"),
        CustomField("due", FieldKind.DATE),
        CustomField("fee", FieldKind.MONEY),
    )
    said = {"plot": "12.50", "permit": "new", "due": "2026-04-01", "fee": "3 EUR"}
    entry = enter(details=replace(LETTER, label="letter", custom=said))
    assert entry.custom == {"plot": "12.5", "permit": "new", "due": "2026-04-01", "fee": "3.00 EUR"}
    entries.amend(entry.number, lambda one: replace(one, custom={**one.custom, "plot": ""}), ACT, zone=ZONE)
    left = {name: value for name, value in entry.custom.items() if name != "plot"}
    assert Entry.objects.get(pk=entry.pk).custom == left
    fields = decisions.office().fields
    wrong = {
        "plot is 'x': give a number": {"plot": "x"},
        "plot is 'NaN': give a number": {"plot": "NaN"},
        "permit is 'red': give one of: new, old": {"permit": "red"},
        "due is 'soon': give a date": {"due": "soon"},
        "fee is '3': give an amount and its currency": {"fee": "3"},
        "There is no field 'paid' of the class invoice for this entry": {"paid": "yes"},
        "There is no field 'size' for this entry. The fields are: due, fee, permit, plot": {"size": "1"},
        "permit is missing: give the field a value": {"plot": "1"},
    }
    for expected, values in wrong.items():
        with pytest.raises(Usage) as error:
            checked_values(fields, "letter", values)
        assert expected in str(error.value)
    assert checked_values(fields, "invoice", {"paid": "No"}) == {"paid": False}
    with pytest.raises(Usage, match="kind is text, but entries have it as date"):
        office.change("field", "due", {"kind": FieldKind.TEXT}, ACT)


def test_what_still_names_who_left(register: Path) -> None:
    decide(
        Department("works"),
        User("ben"),
        User("cleo"),
        Rule("noise", 1, "true", {"assign": "works/ben", "notify": ("ben",)}, owner="ben"),
        Rule("over", 1, "true", {"assign": "/ben"}, until=date(2026, 1, 31)),
        Rule("other", 1, "true", {"assign": "works/cleo"}),
        Deadline("answer", hours=8, escalate="works/ben"),
        Delegation("cleo soon", "cleo", "ben", date(2026, 5, 1), date(2026, 5, 9)),
        Delegation("cleo before", "cleo", "ben", date(2026, 1, 1), date(2026, 1, 9)),
    )
    assert still_named(decisions.office(), "ben", date(2026, 3, 2)) == [
        "the rule noise assigns to them",
        "the rule noise notifies them",
        "the rule noise is theirs to answer for",
        "the deadline answer is escalated to them",
        "the delegation cleo soon: ben stands in for cleo until 2026-05-09",
    ]
    assert still_named(decisions.office(), "dora", date(2026, 3, 2)) == []
