"""Tesseract's language data: where it is, what it can read, which engine reads it."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from domain.errors import Usage

BUILT = Path(__file__).resolve().parents[2] / ".cache" / "engine" / "site"
"""Where ``infra/setup/engine.sh`` puts the engine that it built for this machine's processor."""

PLACES = (
    Path("/usr/share/tesseract-ocr/5/tessdata"),
    Path("/usr/share/tesseract-ocr/4.00/tessdata"),
    Path("/usr/share/tessdata"),
    Path("/usr/local/share/tessdata"),
)

CODES = {
    "bg": "bul", "ca": "cat", "cs": "ces", "da": "dan", "de": "deu", "el": "ell", "en": "eng",
    "es": "spa", "et": "est", "eu": "eus", "fi": "fin", "fr": "fra", "ga": "gle", "gl": "glg",
    "hr": "hrv", "hu": "hun", "is": "isl", "it": "ita", "lt": "lit", "lv": "lav", "mt": "mlt",
    "nl": "nld", "no": "nor", "pl": "pol", "pt": "por", "ro": "ron", "ru": "rus", "sk": "slk",
    "sl": "slv", "sq": "sqi", "sr": "srp", "sv": "swe", "tr": "tur", "uk": "ukr",
}  # fmt: skip
"""ISO 639-1 code to the name of Tesseract's language data."""


@dataclass(frozen=True, slots=True)
class Tesseract:
    """The engine that reads: its version, whether it was built for this machine, its language data."""

    version: str
    built_here: bool
    tessdata: Path
    languages: tuple[str, ...]


def find_tessdata(asked: Path | None = None, places: Sequence[Path] = PLACES) -> Path:
    """The folder with the language data.

    Args:
        asked: the folder the operator named (``TESSDATA_PREFIX`` or a setting); it alone is looked at.
        places: where to look otherwise, first found wins.

    Raises:
        Usage: none of them holds any language data.
    """
    for place in [asked] if asked else places:
        if place.is_dir() and any(place.glob("*.traineddata")):
            return place
    looked = ", ".join(str(place) for place in ([asked] if asked else places))
    raise Usage(
        f"no Tesseract language data in {looked}: apt-get install tesseract-ocr-eng "
        "(and one package a language), or name the folder"
    )


def language_code(language: str, tessdata: Path) -> str:
    """Tesseract's name for an ISO 639-1 language whose data is installed.

    Raises:
        Usage: the language is unknown or its data is not in ``tessdata``.
    """
    code = CODES.get(language)
    if code is None:
        raise Usage(f"no Tesseract language for {language!r}: use one of {', '.join(CODES)}")
    if not (tessdata / f"{code}.traineddata").is_file():
        raise Usage(f"no language data for {language!r} in {tessdata}: apt-get install tesseract-ocr-{code}")
    return code


@cache
def binding() -> Any:
    """The module ``tesserocr``: the one on the engine built here where there is one, else PyPI's."""
    own = [str(BUILT)] if BUILT.is_dir() else []
    sys.path[:0] = own
    try:
        import tesserocr  # type: ignore[import-untyped, unused-ignore]
    finally:
        del sys.path[: len(own)]
    return tesserocr


def probe(tessdata: Path) -> Tesseract:
    """What is there to read with; languages are ISO 639-1."""
    present = {path.stem for path in tessdata.glob("*.traineddata")}
    return Tesseract(
        version=binding().tesseract_version().split("\n")[0].removeprefix("tesseract ").strip(),
        built_here=Path(binding().__file__).is_relative_to(BUILT),
        tessdata=tessdata,
        languages=tuple(sorted(iso for iso, code in CODES.items() if code in present)),
    )
