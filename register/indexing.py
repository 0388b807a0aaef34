"""An entry as the index is to hold it."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from domain.correspondence import Confidentiality
from domain.entry import IndexEntry
from domain.rights import Action, Guarded, labels
from register.models import EntryParty, Outbox
from register.parties import fold, whole
from register.rights import granted

_IDENTIFIERS = ("reference", "amount", "iban", "vat_id", "tax_id", "phone", "email")


def is_void(row: Outbox) -> bool:
    """Whether this change left the entry void, so that no search is to find it."""
    return json.loads(row.body)["entry"].get("voided_at") is not None


def _access(entry: dict[str, Any]) -> tuple[str, ...]:
    """Who finds it."""
    level = entry.get("confidentiality", Confidentiality.INTERNAL)
    holders = entry.get("department", ""), entry.get("person", "")
    subject = Guarded(*holders, confidentiality=level, grants=granted(entry["access"]))
    return tuple(sorted({*labels(subject, Action.VIEW), *entry["access"]}))


def _names(row: Outbox, entry: dict[str, Any]) -> dict[str, list[str]]:
    """By role the names as they were written, each with the one that the party has now, if it is another."""
    if not entry["parties"]:
        return {}
    now = {
        (one.role, one.written): whole(one.party).name
        for one in EntryParty.objects.filter(entry=row.entry_id).select_related("party__merged_into")
    }
    names: dict[str, list[str]] = {}
    for one in entry["parties"]:
        some = names.setdefault(one["role"], [])
        some.append(one["name"])
        known_as = now.get((one["role"], one["name"]), one["name"])
        if fold(known_as) != fold(one["name"]):
            some.append(known_as)
    return names


def _said(entry: dict[str, Any]) -> Iterator[str]:
    """What people said of the entry beside its subject, and who holds it; each is found by its words."""
    yield from entry.get("tags", ())
    yield from (str(one) for one in entry.get("custom", {}).values() if not isinstance(one, bool))
    yield from filter(None, (entry.get(name) for name in ("location", "department", "person")))


def index_entry(row: Outbox, pages: tuple[str, ...], zone: ZoneInfo) -> IndexEntry:
    """The entry as this change left it; ``pages`` are the texts of its documents' pages in order."""
    entry = json.loads(row.body)["entry"]
    # A withdrawn document has no pages any more.
    documents = [document for document in entry["documents"] if document["account"]] or entry["documents"]
    # A number whose check digits are wrong is nobody's; as it stands on the page it is found in the text.
    fields = [field for document in documents for field in document["fields"] if field["valid"] is not False]
    languages = [document["language"] or None for document in documents for _ in range(document["pages"])]
    names = _names(row, entry)
    identifiers = [entry["reference"]] if entry.get("reference") else []
    identifiers += [field["value"] for field in fields if field["name"] in _IDENTIFIERS]
    identifiers += [field["text"] for field in fields if field["name"] in _IDENTIFIERS and field["text"]]
    identifiers += [document["barcode"] for document in documents if document["barcode"]]
    identifiers += _said(entry)
    return IndexEntry(
        number=entry["number"],
        sequence=row.sequence,
        received_at=datetime.fromisoformat(entry["received_at"]).astimezone(zone),
        label=entry.get("label") or (documents[0]["class"] if documents else None),
        guess=(documents[0]["guess"] or None) if documents else None,
        language=entry.get("language") or (documents[0]["language"] or None if documents else None),
        subject=entry["subject"],
        sender="; ".join(names.get("sender", ())),
        recipient="; ".join(names.get("recipient", ())),
        pages=pages,
        dates=tuple(date.fromisoformat(field["value"]) for field in fields if field["name"].endswith("date")),
        identifiers=tuple(dict.fromkeys(identifiers)),
        access=_access(entry),
        languages=tuple(languages) if len(languages) == len(pages) else (),
        amounts=tuple(dict.fromkeys(field["value"] for field in fields if field["name"] == "amount")),
    )
