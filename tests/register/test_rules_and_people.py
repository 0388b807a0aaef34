"""Rules beside people: what a person said stays; what rules hide from its holder goes to who may see it."""

from dataclasses import replace

import pytest

from domain.correspondence import Confidentiality, Details, Priority
from domain.document import Verdict
from domain.errors import Usage
from domain.office import Department, Post, Role, User
from register import entries, review, views
from register.models import Entry, Notice
from tests.register.filings import AT, file_one, open_batch
from tests.register.officers import ACT, LETTER, ZONE, decide, enter
from tests.register.test_rules import put, rule, run

SECRET = Confidentiality.SECRET


@pytest.fixture(autouse=True)
def works(register: object) -> None:
    decide(
        Department("works"),
        Department("legal"),
        User("ben", posts=(Post(Role.CASE_HANDLER, "works"),)),
        User("lea", posts=(Post(Role.CASE_HANDLER, "legal"),), clearance=SECRET),
        User("ann", posts=(Post(Role.REGISTRAR),), clearance=SECRET),
    )


def levels(entry: Entry) -> tuple[str, str]:
    now = Entry.objects.get(pk=entry.pk)
    return now.priority, now.confidentiality


def held(entry: Entry) -> tuple[str, str, str]:
    now = Entry.objects.get(pk=entry.pk)
    return now.status, now.department, now.person


def failed(entry: Entry) -> dict[str, str]:
    found: dict[str, str] = views.show(entry.number)["history"][-1]["content"]["failed"]
    return found


def test_what_a_person_said_stays_and_nothing_becomes_less_confidential() -> None:
    put(rule("plain", confidentiality="public", priority="low"))
    urgent = enter(details=replace(LETTER, confidentiality=SECRET, priority=Priority.URGENT))
    usual = enter()
    run()
    assert levels(urgent) == ("urgent", "secret")
    assert levels(usual) == ("low", "internal")


def test_rules_make_more_confidential_what_a_person_said_too() -> None:
    put(rule("strict", confidentiality="confidential"))
    entry = enter(details=replace(LETTER, confidentiality=Confidentiality.PUBLIC))
    run()
    assert levels(entry) == ("normal", "confidential")


def test_what_a_person_amended_before_the_rules_were_asked_stays() -> None:
    put(rule("high", "class == 'letter'", 1, priority="high"), rule("all", priority="low"))
    batch = open_batch()
    unsure = Verdict(None, "letter", 0.5, (), "v1")
    first, second = (file_one(batch, place, ((0, place + 1),), verdict=unsure) for place in (0, 1))
    entries.amend(first.entry.number, lambda one: replace(one, priority=Priority.URGENT), ACT, zone=ZONE)
    run()
    assert (levels(first.entry)[0], levels(second.entry)[0]) == ("urgent", "low")
    for one in (first, second):
        review.label(one.key, "letter", actor="eva", at=AT, today={"letter": "letter"})
    run()  # what rules said themselves, they may say otherwise
    assert (levels(first.entry)[0], levels(second.entry)[0]) == ("urgent", "high")


@pytest.mark.parametrize("person", ["ben", ""])
def test_what_becomes_too_confidential_for_its_holder_goes_to_the_registry(person: str) -> None:
    put(rule("secret", confidentiality="secret"))
    entry = enter(department="works", person=person)
    who = "ben may not know of it" if person else "confidentiality is secret, and nobody of works may"
    decide(User("ann", posts=(Post(Role.REGISTRAR, "legal"),), clearance=SECRET))
    decide(User("rae", posts=(Post(Role.REGISTRAR, "works"),)))
    run()
    assert levels(entry) == ("normal", "secret")
    assert held(entry) == ("registered", "", "")
    assert failed(entry)["confidentiality"].startswith(who)
    assert Entry.objects.get().tags == ["second look"]


def test_the_registrars_are_told_and_what_the_rules_assign_is_followed() -> None:
    put(rule("secret", confidentiality="secret"), rule("lea", "subject == 'Noise'", assign="legal/lea"))
    known = enter(department="works", person="ben")
    other = enter(details=replace(LETTER, subject="Silence"), department="works", person="ben")
    run()
    assert held(known) == ("assigned", "legal", "lea")
    assert held(other) == ("registered", "", "")
    told = Notice.objects.filter(kind="rule failed").order_by("pk").values_list("to", "entry__number")
    assert list(told) == [("ann", known.number), ("ann", other.number)]


def test_who_may_know_of_it_keeps_it() -> None:
    put(rule("secret", confidentiality="secret"), rule("works", assign="works"))
    entry = enter(department="legal", person="lea")
    run()
    assert (levels(entry)[1], held(entry), failed(entry)) == ("secret", ("assigned", "legal", "lea"), {})


def test_a_department_in_which_nobody_may_know_of_it_is_given_nothing() -> None:
    decide(User("ann", posts=(Post(Role.REGISTRAR, "legal"),)))
    put(rule("secret", confidentiality="secret", assign="works"))
    entry = enter()
    run()
    assert held(entry) == ("registered", "", "")
    assert failed(entry)["assign"].startswith("confidentiality is secret, and nobody of works may work on")


def secretly(one: Details) -> Details:
    return replace(one, confidentiality=SECRET)


def test_what_is_amended_stays_with_somebody_who_can_work_on_it() -> None:
    decide(User("ann", posts=(Post(Role.REGISTRAR, "legal"),), clearance=SECRET))
    entry = enter(department="works")
    with pytest.raises(Usage) as error:
        entries.amend(entry.number, secretly, ACT, zone=ZONE)
    assert str(error.value) == (
        "confidentiality is secret, and nobody of works may work on what is secret. Give it to somebody who "
        "may first: postroom entry assign"
    )
    assert levels(entry) == ("normal", "internal")
    for where in ("legal", ""):  # where somebody may, and the registry's own queue
        entries.amend(enter(department=where).number, secretly, ACT, zone=ZONE)
