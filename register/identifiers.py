"""What a party can be known by: identifiers with their check digits, e-mail addresses, telephone numbers.

Each has one form, ``kind:value``. Of identifiers python-stdnum knows what is right: ``vat``, ``iban``,
``bic`` and ``lei`` for all countries, and numbers of one country by its module, such as ``es.nif`` or
``co.nit``; ``tax`` and ``company`` with a country find the module by themselves.
"""

import re
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any

import phonenumbers
from stdnum.exceptions import InvalidChecksum, InvalidComponent, InvalidFormat, InvalidLength, ValidationError
from stdnum.util import get_cc_module

from domain.errors import Usage

EMAIL, PHONE = "email", "phone"
CHANNELS = (EMAIL, PHONE)
SHARED = ("iban", "bic", PHONE)
"""Of these somebody may have several at a time, so that another one says nothing against them."""

_MAIL = re.compile(r"[^@\s,;<>:\"]+@[^@\s,;<>:\"]+\.[^@\s,;<>:\".]{2,}")
_KIND = re.compile(r"[a-z]{2}\.[a-z][a-z0-9_]*")
_SAME_COUNTRY = {"el": "gr", "xi": "gb"}  # prefixes of VAT numbers that are no codes of countries
_TAX = {
    "ar": ("cuit",), "at": ("tin",), "br": ("cnpj", "cpf"), "ch": ("uid",), "cl": ("rut",), "co": ("nit",),
    "de": ("idnr", "stnr"), "ec": ("ruc",), "es": ("nif",), "fr": ("tva", "nif", "siren"), "gb": ("utr",),
    "in": ("gstin", "pan"), "it": ("iva", "codicefiscale"), "mx": ("rfc",), "nl": ("bsn",), "pe": ("ruc",),
    "pl": ("nip",), "pt": ("nif",), "us": ("ein", "ssn"),
}  # fmt: skip
_COMPANY = {
    "at": ("businessid",), "au": ("acn", "abn"), "be": ("vat",), "ch": ("uid",), "cz": ("dic",),
    "de": ("handelsregisternummer",), "dk": ("cvr",), "es": ("cif",), "fi": ("ytunnus",),
    "fr": ("siret", "siren"), "it": ("iva",), "nl": ("btw",), "no": ("orgnr",), "pl": ("regon",),
    "se": ("orgnr",),
}  # fmt: skip
_EVERYWHERE = {"iban": "iban", "bic": "bic", "lei": "lei"}
_WRONG = {
    InvalidChecksum: "its check digits are wrong",
    InvalidLength: "it has the wrong length",
    InvalidComponent: "a part of it cannot be",
    InvalidFormat: "it has signs that do not belong there",
}
_FORM = "write it as vat:ESB58378431, iban:..., lei:..., tax:ES:B58378431, company:FR:... or co.nit:..."


def checked(text: str) -> str:
    """An identifier in its one form.

    Raises:
        Usage: there is no such kind, or this is none of it; says what is wrong.
    """
    kind, colon, value = text.strip().partition(":")
    kind = kind.strip().lower()
    if not (colon and value.strip()):
        raise Usage(f"identifier is {text!r}: {_FORM}")
    if kind in ("tax", "company"):
        country, _, value = value.partition(":")
        table = _TAX if kind == "tax" else _COMPANY
        names = table.get(country.strip().lower())
        if names is None:
            known = ", ".join(sorted(table)).upper()
            raise Usage(f"identifier is {text!r}: name the country, {kind}:ES:..., one of {known}")
        return _first(text, [f"{country.strip().lower()}.{name}" for name in names], value)
    if kind == "vat":
        return f"vat:{_vat(text, value)}"
    if kind in _EVERYWHERE:
        return f"{kind}:{_value(text, _module(_EVERYWHERE[kind]), value)}"
    if kind in CHANNELS or not (_KIND.fullmatch(kind) and _national(kind)):
        raise Usage(f"identifier is {text!r}: there is no kind {kind!r}. To name one: {_FORM}")
    return f"{kind}:{_value(text, _national(kind), value)}"


def _first(text: str, kinds: Sequence[str], value: str) -> str:
    wrong: list[Usage] = []
    for kind in kinds:
        try:
            return f"{kind}:{_value(text, _national(kind), value)}"
        except Usage as error:
            wrong.append(error)
    raise wrong[0]


def _value(text: str, module: Any, value: str) -> str:
    assert module
    try:
        return str(module.validate(value))
    except ValidationError as error:
        wrong = next((said for kind, said in _WRONG.items() if isinstance(error, kind)), "it is none")
        raise Usage(f"identifier is {text!r}: {wrong}. Compare it with the letter") from error


def _vat(text: str, value: str) -> str:
    """With the country in front."""
    plain = re.sub(r"[\s.\-/]", "", value).upper()
    country = plain[:2].lower()
    country = _SAME_COUNTRY.get(country, country)
    module = get_cc_module(country, "vat") if country.isalpha() else None
    if module is None:
        raise Usage(f"identifier is {text!r}: put the country in front, such as vat:ESB58378431")
    compact = _value(text, module, plain)
    prefix = plain[:3] if plain.startswith("CHE") else plain[:2]
    return compact if compact.startswith(prefix) else prefix + compact


@cache
def _module(name: str) -> Any:
    return import_module(f"stdnum.{name}")


@cache
def _national(kind: str) -> Any:
    """The module of a country's number; None for what is none, such as helpers beside them."""
    country, _, name = kind.partition(".")
    try:
        module = get_cc_module(country, name)
    except (ImportError, ValueError):
        return None
    return module if hasattr(module, "validate") else None


def address(text: str) -> str:
    """An e-mail address in its one form.

    Raises:
        Usage: it is none.
    """
    plain = text.strip().removeprefix("mailto:").lower()
    if not _MAIL.fullmatch(plain) or len(plain) > 254:
        raise Usage(f"email is {text!r}: give an address such as ada@example.org")
    return plain


def telephone(text: str, country: str = "") -> str:
    """A telephone number as E.164.

    Args:
        text: as people write it.
        country: ISO 3166 of two letters, to read a national number by.

    Raises:
        Usage: it is none.
    """
    region = country.upper() or None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise Usage(f"phone is {text!r}: write it with the country, such as +34 912 345 678") from error
    if not phonenumbers.is_valid_number(number):
        raise Usage(f"phone is {text!r}: there is no such number. Write it as +34 912 345 678")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def must_be_country(text: str) -> str:
    """A country's two letters.

    Raises:
        Usage: there is none of these.
    """
    plain = text.strip().upper()
    if plain and plain not in phonenumbers.SUPPORTED_REGIONS:
        raise Usage(f"country is {text!r}: give two letters of ISO 3166, such as ES")
    return plain


def as_read(name: str, value: str) -> tuple[str, ...]:
    """The keys that a field read from a page may be; of a tax number one for each country it fits."""
    try:
        match name:
            case "vat_id":
                return (checked(f"vat:{value}"),)
            case "iban":
                return (checked(f"iban:{value}"),)
            case "email":
                return (f"{EMAIL}:{address(value)}",)
            case "phone":
                return (f"{PHONE}:{telephone(value)}",)
            case "tax_id":
                return tuple(_right(value))
    except Usage:
        return ()
    return ()


def _right(value: str) -> list[str]:
    found = []
    for country, names in _TAX.items():
        for name in names:
            module = _national(f"{country}.{name}")
            if module is not None and module.is_valid(value):
                found.append(f"{country}.{name}:{module.validate(value)}")
                break
    return found
