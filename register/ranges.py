"""Numbers reserved ahead: for a counter without network, and for labels that are printed before scanning.

They are taken from the counter together and stay reserved until an entry gets them, or they become void.
"""

from datetime import UTC, datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from domain.correspondence import Direction
from domain.errors import Forbidden, Missing, Usage
from domain.numbers import read
from domain.office import NumberRange, Printed
from domain.rights import Guarded, Rights
from domain.states import USUAL, States
from register import decisions, voids
from register.acts import Act
from register.entries import recorded
from register.models import Entry
from register.numbering import form_of, may_use, take_reserved, taken_by
from register.numbers import must_be_register, take_next
from register.office import must_be_holder
from register.registers import REGISTERS, must_be_open
from register.session import alone, write
from register.texts import fit

MOST = 5000
"""Numbers that are reserved together at most."""
_BEFORE = datetime.min.replace(tzinfo=UTC)
_DIRECTIONS = {register: direction for direction, register in REGISTERS.items()}


def direction_of(register: str) -> Direction:
    """That of a register's entries, where nobody names another."""
    return _DIRECTIONS.get(register, Direction.INCOMING)


def direction_of_number(number: str) -> Direction:
    """That of the register of a number."""
    place = read(number.strip().upper())
    return direction_of(place.register if place else "")


def reserve(
    register: str,
    count: int,
    act: Act,
    *,
    zone: ZoneInfo,
    place: str = "",
    department: str = "",
    year: int = 0,
    printed: bool = False,
) -> NumberRange:
    """Take the next numbers of a register for a place that uses them later.

    Args:
        register: whose they are.
        count: how many.
        act: who reserves them.
        zone: the office's, in which years end.
        place: where they are used, for people.
        department: whose they are to be.
        year: this one or the next; 0 for this.
        printed: labels with them are printed now.

    Raises:
        Usage: a value cannot be.
        Forbidden: the person may not register entries there.
    """
    must_be_register(register)
    must_be_open(register, act.rights)
    if not 1 <= count <= MOST:
        raise Usage(f"count is {count}: reserve 1 to {MOST} numbers")
    today = act.at.astimezone(zone).date()
    if year not in (0, today.year, today.year + 1):
        raise Usage(f"year is {year}: numbers are reserved for {today.year}, or for {today.year + 1}")
    department, place = fit(department), fit(place).strip()
    guarded = Guarded(department)
    must_be_holder(decisions.office(), department, "", guarded, today)
    year = year or today.year
    with write():
        alone("office")
        last = take_next(register, year, count)
        first = last - count + 1
        made = NumberRange(
            f"{register}-{year}:{first}-{last}",
            register,
            year,
            first,
            last,
            place,
            form_of(register),
            department,
            act.at,
            (Printed(first, last, act.at),) if printed else (),
        )
        if not may_use(made, act.rights):
            raise Forbidden(_not_yours(act, department))
        keep(made, act)
    return made


def keep(made: NumberRange, act: Act) -> None:
    """Write down how a range is, within a transaction that holds the office alone."""
    decisions.decide("range", made.name, made, act)


def _not_yours(act: Act, department: str) -> str:
    assert act.rights is not None
    where = f"for {department}" if department else "without a department"
    return f"{act.rights.user.name} may not register entries {where}, nor reserve numbers for them"


def find(name: str, rights: Rights | None) -> NumberRange:
    """The range of this name.

    Raises:
        Missing: there is none, or none whose numbers the person may use.
    """
    found = decisions.office().ranges.get(name)
    if found is None or not may_use(found, rights):
        raise Missing(f"There is no range {name!r}. Those that are: postroom number ranges")
    return found


def entries_of(found: NumberRange) -> QuerySet[Entry]:
    """The entries that have numbers of the range."""
    return Entry.objects.filter(
        register=found.register, year=found.year, sequence__range=(found.first, found.last)
    )


def open_numbers(found: NumberRange) -> list[str]:
    """The numbers of the range that no entry has."""
    taken = set(entries_of(found).values_list("sequence", flat=True))
    return [found.number(one) for one in range(found.first, found.last + 1) if one not in taken]


def told(found: NumberRange, at: datetime) -> dict[str, Any]:
    """How a range stands: what was used of it, what is void, what is open and for how many days."""
    entries = entries_of(found)
    waiting = open_numbers(found)
    return {
        "range": found.name,
        "register": found.register,
        "year": found.year,
        "first": found.number(found.first),
        "last": found.number(found.last),
        "place": found.place,
        "department": found.department or None,
        "reserved_at": found.reserved_at.isoformat() if found.reserved_at else None,
        "days": (at - found.reserved_at).days if found.reserved_at else 0,
        "reserved": found.last - found.first + 1,
        "used": entries.filter(voided_at=None).count(),
        "void": entries.exclude(voided_at=None).count(),
        "open": len(waiting),
        "open_numbers": waiting,
    }


def listed(
    rights: Rights | None, at: datetime, *, every: bool = False, limit: int | None = None, after: str = ""
) -> list[dict[str, Any]]:
    """The ranges whose numbers somebody may use, the oldest first; those with nothing open if ``every``.

    At most ``limit``, from behind the range of the name ``after`` on.

    Raises:
        Missing: there is no such range, or none whose numbers the person may use.
    """
    found = sorted((one for one in decisions.office().ranges.values() if may_use(one, rights)), key=_age)
    if after:
        last = _age(find(after, rights))
        found = [one for one in found if _age(one) > last]
    lines = (told(one, at) for one in found)
    return list(islice((one for one in lines if every or one["open"]), limit))


def _age(one: NumberRange) -> tuple[datetime, str]:
    return one.reserved_at or _BEFORE, one.name


def void_rest(name: str, act: Act, *, office: States = USUAL) -> list[str]:
    """Make an entry of each number that is still open, and make it void with the reason; returns the numbers.

    Raises:
        Missing: there is no such range.
        Usage: there is no reason, or no number is open.
    """
    found = find(name, act.rights)
    if not act.reason.strip():
        raise Usage(f"Say why the rest of {name} is to be void: give the reason")
    direction = direction_of(found.register)
    with write():
        made = [number for number in open_numbers(found) if not taken_by(number)]
        for number in made:
            entry = Entry.objects.create(
                **take_reserved(number, act.rights),
                direction=direction,
                received_at=act.at,
                status=office.first(direction, ""),
                department=found.department,
            )
            recorded(entry, "reserved", {"reserved": name, "place": found.place, "reason": ""}, act)
            voids.void(entry, act.reason, actor=act.actor, at=act.at, source=act.source)
    if not made:
        raise Usage(f"No number of {name} is open: nothing is made void")
    return made
