"""A station's profile: ``station.toml`` in its drop folder, checked, with defaults for all of it.

Every key is described for operators in ``docs/stations.md``.
"""

import difflib
import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic.dataclasses import dataclass

from domain.errors import Usage

PROFILE = "station.toml"
SEPARATOR = "POSTROOM-SEPARATOR"
FORMATS = (
    "Code128", "Code39", "Code93", "ITF", "Codabar", "EAN13", "EAN8", "UPCA", "UPCE", "DataBar",
    "QRCode", "MicroQRCode", "RMQRCode", "DataMatrix", "Aztec", "PDF417", "MicroPDF417", "MaxiCode",
    "Telepen", "DXFilmEdge",
)  # fmt: skip
"""Barcodes that are read, by their names in ``domain.page.Barcode``."""

TAKES = ("pdf", "tiff", "jpeg", "png", "heic", "office", "zip")
LANGUAGES = ("en", "es", "fr", "de")
CONFIDENCE_BAR = 0.91

_STRICT = ConfigDict(extra="forbid", strict=False)


def _once(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) < len(values):
        raise ValueError("each may stand there once only")
    return values


def _formats(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if value not in FORMATS:
            close = difflib.get_close_matches(value, FORMATS, n=1)
            fix = f"did you mean {close[0]}?" if close else f"known are {', '.join(FORMATS)}"
            raise ValueError(f"{value} is no format; {fix}")
    return values


def _regex(value: str) -> str:
    try:
        re.compile(value)
    except re.error as why:
        raise ValueError(f"it is not a regular expression: {why}") from why
    return value


def _file_pattern(value: str) -> str:
    if "/" in value or value in {"*", "*.*"}:
        raise ValueError("it must name marker files only, for example *.end")
    return value


def _suffix(value: str) -> str:
    if value and (not value.startswith(".") or "/" in value or len(value) < 2):
        raise ValueError("it must be an ending such as .done, or empty")
    return value


def _sides(value: object) -> object:
    if not isinstance(value, bool) and value != "collate":
        raise ValueError('it must be true, false or "collate"')
    return value


Duplex = bool | Literal["collate"]
Text = Annotated[str, Field(strict=True, max_length=200)]


@dataclass(frozen=True, slots=True, config=_STRICT)
class SeparationPolicy:
    """What cuts a batch into documents; the rules add up.

    Attributes:
        patch: letters of patch codes whose sheet separates and is dropped.
        barcode: a sheet with a barcode of exactly this text separates and is dropped; empty: off.
        label: a page with a barcode that matches this regular expression whole starts a new
            document and is kept; empty: off.
        label_formats: formats that such a barcode may have; none: any.
        label_position: where on the page labels lie, an outer third of it; empty: anywhere. It counts for
            our own numbers too.
        expects_code: whether pages should bear a code, which is then looked for in every way;
            ``auto``: by the rules, see ``code_expected``.
        blank: a blank sheet separates.
        pages: pages a document; 0: off.
        drop_blank: blank pages are not filed.
        sheets: whether separator sheets lie before each document or only between them.
        longest: pages that a document may have before it raises an alarm, as long as too few of its
            class are known to tell; 0: off.
    """

    patch: Annotated[tuple[Literal["1", "2", "3", "4", "6", "T"], ...], AfterValidator(_once)] = ()
    barcode: Text = SEPARATOR
    label: Annotated[Text, AfterValidator(_regex)] = ""
    label_formats: Annotated[tuple[Text, ...], AfterValidator(_once), AfterValidator(_formats)] = ()
    label_position: Literal["", "top", "bottom", "left", "right"] = ""
    expects_code: Literal["auto", "yes", "no"] = "auto"
    blank: StrictBool = False
    pages: Annotated[int, Field(strict=True, ge=0, le=10_000)] = 0
    drop_blank: StrictBool = True
    sheets: Literal["before", "between"] = "before"
    longest: Annotated[int, Field(strict=True, ge=0, le=100_000)] = 50

    @property
    def code_expected(self) -> bool:
        """Whether pages should bear a barcode: as said, else when labels or an own separator cut.

        Patch codes are read with full effort whenever the station has any; they say nothing of barcodes.
        """
        if self.expects_code != "auto":
            return self.expects_code == "yes"
        return bool(self.label or self.own_separator)

    @property
    def own_separator(self) -> str:
        """The text of the station's own separator sheets; empty where it has those that all know."""
        return "" if self.barcode == SEPARATOR else self.barcode


@dataclass(frozen=True, slots=True, config=_STRICT)
class Station:
    """How the files of one drop folder are taken, read and cut. Times in seconds.

    Attributes:
        languages: ISO 639-1, likeliest first.
        confidence_bar: mean word confidence, 0-1, below which a page is read a second time in another
            way; 0: never.
        takes: file types taken; others are refused by name.
        register: code of the register that its entries go to.
        batch: what forms a batch: each file, a folder, the files up to a marker file, or the
            files up to a pause.
        marker: name pattern of marker files (``batch = "marker"``).
        gap_seconds: length of the pause (``batch = "gap"``).
        quiet_seconds: a file is taken when it has stood still that long.
        done_marker: ending of the file that must stand beside a finished one; empty: none needed.
        duplex: sheets are scanned on both sides; ``collate``: all fronts into one file, then all backs,
            the last first, into the next.
        duplicate: what happens to bytes that were received before.
        page_limit: most pages of a file.
        patience_seconds: an incomplete file is taken, and refused, after that time.
        after: whether the source is deleted or kept in ``done/`` once it is filed.
        poll: look for changes every second, for network folders that report none.
        separation: what cuts a batch into documents.
    """

    languages: Annotated[
        tuple[Literal["en", "es", "fr", "de"], ...], Field(min_length=1), AfterValidator(_once)
    ] = LANGUAGES  # type: ignore[assignment]
    confidence_bar: Annotated[float, Field(strict=True, ge=0, le=1)] = CONFIDENCE_BAR
    takes: Annotated[
        tuple[Literal["pdf", "tiff", "jpeg", "png", "heic", "office", "zip"], ...],
        Field(min_length=1),
        AfterValidator(_once),
    ] = TAKES  # type: ignore[assignment]
    register: Annotated[str, Field(strict=True, pattern=r"^[A-Z][A-Z0-9]{0,11}$")] = "IN"
    batch: Literal["file", "folder", "marker", "gap"] = "file"
    marker: Annotated[Text, Field(min_length=2), AfterValidator(_file_pattern)] = "*.end"
    gap_seconds: Annotated[float, Field(strict=True, ge=1, le=86_400)] = 30.0
    quiet_seconds: Annotated[float, Field(strict=True, ge=0.1, le=3_600)] = 2.0
    done_marker: Annotated[Text, AfterValidator(_suffix)] = ""
    duplex: Annotated[Duplex, BeforeValidator(_sides)] = False
    duplicate: Literal["review", "file", "link"] = "review"
    page_limit: Annotated[int, Field(strict=True, ge=1, le=100_000)] = 2000
    patience_seconds: Annotated[float, Field(strict=True, ge=1, le=604_800)] = 3600.0
    after: Literal["delete", "done"] = "delete"
    poll: StrictBool = False
    separation: SeparationPolicy = SeparationPolicy()

    @model_validator(mode="after")
    def _two_files(self) -> "Station":
        if self.duplex == "collate" and self.batch == "file":
            raise ValueError(
                "duplex = 'collate': fronts and backs are two files of one batch; "
                "set batch to folder, marker or gap"
            )
        return self


_ADAPTER = TypeAdapter(Station)


def load_station(folder: Path) -> Station:
    """The profile of the station whose drop folder this is; the defaults where it has none.

    Raises:
        Usage: names the file, the key, the value and the fix of everything that is wrong in it.
    """
    path = folder / PROFILE
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return Station()
    except OSError as why:
        raise Usage(f"{path}: cannot be read ({why.strerror}); check its permissions") from why
    try:
        values = tomllib.loads(text.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as why:
        raise Usage(f"{path}: is not TOML: {why}; correct that line") from why
    try:
        return _ADAPTER.validate_python(values)
    except ValidationError as why:
        raise Usage("\n".join(f"{path}: {line}" for line in _complaints(why))) from why


_WORDS = {
    "tuple_type": 'it must be a list, for example ["en"]',
    "too_short": "the list is empty; leave the key out for the default",
    "dataclass_type": "it must be a table: a line [separation] with its keys below",
    "string_pattern_mismatch": "it must be capital letters and digits, for example IN",
    "bool_type": "it must be true or false",
}


def _complaints(why: ValidationError) -> list[str]:
    lines: dict[str, str] = {}  # one a key: a wrong list item is also a list too short
    for error in why.errors():
        at = [str(part) for part in error["loc"] if not isinstance(part, int)]
        key, kind = ".".join(at), error["type"]
        if kind == "unexpected_keyword_argument":
            lines[key] = _unknown(key, at)
            continue
        reason = _WORDS.get(kind) or error["msg"].removeprefix("Value error, ")
        if not at:  # of two keys that do not go together, which it names
            lines[reason] = reason
            continue
        lines.setdefault(key, f"{key} = {error['input']!r}: {reason[:1].lower()}{reason[1:]}")
    return list(lines.values())


def _unknown(key: str, at: list[str]) -> str:
    own = list(Station.__dataclass_fields__)
    separation = list(SeparationPolicy.__dataclass_fields__)
    known, other = (separation, own) if len(at) > 1 else (own, separation)
    close = difflib.get_close_matches(at[-1], known, n=1)
    if at[-1] in other:
        fix = "it belongs " + ("above" if len(at) > 1 else "below") + " [separation]"
    elif close:
        fix = f"did you mean {close[0]!r}?"
    else:
        fix = f"remove it; known are {', '.join(known)}"
    return f"{key}: unknown key; {fix}"
