"""Rules that set language, location and the office's own fields, beside what people said of them."""

from dataclasses import replace
from typing import Any

import pytest

from domain.correspondence import Direction, Priority
from domain.errors import Usage
from domain.office import CustomField, Department, FieldKind, Post, Role, Rule, User
from register import entries, office, views
from register.models import Entry
from tests.register.officers import ACT, LETTER, ZONE, decide, enter
from tests.register.test_rules import put, rule, run


@pytest.fixture(autouse=True)
def works(register: object) -> None:
    decide(
        Department("works"),
        User("ann", posts=(Post(Role.REGISTRAR),)),
        CustomField("plot", FieldKind.NUMBER, required=True),
        CustomField("street"),
        CustomField("permit", FieldKind.YES_NO, label="permit"),
    )


def details(entry: Entry) -> tuple[str, str, dict[str, Any]]:
    now = Entry.objects.get(pk=entry.pk)
    return now.language, now.location, now.custom


LETTER = replace(LETTER, custom={"plot": "1"})


def test_what_a_person_said_as_usual_stays_too() -> None:
    put(rule("all", "true", 1, priority="high", language="es", location="shelf", fields=("street=Elm",)))
    said = {"priority": Priority.NORMAL, "language": "", "custom": {"street": "", "plot": "1"}}
    entry = entries.enter(Direction.INCOMING, LETTER, ACT, zone=ZONE, said=said)
    other = entries.enter(Direction.INCOMING, LETTER, ACT, zone=ZONE, said={"subject": LETTER.subject})
    run()
    assert views.show(entry.number)["history"][0]["content"]["said"] == [
        "priority", "language", "custom.street",
    ]  # fmt: skip
    assert details(entry) == ("", "shelf", {"plot": "1"})
    assert details(other) == ("es", "shelf", {"plot": "1", "street": "Elm"})
    assert [Entry.objects.get(pk=one.pk).priority for one in (entry, other)] == ["normal", "high"]


def test_rules_set_what_nobody_said() -> None:
    put(
        rule("first", "true", 1, language="es", location="shelf 3", fields=("plot=12.50", "street=Elm")),
        rule("second", "true", 2, language="de", fields=("street = Oak = Ash",)),
    )
    entry = enter(details=LETTER)
    said = enter(
        details=replace(LETTER, language="en", location="desk", custom={"plot": "7", "street": "Ivy"})
    )
    run()
    assert details(entry) == ("es", "shelf 3", {"plot": "1", "street": "Elm"})
    assert details(said) == ("en", "desk", {"plot": "7", "street": "Ivy"})
    content = views.show(entry.number)["history"][-1]["content"]
    assert (content["before"]["custom"], content["after"]["custom"]) == (
        {"plot": "1"}, {"plot": "1", "street": "Elm"},
    )  # fmt: skip
    assert content["overruled"] == [["second", "language", "first"], ["second", "field street", "first"]]
    assert content["failed"] == {}


def test_a_field_that_a_person_amended_stays() -> None:
    put(rule("all", fields=("street=Elm", "plot=3")))
    entry = enter(details=LETTER)
    entries.amend(
        entry.number, lambda one: replace(one, custom={**one.custom, "street": "Ivy"}), ACT, zone=ZONE
    )
    run()
    assert details(entry)[2] == {"plot": "1", "street": "Ivy"}


def test_by_class_and_a_field_of_another_class_leaves_the_entry_with_the_registry() -> None:
    put(
        rule("permits", "class == 'permit'", 1, fields=("permit=yes",), assign="works"),
        rule("bills", "class == 'bill'", 2, fields=("permit=yes", "street=Elm"), assign="works"),
    )
    permit = enter(details=replace(LETTER, label="permit"))
    bill = enter(details=replace(LETTER, label="bill"))
    run()
    assert (details(permit)[2], Entry.objects.get(pk=permit.pk).department) == (
        {"plot": "1", "permit": True}, "works",
    )  # fmt: skip
    now = Entry.objects.get(pk=bill.pk)
    assert (now.custom, now.department, now.tags) == ({"plot": "1", "street": "Elm"}, "", ["second look"])
    failed = views.show(bill.number)["history"][-1]["content"]["failed"]
    assert failed["field permit"].startswith("There is no field 'permit' of the class permit")


REFUSED = {
    "no field": (rule("x", fields=("plott=1",)), "fields of x: there is no field 'plott'. There are: permit"),
    "no number": (rule("x", fields=("plot=big",)), "fields of x: plot is 'big': give a number, such as 12.5"),
    "no value": (
        rule("x", fields=("plot",)),
        "fields of x: 'plot' is given no value: write it as NAME=VALUE",
    ),
    "twice": (rule("x", fields=("plot=1", "plot=2")), "fields of x: plot stands twice: it can be only one"),
    "nothing": (rule("x", fields=()), "fields of x: there is nothing in it"),
    "a language": (
        rule("x", language="spanish"),
        "language of x: 'spanish' is no language: give two letters",
    ),
    "locations": (rule("x", location=("a", "b")), "location of x: there can be only one"),
}


@pytest.mark.parametrize(("made", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_set_is_refused(made: Rule, said: str) -> None:
    with pytest.raises(Usage) as error:
        office.put("rule", made, ACT)
    assert str(error.value).startswith(said)


def test_a_field_that_a_rule_sets_stays_as_it_is() -> None:
    put(rule("streets", fields=("street=Elm",)))
    with pytest.raises(Usage, match="field street cannot go: the rule streets asks for it or sets it"):
        office.take_away("field", "street", ACT)
    with pytest.raises(Usage, match="the rule streets could not be followed any more: street is 'Elm'"):
        office.put("field", CustomField("street", FieldKind.NUMBER), ACT)
