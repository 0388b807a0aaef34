"""The sample's texts alone, without pages: what the classifier is trained on at set-up."""

from random import Random

from domain.document import CLASSES
from samples.compose import compose
from samples.draft import plain_text

LANGUAGES = ("en", "es", "fr", "de")
# What OCR takes for what, by what was seen on scans of such letters.
CONFUSED = {
    "rn": "m", "m": "rn", "l": "1", "I": "l", "1": "l", "O": "0", "0": "O", "e": "c", "c": "e", "ü": "u",
    "é": "e", "ñ": "n", "ß": "B", "S": "5", "5": "S", "cl": "d", "t": "f", "h": "b", "ä": "a", "ó": "o",
    ",": ".", ".": ",",
}  # fmt: skip
NOISY = 0.4


def training_texts(per_class: int, seed: int) -> list[tuple[str, str]]:
    """``per_class`` labelled texts of each class, the four languages in turn.

    They come from a random stream of their own, so no document of ``write_samples`` is among them, but from
    the same stock of sentences: a score on the sample mail flatters a classifier trained on these.

    Returns:
        ``(text, class)`` pairs, class by class; on ``NOISY`` of them lie light OCR errors.
    """
    pairs = []
    for label in CLASSES:
        for index in range(per_class):
            rng = Random(f"postroom training {seed} {label} {index}")  # noqa: S311 - reproducible, not secret
            text = plain_text(compose(rng, label, LANGUAGES[index % len(LANGUAGES)]))
            pairs.append((noise(text, rng) if rng.random() < NOISY else text, label))
    return pairs


def noise(text: str, rng: Random) -> str:
    """``text`` with letters confused, words joined or split and stray marks, at one to four per cent."""
    rate = rng.uniform(0.01, 0.04)
    out, index = [], 0
    while index < len(text):
        size = 2 if text[index : index + 2] in CONFUSED and rng.random() < rate * 5 else 1
        piece = text[index : index + size]
        index += size
        chance = rng.random()
        if piece in CONFUSED and chance < rate * 2:
            out.append(CONFUSED[piece])
        elif piece == " " and chance < rate:
            continue
        elif piece.isalpha() and chance < rate / 4:
            out.append(piece + rng.choice((" ", "'", ".", "|", "~")))
        else:
            out.append(piece)
    return "".join(out)
