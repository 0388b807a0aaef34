"""Entries beside their history: who writes past it is told, with the entry and the field."""

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from archive.keys import party_record_key, record_key
from domain.correspondence import Relation
from domain.document import Fate, FateKind
from domain.errors import Usage
from domain.office import Department, Post, Role, User
from domain.party import PartyDetails
from register import comparing, holding, party_acts, party_history, relations, review, sharing, voids
from register.comparing import differing, differing_parties, must_agree
from register.filing import close
from register.models import (
    Claim,
    Correction,
    Document,
    Entry,
    EntryParty,
    Event,
    EventContent,
    Outbox,
    PageFate,
    Party,
    PartyContent,
    PartyEvent,
    PartyKey,
    StoredObject,
)
from register.records import read_record, snapshots, write_record
from tests.register.filings import AT, file_one, open_batch
from tests.register.officers import ACT, ZONE, decide, enter
from tests.register.tampering import past_the_guards


def found() -> list[tuple[str, str]]:
    return [(one["number"], one["problem"]) for one in differing(record_key)]


def found_of_parties() -> list[tuple[str, str]]:
    return [(one["number"], one["problem"]) for one in differing_parties(party_record_key)]


def test_whoever_writes_past_the_history_is_told(register: Path) -> None:
    first, second, other = enter(), enter(), enter()
    assert found() == []
    Entry.objects.filter(pk=first.pk).update(
        received_at=AT.replace(year=2020), subject="forged", confidentiality="public"
    )
    EntryParty.objects.filter(entry=second).update(written="Mallory")
    assert found() == [
        (first.number, "not as its last event left it: confidentiality, received_at, subject"),
        (second.number, "not as its last event left it: parties[0].name"),
    ]
    (one, _) = differing(record_key)
    assert (one["register"], one["sequence"]) == ("IN", 1)
    for forged in (first, second):
        with pytest.raises(Usage, match=f"{forged.number} is not as its history says .*postroom verify"):
            must_agree(forged, record_key)
    must_agree(other, record_key)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda: Document.objects.update(label="invoice"), "documents[0].class"),
        (lambda: Document.objects.update(fields=[{"name": "iban"}]), "documents[0].fields"),
        (lambda: PageFate.objects.filter(page=1).update(position=9), "documents[0].account"),
        (lambda: Claim.objects.update(sha256="0" * 64), "documents[0].files[0].sha256"),
        (
            lambda: Claim.objects.update(size=1, source="x"),
            "documents[0].files[0].name, documents[0].files[0].size",
        ),
        (lambda: Correction.objects.update(reason="none"), "documents[0].corrections[0].reason"),
        (lambda: Correction.objects.all().delete(), "documents[0].corrections"),
        (lambda: EntryParty.objects.filter(role="sender").delete(), "parties"),
        (lambda: Entry.objects.update(voided_at=AT), "voided_at"),
        (lambda: Entry.objects.update(custom={"fee": 1}), "custom"),
        (lambda: Entry.objects.update(number="none/such"), "number"),
    ],
)
def test_each_part_of_an_entry_is_compared(register: Path, change: Callable[[], Any], problem: str) -> None:
    document = file_one(open_batch(pages=2), 0, ((0, 1), (0, 2)))
    review.label(document.key, "letter", actor="eva", at=AT, reason="seen")
    assert found() == []
    change()
    assert [one for _, one in found()] == [f"not as its last event left it: {problem}"]


def test_all_that_people_and_programs_do_agrees(register: Path) -> None:
    decide(Department("works"), User("ben", posts=(Post(Role.CASE_HANDLER),)))
    batch = open_batch(pages=3)
    scanned = file_one(batch, 0, ((0, 1),)).entry
    file_one(batch, 1, ((0, 2),), attach_to=scanned.number)
    close(batch, [Fate(0, 3, FateKind.BLANK)], [])
    close(open_batch("again", pages=1), [Fate(0, 1, FateKind.DUPLICATE)], [], received_again=batch)
    for number in (scanned.number, enter().number):
        holding.assign(number, ACT, department="works")
        sharing.share(number, "ben", ACT)
        relations.relate(number, Relation.ANSWERS, enter().number, ACT)
        relations.forward(number, ["Works Ltd"], ACT, zone=ZONE)
    held = Entry.objects.get(pk=scanned.pk)
    local = AT.astimezone(ZONE)  # another zone than the database's
    voids.void(held, "a mistake", actor="eva", at=local)
    assert found() == []


def test_a_record_made_anew_for_a_forged_entry_is_told(register: Path) -> None:
    """Who also writes the record anew does not know what the event certified."""
    number = enter().number
    Entry.objects.update(subject="forged")
    row = Outbox.objects.exclude(event=None).get()
    record = read_record(row.body.encode())
    record["entry"]["subject"] = "forged"
    Outbox.objects.filter(pk=row.pk).update(body=write_record(record))
    assert found() == [(number, "the record of its last event was altered")]
    Outbox.objects.filter(pk=row.pk).update(body="")
    assert found() == [(number, "the record of its last event is gone, or cannot be read")]
    Outbox.objects.filter(pk=row.pk).delete()
    assert found() == [(number, "the record of its last event is gone, or cannot be read")]


def test_of_events_of_before_the_archive_says_what_the_record_was(register: Path) -> None:
    number = enter().number
    row = Outbox.objects.exclude(event=None).get()
    record = read_record(row.body.encode())
    del record["entry"]["custom"]  # they did not tell it
    record["entry"]["parties"][0]["party"] = None
    body = write_record(record)
    Outbox.objects.filter(pk=row.pk).update(body=body)
    with past_the_guards():
        EventContent.objects.update(body="{}")
    assert found() == []
    StoredObject.objects.create(key=record_key(number, 1), sha256="0" * 64, size=1, role="record")
    assert found() == [(number, "the record of its last event was altered")]


def test_an_entry_without_history_is_told(register: Path) -> None:
    number = enter().number
    with past_the_guards(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM register_outbox")
        cursor.execute("DELETE FROM register_eventcontent")
        cursor.execute("DELETE FROM register_event")
    assert found() == [(number, "no event tells of it")]


def test_an_entry_that_moves_on_meanwhile_is_no_difference(
    register: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = enter().number
    looks: list[Collection[int]] = []

    def look(ids: Collection[int]) -> dict[int, dict[str, Any]]:
        if not looks:
            holding.assign(number, ACT, department="works")
        looks.append(ids)
        return snapshots(ids)

    monkeypatch.setattr(comparing, "ENTRIES", replace(comparing.ENTRIES, whole=look))
    assert found() == []
    assert len(looks) == 2
    assert Event.objects.count() == 2


ADA, BOB = "P-000001-1", "P-000002-0"
WHY = replace(ACT, reason="the same house")


def two_parties() -> None:
    party_acts.new(PartyDetails("Ada Ltd", emails=("ada@ada.example",)), ACT)
    party_acts.new(PartyDetails("Bob"), ACT)
    assert found_of_parties() == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"name": "Mallory"}, "name"),
        ({"kind": "person"}, "kind"),
        ({"about": {"emails": ["eve@eve.example"], "notes": "x"}}, "about.emails, about.notes"),
        ({"about": []}, "about"),
        ({"merged_into": 0}, "merged_into"),
    ],
)
def test_each_part_of_a_party_is_compared(register: Path, change: dict[str, Any], problem: str) -> None:
    two_parties()
    if "merged_into" in change:
        change = {"merged_into": Party.objects.get(key=BOB)}
    Party.objects.filter(key=ADA).update(**change)
    assert found_of_parties() == [(ADA, f"not as its last event left it: {problem}")]
    (one,) = differing_parties(party_record_key)
    assert (one["register"], one["sequence"]) == ("parties", 1)


def test_a_party_is_found_by_its_own_alone(register: Path) -> None:
    two_parties()
    PartyKey.objects.filter(value="ada@ada.example").update(party=Party.objects.get(key=BOB))
    assert found_of_parties() == [(BOB, "found by what is not its own: email ada@ada.example")]
    Party.objects.filter(key=BOB).update(folded="ada ltd")
    assert found_of_parties() == [(BOB, "found by what is not its own: name ada ltd, email ada@ada.example")]


def test_all_that_is_done_with_parties_agrees(register: Path) -> None:
    two_parties()
    party_acts.change(ADA, lambda one: replace(one, notes="Rings twice", phones=("+34 912 345 678",)), ACT)
    party_acts.separate(ADA, BOB, ACT)
    party_acts.merge(BOB, ADA, WHY)
    assert found_of_parties() == []
    party_acts.change(BOB, lambda one: replace(one, emails=(*one.emails, "bob@bob.example")), ACT)
    party_acts.split(ADA, ACT)
    Party.objects.create(name="Old", folded="old")
    assert found_of_parties() == []  # it has no number yet
    party_history.adopt(9, AT)
    assert found_of_parties() == []
    assert list(party_history.breaks()) == []


def test_a_record_made_anew_for_a_forged_party_is_told(register: Path) -> None:
    two_parties()
    Party.objects.filter(key=BOB).update(name="Mallory")
    row = Outbox.objects.get(party_event__party__key=BOB)
    record = read_record(row.body.encode())
    record["party"]["name"] = "Mallory"
    Outbox.objects.filter(pk=row.pk).update(body=write_record(record))
    assert found_of_parties() == [(BOB, "the record of its last event was altered")]
    Outbox.objects.filter(pk=row.pk).delete()
    assert found_of_parties() == [(BOB, "the record of its last event is gone, or cannot be read")]
    with past_the_guards():
        PartyContent.objects.filter(event__party__key=BOB)._raw_delete("default")
        PartyEvent.objects.filter(party__key=BOB)._raw_delete("default")
    assert found_of_parties() == [(BOB, "no event tells of it")]


def test_of_events_of_parties_of_before_the_archive_says_what_the_record_was(register: Path) -> None:
    two_parties()
    row = Outbox.objects.get(party_event__party__key=BOB)
    record = read_record(row.body.encode())
    del record["salt"]
    Outbox.objects.filter(pk=row.pk).update(body=write_record(record))
    with past_the_guards():
        PartyContent.objects.filter(event__party__key=BOB).update(body="{}")
    assert found_of_parties() == []
    Party.objects.filter(key=BOB).update(name="Mallory")
    assert found_of_parties() == [(BOB, "not as its last event left it: name")]
    StoredObject.objects.create(key=party_record_key(BOB, 2), sha256="0" * 64, size=1, role="record")
    assert found_of_parties() == [(BOB, "the record of its last event was altered")]
