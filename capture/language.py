"""Which language a text is in."""

import copy
from collections.abc import Sequence
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]

from domain.errors import Usage

ENOUGH_LETTERS = 25
"""Fewer letters than this say too little about a language."""

READ_AT_MOST = 5_000
"""Characters looked at: more do not change the answer and cost time."""


def detect(text: str, among: Sequence[str]) -> tuple[str | None, float]:
    """Say which of the languages given a text is in.

    Args:
        text: any text; its first 5,000 characters are looked at.
        among: ISO 639-1 codes to choose from.

    Returns:
        The likeliest code and its probability 0-1 among those given (a text in another language still
        gets the nearest of them); ``(None, 0.0)`` for a text of fewer than 25 letters. The same text
        gives the same answer.

    Raises:
        Usage: no language was given, or one is unknown.
    """
    identifier = _identifier(frozenset(among))
    text = text[:READ_AT_MOST]
    if sum(map(str.isalpha, text)) < ENOUGH_LETTERS:
        return None, 0.0
    code, probability = identifier.classify(_plain(text))
    return str(code), float(probability)


def _plain(text: str) -> str:
    """The words without numbers and addresses, in lower case: capitals and codes mislead the model."""
    words = [word for word in text.split() if not any(c.isdigit() or c in "@/" for c in word)]
    return " ".join(words).lower()


@cache
def _all_languages() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@cache
def _identifier(among: frozenset[str]) -> LanguageIdentifier:
    if not among:
        raise Usage("no language to choose from: name at least one, for example en")
    every = _all_languages()
    if unknown := among - set(every.labels):
        raise Usage(
            f"unknown language {', '.join(sorted(unknown))}: use ISO 639-1 codes, for example en, es, fr, de"
        )
    identifier = copy.copy(every)  # restricted once and then only read, so threads may share it
    identifier.set_languages(sorted(among))
    return identifier
