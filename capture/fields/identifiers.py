"""IBAN, VAT and tax numbers. Check digits are python-stdnum's; the rules here only find candidates."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from stdnum import iban as stdnum_iban
from stdnum import numdb
from stdnum.exceptions import ValidationError

from capture.fields.labels import label, labels, tables
from capture.fields.layout import Line, field
from domain.document import Field

MOST = 10
"""Of one kind per document: a list of accounts is not what a letter is about."""

_FIGURES = str.maketrans("OoQDIl|SBZG", "00001115826")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[ ]?[0-9OIlSB]{2}(?:[ \t]?[0-9A-Za-z|]){11,38}")
_IBAN_LABEL = re.compile(r"i ?b ?a ?n")

# EU prefixes as stdnum.eu.vat takes them, and the neighbours with modules of their own.
_EU = "AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK|XI"
_VAT = re.compile(
    rf"(?<![A-Za-z0-9])(?P<country>{_EU}|GB|CHE)[ .-]?(?P<rest>[A-Z0-9][A-Z0-9 .\-]{{5,17}}[A-Z0-9])"
    r"(?![A-Za-z0-9])"
)
_VAT_LABEL = labels("identifiers", "vat_label")


@dataclass(frozen=True)
class Kind:
    """A tax number: the labels it stands behind, its shape, and the stdnum modules that know it."""

    labels: re.Pattern[str]
    shape: re.Pattern[str]
    modules: tuple[str, ...]
    checked: bool


def _kind(table: dict[str, Any]) -> Kind:
    shape = table["shape"].replace("D", "[0-9OIlSB]")
    return Kind(
        label(*table["labels"]), re.compile(shape), tuple(table["modules"]), table.get("checked", True)
    )


_TAX = tuple(map(_kind, tables("tax")))


def ibans(lines: Sequence[Line]) -> list[Field]:
    """IBANs, printed in groups or not. One that fails its check is marked if it stands behind the label."""
    found: list[Field] = []
    for line in lines:
        for match in _IBAN.finditer(line.text):
            labelled = bool(_IBAN_LABEL.search(line.folded[max(0, match.start() - 25) : match.start()]))
            if (read := _iban(match[0], labelled)) is None:
                continue
            value, length, sure, valid = read
            words = line.between(match.start(), match.start() + length)
            found.append(field("iban", value, line, words, sure, valid))
    return _once(found)


def _iban(text: str, labelled: bool) -> tuple[str, int, float, bool] | None:
    country = text[:2]
    info = dict(numdb.get("iban").info(country)[0][1]) if numdb.get("iban").info(country) else {}
    if "bban" not in info:
        return None
    length = 4 + sum(map(int, re.findall(r"\d+", info["bban"])))
    places = [place for place, char in enumerate(text, start=1) if not char.isspace()]
    if len(places) < length:
        return None
    used = places[length - 1]
    if text[used : used + 1].isalnum():
        return None
    plain = "".join(text[:used].split())
    raw = plain.upper().replace("|", "I")
    head, bank, rest = plain[2:4].translate(_FIGURES), plain[4:8].upper(), plain[8:].translate(_FIGURES)
    attempts = (
        (0.98, raw),
        (0.85, country + plain[2:].translate(_FIGURES)),
        (0.85, country + head + bank + rest),  # as in GB and NL: the bank is four letters
    )
    for sure, attempt in attempts:
        if stdnum_iban.is_valid(attempt, check_country=False):
            return attempt, used, sure, True
    figures = sum(map(str.isdigit, raw))
    return (raw, used, 0.5, False) if labelled and figures >= 0.6 * length else None


def vat_ids(lines: Sequence[Line]) -> list[Field]:
    """VAT numbers with a country prefix; one that fails its check is marked if it stands behind a label."""
    found: list[Field] = []
    for line in lines:
        for match in _VAT.finditer(line.text):
            labelled = bool(_VAT_LABEL.search(line.folded[: match.start()].rsplit("\t", 1)[-1][-40:]))
            if (read := _vat(match["country"], match["rest"], labelled)) is None:
                continue
            value, length, sure, valid = read
            words = line.between(match.start(), match.start("rest") + length)
            found.append(field("vat_id", value, line, words, sure, valid))
    return _once(found)


def _vat(country: str, rest: str, labelled: bool) -> tuple[str, int, float, bool] | None:
    name = {"GB": "gb.vat", "CHE": "ch.vat"}.get(country, "eu.vat")
    prefix = "" if country == "GB" else country
    # The longest part that passes: the next word may have been taken along.
    ends = [len(rest), *(m.start() for m in reversed(list(re.finditer(r"[ .-]", rest))))]
    for mend in (False, True) if labelled else (False,):
        for end in ends:
            plain = re.sub(r"[ .\-]", "", rest[:end])
            for attempt in _mended(plain) if mend else (plain,):
                enough = sum(map(str.isdigit, attempt)) >= (7 if labelled else 8)
                if enough and _valid(name, prefix + attempt):
                    sure = 0.8 if mend else (0.97 if labelled else 0.75)
                    return _compact(name, prefix + attempt, country), end, sure, True
    for end in reversed(ends):  # the shortest part that has the size of one
        plain = re.sub(r"[ .\-]", "", rest[:end])
        if labelled and 8 <= len(plain) <= 12 and sum(map(str.isdigit, plain)) >= 7:
            return country + plain, end, 0.5, False
    return None


def _compact(name: str, value: str, country: str) -> str:
    module = import_module(f"stdnum.{name}")
    compact = str(module.compact(value))
    return compact if compact.startswith(country) else country + compact


def _mended(text: str) -> Iterable[str]:
    yield text.translate(_FIGURES)
    yield text[:-1].translate(_FIGURES) + text[-1]
    yield text[0] + text[1:].translate(_FIGURES)


def tax_ids(lines: Sequence[Line]) -> list[Field]:
    """Tax numbers behind their labels; one that fails its check is marked."""
    found = [
        _tax(line, said.end(), kind)
        for line in lines
        for kind in _TAX
        for said in kind.labels.finditer(line.folded)
    ]
    return _once([item for item in found if item is not None])


def _tax(line: Line, position: int, kind: Kind) -> Field | None:
    near = line.text[position : position + 45]
    for offset in sorted({0, *(m.end() for m in re.finditer(r"[:°º#]\s*|\s+", near[:20]))}):
        match = kind.shape.match(near, offset)
        if match is None or near[match.end() : match.end() + 1].isalnum():
            continue
        raw = match[0].strip()
        words = line.between(position + match.start(), position + match.end())
        for sure, attempt in (
            (0.95 if kind.checked else 0.8, raw),
            *((0.75, mended) for mended in _mended(raw)),
        ):
            for name in kind.modules:
                if _valid(name, attempt):
                    value = str(import_module(f"stdnum.{name}").compact(attempt))
                    return field("tax_id", value, line, words, sure, True if kind.checked else None)
        if kind.checked and sum(map(str.isdigit, raw)) >= 7:
            return field("tax_id", re.sub(r"[\s./–-]", "", raw), line, words, 0.5, False)
    return None


def _valid(name: str, value: str) -> bool:
    module = import_module(f"stdnum.{name}")
    try:
        module.validate(value)
    except ValidationError:
        return False
    return True


def _once(found: Sequence[Field]) -> list[Field]:
    """Each value once, the surest reading of it, in the order of the page; those that fail come last."""
    best: dict[str, Field] = {}
    for item in found:
        if item.value not in best or item.confidence > best[item.value].confidence:
            best[item.value] = item
    good = [item for item in best.values() if item.valid is not False]
    bad = [item for item in best.values() if item.valid is False]
    return (good + bad)[:MOST]
