"""The number that an entry gets: the next of its register, or one that was reserved ahead."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from domain.errors import Missing, Stale, Usage
from domain.numbers import DEFAULT, Place, read, written, wrong_check
from domain.office import Numbering, NumberRange
from domain.rights import Guarded, Rights
from register import decisions, office
from register.acts import Act
from register.models import Entry
from register.numbers import must_be_register, take_next
from register.rights import may_register, within
from register.session import alone, write

ALL = "all"
"""The name under which the office decides on the form of all registers that have none of their own."""


def form_of(register: str) -> str:
    """How the numbers of a register are written today."""
    found = decisions.office().numberings
    return next((found[name].form for name in (register, ALL) if name in found), DEFAULT)


def told(name: str, year: int) -> dict[str, Any]:
    """How the numbers of a register are written, or of ``ALL`` that have no form of their own: with one."""
    one = decisions.office().numberings.get(name) or Numbering(name, form_of(name))
    example = written(Place("IN" if name == ALL else name, year, 123), one.form)
    return {"register": name, "form": one.form, "example": example, "before": list(one.before)}


def listed(year: int) -> list[dict[str, Any]]:
    """The form of all, then those of registers that have their own, as ``told``."""
    return [told(name, year) for name in (ALL, *sorted({*decisions.office().numberings} - {ALL}))]


def forms() -> set[str]:
    """All forms in which numbers were ever given."""
    found = decisions.office().numberings.values()
    return {DEFAULT, *(form for one in found for form in (one.form, *one.before))}


def is_own(text: str) -> bool:
    """Whether this is a number of ours: its check digit is right, and we have written numbers so."""
    place = read(text)
    return place is not None and any(written(place, form) == text for form in forms())


def set_form(form: str, act: Act, register: str = "") -> None:
    """Let the numbers of a register, or of all, be written so from now on; those that were given stay.

    Raises:
        Usage: numbers cannot be written so, or are already.
        Forbidden: the person does not decide that.
    """
    if register:
        must_be_register(register)
    with write():
        alone("office")
        now = decisions.office().numberings.get(register or ALL)
        before = {*now.before, now.form} if now else {form_of(register or ALL)}
        office.put("numbering", Numbering(register or ALL, form, tuple(sorted(before - {form}))), act)


def next_number(register: str, at: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Take the next number of a register, of the year that ``at`` lies in, as the columns of an entry.

    Within the transaction that writes it.
    """
    year = at.astimezone(zone).year
    place = Place(register, year, take_next(register, year))
    return _columns(place, form_of(register))


def _columns(place: Place, form: str) -> dict[str, Any]:
    number = written(place, form)
    return {
        "number": number,
        "register": place.register,
        "year": place.year,
        "sequence": place.sequence,
    }


def stored(text: str) -> str:
    """The number as its entry has it, in whichever form and case somebody wrote it.

    What is no number, or of no entry, comes back as it is.
    """
    return entry_of(text.strip().upper()) or text


def by_number(text: str, entries: QuerySet[Entry]) -> Entry | None:
    """The entry that ``stored`` would name, of these."""
    place = read(text.strip().upper())
    found = entries.filter(**asdict(place)).first() if place else None
    return found or entries.filter(number=text).first()


def entry_of(number: str) -> str:
    """The number, as it was given, of the entry that a number means in whichever form; "" for none."""
    place = read(number)
    entry = _entry_at(place) if place else None
    return entry.number if entry else ""


def no_entry(number: str) -> Missing:
    """That there is no entry of this number; of a check digit that is wrong or missing, what it would be."""
    wrong = wrong_check(number.strip().upper())
    said = f"T{wrong[1:]}" if wrong else "Find it: postroom search WORDS"
    return Missing(f"There is no entry {number}. {said}")


def range_of(place: Place) -> NumberRange | None:
    """The range with which this number was reserved."""
    return next((one for one in decisions.office().ranges.values() if one.holds(place)), None)


def is_reserved(number: str) -> bool:
    """Whether this number was reserved, and no entry has it yet."""
    place = read(number)
    return place is not None and range_of(place) is not None and _entry_at(place) is None


def _entry_at(place: Place) -> Entry | None:
    return _entries_at(place).first()


def _entries_at(place: Place) -> QuerySet[Entry]:
    return Entry.objects.filter(**asdict(place))


def taken_by(number: str) -> str:
    """The entry that has this number by now, else ""; nobody else takes it until the transaction ends."""
    place = read(number)
    assert place is not None
    alone(f"number {place.register} {place.year} {place.sequence}")
    entry = _entry_at(place)
    return entry.number if entry else ""


def take_reserved(number: str, rights: Rights | None = None) -> dict[str, Any]:
    """A number that was reserved, as the columns of the entry that gets it. Within its transaction.

    Raises:
        Usage: it is no number, or its check digit is wrong.
        Missing: it was not reserved, or by those whose numbers the person may not use.
        Stale: somebody has used it.
    """
    place = read(number)
    if place is None:
        wrong = (
            wrong_check(number) or f"number is {number!r}: write it as on its label, such as IN-2026-000123-7"
        )
        raise Usage(wrong)
    found = range_of(place)
    if found is None or not may_use(found, rights):
        raise Missing(f"{number} was not reserved. What was: postroom number ranges")
    if taken_by(number):
        by = ""
        if seen := _entries_at(place).filter(within(rights)).first():
            first = seen.events.earliest("sequence")
            by = f": {first.kind} by {first.actor} at {first.at.isoformat(timespec='seconds')}"
        raise Stale(f"{number} is used already{by}. Take another: postroom number ranges")
    return _columns(place, found.form)


def may_use(found: NumberRange, rights: Rights | None) -> bool:
    """Whether somebody may use, print and give up the numbers of a range: who registers in its department."""
    return may_register(rights, Guarded(found.department))
