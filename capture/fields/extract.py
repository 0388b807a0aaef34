"""All fields of a document."""

from collections.abc import Sequence
from datetime import date

from capture.fields.addresses import sender_address
from capture.fields.amounts import amounts
from capture.fields.contacts import emails, phones, regions
from capture.fields.dates import document_dates, reading
from capture.fields.identifiers import ibans, tax_ids, vat_ids
from capture.fields.layout import rows
from capture.fields.parties import parties
from capture.fields.references import references
from capture.fields.subject import subject
from capture.language import detect
from domain.document import Field
from domain.page import Page

FIRST_PAGES = 3
LAST_PAGES = 1
"""Pages looked at, from either end: what names a letter stands there, and a long file costs no more."""

LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "pt")


def extract_fields(
    pages: Sequence[Page], *, country: str = "", received: date | None = None
) -> tuple[Field, ...]:
    """Read what identifies a document: who, when, what about, how much, which numbers.

    A value is given only if it stands on a page: in doubt there is none. ``date``, ``due_date``,
    ``reference``, ``sender``, ``sender_address``, ``recipient`` and ``subject`` come once at most; of amounts
    the total is the first; identifiers, phones and e-mail addresses as often as they differ. The same pages
    give the same fields.

    Args:
        pages: of one document, in order; the first three and the last are looked at.
        country: ISO 3166 code of the office: decides 3/4/2024, $ and national telephone numbers where
            the document itself does not.
        received: day of receipt in the office: a document is not dated after it.

    Returns:
        Fields in the order of their names' table in ``domain.document.Field``; ``page`` is the place,
        from 1, in ``pages``.
    """
    country = country.upper()
    chosen = [n for n in range(len(pages)) if n < FIRST_PAGES or n >= len(pages) - LAST_PAGES]
    lines = [line for n in chosen for line in rows(pages[n], n + 1)]
    if not lines:
        return ()
    language = next((pages[n].language for n in chosen if pages[n].language), None)
    if language is None:
        language, _ = detect("\n".join(line.text for line in lines), LANGUAGES)
    how = reading(lines, country, language, received)
    people = parties(lines, how)
    numbers = [*ibans(lines), *vat_ids(lines)]
    found = [
        *document_dates(lines, how),
        *references(lines),
        *people,
        *([where] if (where := sender_address(lines, _sender(people))) else []),
        *subject(lines, how, people),
        *amounts(lines, country),
        *numbers,
        *(tax for tax in tax_ids(lines) if not any(number.value.endswith(tax.value) for number in numbers)),
        *phones(lines, regions([one for one in numbers if one.valid], language, country)),
        *emails(lines),
    ]
    return tuple(sorted(found, key=lambda item: ORDER.index(item.name)))


ORDER = (
    "date", "due_date", "reference", "sender", "sender_address", "recipient", "subject", "amount",
    "iban", "vat_id", "tax_id", "phone", "email",
)  # fmt: skip


def _sender(people: Sequence[Field]) -> Field | None:
    return next((one for one in people if one.name == "sender"), None)
