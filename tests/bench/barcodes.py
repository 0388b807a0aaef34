"""Barcodes: recall, false positives and processor time of ours, zxing-cpp alone and pyzbar alone.

Run it as ``postroom bench barcodes [DIR]``. ``DIR`` holds folders of pictures, each picture ``N.png``
beside its payload ``N.txt`` or ``N.bin``; ``N-1.png``, ``N-2.png`` … are parts of one payload; a folder
named ``falsepositives*`` holds no code. Without ``DIR``, generated letters are read (``coded_letters``).

Fairness: zxing-cpp has all formats, its default searches (turned, inverted, reduced) and the text mode that
the payloads are written in; pyzbar all its symbols. Ours runs as a station that expects a code. The
add-on beside a retail code is a code of its own, which none of the three is asked for.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image

from capture import ocr
from capture.barcode_engines import RETAIL, pyzbar
from capture.barcodes import BarcodeOptions, read_barcodes
from capture.patch import PATTERNS
from capture.pyramid import Pyramid
from capture.settings import CaptureSettings
from capture.tools.tesseract import find_tessdata
from domain.errors import Usage
from tests.bench.coded_letters import DAMAGES, CodedLetter, coded_letter, coded_letters

Gray = NDArray[np.uint8]
Found = list[tuple[str, bytes]]
_SUFFIXES = {".png", ".webp", ".jpg", ".tif"}
_NOTHING = "falsepositives"
_PATCHES = tuple(PATTERNS.values())
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "ocr"


@dataclass(frozen=True, slots=True)
class Picture:
    """An image, its resolution (0: unknown), and what it is counted under: folder, then one more name."""

    gray: Gray
    dpi: float
    folder: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """Pictures that together say ``payload``; None: what they say is not told; b"": nothing."""

    pictures: tuple[Picture, ...]
    payload: bytes | None


@dataclass(slots=True)
class Tally:
    """``false_positives`` counts codes where none is; ``wrong`` codes that say something else."""

    payloads: int = 0
    read: int = 0
    false_positives: int = 0
    wrong: int = 0
    images: int = 0
    seconds: float = 0.0

    def told(self) -> dict[str, Any]:
        """As the command prints it; recall is null where there is no payload."""
        return {
            "recall": round(self.read / self.payloads, 4) if self.payloads else None,
            "false_positives": self.false_positives,
            "ms_per_image": round(1000 * self.seconds / max(self.images, 1), 2),
            "wrong": self.wrong,
            "read": self.read,
            "payloads": self.payloads,
            "images": self.images,
        }


@dataclass(slots=True)
class _Tallies:
    over_all: dict[str, Tally] = field(default_factory=dict)
    groups: dict[tuple[str, str], dict[str, Tally]] = field(default_factory=dict)

    def of(self, picture: Picture, engine: str) -> list[Tally]:
        names = (("folders", picture.folder), *((("damages", picture.kind),) if picture.kind else ()))
        places = (self.over_all, *(self.groups.setdefault(name, {}) for name in names))
        return [place.setdefault(engine, Tally()) for place in places]


def run(folder: Path | None, every: int = 1) -> dict[str, Any]:
    """Measure; see the module and ``docs/commands.md`` for what comes back.

    Args:
        folder: pictures with payloads; None: generated letters.
        every: of the generated letters, only each so manieth.

    Raises:
        Usage: the folder is missing or holds no picture.
    """
    cv2.setNumThreads(1)
    if folder is not None and not folder.is_dir():
        raise Usage(f"{folder}: no such folder; name one with pictures and their payloads, or none")
    cases = _letters(every) if folder is None else cases_of(folder)
    tallies = measure(cases, ENGINES)
    if not tallies.over_all:
        raise Usage(f"{folder}: no pictures in its folders; expected FOLDER/N.png beside FOLDER/N.txt")
    data: dict[str, Any] = {"engines": _told(tallies.over_all), "folders": {}}
    for (group, name), engines in tallies.groups.items():
        data.setdefault(group, {})[name] = _told(engines)
    if folder is None:
        data["cost"] = cost(_plain_pages())
    return data


def _told(engines: Mapping[str, Tally]) -> dict[str, Any]:
    told = {name: tally.told() for name, tally in engines.items()}
    # What either of the two reads alone: no engine, so it has no time.
    told["union"] = {key: told["union"][key] for key in ("recall", "read", "payloads")}
    return told


def measure(cases: Iterable[Case], engines: Mapping[str, Callable[[Picture], Found]]) -> _Tallies:
    """Every engine on every picture; times are of the processor, decoding left out."""
    tallies = _Tallies()
    for case in cases:
        said: dict[str, Found] = {}
        for name, engine in engines.items():
            found: Found = []
            for picture in case.pictures:
                start = time.process_time()
                found += engine(picture)
                for tally in tallies.of(picture, name):
                    tally.seconds += time.process_time() - start
                    tally.images += 1
            said[name] = found
            _count(case, found, tallies.of(case.pictures[0], name))
        union = tallies.of(case.pictures[0], "union")
        read = case.payload and any(says(said[name], case.payload) for name in said if name != "ours")
        for tally in union:
            tally.payloads += bool(case.payload)
            tally.read += bool(read)
    return tallies


def _count(case: Case, found: Found, tallies: list[Tally]) -> None:
    for tally in tallies:
        if case.payload == b"":
            tally.false_positives += len(found)
        elif case.payload is not None:
            read = says(found, case.payload)
            tally.payloads += 1
            tally.read += read
            tally.wrong += not read and bool(found)


def says(found: Found, payload: bytes) -> bool:
    """Whether one of the codes, or all of them together, says the payload."""
    wanted = _even(payload)
    for name, text in found:
        retail = re.sub("[^A-Z0-9]", "", name.upper()) in RETAIL
        # An add-on of two or five digits may follow in the payload.
        main = wanted[:13] if retail and len(wanted) > 14 else wanted
        if _even(text) == main or (retail and text.lstrip(b"0") == main.lstrip(b"0")):
            return True
    parts = list(dict.fromkeys(text for _, text in found))
    return len(parts) > 1 and sum(map(len, parts)) == len(payload) and all(part in payload for part in parts)


def _even(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n").strip()


def cases_of(root: Path) -> Iterator[Case]:
    """The pictures of the folders in ``root``, by payload."""
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        groups: dict[str, list[Path]] = {}
        for path in sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES):
            stem = path.stem
            if _payload(folder, stem) is None and _payload(folder, whole := re.sub(r"-\d+$", "", stem)):
                stem = whole
            groups.setdefault(stem, []).append(path)
        for stem, paths in groups.items():
            payload = b"" if folder.name.startswith(_NOTHING) else _payload(folder, stem)
            yield Case(tuple(Picture(_gray(path), 0, folder.name) for path in paths), payload)


def _payload(folder: Path, stem: str) -> bytes | None:
    files = (folder / f"{stem}{ending}" for ending in (".txt", ".bin"))
    return next((path.read_bytes() for path in files if path.exists()), None)


def _gray(path: Path) -> Gray:
    with Image.open(path) as image:
        flat = Image.new("RGBA", image.size, "white")
        flat.alpha_composite(image.convert("RGBA"))
    return np.array(flat.convert("L"))


def _ours(picture: Picture) -> Found:
    patch = _PATCHES if picture.folder.startswith("Patch") else ()
    options = BarcodeOptions(patch=patch, expected=True)
    return [(code.format, _bytes(code.text)) for code in read_barcodes(picture.gray, picture.dpi, options)]


def _bytes(text: str) -> bytes:
    """A text as bytes: bytes that were no text stand as one sign each."""
    binary = any("\x80" <= sign <= "\x9f" for sign in text)
    return text.encode("latin-1" if binary and max(text) < "\u0100" else "utf-8")


def _zxing(picture: Picture) -> Found:
    found = zxingcpp.read_barcodes(picture.gray, text_mode=zxingcpp.TextMode.Plain)
    pairs = ((code.format.name, way) for code in found for way in (code.text.encode(), bytes(code.bytes)))
    return list(dict.fromkeys(pairs))


def _zbar(picture: Picture) -> Found:
    return [(code.type, code.data) for code in pyzbar().decode(picture.gray)]


ENGINES: dict[str, Callable[[Picture], Found]] = {"ours": _ours, "zxing-cpp": _zxing, "pyzbar": _zbar}


def _letters(every: int) -> Iterator[Case]:
    for at, one in enumerate(coded_letters()):
        if at % every == (at // every) % every:  # not always the same turn
            yield _case(one)


def _case(one: CodedLetter) -> Case:
    picture = Picture(one.scan, one.dpi, one.symbology, one.damage)
    return Case((picture,), one.text.encode())


def _plain_pages() -> Iterator[tuple[str, Gray, float]]:
    """Pages without a code: generated letters, and real scans where they are."""
    for damage in DAMAGES:
        for dpi in (200, 300):
            yield "generated", coded_letter("", damage, dpi, 0).scan, dpi
    for folder in ("unlv_business_letters", "unlv_doe_reports"):
        for path in sorted((SHARED / folder).glob("images/*"))[::4]:
            with Image.open(path) as image:
                yield "real", np.array(image.convert("L")), float(image.info.get("dpi", (300,))[0])


def cost(pages: Iterable[tuple[str, Gray, float]]) -> dict[str, Any]:
    """Processor time of the barcodes of pages that have none, over that of one reading by OCR.

    ``none_expected`` and ``code_expected`` are by what the station expects; ``false_positives`` the codes
    found in the second way; ``real`` is missing where the scans are.
    """
    settings = CaptureSettings(find_tessdata())
    spent: dict[str, dict[str, float]] = {}
    for kind, gray, dpi in pages:
        sums = spent.setdefault(kind, dict.fromkeys(("pages", "ocr", "none", "expected", "found"), 0.0))
        page = Pyramid(gray, (dpi, dpi), settings.ocr_dpi).reading
        start = time.process_time()
        read_barcodes(gray, dpi)
        after = time.process_time()
        sums["none"] += after - start
        sums["found"] += len(read_barcodes(gray, dpi, BarcodeOptions(expected=True)))
        ready = time.process_time()
        sums["expected"] += ready - after
        ocr.recognise(page.gray, page.dpi, "en", settings.tessdata)
        sums["ocr"] += time.process_time() - ready
        sums["pages"] += 1
    return {
        kind: {
            "pages": int(sums["pages"]),
            "ocr_ms": round(1000 * sums["ocr"] / sums["pages"]),
            "none_expected": round(sums["none"] / sums["ocr"], 4),
            "code_expected": round(sums["expected"] / sums["ocr"], 4),
            "false_positives": int(sums["found"]),
        }
        for kind, sums in spent.items()
    }
