"""Entries of the register as the index and the people see them."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """Everything the index holds of one entry. Rebuilt whole at each change.

    Attributes:
        number: register number, the key.
        sequence: outbox sequence of the change; a lower one never replaces a higher one.
        received_at: time of receipt, in the office's time zone: dates and years are taken in it.
        label: class, or None when a person must still look; ``guess`` stands beside it.
        language: ISO 639-1 of the main text, the first document's, or None.
        pages: text of each page, in order, all documents of the entry together.
        dates: dates found on the letter.
        identifiers: reference, IBAN, tax ids, amounts, phone, e-mail, barcodes ... as written and compact;
            and what is found by its words as written: tags, custom fields, location, who holds it.
        access: labels of those who may see it; a search passes its own and sees what overlaps.
        languages: of each page, as ``language``; without them all pages are in that one.
        amounts: on the letter, as ``1234.50 EUR``, or ``1234.50`` where no currency stands beside it.
    """

    number: str
    sequence: int
    received_at: datetime
    label: str | None
    guess: str | None
    language: str | None
    subject: str
    sender: str
    recipient: str
    pages: tuple[str, ...]
    dates: tuple[date, ...] = ()
    identifiers: tuple[str, ...] = ()
    access: tuple[str, ...] = ()
    languages: tuple[str | None, ...] = ()
    amounts: tuple[str, ...] = ()

    @property
    def page_languages(self) -> tuple[str | None, ...]:
        """The language of each page; ``ValueError`` if ``languages`` are not as many as the pages."""
        languages = self.languages or (self.language,) * len(self.pages)
        if len(languages) != len(self.pages):
            raise ValueError(f"{self.number}: {len(languages)} languages of {len(self.pages)} pages")
        return languages


DEEPEST = 10_000
"""So many hits of a search can be paged through: ``skip`` and ``limit`` are no more together."""


@dataclass(frozen=True, slots=True)
class Query:
    """One search. ``text`` is what a person typed; dates bound ``received_at``, both inclusive.

    ``access`` lists the labels the searcher holds; None means the installation's owner, who sees all.
    ``without`` are numbers that are not to be found all the same: what changed since the index heard of them.
    ``skip`` are so many hits that come before the first that is told; see ``DEEPEST``.
    """

    text: str
    label: str | None = None
    since: date | None = None
    until: date | None = None
    limit: int = 10
    access: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()
    skip: int = 0


@dataclass(frozen=True, slots=True)
class Hit:
    """One entry that matches.

    ``page`` (from 1) is the page that matches best, over all pages of the entry in order; ``snippet``
    is text around the match with the matching words between ``**`` and ``**``.
    """

    number: str
    label: str | None
    score: float
    page: int | None
    snippet: str
    subject: str


@dataclass(frozen=True, slots=True)
class Results:
    """Hits best first, the count of all that match, and facets ``{facet: {value: count}}`` over them all."""

    total: int
    hits: tuple[Hit, ...]
    facets: dict[str, dict[str, int]]
