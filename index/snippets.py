"""Which page matches best, and the text around the match. The same for every engine."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.mapping import PREFIXING, STEMMERS, WORD, folded, folds, initials, stemmed, stems
from index.query import Piece

LENGTH = 160
_LEAD = 40
_MOST = 100  # matches on a page that are looked at for the excerpt
_STARS = re.compile(r"\*{2,}")

Span = tuple[int, int, int]
"""Start, end, and which of the pieces stands there."""


@dataclass(frozen=True, slots=True)
class Match:
    """Where a search hit an entry: ``page`` from 1, None for none; ``snippet`` with ``**`` around words."""

    page: int | None
    snippet: str


class Finder:
    """Finds the pieces of one search in texts; made once a search."""

    def __init__(self, pieces: Sequence[Piece], *, fuzzy: bool = False) -> None:
        """``fuzzy``: words may differ by one letter, as the search allowed."""
        self.pieces = [piece for piece in pieces if not piece.excluded]
        self.fuzzy = fuzzy
        self._known: dict[tuple[str, str | None], _Words] = {}  # by language and field

    def match(
        self,
        pages: Sequence[str],
        languages: Sequence[str | None],
        language: str | None = None,
        heads: Sequence[tuple[str, str]] = (),
    ) -> Match:
        """The page with the most of the pieces (then with most of their occurrences, then the first).

        Args:
            pages: texts of all pages.
            languages: ISO 639-1 of each.
            language: of the heads.
            heads: ``(field, text)`` to show a match in when no page has one, such as the subject.
        """
        best, spans = (0, 0), []
        found: int | None = None
        for number, (page, of_page) in enumerate(zip(pages, languages, strict=True), 1):
            here = list(self.spans(page, of_page or "", None))
            score = (len({piece for _, _, piece in here}), len(here))
            if score > best:
                best, spans, found = score, here, number
        if found:
            return Match(found, excerpt(pages[found - 1], spans))
        for field, text in heads:
            if here := list(self.spans(text, language or "", field)):
                return Match(None, excerpt(text, here))
        return Match(None, excerpt(next((page for page in pages if page.strip()), ""), []))

    def spans(self, text: str, language: str, field: str | None) -> Iterator[Span]:
        """Where in the text the pieces stand, in order: start, end, and which piece it is.

        ``language`` is ISO 639-1, "" for none; ``field`` names a head, None for a page.
        """
        known = self._known.get((language, field))
        if known is None:
            wanted = {
                number: piece
                for number, piece in enumerate(self.pieces)
                if piece.field is None or piece.field == field
            }
            known = self._known[language, field] = _Words(wanted, language, self.fuzzy)
        return known.spans(text)


class _Words(dict[str, int]):
    """Each word that was met, with the piece it matches, or -1; filled as words are met."""

    def __init__(self, wanted: dict[int, Piece], language: str, fuzzy: bool) -> None:
        super().__init__()
        self.language = language if language in STEMMERS else ""
        self.singles: dict[str, int] = {}
        self.stems: dict[str, int] = {}
        self.mistyped: dict[str, int] = {}
        self.sequences: list[tuple[int, list[str]]] = []
        self.patterns: list[tuple[int, re.Pattern[str]]] = []
        for number, piece in wanted.items():
            for word in piece.words:
                self._want(number, word, piece.phrase)
            if fuzzy and piece.fuzzy:
                self.mistyped[piece.fuzzy] = number
            if 4 < len(piece.compact) <= LENGTH and not piece.phrase and any(map(str.isdigit, piece.compact)):
                spaced = r"[\W_]{0,2}".join(map(re.escape, piece.compact))
                self.patterns.append((number, re.compile(rf"(?<!\w){spaced}(?!\w)", re.IGNORECASE)))

        self.candidates = self._candidates()

    def _candidates(self) -> re.Pattern[str] | None:
        """What words are worth a look: those that begin like a wanted one, or all. None: no word is."""
        if self.mistyped or self.language in PREFIXING:
            return WORD
        wanted = {word[0] for word in (*self.singles, *self.stems)}
        if not wanted:
            return None
        begins = "".join(initials(letter) for letter in sorted(wanted))
        return re.compile(rf"(?<![^\W_])[{begins}][^\W_]*+(?:-\n[^\W_]++)*+")

    def _want(self, number: int, word: str, phrase: bool) -> None:
        tokens = folded(word)
        if len(tokens) > 1:
            self.sequences.append((number, tokens))
        elif tokens:
            self.singles[tokens[0]] = number
            if self.language and not phrase:
                self.stems.update(dict.fromkeys(stemmed(word, self.language), number))

    def __missing__(self, word: str) -> int:
        self[word] = number = self._piece(word)
        return number

    def _piece(self, word: str) -> int:
        for fold in folds(word):
            if fold in self.singles:
                return self.singles[fold]
        if self.stems:
            for stem in stems(word, self.language):
                if stem in self.stems:
                    return self.stems[stem]
        for fold in folds(word) if self.mistyped else ():
            for wanted, number in self.mistyped.items():
                if nearly(fold, wanted):
                    return number
        return -1

    def spans(self, text: str) -> Iterator[Span]:
        """All places in ``text``."""
        for match in self.candidates.finditer(text) if self.candidates else ():
            number = self[match[0]]
            if number >= 0:
                yield match.start(), match.end(), number
        for number, pattern in self.patterns:
            for match in pattern.finditer(text):
                yield match.start(), match.end(), number
        if self.sequences:
            yield from self._runs(text)

    def _runs(self, text: str) -> Iterator[Span]:
        places = [
            (match.start(), match.end(), fold)
            for match in re.finditer(r"[^\W_]+", text)
            for fold in folds(match.group())
        ]
        for number, tokens in self.sequences:
            for at in range(len(places) - len(tokens) + 1):
                if places[at][2] == tokens[0] and all(
                    places[at + step][2] == token for step, token in enumerate(tokens)
                ):
                    yield places[at][0], places[at + len(tokens) - 1][1], number


def nearly(one: str, other: str) -> bool:
    """Whether the words differ by at most one letter more, less or other, or two neighbours swapped."""
    if abs(len(one) - len(other)) > 1:
        return False
    if len(one) > len(other):
        one, other = other, one
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) < len(other):
        return one[at:] == other[at + 1 :]
    swapped = one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
    return one[at + 1 :] == other[at + 1 :] or swapped


def excerpt(text: str, spans: Sequence[Span]) -> str:
    """About ``LENGTH`` characters of ``text`` on one line, where most different pieces stand together."""
    spans = sorted(spans)[:_MOST]
    start = 0
    most = (0, 0)
    for first, _, _ in spans:
        near = [piece for begin, end, piece in spans if begin >= first and end <= first + LENGTH - _LEAD]
        if (score := (len(set(near)), len(near))) > most:
            most, start = score, max(0, first - _LEAD)
    start = max(0, min(start, len(text) - LENGTH))
    stop = min(len(text), start + LENGTH)
    if start:  # to the next word's begin, but never into the match
        blank = re.search(r"\s", text[start : start + _LEAD])
        start += blank.end() if blank else 0
    if stop < len(text):
        cut = max(text.rfind(" ", start + 1, stop), text.rfind("\n", start + 1, stop))
        stop = cut if cut > start else stop
        stop = max([stop, *(end for begin, end, _ in spans if begin < stop < end)])
    out, at = ["…" if text[:start].strip() else ""], start
    for begin, end, _ in spans:
        if begin >= at and end <= stop:
            out += [_plain(text[at:begin]), "**", _plain(text[begin:end]), "**"]
            at = end
    out += [_plain(text[at:stop]), "…" if text[stop:].strip() else ""]
    return " ".join("".join(out).split())


def _plain(text: str) -> str:
    return _STARS.sub("*", text)
