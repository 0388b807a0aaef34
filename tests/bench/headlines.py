"""Who wrote and what about, as entries show it: sample documents typeset afresh, beside their truth.

    python -m tests.bench.headlines [SEED] [DOCUMENTS A CLASS]

Pages are read by their own words, so that the rules are measured and not OCR. Prints counts by field:
``right`` where one is part of the other or they differ in a sixth of their letters at most, ``wrong``,
``none`` found; and each that is wrong. What the truth does not tell of is left out.
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path
from random import Random

from rapidfuzz.distance import Levenshtein

from capture.barcodes import BarcodeOptions
from capture.fields import extract_fields, summary
from capture.pages import inspect
from capture.read import ReadOptions, read_page
from capture.station import Station
from domain.document import CLASSES
from domain.page import Page
from samples.compose import compose
from samples.generate import LANGUAGES
from samples.layout import typeset
from samples.style import draw_style
from tests.capture.sheets import settings

_OPTIONS = ReadOptions(languages=LANGUAGES, barcodes=BarcodeOptions(formats=()))
_FIRST = 4  # pages
_ALIKE = 5 / 6


def _read(pdf: bytes) -> list[Page]:
    with tempfile.TemporaryDirectory() as scratch:
        path, station = Path(scratch) / "a.pdf", Station()
        path.write_bytes(pdf)
        pages = min(inspect(path, station.takes, station.page_limit).pages, _FIRST)
        return [read_page(path, at, _OPTIONS, settings(), Path(scratch)).page for at in range(1, pages + 1)]


def _same(one: str, other: str) -> bool:
    one, other = one.lower().strip(" .:"), other.lower().strip(" .:")
    return one in other or other in one or Levenshtein.normalized_similarity(one, other) >= _ALIKE


def main(seed: str = "headlines", each: str = "24") -> None:
    """Measure and print."""
    counts: dict[str, Counter[str]] = {"subject": Counter(), "sender": Counter()}
    for label in CLASSES:
        for number in range(int(each)):
            rng = Random(f"{seed} {label} {number}")
            draft = compose(rng, label, LANGUAGES[number % len(LANGUAGES)])
            pages = _read(typeset(draft, draw_style(rng), rng, label="").pdf)
            shown = summary(extract_fields(pages), pages)
            for name, count in counts.items():
                if name not in draft.fields:
                    continue
                found, truth = getattr(shown, name), draft.fields[name][1]
                how = "none" if not found else "right" if _same(found, truth) else "wrong"
                count[how] += 1
                if how == "wrong":
                    print(f"{label} {name}: {truth}; found {found}")
    for name, count in counts.items():
        print(name, dict(count))


if __name__ == "__main__":
    main(*sys.argv[1:])
