"""What the index is told of an entry."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from domain.office import CustomField, Department, FieldKind
from register import entries, holding
from register.indexing import index_entry
from register.models import Entry, Outbox
from tests.register.officers import ACT, LETTER, ZONE, decide, enter


def test_a_number_that_fails_its_check_is_not_searched_by() -> None:
    fields = [
        {"name": "iban", "value": value, "text": value, "valid": valid}
        for value, valid in (("DE88370400440532013000", False), ("DE89370400440532013000", True))
    ]
    document = {
        "document": "x", "class": "letter", "guess": "letter", "language": "en", "pages": 1, "barcode": "",
        "fields": fields, "account": [{"file": 0, "original": "x", "page": 1}],
    }  # fmt: skip
    entry = {
        "number": "IN-2026-000001-7", "received_at": datetime(2026, 1, 2, tzinfo=UTC).isoformat(),
        "subject": "A", "parties": [], "documents": [document], "access": [],
    }  # fmt: skip
    row = Outbox(sequence=1, body=json.dumps({"entry": entry}))
    assert index_entry(row, ("text",), ZoneInfo("UTC")).identifiers == ("DE89370400440532013000",)


def words(entry: Entry) -> tuple[str, ...]:
    """By which it is found as it was published last."""
    row = Outbox.objects.filter(entry=entry).order_by("sequence").last()
    assert row is not None
    return index_entry(row, (), ZONE).identifiers


def test_what_people_said_of_it_is_searched_and_follows_each_change(register: Path) -> None:
    decide(
        Department("works"), CustomField("plot"), CustomField("paid", kind=FieldKind.YES_NO),
        CustomField("size", kind=FieldKind.NUMBER),
    )  # fmt: skip
    custom = {"plot": "4711", "paid": "yes", "size": "12.5"}
    said = replace(LETTER, reference="A-17", tags=("balloon",), location="cellar shelf", custom=custom)
    made = enter(details=said, department="works")
    assert words(made) == ("A-17", "balloon", "4711", "12.5", "cellar shelf", "works")
    entries.amend(
        made.number, lambda one: replace(one, tags=("kite",), location="", custom={}), ACT, zone=ZONE
    )
    assert words(made) == ("A-17", "kite", "works")
    holding.assign(made.number, ACT, person="ben")
    assert words(made) == ("A-17", "kite", "ben")
