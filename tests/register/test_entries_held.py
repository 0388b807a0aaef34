"""What holds entries to their states, classes, approvals, answers and registers."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.correspondence import Details, Direction, Relation
from domain.errors import Forbidden, Usage
from domain.office import CustomField, Department, FieldKind, Post, Role, User
from domain.states import States
from register import entries, holding, relations
from register.decisions import office
from register.models import Entry
from register.office import put, rights_of
from tests.register.filings import AT
from tests.register.test_entries import ACT, LETTER, ZONE, enter, now, told

PAID = States({"invoice": {Direction.INCOMING: {"new": ("paid",), "paid": ()}}})


def reclassed(number: str, label: str) -> Entry:
    return entries.amend(number, lambda one: replace(one, label=label), ACT, zone=ZONE, office=PAID)


def test_another_class_does_not_let_an_entry_out_of_its_states(register: Path) -> None:
    fresh = enter()
    assert reclassed(fresh.number, "invoice").status == "new"
    said = told(fresh)[-1][1]
    assert (said["before"], said["after"]) == (
        {"label": "", "status": "registered"}, {"label": "invoice", "status": "new"},
    )  # fmt: skip
    ended = enter()
    entries.move(ended.number, "withdrawn", replace(ACT, reason="by the sender"))
    with pytest.raises(Usage, match="say why its label is changed"):
        reclassed(ended.number, "invoice")
    again = replace(ACT, reason="it is one")
    with pytest.raises(Usage, match="is withdrawn, which entries of the class invoice never are"):
        entries.amend(ended.number, lambda one: replace(one, label="invoice"), again, zone=ZONE, office=PAID)
    Entry.objects.filter(pk=ended.pk).update(label="invoice")  # as a document of it may be classed
    with pytest.raises(Usage, match="cannot become paid: it may become new"):
        entries.move(ended.number, "paid", again, office=PAID)


def test_fields_of_another_class(register: Path) -> None:
    put("field", CustomField("plot", FieldKind.TEXT, label="letter"), ACT)
    put("field", CustomField("due", FieldKind.TEXT, label="complaint", required=True), ACT)
    put("field", CustomField("cost", FieldKind.NUMBER), ACT)
    made = enter(replace(LETTER, label="letter", custom={"plot": "4711"}))

    def amend(**said: Any) -> Entry:
        return entries.amend(made.number, lambda one: replace(one, **said), ACT, zone=ZONE)

    with pytest.raises(
        Usage, match=r"no field .plot. of the class letter for this entry.*Leave it out, or empty it"
    ):
        amend(label="complaint")
    with pytest.raises(Usage, match="due is missing"):
        amend(label="complaint", custom={})
    assert amend(label="complaint", custom={"due": "soon"}).custom == {"due": "soon"}
    # Its document may be classed anew beside it: then nobody who changes another field is asked for that one.
    Entry.objects.filter(pk=made.pk).update(label="letter", custom={"due": "soon"})
    assert amend(custom={"due": "soon", "cost": "5"}).custom == {"due": "soon", "cost": "5"}


def test_what_was_approved_stays_as_approved(register: Path) -> None:
    for one in (
        User("ben", posts=(Post(Role.CASE_HANDLER),)), User("ann", posts=(Post(Role.REGISTRAR),)),
    ):  # fmt: skip
        put("user", one, ACT)
    made = enter(Details(subject="Our answer", recipients=("Ada Ltd",)), Direction.OUTGOING)

    def amend(name: str, reason: str = "", **said: Any) -> Entry:
        act = replace(ACT, reason=reason, rights=rights_of(office(), name, AT.date()) if name else None)
        return entries.amend(made.number, lambda one: replace(one, **said), act, zone=ZONE)

    entries.move(made.number, "for approval", ACT)
    amend("ben", subject="An answer")
    for state in ("approved", "signed", "dispatched"):
        entries.move(made.number, state, ACT)
        with pytest.raises(Forbidden, match=f"is {state}: its recipients stays as approved"):
            amend("ben", reason="a slip", recipients=("Mallory",))
        amend("ben", tags=(state,))
    with pytest.raises(Usage, match="say why its subject is changed"):
        amend("ann", subject="Other")
    assert amend("ann", reason="a slip of the pen", subject="Other").subject == "Other"


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("void", "is void"), ("draft", "is draft"), ("incoming", "is incoming too"), ("internal", ""),
    ],
)  # fmt: skip
def test_what_counts_as_an_answer(register: Path, answer: str, problem: str) -> None:
    letter = enter()
    entries.move(letter.number, "in progress", ACT)
    direction = Direction(answer) if answer in ("incoming", "internal") else Direction.OUTGOING
    made = enter(replace(LETTER, recipients=("Ada",)), direction)
    relations.relate(made.number, Relation.ANSWERS, letter.number, ACT)
    if answer == "void":
        entries.strike(made.number, replace(ACT, reason="twice"))
    if problem:
        with pytest.raises(Usage, match=f"its answer {made.number} {problem}. Name one that counts"):
            entries.move(letter.number, "answered", ACT)
    else:
        assert entries.move(letter.number, "answered", ACT).status == "answered"


def test_a_relation_is_taken_back_with_the_reason(register: Path) -> None:
    one, other = enter(), enter()
    relations.relate(one.number, Relation.DUPLICATES, other.number, ACT)
    with pytest.raises(Usage, match="Say why"):
        relations.unrelate(one.number, Relation.DUPLICATES, other.number, ACT)
    slip = replace(ACT, reason="another matter")
    with pytest.raises(Usage, match="that is not said"):
        relations.unrelate(one.number, Relation.CONCERNS, other.number, slip)
    entries.strike(other.number, replace(ACT, reason="twice"))
    relations.unrelate(one.number, Relation.DUPLICATES, other.number, slip)
    assert (now(one).relations, now(other).relations) == ([], [])
    assert told(one)[-1] == (
        "no longer related",
        {"relation": "duplicates", "number": other.number, "reason": "another matter"},
    )
    assert told(other)[-1][0] == "no longer related"


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"received_at": datetime(1, 1, 1, tzinfo=UTC)}, "received_at is 0001-01-01.*the day on which"),
        ({"received_at": AT - timedelta(days=400)}, "over a year ago: say why"),
        ({"details": replace(LETTER, dated=date(1, 1, 1))}, "dated is 0001-01-01"),
        ({"register": "OUT"}, "register is OUT, which is for outgoing ones"),
    ],
)
def test_what_cannot_have_come_so(register: Path, said: dict[str, Any], problem: str) -> None:
    with pytest.raises(Usage, match=problem):
        enter(**said)
    assert not Entry.objects.exists()


def test_a_user_opens_no_register_by_a_slip(register: Path) -> None:
    put("user", User("ann", posts=(Post(Role.REGISTRAR),)), ACT)
    ann = replace(ACT, rights=rights_of(office(), "ann", AT.date()))
    with pytest.raises(Usage, match="register is INN, which there is not; there are: IN, INT, OUT"):
        enter(register="INN", act=ann)
    enter(register="LEGAL")
    assert enter(register="LEGAL", act=ann).register == "LEGAL"


def test_it_goes_back_to_whoever_had_it_however_it_was_given(register: Path) -> None:
    made = enter(department="works", person="ben")
    back = replace(ACT, reason="not mine")
    decide_rule = {"rules": {}, "before": {}, "after": {"department": "tax", "person": ""}, "reason": ""}
    Entry.objects.filter(pk=made.pk).update(department="tax", person="")
    entries.recorded(made, "routed", decide_rule, ACT)
    once = holding.give_back(made.number, back)
    assert (once.department, once.person) == ("works", "ben")
    twice = holding.give_back(made.number, back)
    assert (twice.department, twice.person, twice.status) == ("", "", "registered")
    with pytest.raises(Usage, match="is with the registry"):
        holding.give_back(made.number, back)


def test_it_does_not_go_back_to_who_has_left(register: Path) -> None:
    for one in (Department("works"), Department("tax")):
        put("department", one, ACT)
    lea = User("lea", posts=(Post(Role.CASE_HANDLER, "works"),))
    put("user", lea, ACT)
    put("user", User("ben", posts=(Post(Role.CASE_HANDLER, "tax"),)), ACT)
    made = enter(department="works", person="lea")
    holding.assign(made.number, ACT, department="tax", person="ben")
    put("user", replace(lea, active=False), ACT)
    gone = holding.give_back(made.number, replace(ACT, reason="not ours"))
    assert (gone.department, gone.person) == ("", "")
