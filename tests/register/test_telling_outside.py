"""Those who wrote to the office: what they hear of their letter, and who hears nothing."""

from dataclasses import replace
from typing import Any

import pytest

from domain.correspondence import Direction, Relation
from domain.document import Field
from domain.office import Rule, Webhook
from domain.party import Consent, PartyDetails
from register import office, party_acts
from register.entries import amend, move
from register.following import came_back
from register.models import Entry, Mark, Notice, Party
from register.numbers import HISTORY
from register.relations import relate
from tests.register.filings import file_one, open_batch
from tests.register.officers import ACT, LETTER, ZONE, decide, enter
from tests.register.test_telling import OUT, both, news, run
from tests.register.test_telling import staff as staff

pytestmark = pytest.mark.usefixtures("staff")


def known(name: str, address: str, *, agreed: bool = False, **more: str) -> None:
    consents = (Consent("notices"),) if agreed else ()
    said: dict[str, Any] = {"emails": (address,), "consents": consents, **more}
    if found := Party.objects.filter(name=name).first():
        assert found.key
        party_acts.change(found.key, lambda one: replace(one, **said), ACT)
    else:
        party_acts.new(PartyDetails(name, **said), ACT)


def outside(**more: Any) -> list[tuple[str, str, str, dict[str, str]]]:
    run(external=True, **more)
    found = Notice.objects.filter(kind__in=("receipt", "status")).order_by("id")
    return [(one.to, one.kind, one.language, one.told) for one in found]


def test_who_wrote_hears_of_it_once_in_the_language_of_the_letter() -> None:
    enter()
    known("Ada", "ada@example.com")
    run()
    number = enter(details=replace(LETTER, language="fr")).number
    answer = enter(details=OUT, direction=Direction.OUTGOING)
    move(number, "in progress", ACT)
    move(number, "registered", ACT)
    relate(answer.number, Relation.ANSWERS, number, ACT)
    for state in ("for approval", "approved"):
        move(answer.number, state, ACT)
    for _ in range(2):
        move(number, "in progress", ACT)
        move(number, "answered", ACT)
        move(number, "closed", ACT)
        move(number, "in progress", replace(ACT, reason="again"))
        move(number, "registered", ACT)
    assert outside() == [
        ("ada@example.com", "receipt", "fr", {}),
        ("ada@example.com", "status", "fr", {"state": "answered"}),
        ("ada@example.com", "status", "fr", {"state": "closed"}),
    ]


def test_nobody_outside_hears_where_the_office_did_not_say_so() -> None:
    enter()
    known("Ada", "ada@example.com")
    enter()
    run()
    assert Notice.objects.filter(kind="receipt").count() == 0


def scan(address: str, number: int = 0, sender: str = "Ada", sure: float = 0.95) -> Entry:
    field = Field("email", address, 1, (0, 0, 1, 1), sure, None, address)
    batch = open_batch()
    return file_one(batch, number, ((0, 1), (0, 2)), fields=(field,), sender=sender, language="es").entry


def test_an_address_that_was_read_is_taken_if_it_is_sure_and_nobodys_here() -> None:
    scan("ada@example.com")
    assert outside() == [("ada@example.com", "receipt", "es", {})]


@pytest.mark.parametrize("wrong", [{"address": "works@example.org"}, {"address": "a@b.org", "sure": 0.5}])
def test_an_address_that_may_be_anothers_is_not_written_to(wrong: Any) -> None:
    scan(**wrong)
    assert outside() == []


def test_a_receipt_goes_when_the_sender_of_a_scan_is_known_at_last() -> None:
    number = scan("ada@example.com", sender="").number
    assert outside() == []
    amend(number, lambda one: replace(one, senders=("Ada",)), ACT, zone=ZONE)
    move(number, "registered", ACT)
    assert outside() == [("ada@example.com", "receipt", "es", {})]


def test_of_what_is_confidential_only_those_hear_who_agreed() -> None:
    office.put("rule", Rule("hush", 1, "true", {"confidentiality": "secret"}), ACT)
    scan("ada@example.com")
    assert outside() == []
    known("Ada", "ada@example.com", agreed=True, language="de")
    enter(details=replace(LETTER, language="fr"))
    assert outside() == [("ada@example.com", "receipt", "de", {})]


def test_a_namesake_is_not_written_to() -> None:
    enter()
    run()
    known("Ada", "ada@example.com")
    first = Party.objects.get()
    other = party_acts.new(PartyDetails("Ada", emails=("other@example.com",)), ACT)
    enter()
    assert outside() == []
    assert first.key
    assert other.key
    party_acts.merge(first.key, other.key, replace(ACT, reason="one person"))
    enter()
    assert [one[0] for one in outside()] == ["ada@example.com"]


def test_an_address_that_a_clerk_typed_is_written_to() -> None:
    enter(details=replace(LETTER, senders=("Bob <bob@example.com>",)))
    assert [one[0] for one in outside()] == ["bob@example.com"]


def test_what_came_back_from_the_archive_was_told_before() -> None:
    decide(Webhook("all", "https://a.example.org/"))
    enter(department="works", person="ben")
    known("Ada", "ada@example.com")
    Mark.objects.all().delete()
    came_back({("IN", HISTORY): 2})
    assert news(external=True) == set()
    enter(department="works", person="ben")
    assert news(external=True) == {
        *both("ben", "assigned"),
        ("all", "webhook", "entered"),
        ("all", "webhook", "moved"),
        ("ada@example.com", "mail", "receipt"),
    }
