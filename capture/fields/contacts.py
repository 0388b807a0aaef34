"""Telephone numbers and e-mail addresses."""

import re
from collections.abc import Sequence

import phonenumbers

from capture.fields.labels import labels
from capture.fields.layout import Line, field
from domain.document import Field

MOST = 10
"""Of one kind per document."""

_EMAIL = re.compile(
    r"(?<![\w.+-])[A-Za-z0-9][\w.+-]*[ ]?@[ ]?(?:[A-Za-z0-9][A-Za-z0-9-]*\.)+[A-Za-z]{2,24}(?![\w@-])"
)
_PHONE = labels("contacts", "phone")
_FAX = labels("contacts", "fax")
_AMERICAN = re.compile(r"(?:1[ .-])?(?:\(\d{3}\)|\d{3})[ .-]*\d{3}[ .-]\d{4}(?: ?(?:x|ext).*)?", re.I)
_LANGUAGE_REGIONS = {
    "en": ("GB", "US", "IE"), "es": ("ES", "CO", "MX"), "fr": ("FR", "BE", "CH"), "de": ("DE", "AT", "CH"),
    "nl": ("NL", "BE"), "it": ("IT",), "pt": ("PT", "BR"),
}  # fmt: skip


def emails(lines: Sequence[Line]) -> list[Field]:
    """E-mail addresses in lower case, each once."""
    found: dict[str, Field] = {}
    for line in lines:
        if "@" not in line.text:
            continue
        for match in _EMAIL.finditer(line.text):
            value = match[0].replace(" ", "").lower()
            words = line.between(match.start(), match.end())
            found.setdefault(value, field("email", value, line, words, 0.95 if " " not in match[0] else 0.75))
    return list(found.values())[:MOST]


def phones(lines: Sequence[Line], regions: Sequence[str]) -> list[Field]:
    """Telephone numbers as E.164, each once; fax numbers are left out.

    A number counts when it is written with ``+``, stands behind a telephone label, or is bracketed as
    American ones are; and when it is a valid number of one of the regions.

    Args:
        lines: rows of the pages to look at.
        regions: ISO 3166 codes to read national numbers by, the likeliest first.
    """
    found: dict[str, Field] = {}
    for line in lines:
        labels = [(m.end(), "phone") for m in _PHONE.finditer(line.folded)]
        faxes = [(m.end(), "fax") for m in _FAX.finditer(line.folded)]
        if not (labels or "+" in line.text or re.search(r"\(\d{3}\)", line.text)):
            continue
        text = line.text.replace("\t", ";")
        tried: set[tuple[int, int]] = set()
        for region in regions or ("ZZ",):
            for match in phonenumbers.PhoneNumberMatcher(text, region, leniency=phonenumbers.Leniency.VALID):
                if any(match.start < end and start < match.end for start, end in tried):
                    continue
                near = max(
                    (hit for hit in (*labels, *faxes) if match.start - 32 <= hit[0] <= match.start),
                    default=(0, ""),
                )
                international = match.raw_string.lstrip("( ").startswith("+")
                if region == "US" and not international and not _AMERICAN.fullmatch(match.raw_string):
                    continue  # nearly any ten figures are a valid American number
                if near[1] == "fax" or not (
                    near[1] or international or re.match(r"\(\d{3}\)", match.raw_string)
                ):
                    continue
                tried.add((match.start, match.end))
                value = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
                sure = 0.95 if international else (0.85 if region == regions[0] else 0.7)
                words = line.between(match.start, match.end)
                found.setdefault(value, field("phone", value, line, words, sure))
    return list(found.values())[:MOST]


def regions(identifiers: Sequence[Field], language: str | None, country: str) -> list[str]:
    """Where national telephone numbers are likely from: checked IBAN and VAT numbers, language, office."""
    supported = phonenumbers.SUPPORTED_REGIONS
    likely = [f.value[:2] for f in identifiers if f.name in ("vat_id", "iban") and f.valid]
    spoken = list(_LANGUAGE_REGIONS.get(language or "", ()))
    if country in spoken:
        spoken.insert(0, country)
    else:
        spoken.append(country)
    return [region for region in dict.fromkeys((*likely, *spoken)) if region in supported]
