"""Whether memory grows with the batch: ``python -m tests.bench.memory [--small 60] [--large 600] [--json]``.

One bilevel A4 TIFF at 200 dpi, pages of text among blank ones with specks, through the whole intake; the
peak is that of the intake and all its processes together. Both batches begin with the same pages of text,
so that both have the reading processes at full work; the larger one has more of them further on.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from infra.database import prepare
from tests.bench.running import postroom
from tests.small import train_small

_SIZE = (2339, 1654)
_DPI = 200
_LINES = 20
_TEXT_FIRST = 4
_TEXT_EVERY = 60
_TEXT = "the committee has read your letter and will answer the parcel claim within thirty days"
_WORDS = _TEXT.split()


def text_page(number: int) -> Image.Image:
    """A full page of text, none like another."""
    canvas = np.full(_SIZE, 255, np.uint8)
    for line in range(_LINES):
        words = [_WORDS[(number * 7 + line * 3 + place * (line + 1)) % len(_WORDS)] for place in range(9)]
        where = (150, 200 + line * 48)
        cv2.putText(canvas, f"{' '.join(words)} {number}", where, cv2.FONT_HERSHEY_COMPLEX, 0.85, 0, 2)
    return Image.fromarray(canvas).convert("1")


def blank_page(number: int) -> Image.Image:
    """The back of a sheet: paper with some dust."""
    canvas = np.full(_SIZE, 255, np.uint8)
    dust = np.random.default_rng(number)
    for y, x in zip(dust.integers(0, _SIZE[0], 25), dust.integers(0, _SIZE[1], 25), strict=True):
        canvas[y : y + 2, x : x + 2] = 0
    return Image.fromarray(canvas).convert("1")


def has_text(number: int) -> bool:
    """Whether page ``number`` (from 0) is one of text."""
    return number < _TEXT_FIRST or number % _TEXT_EVERY == 0


def write_batch(path: Path, pages: int) -> int:
    """Write the TIFF; returns how many pages have text."""

    def images() -> Iterator[Image.Image]:
        for number in range(1, pages):
            yield text_page(number) if has_text(number) else blank_page(number)

    text_page(0).save(path, save_all=True, append_images=images(), compression="group4", dpi=(_DPI, _DPI))
    return sum(map(has_text, range(pages)))


def run(small: int = 60, large: int = 600, *, keep_blank: bool = False) -> dict[str, Any]:
    """Peak memory in MB of both batches and their ratio, and the fates of their pages.

    With ``keep_blank`` blank pages are filed too: one document of all pages.
    """
    prepare()
    found: dict[str, Any] = {}
    for name, pages in (("small", small), ("large", large)):
        with tempfile.TemporaryDirectory(prefix="postroom-memory-") as scratch:
            home, station = Path(scratch) / "home", Path(scratch) / "drop" / "backs"
            home.mkdir()
            station.mkdir(parents=True)
            train_small(home)
            profile = f"quiet_seconds = 0.1\n[separation]\ndrop_blank = {str(not keep_blank).lower()}\n"
            (station / "station.toml").write_text(profile)
            text = write_batch(station / "batch.tif", pages)
            ran = postroom(home, "intake", str(station.parent), "--once", seconds=60 + 3 * pages)
            found[name] = {
                "pages": pages,
                "text_pages": text,
                "code": ran.code,
                "fates": ran.data.get("fates"),
                "peak_mb": round(ran.peak_mb, 1),
                "seconds": ran.data.get("seconds"),
            }
    return {**found, "ratio": round(found["large"]["peak_mb"] / found["small"]["peak_mb"], 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--small", type=int, default=60)
    parser.add_argument("--large", type=int, default=600)
    parser.add_argument("--keep-blank", action="store_true", help="file the blank pages too")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    data = run(asked.small, asked.large, keep_blank=asked.keep_blank)
    if asked.json:
        print(json.dumps(data, indent=1))
        return
    for name in ("small", "large"):
        one = data[name]
        print(f"{one['pages']:5} pages: {one['peak_mb']:.0f} MB, {one['seconds']} s, {one['fates']}")
    print(f"ratio {data['ratio']}")


if __name__ == "__main__":
    main()
