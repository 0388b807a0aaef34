"""Reading quality beside the bare ``tesseract`` command, on the same images.

    python -m tests.bench.reading [--sets letters,reports,typescripts] [--limit N] [--json]

CER is edit distance over the length of the human transcription, spaces and line breaks counted as one
space each, ``~`` (unreadable to the transcriber) taken out of the transcription. Word recall is the
share of the transcription's words that were read, as a bag.
"""

import argparse
import csv
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rapidfuzz.distance import Levenshtein

from capture.pool import Pool
from capture.read import ReadOptions, read_page
from capture.settings import CaptureSettings
from capture.tools.tesseract import find_tessdata, language_code

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "ocr"
SETS = {
    "letters": ("unlv_business_letters", "en"),
    "reports": ("unlv_doe_reports", "en"),
    "typescripts": ("tapuscorpus", "fr"),
}


@dataclass(frozen=True, slots=True)
class Score:
    """One engine on one set: pages, characters of the transcription, CER, word recall."""

    pages: int
    characters: int
    edits: int
    cer: float
    recall: float


def samples(folder: Path, limit: int | None) -> list[tuple[Path, str]]:
    """Images of a set with their transcriptions."""
    with (folder / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))[:limit]
    return [(folder / row["image"], (folder / row["gt"]).read_text("utf-8", "replace")) for row in rows]


def plain(text: str) -> str:
    """One space for any run of blanks; no ``~``."""
    return " ".join(text.replace("~", "").split())


def score(pairs: Iterable[tuple[str, str]]) -> Score:
    """Score (transcription, reading) pairs of one set."""
    pages = characters = edits = words = found = 0
    for truth, read in pairs:
        truth, read = plain(truth), plain(read)
        pages += 1
        characters += len(truth)
        edits += Levenshtein.distance(truth, read)
        wanted, got = Counter(truth.split()), Counter(read.split())
        words += wanted.total()
        found += (wanted & got).total()
    return Score(
        pages, characters, edits, round(edits / max(1, characters), 4), round(found / max(1, words), 4)
    )


def ours(images: list[Path], language: str, settings: CaptureSettings, processes: int) -> list[str]:
    """The text of each image as capture reads it."""
    with TemporaryDirectory() as folder, Pool(processes, settings) as pool:
        outs = [Path(folder) / str(number) for number in range(len(images))]
        for out in outs:
            out.mkdir()
        options = ReadOptions((language,))
        jobs = [
            pool.run(read_page, image, 1, options, settings, out)
            for image, out in zip(images, outs, strict=True)
        ]
        return [job.result().page.text for job in jobs]


def bare(images: list[Path], language: str, settings: CaptureSettings, processes: int) -> list[str]:
    """The text of each image as the ``tesseract`` command prints it."""
    code = language_code(language, settings.tessdata)

    def run(image: Path) -> str:
        command = ["tesseract", str(image), "stdout", "-l", code]
        environment = {"OMP_THREAD_LIMIT": "1", "PATH": "/usr/bin:/bin:/usr/local/bin"}
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout

    with ThreadPoolExecutor(processes) as threads:
        return list(threads.map(run, images))


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--limit", type=int)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    settings = CaptureSettings(find_tessdata())
    table: dict[str, dict[str, object]] = {}
    pooled: dict[str, list[tuple[str, str]]] = {"ours": [], "tesseract": []}
    for name in asked.sets.split(","):
        folder, language = SETS[name]
        pairs = samples(SHARED / folder, asked.limit)
        images, truths = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        table[name] = {}
        for engine, read in (("ours", ours), ("tesseract", bare)):
            start = time.monotonic()
            texts = read(images, language, settings, asked.processes)
            pooled[engine] += zip(truths, texts, strict=True)
            seconds = round((time.monotonic() - start) / len(images), 2)
            table[name][engine] = asdict(score(zip(truths, texts, strict=True))) | {"seconds_a_page": seconds}
    table["pooled"] = {engine: asdict(score(pairs)) for engine, pairs in pooled.items()}
    if asked.json:
        json.dump(table, sys.stdout, indent=1)
        print()
        return
    for name, engines in table.items():
        for engine, found in engines.items():
            assert isinstance(found, dict)
            print(f"{name:12} {engine:10} CER {found['cer']:.4f}  word recall {found['recall']:.4f}  {found}")


if __name__ == "__main__":
    main()
