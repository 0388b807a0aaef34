"""Register numbers as they are written: in which form, and with which check digit.

A form has the register's code and the year, one before the other, then the sequence, last the check digit,
with a sign between each: so any number of ours can be read whichever form it was given in. The check digit
is made of what the number means, not of how it is written: it stays when the form changes.
"""

import re
from dataclasses import dataclass

from stdnum.iso7064 import mod_11_10

from domain.errors import Usage

DEFAULT = "{register}-{year}-{sequence:06}-{check}"
REGISTER = re.compile(r"[A-Z][A-Z0-9]{0,15}")
_SIGN = "[-/.]"
_FORM = re.compile(
    rf"(?:\{{register\}}{_SIGN}\{{year(?::02)?\}}|\{{year(?::02)?\}}{_SIGN}\{{register\}})"
    rf"{_SIGN}\{{sequence(?::0[1-9])?\}}{_SIGN}\{{check\}}"
)
_REST = rf"{_SIGN}(?P<sequence>[0-9]{{1,9}}){_SIGN}(?P<check>[0-9])"
_ANY = (
    rf"(?:(?P<first>[A-Z][A-Z0-9]{{0,15}}){_SIGN}(?P<behind>[0-9]{{4}}|[0-9]{{2}})"
    rf"|(?P<ahead>[0-9]{{4}}|[0-9]{{2}}){_SIGN}(?P<second>[A-Z][A-Z0-9]{{0,15}})){_REST}"
)
_READ = re.compile(_ANY)
_INSIDE = re.compile(rf"(?<![A-Z0-9]){_ANY}(?![A-Z0-9])")
LIKE = re.compile(
    rf"(?:[A-Z][A-Z0-9]{{0,15}}{_SIGN}[0-9]{{4}}|[0-9]{{4}}{_SIGN}[A-Z][A-Z0-9]{{0,15}})"
    rf"{_SIGN}[0-9]{{1,9}}{_SIGN}[0-9]"
)
"""What looks like a number of ours whose year has four digits, whatever its check digit."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a number means: the ``sequence``-th of its register and year."""

    register: str
    year: int
    sequence: int

    @property
    def check(self) -> str:
        """The check digit, ISO 7064 Mod 11,10, over register, year and sequence."""
        # Letters count as two digits, A = 10 ... Z = 35 as in an IBAN, so that they are protected too.
        told = f"{self.register}{self.year:04}{self.sequence:06}"
        return str(mod_11_10.calc_check_digit("".join(str(int(sign, 36)) for sign in told)))


def written(place: Place, form: str = DEFAULT) -> str:
    """The number in this form, such as ``IN-2026-000123-7``."""
    year = place.year
    if "{year:02}" in form and 2000 <= year < 2100:
        year -= 2000
    return form.format(register=place.register, year=year, sequence=place.sequence, check=place.check)


def read(text: str) -> Place | None:
    """What a number means, in whichever form; None if it is none, or its check digit is wrong."""
    found = _read(text)
    return found[0] if found and found[0].check == found[1] else None


def wrong_check(text: str) -> str:
    """What is wrong with the check digit of what else is a number, for people; "" where nothing is."""
    found = _read(text)
    if found is None:
        whole = next((whole for digit in range(10) if read(whole := f"{text}-{digit}")), "")
        return f"the check digit of {text} is missing: {whole}" if whole else ""
    if found[0].check == found[1]:
        return ""
    right = found[0].check
    return f"the check digit of {text} is {found[1]} and would have to be {right}: {text[:-1]}{right}"


def must_be_form(form: str) -> None:
    """See that numbers can be written so.

    Raises:
        Usage: they cannot; says which forms there are.
    """
    if not _FORM.fullmatch(form):
        raise Usage(
            f"the form of numbers is {form!r}: write {{register}} and {{year}}, one before the other, then "
            "{sequence}, last {check}, with - / or . between each; {year:02} has two digits, {sequence:04} "
            f"at least four. Such as {DEFAULT} or {{year}}/{{register}}/{{sequence}}-{{check}}"
        )


def is_like(text: str) -> bool:
    """Whether it is written as numbers are, whatever its check digit."""
    return _READ.fullmatch(text) is not None


def numbers_in(text: str) -> list[str]:
    """The numbers, with the right check digit, that stand in a text."""
    return [found[0] for found in _INSIDE.finditer(text) if read(found[0])]


def _read(text: str) -> tuple[Place, str] | None:
    found = _READ.fullmatch(text)
    if found is None:
        return None
    year = int(found["behind"] or found["ahead"])
    if len(found["behind"] or found["ahead"]) == 2:
        year += 2000
    place = Place(found["first"] or found["second"], year, int(found["sequence"]))
    return place, found["check"]
