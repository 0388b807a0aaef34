"""What the classifier looks at, taken from a text or from pages as they were read."""

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median

import cv2
import numpy as np

from domain.evidence import Evidence, Line
from domain.page import Page

READ_AT_MOST = 4_000
"""Characters of a document that are looked at: its class shows on the first two pages."""

ENOUGH_LETTERS = 20
"""With fewer letters than this a person must look."""

GRID = 8
"""Fields of a page's ink, each way."""


def of_text(text: str) -> Evidence:
    """What a bare text tells. The top of a line goes by its order, its left by its indentation."""
    read = text[:READ_AT_MOST].expandtabs(4)
    lines = [line for line in read.splitlines() if line.strip()]
    return Evidence(
        tuple(
            Line(
                " ".join(line.split()),
                min(0.1 + (len(line) - len(line.lstrip())) / 100, 0.9),
                at / len(lines),
            )
            for at, line in enumerate(lines)
        )
    )


def of_pages(pages: Sequence[Page], thumbnail: bytes = b"") -> Evidence:
    """What pages as they were read tell, with a picture of the first of them, such as a JPEG.

    Without a picture, or where it cannot be decoded, the ink is not known.
    """
    languages = Counter[str]()
    for page in pages:
        if page.language:
            languages[page.language] += len(page.words)
    return Evidence(
        lines=tuple(_beginning(pages)),
        pages=max(1, len(pages)),
        barcodes=sum(len(page.barcodes) for page in pages),
        language=languages.most_common(1)[0][0] if languages else None,
        ink=_ink(thumbnail),
    )


def enough(evidence: Evidence) -> bool:
    """Whether there is enough text to judge it."""
    return sum(map(str.isalpha, evidence.text)) >= ENOUGH_LETTERS


def _beginning(pages: Iterable[Page]) -> Iterable[Line]:
    left = READ_AT_MOST
    for at, page in enumerate(pages):
        for words in page.lines:
            if left <= 0:
                return
            text = " ".join(word.text for word in words)[:left]
            left -= len(text) + 1
            height = median(word.box[3] - word.box[1] for word in words)
            top = min(word.box[1] for word in words)
            yield Line(text, round(words[0].box[0], 4), round(at + top, 4), round(height, 5))


def _ink(thumbnail: bytes) -> tuple[float, ...]:
    if not thumbnail:
        return ()
    image = cv2.imdecode(np.frombuffer(thumbnail, np.uint8), cv2.IMREAD_GRAYSCALE)
    if image is None:
        return ()
    small = cv2.resize(image, (GRID, GRID), interpolation=cv2.INTER_AREA)
    return tuple(np.round(1 - small.astype(np.float64).ravel() / 255, 4).tolist())
