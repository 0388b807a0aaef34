"""What a person types into the search box, read the same way for every engine.

- ``unpaid invoice``: all the words must stand in the entry, in any of its forms (stems, without accents).
- ``"unpaid invoice"``: these words in this order, as written (but for case and accents).
- ``-reminder``, ``-"final notice"``: entries with it are left out.
- ``subject:``, ``sender:``, ``recipient:``, ``number:``, ``class:``, ``language:``, before a word or a
  phrase: looks only there. Any other word with a colon is just text.
- ``DE89 3704 0044 0532 0130 00``: blanks in an identifier do not matter.
- Other punctuation does not matter either: ``2024/0815-B`` finds the identifier, ``0815`` its part.
- If no entry has all the words, a second search lets each word of 5 to 40 letters (without digits, outside
  quotes) differ by one letter, or by two swapped ones.

Only the first ``MAX_PIECES`` words and phrases count. Nothing that is typed is an error.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from domain.entry import DEEPEST, Query
from domain.errors import Usage
from index.mapping import clean, compact, folded

MAX_PIECES = 64
FUZZY_LETTERS = range(5, 41)  # longer ones cost seconds
FIELDS = ("subject", "sender", "recipient", "number", "class", "language")

_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»″", '"'))
_PIECE = re.compile(
    rf"""(?P<minus>(?<!\S)-(?=\S))?
    (?:(?P<field>{"|".join(FIELDS)}):\s*(?=\S))?
    (?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))""",
    re.VERBOSE | re.IGNORECASE,
)
_CODE = re.compile(r"[^\W_]*\d[^\W_]*|[A-Z]{1,4}")


def must_be(query: Query) -> None:
    """See that as many hits can be had.

    Raises:
        Usage: ``limit`` is negative, or ``skip`` leads too deep.
    """
    if query.limit < 0:
        raise Usage(f"A search for {query.limit} hits: ask for 0 or more")
    if query.skip < 0 or (query.skip and query.skip + query.limit > DEEPEST):
        raise Usage(f"{query.limit} hits behind {query.skip}: ask for the first {DEEPEST} only, or narrow it")


@dataclass(frozen=True, slots=True)
class Piece:
    """A word, a phrase, or a run of blocks that may be one identifier.

    Attributes:
        words: its words as typed: several for a run, otherwise one text.
        phrase: was in quotes: as written, no stems, no typing errors.
        field: one of ``FIELDS``, or None for all text.
        excluded: entries that have it are left out.
    """

    words: tuple[str, ...]
    phrase: bool = False
    field: str | None = None
    excluded: bool = False

    @property
    def compact(self) -> str:
        """All its words together as an identifier; empty if that makes none."""
        whole = compact(" ".join(self.words))
        worth = len(self.words) > 1 or len(folded(self.words[0])) > 1 or any(map(str.isdigit, whole))
        return whole if worth else ""

    @property
    def fuzzy(self) -> str:
        """The folded word that may be mistyped; empty if there is none such."""
        tokens = folded(self.words[0])
        plain = not self.phrase and not self.excluded and len(self.words) == 1 and len(tokens) == 1
        return tokens[0] if plain and len(tokens[0]) in FUZZY_LETTERS and tokens[0].isalpha() else ""


def parse(text: str) -> tuple[Piece, ...] | None:
    """The pieces of a search text; None if it is blank, empty if nothing in it can be searched for."""
    text = clean(text).translate(_QUOTES)
    if not text.strip():
        return None
    pieces: list[Piece] = []
    for match in _PIECE.finditer(text):
        words = match["word"] if match["phrase"] is None else match["phrase"]
        if folded(words):
            field = match["field"].lower() if match["field"] else None
            pieces.append(Piece((words,), match["phrase"] is not None, field, bool(match["minus"])))
            if len(pieces) == MAX_PIECES:
                break
    return tuple(_runs(pieces))


def _runs(pieces: list[Piece]) -> list[Piece]:
    """Joins neighbours that look like the blocks of one identifier: digits, or short and in capitals."""
    if not pieces:
        return []
    runs = [[pieces[0]]]
    for before, piece in pairwise(pieces):
        if _block(before) and _block(piece):
            runs[-1].append(piece)
        else:
            runs.append([piece])
    joined: list[Piece] = []
    for run in runs:
        words = tuple(piece.words[0] for piece in run)
        if len(run) > 1 and any(character.isdigit() for word in words for character in word):
            joined.append(Piece(words))
        else:
            joined += run
    return joined


def _block(piece: Piece) -> bool:
    plain = not piece.phrase and piece.field is None and not piece.excluded
    return plain and _CODE.fullmatch(piece.words[0]) is not None
