"""Small made-up texts of three classes, in two languages."""

import random

from domain.evidence import Example
from models.evidence import of_text

WORDS = {
    "invoice": "invoice total amount due VAT net payment IBAN quantity price Rechnung Betrag Menge Preis",
    "letter": "dear sincerely thank you kindly letter wish Sehr geehrte freundlichen danke Brief",
    "contract": "agreement party clause term parties shall governed Vertrag Parteien Klausel Laufzeit",
}
COMMON = "the and of in to der die und für on at with this page number date office street"


def corpus(per_class: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """Texts and their classes."""
    chance = random.Random(seed)
    pairs = [
        (" ".join(chance.choices(WORDS[label].split(), k=12) + chance.choices(COMMON.split(), k=25)), label)
        for label in WORDS
        for _ in range(per_class)
    ]
    chance.shuffle(pairs)
    return [text for text, _ in pairs], [label for _, label in pairs]


def examples(per_class: int, seed: int = 0) -> list[Example]:
    """The same as labelled documents."""
    texts, labels = corpus(per_class, seed)
    return [
        Example(f"{seed}-{place:04}", of_text(text), label)
        for place, (text, label) in enumerate(zip(texts, labels, strict=True))
    ]
