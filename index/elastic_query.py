"""Searches as Elasticsearch takes them, with the meaning and the weights that Tantivy's have."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from domain.entry import Query
from index import weights
from index.mapping import STEMMERS, clean, folded, parts
from index.query import Piece

Clause = dict[str, Any]
_PIECE = 1_000.0  # more than words of one page can count for together
_LONGEST = 32_766  # bytes of a term; a longer one is no term of any document


def filters(query: Query) -> list[Clause]:
    """What narrows a search without counting for its score: class, dates, and who is searching."""
    found: list[Clause] = [{"term": {"kind": "entry"}}]
    if query.label is not None:
        found.append(_term("label", clean(query.label)))
    bounds = {}
    if query.since:
        bounds["gte"] = query.since.isoformat()
    if query.until and query.until < date.max:
        bounds["lt"] = (query.until + timedelta(days=1)).isoformat()
    if bounds:
        found.append({"range": {"received": bounds}})
    return found + access(query)


def access(query: Query) -> list[Clause]:
    """What the searcher may see; nothing for the owner, who sees all."""
    found: list[Clause] = []
    if query.access is not None:
        labels = [clean(label) for label in query.access]
        found.append({"terms": {"access": [label for label in labels if len(label.encode()) <= _LONGEST]}})
    if query.without:
        found.append({"bool": {"must_not": {"terms": {"number": [*map(clean, query.without)]}}}})
    return found


def whole(
    pieces: Sequence[Piece],
    narrow: Sequence[Clause],
    far: Mapping[str, Collection[str]],
    *,
    fuzzy: bool = False,
) -> Clause:
    """All pieces must match but the excluded.

    Args:
        pieces: of the search.
        narrow: filters.
        far: changes of entries that have a run of words or an identifier on a far page, by these.
        fuzzy: words may be mistyped.
    """
    made: dict[str, list[Clause]] = {"must": [], "must_not": []}
    for piece in pieces:
        made["must_not" if piece.excluded else "must"].append(_piece(piece, far, fuzzy=fuzzy))
    return {"bool": {"filter": list(narrow), **made}}


def on_page(piece: Piece, *, fuzzy: bool) -> Clause:
    """Whether a page of a long entry has this piece; how often decides between pages of as many pieces."""
    fields = _page_fields(piece)
    words = [
        _any([
            *(_phrase(field, word) for field in fields),
            *([_mistyped("page.text", piece.fuzzy, 1.0)] if fuzzy and piece.fuzzy else []),
        ])
        for word in piece.words
    ]  # fmt: skip
    clauses: list[Clause] = [{"bool": {"must": words}}]
    if piece.compact:
        clauses.append(_term("page.compact", piece.compact))
    return {"bool": {"must": [{"constant_score": {"filter": _any(clauses), "boost": _PIECE}}, _any(clauses)]}}


def runs(pieces: Sequence[Piece]) -> Iterator[tuple[str, Clause]]:
    """What is a run of several words, or an identifier, with the query for a far page that has it."""
    for piece in pieces:
        for word in piece.words if piece.field is None else ():
            if len(folded(word)) > 1:
                yield word, _any([_phrase(field, word) for field in _page_fields(piece)])
        if piece.field is None and piece.compact:
            yield _code(piece), _term("page.compact", piece.compact)


def _page_fields(piece: Piece) -> list[str]:
    return ["page.text", *([] if piece.phrase else [f"page.stems.{language}" for language in STEMMERS])]


def _code(piece: Piece) -> str:
    return f"\0{piece.compact}"  # never the same as words


def _piece(piece: Piece, far: Mapping[str, Collection[str]], *, fuzzy: bool) -> Clause:
    words = [_any(list(_word(piece, word, far, fuzzy=fuzzy))) for word in piece.words]
    if len(words) == 1:
        return words[0]
    return _any([{"bool": {"must": words}}, *_compact(piece, far)])


def _word(piece: Piece, word: str, far: Mapping[str, Collection[str]], *, fuzzy: bool) -> Iterator[Clause]:
    match piece.field:
        case "class" | "language":
            yield _term("label" if piece.field == "class" else "language", word.lower())
        case "number":
            yield _term("number", word.upper())
            yield _phrase("number_parts", " ".join(parts(word)))
        case "subject" | "sender" | "recipient" as field:
            yield _phrase(field, word)
            if field == "subject" and not piece.phrase:
                for language in STEMMERS:
                    yield _phrase(f"subject_stems.{language}", word)
            if fuzzy and piece.fuzzy:
                yield _mistyped(field, piece.fuzzy, 1.0)
        case _:
            yield from _anywhere(piece, word, fuzzy=fuzzy)
            yield from _far(word, far)
            if len(piece.words) == 1:
                yield from _compact(piece, far)


def _anywhere(piece: Piece, word: str, *, fuzzy: bool) -> Iterator[Clause]:
    for field, weight in weights.FIELDS.items():
        yield _phrase(field, word, weight)
        if fuzzy and piece.fuzzy:
            yield _mistyped(field, piece.fuzzy, weight * weights.FUZZY)
    if not piece.phrase:
        for language in STEMMERS:
            yield _phrase(f"stems.{language}", word, weights.STEM)
    yield _phrase("parts", " ".join(parts(word)), weights.PARTS)


def _compact(piece: Piece, far: Mapping[str, Collection[str]]) -> Iterator[Clause]:
    if piece.compact:
        yield _term("compact", piece.compact, weights.COMPACT)
        yield from _far(_code(piece), far, weights.COMPACT)


def _far(what: str, far: Mapping[str, Collection[str]], boost: float = 1.0) -> Iterator[Clause]:
    if far.get(what):
        yield {"terms": {"change": sorted(far[what]), "boost": boost}}


def _term(field: str, value: str, boost: float = 1.0) -> Clause:
    if len(value.encode()) > _LONGEST:
        return {"match_none": {}}
    return {"term": {field: {"value": value, "boost": boost}}}


def _phrase(field: str, words: str, boost: float = 1.0) -> Clause:
    """The words in this order, cut and stemmed as the field's are; a single one is a plain term."""
    return {"match_phrase": {field: {"query": words, "boost": boost}}}


def _mistyped(field: str, word: str, boost: float) -> Clause:
    # Constant: else only the 50 most frequent spellings would count.
    how = {"value": word, "fuzziness": 1, "rewrite": "constant_score", "boost": boost}
    return {"fuzzy": {field: how}}


def _any(clauses: Sequence[Clause]) -> Clause:
    return {"dis_max": {"queries": list(clauses), "tie_breaker": weights.TIE}}
