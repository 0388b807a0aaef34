"""Entries that the index contract is about, and short questions to an index."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone

from domain.entry import Hit, IndexEntry, Query, Results
from index.port import Index

NONE = Results(0, (), {"class": {}, "language": {}, "year": {}})


def entry(
    number: str,
    *pages: str,
    sequence: int = 1,
    received: datetime = datetime(2026, 3, 4, 12, tzinfo=UTC),
    label: str | None = "letter",
    language: str | None = "en",
    subject: str = "",
    sender: str = "",
    recipient: str = "",
    dates: Sequence[date] = (),
    identifiers: Sequence[str] = (),
    access: Sequence[str] = (),
    languages: Sequence[str | None] = (),
    amounts: Sequence[str] = (),
) -> IndexEntry:
    return IndexEntry(
        number, sequence, received, label, None if label else "letter", language, subject, sender, recipient,
        tuple(pages), tuple(dates), tuple(identifiers), tuple(access),
        tuple(languages), tuple(amounts),
    )  # fmt: skip


def numbers(index: Index, text: str, **narrow: object) -> list[str]:
    """The numbers found, sorted."""
    return sorted(hit.number for hit in index.search(Query(text, **narrow)).hits)  # type: ignore[arg-type]


def only(index: Index, text: str) -> Hit:
    results = index.search(Query(text))
    assert (results.total, len(results.hits)) == (1, 1)
    return results.hits[0]


MAIL = (
    entry(
        "IN-2026-000001-7",
        "Dear Sir,\nplease find our invoices for the repaired boiler enclosed.",
        "Page two speaks of the warranty, the boiler again, and of other companies.",
        label="invoice", subject="Boiler repair", sender="Heat & Sons Ltd.",
        identifiers=("2024/0815-B", "DE89370400440532013000"), dates=(date(2025, 12, 24),),
        received=datetime(2025, 12, 30, 23, 30, tzinfo=UTC), access=("office", "accounts"),
    ),
    entry(
        "IN-2026-000002-5",
        "Estimados señores:\nadjuntamos las facturas electrónicas y una reclamación por los años pasados.",
        label="complaint", language="es", subject="Reclamación de garantía", sender="Año Nuevo S.A.",
        received=datetime(2026, 1, 1, 0, 0, tzinfo=UTC), access=("office",),
    ),
    entry(
        "IN-2026-000003-3",
        "Veuillez trouver ci-joint les réclamations des clients.\nNuméro de dossier 77.120/B",
        label="complaint", language="fr", subject="Réclamations", sender="Société Générale",
        received=datetime(2026, 1, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ),
    entry(
        "IN-2026-000004-1",
        "Sehr geehrter Käufer,\nanbei die Verträge mit den Käufern und unsere Rech-\nnung aus der Straße.",
        "IBAN: DE02 1203 0000 0000 2020 51",
        label=None, language="de", subject="Kaufverträge", sender="Grün GmbH", recipient="Frau Weiß",
        received=datetime(2026, 2, 1, 0, 30, tzinfo=timezone(timedelta(hours=1))), access=("legal",),
    ),
)  # fmt: skip
ONE, TWO, THREE, FOUR = (one.number for one in MAIL)
