"""Counters: what is taken of them is gap-free per register and year."""

from django.db import connection

from domain.errors import Usage
from domain.numbers import REGISTER, Place, read, written
from register.models import Counter

HISTORY = 0  # the year under which a register counts its events
OFFICE = "office"  # under which the office's decisions are counted there; no register can be called so
PARTIES = "parties"  # under which events of parties are
NO_REGISTERS = (OFFICE, PARTIES)


def must_be_register(code: str) -> None:
    """See that a register can be called so.

    Raises:
        Usage: it cannot.
    """
    if not REGISTER.fullmatch(code):
        raise Usage(f"register is {code!r}: give a capital letter and up to 15 more, or digits, such as IN")


def format_number(register: str, year: int, sequence: int) -> str:
    """The register number in the form that all have who decided on no other, such as ``IN-2026-000123-7``."""
    return written(Place(register, year, sequence))


def is_number(text: str) -> bool:
    """Whether ``text`` is a register number in some form of ours, with the right check digit."""
    return read(text) is not None


def counters() -> dict[tuple[str, int], int]:
    """The last number given in each register and year."""
    rows = Counter.objects.exclude(year=HISTORY)
    return {(register, year): last for register, year, last in rows.values_list("register", "year", "last")}


def decided() -> int:
    """The last of the office's decisions."""
    return events_of(OFFICE)


def events_of(register: str) -> int:
    """How many events were written of a register's chain, or of the office's or the parties'."""
    return Counter.objects.filter(register=register, year=HISTORY).values_list("last", flat=True).first() or 0


def take_next(register: str, year: int, count: int = 1) -> int:
    """The next value of a counter, from 1; of several the last. Within the transaction that uses it.

    The row stays locked until that transaction ends, so a rollback gives the value back and no
    value is skipped or doubled. The history's own counter is year 0.
    """
    taken = _add(register, year, count)
    if taken is None:  # the very first: whoever makes the row, each then adds to it
        Counter.objects.get_or_create(register=register, year=year)
        taken = _add(register, year, count)
    assert taken is not None
    return taken


def _add(register: str, year: int, count: int) -> int | None:
    # One statement, since all other writers wait from here to our commit.
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {Counter._meta.db_table} SET last = last + %s"  # noqa: S608 - a name of ours
            " WHERE register = %s AND year = %s RETURNING last",
            [count, register, year],
        )
        row = cursor.fetchone()
    return row[0] if row else None
