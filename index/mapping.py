"""How text becomes terms: folding, stemming and identifiers. The same for every engine.

Change ``VERSION`` with anything here that changes what is stored: indexes of another version are refused.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

VERSION = 2

STEMMERS = {
    "ar": "arabic", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "fi": "finnish", "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip
"""Language (ISO 639-1) to its Snowball stemmer. Text in other languages is found unstemmed."""

PREFIXING = frozenset({"ar", "nl", "ta"})
"""Languages whose stemmers may take off prefixes too: a stem may begin unlike its word."""

# Possessive and anchored: a page without blanks must not take quadratic time.
# A word of running text; one that is hyphenated at the end of a line counts as one.
WORD = re.compile(r"[^\W_]++(?:-\n[^\W_]++)*+")
_HYPHENATED = re.compile(r"(?<![^\W\d_])[^\W\d_]++(?:-\n[^\W\d_]++)+")
# 2024/0815-B, 12.03.2026, IN-2026-000123-7
_PUNCTUATED = re.compile(r"(?<![^\W_])[^\W_]++(?:[./\\_-][^\W_]++)+")
# An IBAN (ISO 13616) as printed: in groups of four.
_IBAN = re.compile(r"\b[A-Z]{2}[0-9]{2}(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?\b")


@cache
def analyzer(language: str | None = None) -> TextAnalyzer:
    """Words in lower case without accents; with a ``language`` of ``STEMMERS``, their stems."""
    builder = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.lowercase())
    if language:
        # The stemmers know their language with its accents: fold afterwards.
        builder = builder.filter(Filter.stemmer(STEMMERS[language]))
    return builder.filter(Filter.ascii_fold()).build()


def clean(text: str) -> str:
    """The text as we keep it: composed accents, no soft hyphens, nothing that is no character."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return unicodedata.normalize("NFC", text).replace("\0", " ").replace("\u00ad", "")


def folded(text: str) -> list[str]:
    """The words in lower case, without accents."""
    return analyzer().analyze(text)


def stemmed(text: str, language: str) -> list[str]:
    """The words' stems, without accents."""
    return analyzer(language).analyze(text)


def compact(text: str) -> str:
    """An identifier without blanks and punctuation, in lower case: ``2024/0815-B`` is ``20240815b``."""
    return "".join(folded(text))


def parts(text: str) -> list[str]:
    """An identifier's parts, without leading zeros: ``IN-2026-000123-7`` is ``in 2026 123 7``."""
    return [part.lstrip("0") or "0" for part in folded(text)]


def dehyphenated(text: str) -> Iterator[str]:
    """The words that are broken at the end of a line, whole."""
    for match in _HYPHENATED.finditer(text):
        yield match.group().replace("-\n", "")


def by_language(texts: Iterable[str], languages: Iterable[str | None]) -> dict[str, list[str]]:
    """The texts in each language that has a stemmer, in order, without empty ones."""
    found: dict[str, list[str]] = {}
    for text, language in zip(texts, languages, strict=True):
        if text and language in STEMMERS:
            found.setdefault(language, []).append(text)
    return found


def identifiers_in(text: str) -> Iterator[str]:
    """What looks like an identifier in running text, compact, so that it is found however it is typed."""
    for match in _PUNCTUATED.finditer(text):
        if any(character.isdigit() for character in match.group()):
            yield compact(match.group())
    for match in _IBAN.finditer(text):
        yield compact(match.group())


def unique(values: Iterable[str]) -> list[str]:
    """The values that are not empty, each once, in order."""
    return list(dict.fromkeys(value for value in values if value))


@lru_cache(maxsize=100_000)
def folds(word: str) -> tuple[str, ...]:
    """The folded forms of one ``WORD``: its own, or the whole and the parts of a hyphenated one."""
    if "-\n" not in word:
        return tuple(folded(word))
    return (*folded(word.replace("-\n", "")), *folded(word))


@lru_cache(maxsize=100_000)
def stems(word: str, language: str) -> tuple[str, ...]:
    """The stems of one ``WORD``, as ``folds`` gives its forms."""
    if "-\n" not in word:
        return tuple(stemmed(word, language))
    return (*stemmed(word.replace("-\n", ""), language), *stemmed(word, language))


@cache
def initials(letter: str) -> str:
    """The characters whose folding begins with this letter (``eEéÈ...``), for a set in a regex."""
    found = _unfolded().get(letter, frozenset()) | {letter, letter.upper()[0], letter.lower()[0]}
    return "".join(map(re.escape, sorted(found)))


@cache
def _unfolded() -> dict[str, frozenset[str]]:
    """The characters of the blocks that folding changes, by the first one they fold to."""
    blocks = (
        (0x30, 0x590),
        (0x1E00, 0x2500),
        (0x2C60, 0x2C80),
        (0xA720, 0xA800),
        (0xFB00, 0xFB07),
        (0xFF10, 0xFF5B),
    )
    found: dict[str, set[str]] = {}
    for first, last in blocks:
        for code in range(first, last):
            for fold in folded(chr(code))[:1]:
                found.setdefault(fold[0], set()).add(chr(code))
    return {letter: frozenset(characters) for letter, characters in found.items()}
