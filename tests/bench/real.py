"""The main job on real input: ``python -m tests.bench.real [--sets a,b] [--limit N] [--json]``.

Whole folders of scans and invoices are copied into drop folders as they are, lists, transcriptions and all
(what is no mail is refused by its type), and taken in by a fresh instance with the default profile: it
is not told the language. Then, for each set:

- how many files were filed or refused, with the reasons; ``unaccounted`` lists the others;
- for sets with transcriptions, CER and word recall of the *archived* text beside the ``tesseract`` command
  on the same images, which is told the language; a page that was not filed counts as read empty;
- the share of pages that a search for the three rarest words of their transcription finds, among the first
  ten hits and as the first. Rare is by how many transcriptions of all sets have the word (letters only, four
  at least, ends of broken lines left out), ties by the alphabet;
- for the invoices, the share of those with a known number that a search for that number finds.
"""

import argparse
import json
import os
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from domain.document import DocumentText
from domain.entry import Query
from domain.wire import from_json
from infra.database import prepare
from infra.wiring import Services, open_services
from tests.bench.reading import bare, samples, score
from tests.bench.running import copy_whole, postroom

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


@dataclass(frozen=True, slots=True)
class Set:
    """A folder below the shared data; ``language`` (ISO 639-1) of its transcriptions, if it has some."""

    folder: str
    language: str | None = None


SETS = {
    "letters": Set("ocr/unlv_business_letters", "en"),
    "reports": Set("ocr/unlv_doe_reports", "en"),
    "typescripts": Set("ocr/tapuscorpus", "fr"),
    "invoices": Set("invoices/invoice2data"),
}
_RARE, _LETTERS, _HITS = 3, 4, 10


def run(
    sets: Sequence[str] = tuple(SETS), limit: int | None = None, *, base: Path = SHARED
) -> dict[str, Any]:
    """Take these sets in (``limit``: so many scans and other files of each) and compare."""
    prepare()
    with tempfile.TemporaryDirectory(prefix="postroom-real-") as scratch:
        home, drop = Path(scratch).resolve() / "home", Path(scratch).resolve() / "drop"
        files = 0
        for name in sets:
            files += copy_whole(base / SETS[name].folder, drop / name, _files(base, SETS[name], limit))
        seconds = 300 + 60.0 * files
        ran = postroom(home, "intake", str(drop), "--once", seconds=seconds)
        services = open_services(home)
        read = _Read(services)
        truths = {name: samples(base / SETS[name].folder, limit) for name in sets if SETS[name].language}
        rare = _rare_words({image: text for rows in truths.values() for image, text in rows})
        answer: dict[str, Any] = {
            "files": files,
            "pages": ran.data.get("pages"),
            "fates": ran.data.get("fates"),
            "seconds": ran.data.get("seconds"),
            "peak_rss_mb": round(ran.peak_mb),
            "exit_code": ran.code,
            "verify": postroom(home, "verify", seconds=600).data.get("ok"),
            "sets": {},
        }
        pooled: dict[str, list[tuple[str, str]]] = {"postroom": [], "tesseract": []}
        for name in sets:
            found = answer["sets"][name] = _account(drop / name, read)
            folder = base / SETS[name].folder
            if name in truths:
                dropped = {image: drop / name / image.relative_to(folder) for image, _ in truths[name]}
                pairs = _read_pairs(services, SETS[name], truths[name], read, dropped)
                for engine, rows in pairs.items():
                    pooled[engine] += rows
                    found[engine] = asdict(score(rows))
                found["search"] = _searches(services, read, {dropped[one]: rare[one] for one in dropped})
            else:
                found["search"] = _searches(services, read, _invoice_numbers(folder, drop / name, read))
        if truths:
            answer["pooled"] = {engine: asdict(score(rows)) for engine, rows in pooled.items()}
        return answer


class _Read:
    """What the register knows of each dropped file: fates, reasons, entries and their texts."""

    def __init__(self, services: Services) -> None:
        from register.models import Claim, PageFate, StoredObject

        self.pages = {Path(one.source): one.pages for one in Claim.objects.all()}
        self.fates: defaultdict[Path, Counter[str]] = defaultdict(Counter)
        self.reasons: dict[Path, str] = {}
        self.numbers: defaultdict[Path, set[str]] = defaultdict(set)
        self.texts: defaultdict[Path, list[str]] = defaultdict(list)
        texts: dict[int, list[str]] = {}
        fates = PageFate.objects.select_related("claim", "document__entry").order_by("claim_id", "page")
        for fate in fates:
            source = Path(fate.claim.source)
            self.fates[source][fate.kind] += 1
            if fate.kind == "refused":
                self.reasons.setdefault(source, fate.reason)
            if fate.document is None or fate.position is None:
                continue
            self.numbers[source].add(fate.document.entry.number)
            if fate.document.pk not in texts:
                key = StoredObject.objects.get(document=fate.document, role="text").key
                pages = from_json(DocumentText, services.archive.read(key)).pages
                texts[fate.document.pk] = [page.text for page in pages]
            self.texts[source].append(texts[fate.document.pk][fate.position - 1])


def _files(base: Path, one: Set, limit: int | None) -> list[Path]:
    """Everything in the set, or its first scans and the first of its other files."""
    folder = base / one.folder
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if limit is None:
        return files
    if one.language:
        scans = {image for image, _ in samples(folder, limit)}
    else:
        known = [path for path in files if path.suffix == ".pdf" and path.with_suffix(".json") in files]
        scans = {path for pdf in known[:limit] for path in (pdf, pdf.with_suffix(".json"))}
    others = [path for path in files if path.suffix in (".md", ".csv", ".txt", ".xml")]
    return sorted({*scans, *others[:limit]})


def _account(station: Path, read: _Read) -> dict[str, Any]:
    """Fates of the files of a station; what is only kept with the file it is attached to has no pages."""
    files = [source for source, pages in read.pages.items() if pages and source.is_relative_to(station)]
    kinds = Counter[str]()
    refused = Counter[str]()
    for source in files:
        fates = read.fates[source]
        kind = next((name for name in ("document", "refused", "duplicate") if fates[name]), "blank")
        kinds[kind] += 1
        if kind == "refused":
            refused[read.reasons[source]] += 1
    left = [str(path) for path in station.rglob("*") if path.is_file()]
    wrong = [str(one) for one in files if read.fates[one].total() != read.pages[one]]
    return {
        "files": len(files) + len(left),
        "filed": kinds["document"],
        "blank": kinds["blank"],
        "duplicates": kinds["duplicate"],
        "refused": dict(refused.most_common()),
        "unaccounted": left + wrong,
    }


def _read_pairs(
    services: Services,
    one: Set,
    truths: list[tuple[Path, str]],
    read: _Read,
    dropped: dict[Path, Path],
) -> dict[str, list[tuple[str, str]]]:
    """(transcription, reading) of each image, as archived here and by the command."""
    assert one.language
    ours = [(truth, "\n".join(read.texts[dropped[image]])) for image, truth in truths]
    settings = services.settings
    theirs = bare([image for image, _ in truths], one.language, settings.capture, settings.processes)
    return {
        "postroom": ours,
        "tesseract": [(truth, text) for (_, truth), text in zip(truths, theirs, strict=True)],
    }


def _words(text: str) -> set[str]:
    tokens = (token.strip(".,;:!?()[]\"'«»") for token in text.casefold().split())
    return {token for token in tokens if len(token) >= _LETTERS and token.isalpha()}


def _rare_words(texts: dict[Path, str]) -> dict[Path, str]:
    """The rarest words of each text, as a person would type them."""
    words = {path: _words(text) for path, text in texts.items()}
    frequency = Counter(word for some in words.values() for word in some)
    return {
        path: " ".join(sorted(some, key=lambda word: (frequency[word], word))[:_RARE])
        for path, some in words.items()
    }


def _invoice_numbers(folder: Path, station: Path, read: _Read) -> dict[Path, str]:
    """The number that stands on each invoice, where the set says it."""
    numbers = {}
    for answer in sorted(folder.rglob("*.json")):
        rows = json.loads(answer.read_text("utf-8"))
        invoice = station / answer.relative_to(folder).with_suffix(".pdf")
        if invoice in read.pages and rows and rows[0].get("invoice_number"):
            numbers[invoice] = str(rows[0]["invoice_number"])
    return numbers


def _searches(services: Services, read: _Read, wanted: dict[Path, str]) -> dict[str, Any]:
    """Whether each file's entry is among the hits of a search for these words."""
    first = among = 0
    missed = []
    for source, text in wanted.items():
        hits = [hit.number for hit in services.index.search(Query(text, limit=_HITS)).hits]
        found = read.numbers[source] & set(hits)
        among += bool(found)
        first += bool(hits and hits[0] in read.numbers[source])
        if not found:
            missed.append({"source": source.name, "words": text})
    asked = len(wanted)
    return {
        "asked": asked,
        "found": round(among / asked, 4) if asked else None,
        "first": round(first / asked, 4) if asked else None,
        "missed": missed,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--limit", type=int)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    load = os.getloadavg()[0]
    data = {**run(asked.sets.split(","), asked.limit), "load_average_at_start": round(load, 2)}
    if asked.json:
        print(json.dumps(data, indent=1, ensure_ascii=False))
        return
    print(f"{data['files']} files, {data['pages']} pages in {data['seconds']} s, verify ok: {data['verify']}")
    print(f"{'set':12} files filed refused unacc. |  CER ours / tesseract | recall ours / tess. | search")
    for name, one in data["sets"].items():
        print(_row(name, one))
    if "pooled" in data:
        print(_row("pooled", data["pooled"]))


def _row(name: str, one: dict[str, Any]) -> str:
    parts = [f"{name:12}"]
    if "files" in one:
        refused = sum(one["refused"].values())
        parts.append(f"{one['files']:5} {one['filed']:5} {refused:7} {len(one['unaccounted']):6}")
    if "postroom" in one:
        ours, theirs = one["postroom"], one["tesseract"]
        parts.append(f"CER {ours['cer']:.4f} / {theirs['cer']:.4f}")
        parts.append(f"recall {ours['recall']:.4f} / {theirs['recall']:.4f}")
    if "search" in one and one["search"]["asked"]:
        search = one["search"]
        parts.append(f"found {search['found']:.1%}, first {search['first']:.1%} of {search['asked']}")
    return " | ".join(parts)


if __name__ == "__main__":
    main()
