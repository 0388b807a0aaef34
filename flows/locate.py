"""Where a hit stands: the document of the entry, the page in it, the boxes of the words that match."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from archive.port import Archive, Damaged, NotFound
from domain.document import DocumentText
from domain.entry import Hit
from domain.page import Page, Word
from domain.wire import from_json
from flows.records import ahead
from index.mapping import clean
from index.query import parse
from index.snippets import Finder
from infra.wiring import Services
from register.models import StoredObject
from register.standing import documents


@dataclass(frozen=True, slots=True)
class Place:
    """Where a hit stands.

    Attributes:
        document: id of the document; None where the hit has no page, or the register does not know it.
        page: of that document, from 1.
        words: those that match, in reading order; None: they cannot be told.
        reason: why not.
    """

    document: str | None = None
    page: int | None = None
    words: tuple[Word, ...] | None = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Text:
    """The text of a document as the register knows it."""

    document: str
    language: str
    pages: int
    key: str
    sha256: str


@dataclass(frozen=True, slots=True)
class _Found:
    """The page of a hit as the archive holds it, ``number`` in its ``text``, and the texts of its entry."""

    hit: Hit
    text: _Text
    number: int
    page: Page
    texts: Sequence[_Text]


def locate(services: Services, query: str, hits: Sequence[Hit]) -> list[Place]:
    """For each hit of a search for ``query`` where it stands.

    The words are those that the index matched: in any of their forms, without accents, identifiers in
    parts, phrases, words with a typing error if the search went so far. An object that is gone or altered
    is the ``reason`` of its hit.

    Raises:
        Unavailable: the archive does not answer.
    """
    found = list(_pages(services.archive, hits))
    finder = _finder(services.archive, query, [one for one in found if isinstance(one, _Found)])
    return [
        Place(one.text.document, one.number, matching(finder, one.page, one.text.language))
        if isinstance(one, _Found)
        else one
        for one in found
    ]


def matching(finder: Finder, page: Page, language: str) -> tuple[Word, ...]:
    """The words of the page that the finder finds, whole or in part, in reading order."""
    text = clean(page.text)
    marks = bytearray(len(text))
    for start, end, _ in finder.spans(text, language, None):
        marks[start:end] = b"\1" * (end - start)
    words, start = [], 0
    for line in page.lines:
        for word in line:
            end = start + len(clean(word.text))  # cleaning changes no blank and reaches over none
            if any(marks[start:end]):
                words.append(word)
            start = end + 1
    return tuple(words)


def _pages(archive: Archive, hits: Sequence[Hit]) -> Iterator[_Found | Place]:
    """In the order of the hits."""
    texts = _texts([hit.number for hit in hits if hit.page])
    places = [_place(texts.get(hit.number, ()), hit.page) for hit in hits]
    objects = _read(archive, [place[0] for place in places if place])
    for hit, place in zip(hits, places, strict=True):
        if not hit.page:
            yield Place()
        elif not place:
            yield Place(words=None, reason=f"the register has no page {hit.page} of this entry")
        else:
            text, number = place
            pages = objects[text.key]
            if isinstance(pages, str):
                yield Place(text.document, number, None, pages)
            else:
                yield _Found(hit, text, number, pages[number - 1], texts[hit.number])


def _texts(numbers: Sequence[str]) -> dict[str, list[_Text]]:
    """The texts of each entry's documents, in the order in which their pages are indexed."""
    texts: dict[str, list[_Text]] = {}
    rows = StoredObject.objects.filter(
        document__in=documents().filter(entry__number__in=numbers), role="text"
    )
    of_document = ("document__key", "document__language", "document__pages", "key", "sha256")
    for number, *text in rows.order_by("document_id").values_list("document__entry__number", *of_document):
        texts.setdefault(number, []).append(_Text(*text))
    return texts


def _place(texts: Sequence[_Text], page: int | None) -> tuple[_Text, int] | None:
    """The document that the entry's page lies in, and its number there."""
    left = page or 0
    for text in texts:
        if 0 < left <= text.pages:
            return text, left
        left -= text.pages
    return None


def _read(archive: Archive, texts: Sequence[_Text]) -> dict[str, tuple[Page, ...] | str]:
    """The pages of each text by its key, or what is wrong with it."""
    hashes = {text.key: text.sha256 for text in texts}
    read: dict[str, tuple[Page, ...] | str] = {}
    for key, data in ahead(archive.read, hashes):
        if isinstance(data, NotFound | Damaged):
            read[key] = str(data)
        elif hashlib.sha256(data).hexdigest() != hashes[key]:
            read[key] = f"{key} in the archive is not what was put there. See: postroom verify"
        else:
            read[key] = from_json(DocumentText, data).pages
    return read


def _finder(archive: Archive, query: str, found: Sequence[_Found]) -> Finder:
    """What finds the words as the search did, which allows typing errors if no entry has all the words.

    That shows at the first page with a word that is only nearly one of the search.
    """
    pieces = parse(query) or ()
    exact, nearly = Finder(pieces), Finder(pieces, fuzzy=True)
    for one in found:
        language = one.text.language
        if matching(exact, one.page, language) != matching(nearly, one.page, language):
            return exact if _has_all(archive, exact, one) else nearly
    return exact


def _has_all(archive: Archive, finder: Finder, found: _Found) -> bool:
    """Whether the entry has all words that may be mistyped as they are."""
    missing = {
        at for at, piece in enumerate(finder.pieces) if piece.fuzzy and piece.field in (None, "subject")
    }
    head = found.texts[0].language  # in which the subject is indexed
    missing -= {piece for *_, piece in finder.spans(found.hit.subject, head, "subject")}
    read = _read(archive, found.texts)
    for text in found.texts:
        pages = read[text.key]
        for page in pages if not isinstance(pages, str) else ():
            missing -= {piece for *_, piece in finder.spans(clean(page.text), text.language, None)}
    return not missing
