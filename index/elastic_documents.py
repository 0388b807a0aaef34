"""Entries as documents of Elasticsearch.

An entry is one document that carries its pages. A long entry leaves its pages to documents of their own;
in its own document stands all text up to ``WHOLE`` letters, and of the rest each new word once. So whatever
the length, one document says whether an entry has all words of a search, and none grows without bound.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from domain.entry import IndexEntry
from index.mapping import STEMMERS, clean, compact, dehyphenated, identifiers_in, parts, unique

LONG_PAGES = 64
LONG_TEXT = 256_000  # letters
WHOLE = 4_000_000  # letters of one entry that are indexed with their order

_WORDS = re.compile(r"[^\W_]+")
_AMOUNT = re.compile(r"(-?[0-9]{1,15}\.[0-9]+) ([A-Z]{3})")


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
    pages = [clean(page) for page in entry.pages]
    broken = " ".join(word for page in pages for word in dehyphenated(page))
    # Dates as ISO 8601, so that they are found whatever they look like on the letter.
    days = [day.isoformat() for day in entry.dates]
    identifiers = [clean(text) for text in entry.identifiers] + days
    codes = [compact(text) for text in (number, *identifiers)]
    codes += [code for text in (subject, *pages) for code in identifiers_in(text)]
    source = _common(entry) | {
        "kind": "entry",
        # On the clock of its own zone, as dates are asked for.
        "received": entry.received_at.replace(tzinfo=None).isoformat(timespec="microseconds"),
        "year": entry.received_at.year,
        "subject": subject,
        "sender": clean(entry.sender),
        "recipient": clean(entry.recipient),
        "dates": days,
        "amounts": [
            {"value": float(match[1]), "currency": match[2]}
            for text in unique(identifiers)
            if (match := _AMOUNT.fullmatch(text))
        ],
        "number_parts": " ".join(parts(number)),
        "parts": [" ".join(parts(identifier)) for identifier in unique([number, *identifiers])],
        "compact": unique(codes),
    }
    if entry.label:
        source["label"] = clean(entry.label)
    if is_long(entry):
        text = [*_bounded(pages), broken]
        source |= {"page_count": len(pages), "text": text}
    else:
        text = [*pages, broken]
        source |= {"page_count": 0, "pages": pages, "text": broken}
    if entry.language in STEMMERS:
        source |= {"subject_stems": {entry.language: subject}, "stems": {entry.language: [subject, *text]}}
    return Action(entry.number, entry_id(number), entry.sequence, source)


def page_actions(entry: IndexEntry) -> Iterator[Action]:
    """The documents of a long entry's pages; of any other none."""
    if not is_long(entry):
        return
    far = _far(entry.pages)
    for number, raw in enumerate(entry.pages, 1):
        text = clean(raw)
        broken = " ".join(dehyphenated(text))
        page = {
            "number": number,
            "far": far[number - 1],
            "text": text,
            "compact": unique(identifiers_in(text)),
        }
        if entry.language in STEMMERS:
            page["stems"] = {entry.language: [text, broken]}
        source = _common(entry) | {"kind": "page", "page": page}
        yield Action(entry.number, page_id(entry.number, number), entry.sequence, source)


def surplus_actions(number: str, sequence: int, held: int, kept: int) -> Iterator[Action]:
    """Takes away the pages after ``kept``, of ``held``."""
    for page in range(kept + 1, held + 1):
        yield Action(number, page_id(number, page), sequence, None)


def removed_action(number: str, sequence: int) -> Action:
    """What remains of a removed entry, so that a late change of before does not bring it back."""
    source = {"kind": "removed", "number": clean(number), "sequence": sequence}
    return Action(number, entry_id(number), sequence, source)


def _common(entry: IndexEntry) -> dict[str, Any]:
    source: dict[str, Any] = {
        "number": clean(entry.number),
        "sequence": entry.sequence,
        "access": [clean(label) for label in entry.access],
    }
    if entry.language:
        source["language"] = clean(entry.language)
    return source


def _far(pages: Sequence[str]) -> list[bool]:
    """For each page whether it lies beyond the text that is indexed with its order."""
    return [length > WHOLE for length in accumulate(map(len, pages))]


def _bounded(pages: Sequence[str]) -> Iterator[str]:
    """The pages that are not far, then the words that only the far ones have."""
    far = _far(pages)
    seen: set[str] = set()
    for page, beyond in zip(pages, far, strict=True):
        words = {word.lower(): None for word in _WORDS.findall(page)} if far[-1] else {}
        yield " ".join(word for word in words if word not in seen) if beyond else page
        seen.update(words)
