"""People and organisations that the office writes with, in the words that people use of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from stdnum.iso7064 import mod_11_10

from domain.correspondence import Channel
from domain.errors import Usage

_NUMBER = re.compile(r"[Pp]-([0-9]{6,})-([0-9])")

LIKELY = 0.86
"""From this likeness on two parties are shown to a person as perhaps one; below, nothing is said of them."""


class PartyKind(StrEnum):
    """What a party is."""

    PERSON = "person"
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody lives or works; ``lines`` are street and house, ``country`` ISO 3166 of two letters."""

    lines: tuple[str, ...] = ()
    postcode: str = ""
    city: str = ""
    country: str = ""

    @property
    def text(self) -> str:
        """In one line, as people write it too: ``STREET;POSTCODE;CITY;COUNTRY``, streets parted by ``|``."""
        parts = ("|".join(self.lines), self.postcode, self.city, self.country)
        return ";".join(part.replace(";", ",") for part in parts).rstrip(";")

    @classmethod
    def of(cls, text: str) -> "Address":
        """What ``text`` wrote.

        Raises:
            ValueError: it has more parts than an address.
        """
        lines, postcode, city, country, *more = [*(one.strip() for one in text.split(";")), "", "", ""]
        if any(more):
            raise ValueError("an address is STREET;POSTCODE;CITY;COUNTRY")
        return cls(tuple(filter(None, map(str.strip, lines.split("|")))), postcode, city, country)


@dataclass(frozen=True, slots=True)
class Consent:
    """What somebody agreed to, from ``since`` on, until ``until`` inclusive; None for both: no end known.

    ``evidence`` says where that stands, such as a form or the number of an entry.
    """

    purpose: str
    since: date | None = None
    until: date | None = None
    evidence: str = ""

    def holds(self, today: date) -> bool:
        """Whether it counts on this day."""
        return (self.since is None or self.since <= today) and (self.until is None or today <= self.until)


@dataclass(frozen=True, slots=True)
class PartyDetails:
    """What is known of a party.

    Attributes:
        kind: "" where nobody said.
        other_names: by which it is known too.
        identifiers: ``kind:value``, such as ``vat:ESB58378431``, each with right check digits.
        emails: addresses in small letters, the first of them to write to.
        phones: E.164, such as ``+34912345678``.
        preferred: the channel that it wants to be reached by; "" where nobody said.
        language: ISO 639-1, of what is written to it; "" where nobody said.
    """

    name: str
    kind: PartyKind | None = None
    other_names: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = ()
    identifiers: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    preferred: Channel | None = None
    language: str = ""
    consents: tuple[Consent, ...] = ()
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Sighting:
    """Somebody as a letter, or whoever enters it, names them.

    Attributes:
        name: as it was written.
        keys: identifiers, e-mail addresses and telephone numbers that may be theirs, as ``kind:value``.
        addresses: that may be theirs.
    """

    name: str
    keys: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class Reached:
    """How somebody can be written to; ``consent``: whether they agreed to what it is about."""

    name: str
    email: str
    language: str
    consent: bool


MATCHED: Mapping[str, str] = MappingProxyType(
    {
        "number": "the party was named by its number",
        "identifier": "the same identifier or e-mail address",
        "name": "the same name",
        "likeness": "a like name at the same address or telephone",
        "new": "nobody like this was known for sure",
    }
)
"""How a name on an entry found its party."""


def format_party(sequence: int) -> str:
    """The number of a party, such as ``P-000123-3``; check digit as of a register number."""
    digits = "".join(str(int(sign, 36)) for sign in f"P{sequence:06}")
    return f"P-{sequence:06}-{mod_11_10.calc_check_digit(digits)}"


def is_party_number(text: str) -> bool:
    """Whether ``text`` is meant as the number of a party.

    Raises:
        Usage: it is, but its check digit is another.
    """
    found = _NUMBER.fullmatch(text.strip())
    if found and format_party(int(found[1])) != text.strip().upper():
        raise Usage(f"party is {text!r}: its check digit is wrong. Find it: postroom party list --name WORDS")
    return found is not None
