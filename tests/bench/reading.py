"""Reading quality beside the bare ``tesseract`` command, on the same images.

    postroom bench reading [DIR] [--pages N] [--json]

CER is edit distance over the length of the human transcription, spaces and line breaks counted as one
space each, ``~`` (unreadable to the transcriber) taken out of the transcription. Word recall is the
share of the transcription's words that were read, as a bag. ``difference`` is ours less Tesseract's CER:
the range that holds 95 of 100 bootstrap samples of the pages, drawn in pairs.
"""

import csv
import os
import random
import resource
import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rapidfuzz.distance import Levenshtein

from capture.pool import Pool
from capture.read import ReadOptions, read_page
from capture.settings import CaptureSettings
from capture.station import CONFIDENCE_BAR
from capture.tools.tesseract import find_tessdata, language_code
from domain.errors import Usage
from domain.page import Page

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "ocr"
SETS = {
    "letters": ("unlv_business_letters", "en"),
    "reports": ("unlv_doe_reports", "en"),
    "typescripts": ("tapuscorpus", "fr"),
    "tests": ("tesseract-test", "en"),
}
_TESTS = {
    "phototest.tif": "phototest.gold.txt",
    "phototest-rotated-180.png": "phototest.gold.txt",
    "phototest-rotated-L.png": "phototest.gold.txt",
    "phototest-rotated-R.png": "phototest.gold.txt",
    "phototestrot.tif": "phototest.gold.txt",
    "eurotext.tif": "eurotext.txt",
    "8071_093.3B.tif": "8071_093.3B.txt",
    "8087_054.3B.tif": "8087_054.3B.txt",
}  # tesseract-test has no labels.csv
_DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Score:
    """One engine on one set: pages, characters of the transcription, CER, word recall."""

    pages: int
    characters: int
    edits: int
    cer: float
    recall: float


def samples(folder: Path, limit: int | None = None) -> list[tuple[Path, str]]:
    """Images of a set with their transcriptions; ``limit``: so many of them, always the same."""
    labels = folder / "labels.csv"
    if labels.exists():
        with labels.open(newline="") as file:
            pairs = [(row["image"], row["gt"]) for row in csv.DictReader(file)]
    else:
        pairs = list(_TESTS.items())
    if limit is not None and limit < len(pairs):
        pairs = random.Random(1).sample(pairs, limit)
    return [(folder / image, (folder / text).read_text("utf-8", "replace")) for image, text in pairs]


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


def difference(truths: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> tuple[float, float]:
    """95 % interval of our CER less theirs, over the same pages."""
    sizes = [len(plain(truth)) for truth in truths]
    gaps = [
        Levenshtein.distance(plain(truth), plain(one)) - Levenshtein.distance(plain(truth), plain(other))
        for truth, one, other in zip(truths, ours, theirs, strict=True)
    ]
    draw, pages = random.Random(1), range(len(sizes))
    found = []
    for _ in range(_DRAWS):
        drawn = draw.choices(pages, k=len(sizes))
        found.append(sum(gaps[page] for page in drawn) / max(1, sum(sizes[page] for page in drawn)))
    found.sort()
    return round(found[int(0.025 * _DRAWS)], 4), round(found[int(0.975 * _DRAWS)], 4)


def ours(
    images: list[Path],
    language: str,
    settings: CaptureSettings,
    processes: int,
    bar: float = CONFIDENCE_BAR,
) -> list[Page]:
    """Each image as capture reads it."""
    with TemporaryDirectory() as folder, Pool(processes, settings) as pool:
        outs = [Path(folder) / str(number) for number in range(len(images))]
        for out in outs:
            out.mkdir()
        options = ReadOptions((language,), confidence_bar=bar)
        jobs = [
            pool.run(read_page, image, 1, options, settings, out)
            for image, out in zip(images, outs, strict=True)
        ]
        return [job.result().page for job in jobs]


def bare(images: list[Path], language: str, settings: CaptureSettings, processes: int) -> list[str]:
    """The text of each image as the ``tesseract`` command prints it."""
    code = language_code(language, settings.tessdata)

    def run(image: Path) -> str:
        command = ["tesseract", str(image), "stdout", "-l", code]
        environment = {"OMP_THREAD_LIMIT": "1", "PATH": "/usr/bin:/bin:/usr/local/bin"}
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout

    with ThreadPoolExecutor(processes) as threads:
        return list(threads.map(run, images))


def run(folder: Path | None, limit: int | None, sets: Iterable[str] = SETS) -> dict[str, Any]:
    """Read the sets with both engines; then the pages that were read more than once, without that."""
    root = folder or SHARED
    settings, processes = CaptureSettings(find_tessdata()), os.cpu_count() or 1
    table: dict[str, Any] = {}
    truths: list[str] = []
    texts: dict[str, list[str]] = {"ours": [], "tesseract": []}
    again: list[tuple[str, str, str, str]] = []
    for name in sets:
        at, language = SETS[name]
        if not (root / at).is_dir():
            raise Usage(f"{root / at} is missing: name the folder that holds {at}")
        pairs = samples(root / at, limit)
        images, wanted = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        before = _cpu()
        pages = ours(images, language, settings, processes)
        between = _cpu()
        theirs = bare(images, language, settings, processes)
        read = {"ours": [page.text for page in pages], "tesseract": theirs}
        used = {"ours": between - before, "tesseract": _cpu() - between}
        table[name] = _row(wanted, read, used)
        twice = [number for number, page in enumerate(pages) if len(page.attempts) > 1]
        once = ours([images[number] for number in twice], language, settings, processes, 0.0)
        again += [
            (wanted[number], page.text, pages[number].text, pages[number].reading)
            for number, page in zip(twice, once, strict=True)
        ]
        truths += wanted
        for engine, found in read.items():
            texts[engine] += found
    table["pooled"] = _row(truths, texts, {})
    return {"sets": table, "read_again": _again(again, len(truths))}


def _row(truths: list[str], texts: dict[str, list[str]], used: dict[str, float]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for engine, read in texts.items():
        row[engine] = asdict(score(zip(truths, read, strict=True)))
        if used:
            row[engine]["cpu_s_a_page"] = round(used[engine] / len(truths), 2)
    return row | {"difference": difference(truths, texts["ours"], texts["tesseract"])}


def _again(pages: list[tuple[str, str, str, str]], of: int) -> dict[str, Any]:
    once = score((truth, first) for truth, first, _, _ in pages)
    twice = score((truth, second) for truth, _, second, _ in pages)
    won = sum("sauvola" in name for *_, name in pages)
    return {"pages": len(pages), "of": of, "won": won, "cer_once": once.cer, "cer_twice": twice.cer}


def _cpu() -> float:
    """CPU seconds of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
