"""Who sent an entry: people and organisations, found again, merged by people only."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError

from domain.correspondence import Channel, Direction
from domain.document import Field
from domain.errors import Missing, Stale, Usage
from domain.party import Address, Consent, PartyDetails, PartyKind, Reached, format_party
from register import entries, party_acts, party_history, party_views, views
from register.indexing import index_entry
from register.models import EntryParty, Mark, Outbox, Party, PartyContent, PartyEvent, PartyKey
from register.parties import find, reach
from register.party_following import follow_parties
from tests.register.filings import file_one, open_batch
from tests.register.officers import ACT, LETTER, TODAY, ZONE, enter
from tests.register.tampering import past_the_guards

WHY = replace(ACT, reason="the same house")
ADA = PartyDetails(
    "Ada Ltd",
    PartyKind.ORGANISATION,
    ("Lovelace",),
    (Address(("1 High St",), "AB1 2CD", "London", "gb"),),
    ("vat: GB 980780684",),
    ("Info@Ada.example", "ada@ada.example"),
    ("020 7946 0018",),
    Channel.EMAIL,
    "EN",
    (Consent("notices", date(2026, 1, 1), date(2026, 12, 31), "form 3"),),
    "Rings twice",
)


def sent_by(*names: str, **more: Any) -> Any:
    return enter(details=replace(LETTER, senders=names), **more)


def of(entry: Any) -> list[tuple[str, str]]:
    return [(one["party"], one["name"]) for one in views.show(entry.number)["parties"]]


def read(name: str, value: str) -> Field:
    return Field(name, value, 1, (0, 0, 1, 1), 1.0, None, value)


def scanned(name: str, sender: str, *fields: Field) -> Any:
    return file_one(open_batch(name, pages=1), 0, ((0, 1),), sender=sender, recipient="", fields=fields).entry


def test_a_party_is_kept_in_one_form(register: Path) -> None:
    made = party_acts.new(ADA, ACT)
    shown = party_views.show(str(made.key))
    assert {name: shown[name] for name in shown if name != "history"} == {
        "number": "P-000001-1",
        "name": "Ada Ltd",
        "kind": "organisation",
        "other_names": ["Lovelace"],
        "addresses": [{"lines": ["1 High St"], "postcode": "AB1 2CD", "city": "London", "country": "GB"}],
        "identifiers": ["vat:GB980780684"],
        "emails": ["info@ada.example", "ada@ada.example"],
        "phones": ["+442079460018"],
        "preferred": "e-mail",
        "language": "en",
        "consents": [
            {"purpose": "notices", "since": "2026-01-01", "until": "2026-12-31", "evidence": "form 3"}
        ],
        "notes": "Rings twice",
        "merged": [],
        "entries": 0,
        "similar": [],
    }
    assert [(one["kind"], one["actor"]) for one in shown["history"]] == [("entered", "eva")]


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a name": ({"name": " "}, "name is ' '"),
    "an identifier": ({"identifiers": ("vat:GB980780685",)}, "its check digits are wrong"),
    "an address": ({"emails": ("ada",)}, "email is 'ada'"),
    "a telephone": ({"phones": ("12",)}, "phone is '12'"),
    "a country": ({"addresses": (Address(("x",), country="XX"),)}, "country is 'XX'"),
    "no place": ({"addresses": (Address(country="GB"),)}, "address is empty"),
    "a language": ({"language": "english"}, "language is 'english'"),
    "no purpose": ({"consents": (Consent(""),)}, "consent says not to what"),
    "the end": (
        {"consents": (Consent("notices", date(2026, 2, 2), date(2026, 2, 1)),)},
        "ends on 2026-02-01, before it begins on 2026-02-02",
    ),
}  # fmt: skip


@pytest.mark.parametrize("which", WRONG)
def test_what_cannot_be_is_refused_and_nothing_written(register: Path, which: str) -> None:
    said, why = WRONG[which]
    with pytest.raises(Usage, match=why):
        party_acts.new(replace(ADA, **said), ACT)
    assert (Party.objects.count(), PartyEvent.objects.count(), Outbox.objects.count()) == (0, 0, 0)


def test_what_is_somebody_elses_is_refused(register: Path) -> None:
    ada, bob = party_acts.new(ADA, ACT), party_acts.new(PartyDetails("Bob"), ACT)
    with pytest.raises(Usage, match=r"identifier is 'vat:GB980780684', which is P-000001-1's, Ada Ltd"):
        party_acts.change(str(bob.key), lambda one: replace(one, identifiers=ADA.identifiers), ACT)
    with pytest.raises(Usage, match=r"email is 'info@ada.example', which is P-000001-1's"):
        party_acts.new(PartyDetails("Eve", emails=("info@ada.example",)), ACT)
    party_acts.change(str(ada.key), lambda one: replace(one, emails=()), ACT)
    assert party_acts.new(PartyDetails("Eve", emails=("info@ada.example",)), ACT).name == "Eve"


def test_a_change_keeps_what_was_known_before(register: Path) -> None:
    made = party_acts.new(ADA, ACT)
    act = replace(ACT, actor="ben", reason="moved", seen=1)
    party_acts.change("p-000001-1", lambda one: replace(one, addresses=(), language="de"), act)
    event = party_views.history(str(made.key))[-1]
    place = {"lines": ["1 High St"], "postcode": "AB1 2CD", "city": "London", "country": "GB"}
    assert (event["kind"], event["actor"], event["content"]) == (
        "changed",
        "ben",
        {
            "before": {"addresses": [place], "language": "en"},
            "after": {"addresses": None, "language": "de"},
            "reason": "moved",
            "similar": [],
        },
    )
    with pytest.raises(Usage, match="P-000001-1 says that already"):
        party_acts.change(str(made.key), lambda one: one, ACT)
    with pytest.raises(Stale, match="P-000001-1 was changed meanwhile: changed by ben at 2026-03-04"):
        party_acts.change(str(made.key), lambda one: replace(one, notes="x"), act)


def test_numbers_of_parties_are_checked(register: Path) -> None:
    party_acts.new(ADA, ACT)
    with pytest.raises(Usage, match="party is 'P-000001-2': its check digit is wrong"):
        find("P-000001-2")
    with pytest.raises(Missing, match=f"There is no party {format_party(9)}"):
        find(format_party(9))
    with pytest.raises(Usage, match="give its number"):
        find("Ada Ltd")


def test_the_same_name_is_the_same_party_and_stays_as_it_was_written(register: Path) -> None:
    entered, again, filed = sent_by("Ada Ltd"), sent_by("ADA  LTD"), scanned("a.pdf", "Áda Ltd")
    assert of(entered) == [("P-000001-1", "Ada Ltd")]
    assert of(again) == [("P-000001-1", "ADA  LTD")]
    assert of(filed) == [("P-000001-1", "Áda Ltd")]
    assert Party.objects.count() == 1
    party_acts.change("P-000001-1", lambda one: replace(one, name="Ada Limited"), ACT)
    assert entries.details_of(entered).senders == ("Ada Ltd",)
    assert party_views.show("P-000001-1")["entries"] == 3


def test_a_sender_is_named_by_its_number(register: Path) -> None:
    party_acts.new(PartyDetails("Smith"), ACT)
    party_acts.new(PartyDetails("Smith", emails=("b@x.org",)), ACT)
    made = sent_by("P-000002-0")
    assert of(made) == [("P-000002-0", "Smith")]
    assert views.show(made.number)["history"][0]["content"]["senders"] == ["Smith"]
    assert of(sent_by("Smith")) == [("P-000001-1", "Smith")]  # of several of one name the first
    for wrong, why in (("P-000002-9", "its check digit is wrong"), (format_party(99), "There is no party")):
        with pytest.raises(Usage, match=why):
            sent_by(wrong)
    entries.amend(made.number, lambda one: replace(one, senders=("P-000001-1",)), ACT, zone=ZONE)
    assert of(made) == [("P-000001-1", "Smith")]
    assert views.show(made.number)["history"][-1]["content"]["parties"] == {"senders": ["P-000001-1"]}


def test_a_letter_is_known_by_its_identifiers(register: Path) -> None:
    party_acts.new(ADA, ACT)
    mail = sent_by("Ada Lovelace <ADA@ada.example>")
    assert of(mail) == [("P-000001-1", "Ada Lovelace <ADA@ada.example>")]
    assert of(scanned("a.pdf", "Ada", read("vat_id", "GB980780684"))) == [("P-000001-1", "Ada")]
    assert of(scanned("b.pdf", "ADA LIMITED", read("phone", "+442079460018"))) == [
        ("P-000001-1", "ADA LIMITED")
    ]
    assert Party.objects.count() == 1
    # An invoice bears those of whom it is sent to as well: never a link against the name, but a proposal.
    other = scanned("c.pdf", "Town Hall", read("vat_id", "GB980780684"))
    assert of(other) == [("P-000002-0", "Town Hall")]
    assert [(one["first"]["name"], one["why"]) for one in party_views.similar()] == [
        ("Ada Ltd", ["name 0.24", "same vat"])
    ]


def test_a_party_learns_what_its_letter_alone_can_mean(register: Path) -> None:
    scanned("a.pdf", "Brightwater", read("vat_id", "GB980780684"), read("email", "a@x.org"),
            read("email", "b@x.org"), read("iban", "DE88370400440532013000"))  # fmt: skip
    assert list(PartyKey.objects.values_list("kind", "value")) == [("vat", "GB980780684")]
    assert of(scanned("b.pdf", "Bright Water", read("vat_id", "GB980780684"))) == [
        ("P-000001-1", "Bright Water")
    ]
    scanned("c.pdf", "Somebody Else", read("vat_id", "GB980780684"))
    assert PartyKey.objects.count() == 1  # it is nobody else's


def test_like_names_are_proposed_never_merged(register: Path) -> None:
    first, second = sent_by("Brightwater Services Ltd"), sent_by("Brightwatcr Services")
    assert [of(first)[0][0], of(second)[0][0]] == ["P-000001-1", "P-000002-0"]
    assert party_views.similar() == [
        {
            "first": {"number": "P-000001-1", "name": "Brightwater Services Ltd"},
            "second": {"number": "P-000002-0", "name": "Brightwatcr Services"},
            "score": 0.95,
            "why": ["name 0.95"],
        }
    ]
    content = party_views.history("P-000002-0")[0]["content"]
    assert content == {
        "after": {"name": "Brightwatcr Services"},
        "similar": [{"party": "P-000001-1", "score": 0.95, "why": ["name 0.95"]}],
    }
    assert party_views.show("P-000001-1")["similar"] == [
        {"number": "P-000002-0", "name": "Brightwatcr Services", "score": 0.95, "why": ["name 0.95"]}
    ]


def test_history_of_parties_is_only_added_to(register: Path) -> None:
    party_acts.new(ADA, ACT)
    with pytest.raises(IntegrityError, match="append-only"):
        PartyEvent.objects.update(actor="nobody")
    with pytest.raises(IntegrityError, match="append-only"):
        PartyEvent.objects.all()._raw_delete("default")
    with pytest.raises(IntegrityError, match="append-only"):
        PartyContent.objects.update(body="{}")
    with pytest.raises(IntegrityError, match="append-only"):
        PartyContent.objects.all()._raw_delete("default")


def test_what_was_altered_all_the_same_is_found(register: Path) -> None:
    party_acts.new(ADA, ACT)
    assert list(party_history.breaks()) == []
    with past_the_guards():
        PartyContent.objects.filter(event__sequence=1).update(body="{}")
    assert [(one["number"], one["problem"]) for one in party_history.breaks()] == [
        ("P-000001-1", "the event's content was altered")
    ]


def test_what_an_event_says_and_is_gone_is_found(register: Path) -> None:
    party_acts.new(ADA, ACT)
    party_acts.change("P-000001-1", lambda one: replace(one, notes=""), ACT)
    with past_the_guards():
        PartyContent.objects.filter(event__sequence=1).delete()
    assert [(one["sequence"], one["problem"]) for one in party_history.breaks()] == [
        (1, "what the event says is missing")
    ]
    assert [one["content"] is None for one in party_views.history("P-000001-1")] == [True, False]


def test_the_index_hears_of_entries_whose_party_has_another_name(register: Path) -> None:
    made = [sent_by("Ada GmbH") for _ in range(3)]
    sent_by("Ada Ltd")
    Outbox.objects.update(recorded_at=ACT.at, delivered_at=ACT.at)
    follow_parties()
    assert not Outbox.objects.filter(delivered_at=None).exists()
    party_acts.merge(of_name("Ada Ltd"), of_name("Ada GmbH"), WHY)
    Outbox.objects.exclude(party_event=None).update(recorded_at=ACT.at, delivered_at=ACT.at)
    follow_parties()
    waiting = Outbox.objects.filter(delivered_at=None).order_by("id")
    assert [row.entry.number for row in waiting if row.entry] == [one.number for one in made]
    assert {index_entry(row, (), ZONE).sender for row in waiting} == {"Ada GmbH; Ada Ltd"}
    waiting.update(delivered_at=ACT.at)
    assert follow_parties() == 0


def of_name(name: str) -> str:
    return str(Party.objects.get(name=name).key)


def test_parties_of_before_get_their_numbers(register: Path) -> None:
    old = Party.objects.create(name="Ada Ltd", folded="ada ltd")
    entry = sent_by("Bob")
    EntryParty.objects.create(entry=entry, party=old, role="recipient", written="Ada Ltd")
    follow_parties()
    old.refresh_from_db()
    assert old.key == "P-000002-0"
    assert party_views.history("P-000002-0")[0]["content"] == {"after": {"name": "Ada Ltd"}, "similar": []}
    assert of(sent_by("Ada Limited"))[0][0] == "P-000003-8"
    assert [one["first"]["number"] for one in party_views.similar()] == ["P-000002-0"]
    assert list(party_history.breaks()) == []
    assert Mark.objects.get(name="followed parties").told["sequence"] == 2


def test_how_a_sender_is_reached(register: Path) -> None:
    party_acts.new(ADA, ACT)
    letter = sent_by("Lovelace", "P-000001-1", "Bob")
    assert [one for _, one in reach(letter, TODAY)] == [
        Reached("Lovelace", "", "", False),
        Reached("Ada Ltd", "info@ada.example", "en", True),
        Reached("Bob", "", "", False),
    ]
    assert [one.consent for _, one in reach(letter, date(2027, 1, 1))] == [False, False, False]
    assert [one.consent for _, one in reach(letter, TODAY, "adverts")] == [False, False, False]


def test_what_goes_out_has_parties_too(register: Path) -> None:
    sent = enter(details=replace(LETTER, senders=(), recipients=("Ada Ltd",)), direction=Direction.OUTGOING)
    assert of(sent) == [("P-000001-1", "Ada Ltd")]
    (record,) = Outbox.objects.filter(entry=sent).values_list("body", flat=True)
    assert json.loads(record)["entry"]["parties"] == [
        {"role": "recipient", "name": "Ada Ltd", "party": "P-000001-1"}
    ]


def test_a_scanned_letter_is_known_by_name_and_address(register: Path) -> None:
    at, elsewhere = "1 High Street;AB1 2CD;London", "9 Low Road;ZZ1 2CD;York"
    scanned("a.pdf", "Brightwater Services", read("sender_address", at))
    misread = scanned("b.pdf", "Brightwater Servlces", read("sender_address", "1 High Streef;AB1 2CD;London"))
    assert of(misread) == [("P-000001-1", "Brightwater Servlces")]
    other = scanned("c.pdf", "Brightwater Servlces", read("sender_address", elsewhere))
    assert of(other) == [("P-000002-0", "Brightwater Servlces")]
    assert party_views.show("P-000002-0")["addresses"] == [
        {"lines": ["9 Low Road"], "postcode": "ZZ1 2CD", "city": "York", "country": ""}
    ]
