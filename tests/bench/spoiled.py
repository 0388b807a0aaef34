"""What each correction gains on pages with its fault, and costs on pages without.

    .venv/bin/python -m tests.bench.spoiled [DIR] [--pages N]

Real scans are spoiled by ``samples.scanner``, seeded, and read with and without ``capture.correct``.
"""

import argparse
import random
import time
from pathlib import Path
from unittest.mock import patch

from capture.correct import corrected
from capture.pyramid import Pyramid
from capture.raster import load_image
from capture.settings import CaptureSettings
from capture.tools.tesseract import find_tessdata
from capture.words import read_words
from domain.page import Page
from samples.scanner import Faults, Feed, scan
from tests.bench.reading import SETS, SHARED, samples, score

FAULTS: dict[str, tuple[str, Faults]] = {
    "none": ("grey", Faults()),
    "border": ("bilevel", Faults(skew=1.8, dark_edge=True, noise=3)),
    "specks": ("bilevel", Faults(salt=0.008)),
    "back": ("grey", Faults(bleed=0.25, noise=3)),
    "faded": ("grey", Faults(fade=0.12, noise=8)),
}


def measure(fault: str, pages: list[tuple[Pyramid, str]], settings: CaptureSettings) -> dict[str, object]:
    """CER with and without corrections, how many pages were corrected, and ms of CPU a page for that."""
    mode, faults = FAULTS[fault]
    texts: dict[str, list[tuple[str, str]]] = {"without": [], "with": []}
    corrections, spent = 0, 0.0
    for number, (clean, truth) in enumerate(pages):
        other = pages[number - 1][0].reading.gray
        feed, draw = Feed(200, mode, 0.5), random.Random(number)  # type: ignore[arg-type]
        spoiled = Pyramid(
            scan(clean.reading.gray, feed, faults, draw, back=other), (200.0, 200.0), settings.ocr_dpi
        )
        _ = spoiled.ink
        start = time.process_time()
        names = corrected(spoiled)[1]
        spent += time.process_time() - start
        corrections += bool(names)
        with patch("capture.words.corrected", lambda page: (page, ())):
            texts["without"].append((truth, _text(spoiled, settings)))
        texts["with"].append((truth, _text(spoiled, settings) if names else texts["without"][-1][1]))
    cer = {name: score(found).cer for name, found in texts.items()}
    return {"corrected": f"{corrections} of {len(pages)}", **cer, "ms": round(1000 * spent / len(pages), 1)}


def _pyramid(image: Path, settings: CaptureSettings) -> Pyramid:
    loaded = load_image(image, 1, "tiff", settings)
    return Pyramid(loaded.view, loaded.dpi, 200)


def _text(page: Pyramid, settings: CaptureSettings) -> str:
    reading = read_words(page, ("en",), 0.0, settings)
    return Page(1, 1, 1, 200, words=reading.words).text


def main() -> None:
    """Print a line a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=SHARED)
    parser.add_argument("--pages", type=int, default=6, help="of letters and of reports each")
    asked = parser.parse_args()
    settings = CaptureSettings(find_tessdata())
    pages = [
        (_pyramid(image, settings), truth)
        for name in ("letters", "reports")
        for image, truth in samples(asked.folder / SETS[name][0], asked.pages)
    ]
    for fault in FAULTS:
        print(fault, measure(fault, pages, settings), flush=True)


if __name__ == "__main__":
    main()
