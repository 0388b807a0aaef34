"""Identifiers that pass their check digits: IBAN, VAT numbers, telephone numbers. All invented."""

from collections.abc import Callable
from random import Random

import phonenumbers
from stdnum import iban, luhn
from stdnum.de import vat as de_vat
from stdnum.es import ccc, cif
from stdnum.es import nif as es_nif
from stdnum.fr import tva as fr_tva
from stdnum.gb import vat as gb_vat
from stdnum.iso7064 import mod_11_10

TRIES = 20_000


def digits(rng: Random, count: int) -> str:
    """``count`` random digits, the first not zero."""
    return str(rng.randint(1, 9)) + "".join(str(rng.randint(0, 9)) for _ in range(count - 1))


def _french_key(bank: str, branch: str, account: str) -> str:
    # RIB key: 97 - (89 bank + 15 branch + 3 account) mod 97, for accounts of digits only (Banque de France)
    return f"{97 - (89 * int(bank) + 15 * int(branch) + 3 * int(account)) % 97:02d}"


def make_iban(rng: Random, country: str) -> str:
    """A compact IBAN of ``country`` (DE, ES, FR or GB), national check digits included."""
    if country == "ES":
        head, account = digits(rng, 8), digits(rng, 10)
        bban = head + ccc.calc_check_digits(head + "00" + account) + account
    elif country == "FR":
        bank, branch, account = digits(rng, 5), digits(rng, 5), digits(rng, 11)
        bban = bank + branch + account + _french_key(bank, branch, account)
    elif country == "GB":
        bban = "".join(rng.choice("ABCDEFGHKLMNPRSTW") for _ in range(4)) + digits(rng, 14)
    else:
        bban = digits(rng, 18)
    return str(iban.validate(country + iban.calc_check_digits(country + "00" + bban) + bban))


def _search(rng: Random, make: Callable[[], str], valid: Callable[[str], bool]) -> str:
    for _ in range(TRIES):
        number = make()
        if valid(number):
            return number
    raise AssertionError("no valid number found: the generator does not fit the check")


def make_vat(rng: Random, country: str) -> str:
    """A compact VAT number with its country's prefix (DE, ES, FR or GB)."""
    if country == "ES":
        # B and A firms carry a figure as control, the first of the two that the library offers
        body = rng.choice("AB") + digits(rng, 7)
        number = body + cif.calc_check_digits(body)[0]
        assert es_nif.is_valid(number)
    elif country == "FR":
        siren = digits(rng, 8)
        siren += luhn.calc_check_digit(siren)
        # key = (12 + 3 (SIREN mod 97)) mod 97 (article A. 286 of the tax code's annexes, as in stdnum.fr.tva)
        number = fr_tva.validate(f"{(12 + 3 * (int(siren) % 97)) % 97:02d}{siren}")
    elif country == "GB":
        body = digits(rng, 7)
        number = next(body + f"{key:02d}" for key in range(97) if gb_vat.is_valid(body + f"{key:02d}"))
    else:
        body = digits(rng, 8)
        number = de_vat.validate(body + mod_11_10.calc_check_digit(body))
    return country + str(number)


# Ranges that regulators keep for fiction where there are some (Ofcom, Bundesnetzagentur, Arcep).
PHONE_STARTS = {
    "GB": ("+44207946", "+441134960", "+441214960", "+441614960", "+441914980", "+441632960"),
    "DE": ("+493023125", "+496990009", "+494066969", "+4922147109", "+498999998"),
    "FR": ("+3319900", "+3326191", "+3335301", "+3346571", "+3353649"),
    "ES": ("+3491", "+3493", "+3496", "+3495"),
}


def make_phone(rng: Random, country: str) -> str:
    """A telephone number in E.164 that is possible and assigned to ``country``'s plan."""

    def make() -> str:
        start = rng.choice(PHONE_STARTS[country])
        size = {"GB": 13, "FR": 12, "ES": 12}.get(country, len(start) + 3)
        return start + "".join(str(rng.randint(0, 9)) for _ in range(size - len(start)))

    return _search(rng, make, lambda text: phonenumbers.is_valid_number(phonenumbers.parse(text)))


def show_phone(rng: Random, number: str) -> str:
    """``number`` as letterheads print it: national or international, with varied separators."""
    parsed = phonenumbers.parse(number)
    style = phonenumbers.PhoneNumberFormat
    text = phonenumbers.format_number(parsed, rng.choice([style.NATIONAL, style.INTERNATIONAL]))
    return text.replace("-", " ") if rng.random() < 0.5 else text


def show_iban(rng: Random, number: str) -> str:
    """``number`` in groups of four, now and then without gaps."""
    return str(iban.format(number)) if rng.random() < 0.85 else number
