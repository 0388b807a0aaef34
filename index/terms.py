"""Entries as Tantivy documents, searches as Tantivy queries."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from tantivy import Document, FieldType, Occur, Query, Schema, SchemaBuilder, Searcher

from domain import entry as seam
from domain import wire
from index import weights
from index.mapping import (
    STEMMERS,
    by_language,
    clean,
    compact,
    dehyphenated,
    folded,
    identifiers_in,
    parts,
    stemmed,
    unique,
)
from index.query import Piece

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def schema() -> Schema:
    """The fields of a document. See ``mapping.VERSION``."""
    builder = SchemaBuilder()
    exact: dict[str, Any] = {"tokenizer_name": "raw", "index_option": "basic"}
    builder.add_text_field("key", **exact)
    builder.add_text_field("number", stored=True, **exact)
    for field in ("label", "language"):
        builder.add_text_field(field, stored=True, fast=True, **exact)
    builder.add_text_field("year", fast=True, **exact)
    builder.add_text_field("access", **exact)
    builder.add_text_field("compact", **exact)
    builder.add_integer_field("sequence", fast=True)
    builder.add_integer_field("received", fast=True, indexed=True)
    for field in ("subject", "sender", "recipient"):
        builder.add_text_field(field, stored=True, tokenizer_name="folded")
    for field in ("text", "parts", "number_parts"):
        builder.add_text_field(field, tokenizer_name="folded")
    builder.add_text_field("subject_stems", tokenizer_name="whitespace")
    for language in STEMMERS:
        builder.add_text_field(f"stem_{language}", tokenizer_name=f"stem_{language}")
    builder.add_bytes_field("pages", stored=True)
    builder.add_bytes_field("page_languages", stored=True)
    return builder.build()


def document(entry: seam.IndexEntry) -> Document:
    """The entry as Tantivy takes it.

    Raises:
        ValueError: ``received_at`` has no time zone.
    """
    number, subject = clean(entry.number), clean(entry.subject)
    received = micros(entry.received_at)
    pages = tuple(clean(page) for page in entry.pages)
    languages = entry.page_languages
    whole = [" ".join(dehyphenated(page)) for page in pages]
    # Dates as ISO 8601, so that they are found whatever they look like on the letter.
    identifiers = [clean(text) for text in entry.identifiers] + [day.isoformat() for day in entry.dates]

    made = Document()
    made.add_text("key", f"{number}\0{entry.sequence}")
    made.add_text("number", number)
    made.add_integer("sequence", entry.sequence)
    made.add_integer("received", received)
    made.add_text("year", f"{entry.received_at.year}")
    if entry.label:
        made.add_text("label", clean(entry.label))
    if entry.language:
        made.add_text("language", clean(entry.language))
    for label in entry.access:
        made.add_text("access", clean(label))
    made.add_text("subject", subject)
    made.add_text("sender", clean(entry.sender))
    made.add_text("recipient", clean(entry.recipient))
    for text in (*pages, " ".join(whole)):
        made.add_text("text", text)
    if entry.language in STEMMERS:
        made.add_text("subject_stems", _marked(subject, entry.language))
    texts = by_language((subject, *pages, *whole), (entry.language, *languages, *languages))
    for language, some in texts.items():
        for text in some:
            made.add_text(f"stem_{language}", text)
    made.add_text("number_parts", " ".join(parts(number)))
    for identifier in unique([number, *identifiers]):
        made.add_text("parts", " ".join(parts(identifier)))
    seen = [compact(text) for text in (number, *identifiers)]
    for code in unique([*seen, *(code for text in (subject, *pages) for code in identifiers_in(text))]):
        made.add_text("compact", code)
    made.add_bytes("pages", wire.to_json(pages, tuple[str, ...]))
    made.add_bytes("page_languages", wire.to_json(languages, tuple[str | None, ...]))
    return made


def gone(number: str) -> str:
    """Under which a removed entry is remembered; nothing that can be typed finds it."""
    return "\0" + clean(number)


def removed(number: str, sequence: int) -> Document:
    """What remains of a removed entry, so that a late change of before does not bring it back."""
    made = Document()
    made.add_text("number", gone(number))
    made.add_integer("sequence", sequence)
    return made


def micros(moment: datetime) -> int:
    """Microseconds since 1970 on the clock of the moment's own zone; ``ValueError`` without one."""
    if moment.tzinfo is None:
        raise ValueError("received_at of an entry needs a time zone")
    return (moment.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


def filters(fields: Schema, query: seam.Query) -> list[Query]:
    """What narrows a search without counting for its score: class, dates, and who is searching."""
    found = []
    if query.label is not None:
        found.append(Query.term_query(fields, "label", clean(query.label)))
    if query.since or query.until:
        since, until = query.since or date.min, query.until or date.max
        found.append(
            Query.range_query(
                fields,
                "received",
                FieldType.Integer,
                micros(datetime.combine(since, time.min, UTC)),
                micros(datetime.combine(until, time.max, UTC)),
            )
        )
    if query.access is not None:
        found.append(Query.term_set_query(fields, "access", [clean(label) for label in query.access]))
    if query.without:
        known = Query.term_set_query(fields, "number", [clean(number) for number in query.without])
        found.append(Query.boolean_query([(Occur.Must, Query.all_query()), (Occur.MustNot, known)]))
    return found


class Builder:
    """Makes queries for one state of the index."""

    def __init__(self, fields: Schema, searcher: Searcher) -> None:
        """``searcher`` tells which stems the index has at all."""
        self.fields, self.searcher = fields, searcher

    def query(self, pieces: Sequence[Piece], narrow: Sequence[Query], *, fuzzy: bool = False) -> Query:
        """All pieces must match but the excluded; ``fuzzy``: words may be mistyped."""
        clauses = [(Occur.Must, Query.const_score_query(query, 0.0)) for query in narrow]
        for piece in pieces:
            occur = Occur.MustNot if piece.excluded else Occur.Must
            clauses.append((occur, self._piece(piece, fuzzy=fuzzy)))
        if all(piece.excluded for piece in pieces):
            clauses.append((Occur.Must, self._all()))
        return Query.boolean_query(clauses)

    def _all(self) -> Query:
        """All entries, but what remains of removed ones: that has no time of receipt."""
        first, last = (micros(moment.replace(tzinfo=UTC)) for moment in (datetime.min, datetime.max))
        query = Query.range_query(self.fields, "received", FieldType.Integer, first, last)
        return Query.const_score_query(query, 0.0)

    def _piece(self, piece: Piece, *, fuzzy: bool) -> Query:
        words = [self._any(self._word(piece, word, fuzzy=fuzzy)) for word in piece.words]
        if len(words) == 1:
            return words[0]
        together = Query.boolean_query([(Occur.Must, word) for word in words])
        return self._any([together, *self._compact(piece.compact)])

    def _word(self, piece: Piece, word: str, *, fuzzy: bool) -> Iterator[Query]:
        match piece.field:
            case "class" | "language":
                field = "label" if piece.field == "class" else "language"
                yield Query.term_query(self.fields, field, word.lower())
            case "number":
                yield Query.term_query(self.fields, "number", word.upper())
                yield self._sequence("number_parts", parts(word))
            case "subject" | "sender" | "recipient" as field:
                yield self._sequence(field, folded(word))
                if field == "subject" and not piece.phrase:
                    for language in STEMMERS:
                        yield self._sequence("subject_stems", _marked(word, language).split())
                if fuzzy and piece.fuzzy:
                    yield self._mistyped(field, piece.fuzzy)
            case _:
                yield from self._anywhere(piece, word, fuzzy=fuzzy)

    def _anywhere(self, piece: Piece, word: str, *, fuzzy: bool) -> Iterator[Query]:
        for field, weight in weights.FIELDS.items():
            yield Query.boost_query(self._sequence(field, folded(word)), weight)
            if fuzzy and piece.fuzzy:
                yield Query.boost_query(self._mistyped(field, piece.fuzzy), weight * weights.FUZZY)
        if not piece.phrase:
            for language in STEMMERS:
                field, stems = f"stem_{language}", stemmed(word, language)
                if stems and all(self.searcher.doc_freq(field, stem) for stem in stems):
                    yield Query.boost_query(self._sequence(field, stems), weights.STEM)
        yield Query.boost_query(self._sequence("parts", parts(word)), weights.PARTS)
        if len(piece.words) == 1:
            yield from self._compact(piece.compact)

    def _compact(self, code: str) -> list[Query]:
        if not code:
            return []
        return [Query.boost_query(Query.term_query(self.fields, "compact", code), weights.COMPACT)]

    def _sequence(self, field: str, tokens: Sequence[str]) -> Query:
        if not tokens:
            return Query.empty_query()
        if len(tokens) == 1:
            return Query.term_query(self.fields, field, tokens[0])
        return Query.phrase_query(self.fields, field, list(tokens))

    def _mistyped(self, field: str, token: str) -> Query:
        return Query.fuzzy_term_query(self.fields, field, token, 1)

    def _any(self, queries: Sequence[Query] | Iterator[Query]) -> Query:
        return Query.disjunction_max_query(list(queries), weights.TIE)


def _marked(text: str, language: str) -> str:
    """The stems with their language before each, for a field that holds many languages."""
    return " ".join(f"{language}~{stem}" for stem in stemmed(text, language))
