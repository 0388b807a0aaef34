"""Labels that were printed, and which of them bear the number of a paper that was never scanned."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.db.models import Exists, Min, OuterRef

from domain.errors import Usage
from domain.numbers import read, wrong_check
from domain.office import NumberRange, Printed
from domain.rights import Action, Rights
from register import decisions, standing
from register.acts import Act
from register.entries import locked, recorded
from register.models import Entry, Event
from register.numbering import entry_of, may_use, no_entry, range_of
from register.ranges import entries_of, find, keep, open_numbers
from register.rights import within
from register.session import alone, write

PRINTED = "label printed"
"""The kind of event that notes it of an entry; of a number without one its range does."""


def note(numbers: Sequence[str], act: Act, form: str) -> list[str]:
    """Note that labels with these numbers are printed; returns the numbers as their entries have them.

    Args:
        numbers: of entries, or reserved and open; each counts once.
        act: who prints them.
        form: what is printed, such as a size of labels.

    Raises:
        Usage: one is no number; nothing is noted then.
        Missing: one belongs to no entry and was not reserved, as far as the person may know.
        Forbidden: the person may not register such entries.
    """
    written: dict[str, str] = {}
    ahead: dict[str, list[int]] = {}
    with write():
        for text in sorted(dict.fromkeys(one.strip().upper() for one in numbers)):
            if number := entry_of(text):
                entry = locked(number, replace(act, seen=None), Action.REGISTER)
                recorded(entry, PRINTED, {"form": form, "reason": act.reason}, act)
                written[text] = number
        alone("office")
        for text in dict.fromkeys(one.strip().upper() for one in numbers):
            if text not in written:
                name, sequence, written[text] = _reserved(text, act.rights)
                ahead.setdefault(name, []).append(sequence)
        for name, sequences in ahead.items():
            found = decisions.office().ranges[name]
            more = tuple(Printed(first, last, act.at) for first, last in _runs(sequences))
            keep(replace(found, printed=(*found.printed, *more)), act)
    return [written[one] for one in dict.fromkeys(one.strip().upper() for one in numbers)]


def note_range(name: str, act: Act, form: str) -> list[str]:
    """The same for all numbers of a range that are open.

    Raises:
        Usage: none is.
        Missing: there is no such range, or none that the person may use.
    """
    numbers = open_numbers(find(name, act.rights))
    if not numbers:
        raise Usage(f"No number of {name} is open: name those that you want")
    return note(numbers, act, form)


def _reserved(text: str, rights: Rights | None) -> tuple[str, int, str]:
    place = read(text)
    if place is None:
        raise Usage(wrong_check(text) or f"{text!r} is no register number: write it as IN-2026-000123-7")
    found = range_of(place)
    if found is None or not may_use(found, rights):
        raise no_entry(text)
    return found.name, place.sequence, found.number(place.sequence)


def _runs(sequences: Iterable[int]) -> list[tuple[int, int]]:
    """First and last of those that lie in a row."""
    found = []
    for _, some in groupby(enumerate(sorted(set(sequences))), lambda one: one[1] - one[0]):
        row = [sequence for _, sequence in some]
        found.append((row[0], row[-1]))
    return found


def waiting(rights: Rights | None, at: datetime, older: int = 0) -> list[dict[str, Any]]:
    """Labels that were printed and whose paper was never scanned, for at least ``older`` days, oldest first.

    As far as the person may know of their entries, or use their numbers. Void ones are waited for no more.
    """
    found = {one["number"]: one for one in _of_entries(rights)}
    for reserved in decisions.office().ranges.values():
        if reserved.printed and may_use(reserved, rights):
            for one in _of_range(reserved, rights):
                found.setdefault(one["number"], one)
    late = at - timedelta(days=older)
    lines = sorted(found.values(), key=lambda one: (one["printed_at"], _order(one["number"])))
    return [
        {**one, "printed_at": one["printed_at"].isoformat(), "days": (at - one["printed_at"]).days}
        for one in lines
        if one["printed_at"] <= late
    ]


def _order(number: str) -> tuple[str, int, int]:
    place = read(number)
    assert place is not None
    return place.register, place.year, place.sequence


def _of_entries(rights: Rights | None) -> list[dict[str, Any]]:
    scanned = standing.documents().filter(entry=OuterRef("entry"))
    events = Event.objects.filter(kind=PRINTED, entry__voided_at=None).exclude(Exists(scanned))
    seen = Entry.objects.filter(within(rights))
    rows = events.filter(entry__in=seen).values("entry__number", "entry__subject").annotate(first=Min("at"))
    return [
        {
            "number": one["entry__number"],
            "printed_at": one["first"],
            "range": None,
            "place": None,
            "subject": one["entry__subject"],
        }
        for one in rows
    ]


def _of_range(found: NumberRange, rights: Rights | None) -> list[dict[str, Any]]:
    scanned = standing.documents().filter(entry=OuterRef("pk"))
    entries = entries_of(found).annotate(scanned=Exists(scanned))
    over = {one.sequence for one in entries if one.scanned or one.voided_at}
    subjects = dict(entries.values_list("sequence", "subject"))
    seen = set(entries.filter(within(rights)).values_list("sequence", flat=True))
    first: dict[int, datetime] = {}
    for printed in found.printed:
        for sequence in range(printed.first, printed.last + 1):
            first.setdefault(sequence, printed.at)
    return [
        {
            "number": found.number(sequence),
            "printed_at": at,
            "range": found.name,
            "place": found.place or None,
            "subject": subjects.get(sequence),
        }
        for sequence, at in sorted(first.items())
        if sequence not in over and (sequence in seen or sequence not in subjects)
    ]
