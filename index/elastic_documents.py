"""Entries as documents of Elasticsearch.

An entry is one document that carries its pages. A long entry leaves its pages to documents of their own;
in its own document stands all text up to ``WHOLE`` letters, and of the rest, its far pages, each new word
once. So whatever the length, one document says whether an entry has all words of a search. What stands in
order and identifiers of far pages are found through the pages' documents.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from domain.entry import IndexEntry
from index.mapping import STEMMERS, clean, compact, dehyphenated, identifiers_in, parts, unique

VERSION = 2
"""Counts up with anything here that makes another document of the same entry."""

LONG_PAGES = 64
LONG_TEXT = 256_000  # letters
WHOLE = 4_000_000  # letters of one entry that are indexed with their order

_WORDS = re.compile(r"[^\W_]+")
_AMOUNT = re.compile(r"(-?[0-9]{1,15}\.[0-9]+)(?: ([A-Z]{3}))?")


@dataclass(frozen=True, slots=True)
class Action:
    """One line of a bulk request: ``source`` is held under ``id`` at ``version``; None takes it away."""

    number: str
    id: str
    version: int
    source: dict[str, Any] | None


def entry_id(number: str) -> str:
    """Under which an entry's document is held."""
    return f"entry:{clean(number)}"


def page_id(number: str, page: int) -> str:
    """Under which a page of a long entry is held."""
    return f"page:{page}:{clean(number)}"


def is_long(entry: IndexEntry) -> bool:
    """Whether the pages are documents of their own."""
    return len(entry.pages) > LONG_PAGES or sum(map(len, entry.pages)) > LONG_TEXT


def entry_action(entry: IndexEntry) -> Action:
    """The entry's document.

    Raises:
        ValueError: ``received_at`` has no time zone.
    """
    if entry.received_at.tzinfo is None:
        raise ValueError("received_at of an entry needs a time zone")
    number, subject = clean(entry.number), clean(entry.subject)
    long, pages = is_long(entry), _pages(entry)
    # Dates as ISO 8601, so that they are found whatever they look like on the letter.
    days = [day.isoformat() for day in entry.dates]
    identifiers = [clean(text) for text in entry.identifiers] + days
    codes = [compact(text) for text in (number, *identifiers)]
    codes += [code for text in (subject, *_near(pages)) for code in identifiers_in(text)]
    stems = {
        language: _texts([page for page in pages if page.language == language])
        for language in sorted({page.language for page in pages if page.language in STEMMERS})
    }
    source = _common(entry, entry.language) | {
        "kind": "entry",
        # On the clock of its own zone, as dates are asked for.
        "received": entry.received_at.replace(tzinfo=None).isoformat(timespec="microseconds"),
        "year": entry.received_at.year,
        "subject": subject,
        "sender": clean(entry.sender),
        "recipient": clean(entry.recipient),
        "dates": days,
        "amounts": [_amount(match) for text in entry.amounts if (match := _AMOUNT.fullmatch(text))],
        "number_parts": " ".join(parts(number)),
        "parts": [" ".join(parts(identifier)) for identifier in unique([number, *identifiers])],
        "compact": unique(codes),
    }
    if entry.label:
        source["label"] = clean(entry.label)
    if long:
        source |= {"page_count": len(pages), "text": _texts(pages)}
    else:
        source |= {"page_count": 0, "pages": _near(pages), "text": _broken(pages)}
        if {page.language for page in pages} - {entry.language}:
            source["page_languages"] = [page.language for page in pages]
    if entry.language in STEMMERS:
        source["subject_stems"] = {entry.language: subject}
        stems[entry.language] = [subject, *stems.get(entry.language, ())]
    if stems:
        source["stems"] = stems
    return Action(entry.number, entry_id(number), entry.sequence, source)


def page_actions(entry: IndexEntry) -> Iterator[Action]:
    """The documents of a long entry's pages; of any other none."""
    if not is_long(entry):
        return
    for number, one in enumerate(_pages(entry), 1):
        page = {
            "number": number,
            "far": one.far,
            "text": one.text,
            "compact": unique(identifiers_in(one.text)),
        }
        if one.language in STEMMERS:
            page["stems"] = {one.language: [one.text, one.broken]}
        source = _common(entry, one.language) | {"kind": "page", "page": page}
        yield Action(entry.number, page_id(entry.number, number), entry.sequence, source)


def gone_action(number: str, page: int, sequence: int) -> Action:
    """Takes a page away."""
    return Action(number, page_id(number, page), sequence, None)


def removed_action(number: str, sequence: int) -> Action:
    """What remains of a removed entry, so that a late change of before does not bring it back."""
    source = {"kind": "removed", "number": clean(number), "sequence": sequence}
    return Action(number, entry_id(number), sequence, source)


def change_of(number: str, sequence: int) -> str:
    """What an entry's document and those of its pages have in common, and those of another change not."""
    return f"{clean(number)}@{sequence}"


def _common(entry: IndexEntry, language: str | None) -> dict[str, Any]:
    source: dict[str, Any] = {
        "number": clean(entry.number),
        "sequence": entry.sequence,
        "change": change_of(entry.number, entry.sequence),
        "access": [clean(label) for label in entry.access],
    }
    if language:
        source["language"] = clean(language)
    return source


def _amount(match: re.Match[str]) -> dict[str, Any]:
    value, currency = match.groups()
    return {"value": float(value)} | ({"currency": currency} if currency else {})


@dataclass(frozen=True, slots=True)
class _Page:
    text: str
    broken: str  # its words that are broken at the end of a line, whole
    language: str | None
    far: bool  # beyond the text that is indexed with its order


def _pages(entry: IndexEntry) -> list[_Page]:
    texts = [clean(page) for page in entry.pages]
    return [
        _Page(text, " ".join(dehyphenated(text)), language, end > WHOLE)
        for text, language, end in zip(texts, entry.page_languages, accumulate(map(len, texts)), strict=True)
    ]


def _near(pages: Sequence[_Page]) -> list[str]:
    return [page.text for page in pages if not page.far]


def _broken(pages: Sequence[_Page]) -> str:
    return " ".join(page.broken for page in pages if page.broken and not page.far)


def _texts(pages: Sequence[_Page]) -> list[str]:
    """The pages that are not far, then the words that only the far ones have."""
    near = [*_near(pages), _broken(pages)]
    far = [page for page in pages if page.far]
    if not far:
        return near
    seen = {word for text in near for word in _words(text)}
    new = {word: None for page in far for text in (page.text, page.broken) for word in _words(text)}
    return [*near, " ".join(word for word in new if word not in seen)]


def _words(text: str) -> Iterator[str]:
    for word in _WORDS.findall(text):
        yield word.lower()
