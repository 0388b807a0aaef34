import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError

from domain.document import Fate, FateKind, Verdict
from register import account, batches, history, views
from register.filing import NewProblem, close, file_document
from register.models import Batch, Document, Entry, Event, Outbox, PageFate
from tests.register.filings import AT, file_one, filing, open_batch
from tests.register.tampering import past_the_guards


def test_a_filed_document_is_entry_account_history_and_outbox(register: Path) -> None:
    batch = open_batch(pages=3)
    file_one(batch, 0, ((0, 1), (0, 2)))
    close(batch, [Fate(0, 3, FateKind.BLANK)], [])
    (entry,) = Entry.objects.all()
    assert (entry.number[:-2], entry.subject) == ("IN-2026-000001", "Your parcel")
    assert views.fates([batch.pk]) == {
        "document": 2,
        "separator": 0,
        "blank": 1,
        "duplicate": 0,
        "refused": 0,
    }
    assert batches.reload(batch).state == Batch.State.DONE
    assert batches.reload(batch).pages_done == batches.reload(batch).pages_known == 3
    assert [event.kind for event in Event.objects.all()] == ["registered"]
    assert list(history.breaks()) == []
    assert Outbox.objects.exclude(entry=None).count() == 1
    assert list(account.unaccounted()) == []
    assert list(account.number_gaps()) == []


def test_filing_again_changes_nothing(register: Path) -> None:
    batch = open_batch()
    first = file_one(batch, 0, ((0, 1), (0, 2)))
    assert file_one(batch, 0, ((0, 1), (0, 2))).pk == first.pk
    assert (Entry.objects.count(), Event.objects.count(), PageFate.objects.count()) == (1, 1, 2)


def test_a_filing_that_fails_leaves_nothing_and_no_gap(register: Path) -> None:
    batch = open_batch()
    file_one(batch, 0, ((0, 1),))
    with pytest.raises(IntegrityError):
        file_one(batch, 1, ((0, 1),))  # the page has its fate already
    file_one(batch, 1, ((0, 2),))
    assert [entry.sequence for entry in Entry.objects.order_by("id")] == [1, 2]
    assert list(history.breaks()) == []
    assert list(account.number_gaps()) == []


def test_a_batch_cannot_end_before_its_pages_add_up(register: Path) -> None:
    batch = open_batch(pages=2)
    file_one(batch, 0, ((0, 1),))
    with pytest.raises(IntegrityError, match="do not add up"):
        close(batch, [], [])
    assert [one["fates"] for one in account.unaccounted()] == [1]


def test_a_page_beyond_the_file_does_not_count(register: Path) -> None:
    batch = open_batch(pages=1)
    with pytest.raises(IntegrityError, match="do not add up"):
        close(batch, [Fate(0, 2, FateKind.BLANK)], [])


def test_fates_of_a_done_batch_stay(register: Path) -> None:
    batch = open_batch(pages=1)
    close(batch, [Fate(0, 1, FateKind.BLANK)], [])
    with pytest.raises(IntegrityError, match="keeps its fates"):
        PageFate.objects.all().delete()


def test_history_refuses_change_and_removal(register: Path) -> None:
    file_one(open_batch(), 0, ((0, 1),))
    with pytest.raises(IntegrityError, match="append-only"):
        Event.objects.update(actor="somebody else")
    with pytest.raises(IntegrityError, match="append-only"):
        Event.objects.all()._raw_delete("default")


def test_an_altered_content_is_found(register: Path) -> None:
    document = file_one(open_batch(), 0, ((0, 1),))
    event = Event.objects.get()
    event.content.body = event.content.body.replace('"letter"', '"invoice"')
    with past_the_guards():
        event.content.save()
    number = document.entry.number
    assert list(history.breaks()) == [
        {"register": "IN", "sequence": 1, "number": number, "problem": "the event's content was altered"}
    ]


def test_a_content_that_is_gone_is_found(register: Path) -> None:
    number = file_one(open_batch(), 0, ((0, 1),)).entry.number
    with past_the_guards():
        Event.objects.get().content.delete()
    assert list(history.breaks()) == [
        {"register": "IN", "sequence": 1, "number": number, "problem": "what the event says is missing"}
    ]


def test_a_label_attaches_to_its_entry(register: Path) -> None:
    first = file_one(open_batch("a"), 0, ((0, 1),))
    later = open_batch("b")
    second = file_one(later, 0, ((0, 1), (0, 2)), attach_to=first.entry.number)
    assert second.entry_id == first.entry_id
    assert Entry.objects.count() == 1
    assert [event.kind for event in Event.objects.order_by("sequence")] == ["registered", "attached"]


def test_what_a_separator_sheet_says_is_entered(register: Path) -> None:
    unsure = Verdict(None, "form", 0.4, (("form", 0.4), ("letter", 0.3)), "v1")
    said = {"named": "invoice", "department": "Finance", "register": "OUT"}
    document = file_one(open_batch(), 0, ((0, 1),), verdict=unsure, **said)
    entry = document.entry
    assert (entry.number[:-2], entry.register, entry.department) == ("OUT-2026-000001", "OUT", "Finance")
    assert (document.label, document.guess, document.probability) == ("invoice", "form", 0.4)
    shown = views.show(entry.number)
    assert shown["department"] == "Finance"
    (content,) = [event["content"] for event in shown["history"]]
    told = {name: content[name] for name in ("class", "class_from", "department", "guess")}
    assert told == {
        "class": "invoice", "class_from": "separator sheet", "department": "Finance", "guess": "form",
    }  # fmt: skip
    corrections = document.corrections.values_list("before", "after", "actor", "model")
    assert list(corrections) == [("", "invoice", "separator sheet", "v1")]
    assert list(history.breaks()) == list(account.number_gaps()) == []


def test_the_event_says_where_the_class_came_from(register: Path) -> None:
    batch = open_batch()
    file_one(batch, 0, ((0, 1),))
    file_one(batch, 1, ((0, 2),), verdict=Verdict(None, "form", 0.4, (), "v1"))
    told = [json.loads(event.content.body)["class_from"] for event in Event.objects.order_by("sequence")]
    assert told == ["classifier", None]


def test_an_entry_keeps_its_department(register: Path) -> None:
    first = file_one(open_batch("a"), 0, ((0, 1),))
    for name, department in (("b", "Finance"), ("c", "Sales")):
        said = {"department": department, "register": "OUT"}
        file_one(open_batch(name), 0, ((0, 1),), attach_to=first.entry.number, **said)
    (entry,) = Entry.objects.all()
    assert (entry.department, entry.register) == ("Finance", "IN")


def test_alarms_of_documents_stand_behind_those_of_the_batch(register: Path) -> None:
    batch = open_batch()
    file_one(batch, 0, ((0, 1),), alarms=("two letters?",))
    file_one(batch, 0, ((0, 1),), alarms=("two letters?",))
    file_one(batch, 1, ((0, 2),), alarms=("far too long",))
    close(batch, [], [], ["no separator"])
    assert batches.reload(batch).alarms == ["no separator", "two letters?", "far too long"]


def test_the_year_is_the_offices_own(register: Path) -> None:
    new_year = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    batch = open_batch(received_at=new_year)
    file_document(batch, filing(batch, 0, ((0, 1),)), zone=ZoneInfo("Europe/Madrid"), actor="test", at=AT)
    assert Entry.objects.get().year == 2027


def test_equal_bytes_are_noticed_once_the_first_are_kept(register: Path) -> None:
    first, second = open_batch("same"), open_batch("same")
    assert first.duplicate_of is None
    assert second.duplicate_of == first
    assert batches.keep(second, "other", "review").digest == "digest of same"


def test_received_again_is_written_into_the_earlier_history(register: Path) -> None:
    first = open_batch("same")
    file_one(first, 0, ((0, 1), (0, 2)))
    second = open_batch("same")
    fates = [Fate(0, 1, FateKind.DUPLICATE, reason="of"), Fate(0, 2, FateKind.DUPLICATE, reason="of")]
    close(second, fates, [], received_again=first)
    close(second, fates, [], received_again=first)
    assert [event.kind for event in Event.objects.order_by("sequence")] == ["registered", "received again"]


def test_problems_of_a_batch_are_listed_with_it(register: Path) -> None:
    batch = open_batch(pages=1)
    close(
        batch,
        [Fate(0, 1, FateKind.REFUSED, reason="torn")],
        [NewProblem(0, 1, "torn", "Scan it again.")],
    )
    assert [(one.page, one.reason) for one in views.refused_in([batch.pk])] == [(1, "torn")]
    assert Document.objects.count() == 0
