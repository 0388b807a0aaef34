"""Register numbers: ``REGISTER-YEAR-SEQUENCE-CHECK``, gap-free per register and year."""

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from stdnum.iso7064 import mod_11_10

from domain.errors import Usage
from register.models import Counter

HISTORY = 0  # the year under which a register counts its events
OFFICE = "office"  # under which the office's decisions are counted there; no register can be called so
_REGISTER = re.compile(r"[A-Z][A-Z0-9]{0,15}")
_NUMBER = re.compile(r"([A-Z][A-Z0-9]{0,15})-([0-9]{4})-([0-9]{6,})-([0-9])")


def must_be_register(code: str) -> None:
    """See that a register can be called so.

    Raises:
        Usage: it cannot.
    """
    if not _REGISTER.fullmatch(code):
        raise Usage(f"register is {code!r}: give a capital letter and up to 15 more, or digits, such as IN")


def _digits(register: str, year: int, sequence: int) -> str:
    # Letters count as two digits, A = 10 ... Z = 35 as in an IBAN, so that they are protected too.
    return "".join(str(int(sign, 36)) for sign in f"{register}{year:04}{sequence:06}")


def format_number(register: str, year: int, sequence: int) -> str:
    """The register number, such as ``IN-2026-000123-7``; check digit ISO 7064 Mod 11,10."""
    check = mod_11_10.calc_check_digit(_digits(register, year, sequence))
    return f"{register}-{year:04}-{sequence:06}-{check}"


def is_number(text: str) -> bool:
    """Whether ``text`` is a register number of our form with the right check digit."""
    found = _NUMBER.fullmatch(text)
    return found is not None and format_number(found[1], int(found[2]), int(found[3])) == text


def counters() -> dict[tuple[str, int], int]:
    """The last number given in each register and year."""
    rows = Counter.objects.exclude(year=HISTORY)
    return {(register, year): last for register, year, last in rows.values_list("register", "year", "last")}


def next_number(register: str, at: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Take the next number of a register, of the year that ``at`` lies in, as the columns of an entry.

    Within the transaction that writes it.
    """
    year = at.astimezone(zone).year
    sequence = take_next(register, year)
    number = format_number(register, year, sequence)
    return {"number": number, "register": register, "year": year, "sequence": sequence}


def take_next(register: str, year: int) -> int:
    """The next value of a counter, from 1. Call it within the transaction that uses the value.

    The row stays locked until that transaction ends, so a rollback gives the value back and no
    value is skipped or doubled. The history's own counter is year 0.
    """
    taken = _add_one(register, year)
    if taken is None:  # the very first: whoever makes the row, each then adds to it
        Counter.objects.get_or_create(register=register, year=year)
        taken = _add_one(register, year)
    assert taken is not None
    return taken


def _add_one(register: str, year: int) -> int | None:
    # One statement, since all other writers wait from here to our commit.
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {Counter._meta.db_table} SET last = last + 1"  # noqa: S608 - a name of ours
            " WHERE register = %s AND year = %s RETURNING last",
            [register, year],
        )
        row = cursor.fetchone()
    return row[0] if row else None
