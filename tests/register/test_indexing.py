"""What the index is told of an entry."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from register.indexing import index_entry
from register.models import Outbox


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
