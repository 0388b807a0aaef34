"""Working time: when an office is open, and how long from one moment to another. Pure.

All is counted in absolute time: a day on which the clocks are changed is as long as it is, and of an opening
only what really passes counts.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from domain.errors import Usage
from domain.office import Closure

Hours = tuple[tuple[tuple[time, time], ...], ...]
"""For each day of the week, Monday first, the openings in order; an end of 00:00 is the end of the day."""

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
USUAL_HOURS = "Mon-Fri 09:00-17:00"
_SPAN = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_LONGEST = 7320  # days looked at for working time, until the office counts as never open
_DAY, _NONE = timedelta(days=1), timedelta()


def opening_hours(text: str) -> Hours:
    """The hours of a week, written as ``Mon-Fri 09:00-12:30, 13:30-17:00; Sat 10:00-12:00``.

    Raises:
        ValueError: it cannot be read, a day stands twice, an opening ends before it begins or before the one
            in front of it has ended, or it is never open. Says which.
    """
    found: dict[int, tuple[tuple[time, time], ...]] = {}
    for part in filter(None, (one.strip() for one in text.split(";"))):
        days, _, spans = part.partition(" ")
        openings = tuple(_opening(one.strip()) for one in spans.split(","))
        for (_, end), (begin, _) in pairwise(openings):
            if end == time.min or begin < end:
                raise ValueError(f"{part!r}: an opening begins before the one in front of it has ended")
        for day in _days(days):
            if day in found:
                raise ValueError(f"{DAYS[day]} stands twice: name its openings together, behind commas")
            found[day] = openings
    if not found:
        raise ValueError(f"the office is never open: write its hours as {USUAL_HOURS}")
    return tuple(found.get(day, ()) for day in range(7))


def _days(text: str) -> Iterable[int]:
    first, _, last = text.partition("-")
    names = [one.capitalize() for one in (first, last or first)]
    if wrong := [one for one in names if one not in DAYS]:
        raise ValueError(f"{wrong[0]!r} is no day: they are {', '.join(DAYS)}")
    begin, end = map(DAYS.index, names)
    if end < begin:
        raise ValueError(f"{text!r} goes over the end of the week: name two parts, behind a semicolon")
    return range(begin, end + 1)


def _opening(text: str) -> tuple[time, time]:
    found = _SPAN.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        hours = [int(one) for one in found.groups()]
        begin = time(hours[0], hours[1])
        end = time.min if hours[2:] == [24, 0] else time(hours[2], hours[3])
    except ValueError as error:
        raise ValueError(f"{text!r} is no opening: write it as 09:00-17:00") from error
    if end != time.min and end <= begin:
        raise ValueError(f"{text!r} ends before it begins; until midnight is 24:00")
    return begin, end


def no_holidays(year: int) -> frozenset[date]:
    """Where none are kept."""
    return frozenset()


_USUAL = opening_hours(USUAL_HOURS)


@dataclass(frozen=True, slots=True)
class Calendar:
    """When an office is open.

    Attributes:
        zone: in which its hours are meant.
        hours: of a week.
        holidays: of a year, days on which it is closed.
        closures: days of its own on which it is closed.
        place: whose holidays they are, such as ``DE-BY``; tells calendars apart.
    """

    zone: ZoneInfo
    hours: Hours = _USUAL
    holidays: Callable[[int], frozenset[date]] = no_holidays
    closures: tuple[Closure, ...] = ()
    place: str = ""
    _known: dict[date, tuple[tuple[datetime, datetime], ...]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def closed(self, closures: Iterable[Closure]) -> "Calendar":
        """The same with these closures."""
        some = tuple(sorted(closures, key=lambda one: (one.since, one.until)))
        return self if some == self.closures else replace(self, closures=some, _known={})

    @property
    def name(self) -> str:
        """The same for calendars that are open at the same moments."""
        hours = [[[str(begin), str(end)] for begin, end in day] for day in self.hours]
        days = [f"{one.since}-{one.until}" for one in self.closures]
        return f"{self.zone.key} {self.place} {hours} {days}"

    def day_of(self, moment: datetime) -> date:
        """The day that it is in the office."""
        return moment.astimezone(self.zone).date()

    def openings(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """From when to when the office is open on a day, in order, in UTC; empty where it is closed."""
        if day not in self._known:
            self._known[day] = tuple(self._openings(day))
        return self._known[day]

    def _openings(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        hours = self.hours[day.weekday()]
        if not hours or day in self.holidays(day.year):
            return
        if any(one.since <= day <= one.until for one in self.closures):
            return
        for begin, end in hours:
            last = day if end != time.min else day + _DAY
            first = moment_of(day, begin, self.zone), moment_of(last, end, self.zone)
            if first[0] < first[1]:
                yield first

    def between(self, start: datetime, end: datetime) -> float:
        """Working seconds from one moment to another; below 0 where it was before."""
        start, end = start.astimezone(UTC), end.astimezone(UTC)  # within one zone Python compares wall clocks
        if end < start:
            return -self.between(end, start)
        total, day, last = 0.0, self.day_of(start), self.day_of(end)
        while day <= last:
            for opens, closes in self.openings(day):
                total += max((min(closes, end) - max(opens, start)).total_seconds(), 0.0)
            day += _DAY
        return total

    def add(self, start: datetime, seconds: float) -> datetime:
        """The first moment by which so many working seconds have passed since ``start``.

        Raises:
            Usage: the office is not open for so long within twenty years.
        """
        start = start.astimezone(UTC)
        left, day = timedelta(seconds=seconds), self.day_of(start)  # exact, as a sum of seconds is not
        if left <= _NONE:
            return start
        for _ in range(_LONGEST):
            for opens, closes in self.openings(day):
                begin = max(opens, start)
                if begin < closes:
                    here = closes - begin
                    if here >= left:
                        return begin + left
                    left -= here
            day += _DAY
        raise self._never(day)

    def back(self, end: datetime, seconds: float) -> datetime:
        """The last moment from which so many working seconds pass until ``end``.

        Raises:
            Usage: the office was not open for so long within twenty years.
        """
        end = end.astimezone(UTC)
        left, day = timedelta(seconds=seconds), self.day_of(end)
        if left <= _NONE:
            return end
        for _ in range(_LONGEST):
            for opens, closes in reversed(self.openings(day)):
                until = min(closes, end)
                if opens < until:
                    here = until - opens
                    if here >= left:
                        return until - left
                    left -= here
            day -= _DAY
        raise self._never(day)

    def add_days(self, start: datetime, days: int) -> datetime:
        """When the office closes on the last of so many working days after the day of ``start``.

        Raises:
            Usage: the office is not open on so many within twenty years.
        """
        day, left = self.day_of(start), days
        for _ in range(_LONGEST):
            day += _DAY
            if openings := self.openings(day):
                left -= 1
                if left <= 0:
                    return openings[-1][1]
        raise self._never(day)

    def add_calendar_days(self, start: datetime, days: int) -> datetime:
        """The end of the last of so many calendar days after the day of ``start``.

        Where the office is closed on that day, it is the end of the next on which it is not.

        Raises:
            Usage: the office is not open within twenty years of it.
        """
        day = self.day_of(start) + timedelta(days=days)
        for _ in range(_LONGEST):
            if self.openings(day):
                return moment_of(day + _DAY, time.min, self.zone)
            day += _DAY
        raise self._never(day)

    def _never(self, day: date) -> Usage:
        return Usage(
            f"The office is not open for long enough until {day}: look at its hours, [office] in "
            "postroom.toml, and at its closures: postroom closure list"
        )


def moment_of(day: date, at: time, zone: ZoneInfo) -> datetime:
    """When it is this time in the zone, in UTC; of two such moments the first.

    A time that is left out because the clocks are put forward comes at the moment when they are.
    """
    wanted = datetime.combine(day, at, zone)
    found = wanted.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wanted.replace(tzinfo=None):
        return found
    before, offset = wanted.replace(fold=1).astimezone(UTC), found.astimezone(zone).utcoffset()
    while found - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(found - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset:
            found = middle
        else:
            before = middle
    return found


def total(spans: Sequence[tuple[datetime, datetime]], calendar: Calendar) -> float:
    """Working seconds of these spans together."""
    return sum(calendar.between(begin, end) for begin, end in spans)


class Meter:
    """Counts working time between many moments: what ``Calendar.between`` says, without going day by day."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._first: date | None = None
        self._before: list[float] = [0.0]  # working seconds before each day from the first

    def between(self, start: datetime, end: datetime) -> float:
        """Working seconds from one moment to another; below 0 where it was before."""
        return self._until(end) - self._until(start)

    def _until(self, moment: datetime) -> float:
        """Working seconds from the beginning of the first day that was asked for; below 0 before it."""
        day = self._calendar.day_of(moment)
        if self._first is None:
            self._first = day
        place = (day - self._first).days
        if place < 0:
            begin = moment_of(self._first, time.min, self._calendar.zone)
            return -self._calendar.between(moment, begin)
        while len(self._before) <= place:
            known = self._first + timedelta(days=len(self._before) - 1)
            openings = self._calendar.openings(known)
            today = sum((closes - opens).total_seconds() for opens, closes in openings)
            self._before.append(self._before[-1] + today)
        moment = moment.astimezone(UTC)
        return self._before[place] + sum(
            max((min(closes, moment) - opens).total_seconds(), 0.0)
            for opens, closes in self._calendar.openings(day)
        )
