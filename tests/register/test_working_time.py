"""Working time: hours of a week, holidays, closures, days on which the clocks are changed."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.errors import Usage
from domain.office import Closure
from domain.working_time import Calendar, Meter, moment_of, opening_hours
from infra.calendars import calendar, of_year

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = (
    "Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Lord_Howe", "Pacific/Apia",
    "Africa/Casablanca", "Asia/Kathmandu", "UTC",
)  # fmt: skip
WEEKS = (
    "Mon-Fri 09:00-17:00",
    "Mon-Sun 00:00-24:00",
    "Mon-Thu 08:30-12:15, 13:00-18:00; Sat 10:00-12:00",
    "Sun 00:30-03:30, 22:00-24:00; Mon 00:00-02:30",
)
HOUR = 3600.0


def local(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def test_hours_of_a_week_are_read() -> None:
    found = opening_hours(" mon-tue 9:00-12:30, 13:00-17:00 ; Sat 22:00-24:00")
    day = ((time(9), time(12, 30)), (time(13), time(17)))
    assert found == (day, day, (), (), (), ((time(22), time.min),), ())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the office is never open: write its hours as Mon-Fri 09:00-17:00"),
        (" ; ", "the office is never open"),
        ("Mon", "'' is no opening: write it as 09:00-17:00"),
        ("Mon 9-17", "'9-17' is no opening"),
        ("Mon 09:00-25:00", "'09:00-25:00' is no opening"),
        ("Mon 17:00-09:00", "'17:00-09:00' ends before it begins; until midnight is 24:00"),
        ("Mon 09:00-09:00", "'09:00-09:00' ends before it begins"),
        ("Mon 09:00-12:00, 11:00-13:00", "an opening begins before the one in front of it has ended"),
        ("Mon 09:00-24:00, 11:00-13:00", "an opening begins before the one in front of it has ended"),
        ("Lun 09:00-12:00", "'Lun' is no day: they are Mon, Tue"),
        ("Sat-Mon 09:00-12:00", "'Sat-Mon' goes over the end of the week"),
        ("Mon-Fri 09:00-12:00; Wed 13:00-14:00", "Wed stands twice"),
    ],
)  # fmt: skip
def test_hours_that_cannot_be(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        opening_hours(text)


def test_over_the_new_year() -> None:
    """Thursday and Friday are holidays of Bavaria's: from 31 December to 7 January passes one day."""
    bavaria = calendar("Europe/Berlin", "Mon-Fri 09:00-17:00", "DE", "BY")
    start = local("2025-12-31T16:00")
    assert bavaria.between(start, local("2026-01-07T09:00")) == 17 * HOUR  # the 2nd and the 5th; not the 6th
    assert bavaria.add(start, 2 * HOUR) == local("2026-01-02T10:00")
    assert bavaria.add_days(start, 3) == local("2026-01-07T17:00")
    assert bavaria.add_calendar_days(start, 1) == local("2026-01-03T00:00")
    assert bavaria.add_calendar_days(start, 3) == local("2026-01-06T00:00")  # a Saturday: until Monday's end
    assert date(2026, 1, 6) in of_year("DE", "BY", 2026)
    assert date(2026, 1, 6) not in of_year("DE", "BE", 2026)


def test_the_days_on_which_the_clocks_are_changed() -> None:
    always = Calendar(BERLIN, opening_hours("Mon-Sun 00:00-24:00"))
    assert always.between(local("2026-03-29T00:00"), local("2026-03-30T00:00")) == 23 * HOUR
    assert always.between(local("2026-10-25T00:00"), local("2026-10-26T00:00")) == 25 * HOUR
    usual = Calendar(BERLIN)
    assert usual.between(local("2026-03-27T09:00"), local("2026-03-30T17:00")) == 16 * HOUR
    assert usual.add(local("2026-10-23T16:00"), 2 * HOUR) == local("2026-10-26T10:00")
    night = Calendar(BERLIN, opening_hours("Sun 02:30-04:00"))
    (gap,) = night.openings(date(2026, 3, 29))  # there is no half past two: it opens when it is three
    assert gap == (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 3, 29, 2, tzinfo=UTC))
    (fold,) = night.openings(date(2026, 10, 25))  # half past two is there twice: it opens with the first
    assert fold == (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 3, tzinfo=UTC))
    inside = Calendar(BERLIN, opening_hours("Sun 02:00-03:00"))
    assert inside.openings(date(2026, 3, 29)) == ()
    apia = Calendar(ZoneInfo("Pacific/Apia"))
    assert apia.openings(date(2011, 12, 30)) == ()  # the day that Samoa left out


def test_closures_and_moments_within_one_zone() -> None:
    closed = Calendar(BERLIN).closed([Closure("moving", date(2026, 5, 4), date(2026, 5, 5))])
    assert closed.add(local("2026-05-01T16:00"), 2 * HOUR) == local("2026-05-06T10:00")
    assert closed.back(local("2026-05-06T10:00"), 2 * HOUR) == local("2026-05-01T16:00")
    assert closed.closed(closed.closures) is closed
    assert closed.name != Calendar(BERLIN).name
    # Python compares two moments of one zone by their wall clocks: an hour later here is an hour before.
    early, late = local("2026-10-25T02:30"), local("2026-10-25T02:15").replace(fold=1)
    always = Calendar(BERLIN, opening_hours("Mon-Sun 00:00-24:00"))
    assert always.between(early, late) == 0.75 * HOUR
    assert always.between(late, early) == -0.75 * HOUR


def test_an_office_that_is_never_open_says_so() -> None:
    never = Calendar(BERLIN, opening_hours("Sun 10:00-11:00"), holidays=_all_days)
    start = local("2026-01-01T00:00")
    asks: list[Callable[[], datetime]] = [
        lambda: never.add(start, 1),
        lambda: never.back(start, 1),
        lambda: never.add_days(start, 1),
        lambda: never.add_calendar_days(start, 1),
    ]
    for ask in asks:
        with pytest.raises(
            Usage, match=r"The office is not open for long enough until .*: look at its hours"
        ):
            ask()
    assert never.between(local("2026-01-01T00:00"), local("2027-01-01T00:00")) == 0


def _all_days(year: int) -> frozenset[date]:
    first = date(year, 1, 1)
    return frozenset(first + timedelta(days=one) for one in range(366))


def _some_days(year: int) -> frozenset[date]:
    return frozenset((date(year, 1, 1), date(year, 12, 25), date(year, 12, 31)))


@st.composite
def offices(draw: st.DrawFn) -> Calendar:
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    since = draw(st.dates(date(2025, 12, 1), date(2026, 12, 31)))
    closure = Closure("x", since, since + timedelta(days=draw(st.integers(0, 20))))
    week = opening_hours(draw(st.sampled_from(WEEKS)))
    return Calendar(zone, week, _some_days if draw(st.booleans()) else _no_days).closed([closure])


def _no_days(year: int) -> frozenset[date]:
    return frozenset()


def changes(zone: ZoneInfo) -> Iterator[datetime]:
    """The moments of a year at which the zone changes its clocks."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    while at.year == 2026:
        after = at + timedelta(hours=1)
        if at.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            yield after
        at = after


CHANGES = [at for zone in ZONES for at in changes(ZoneInfo(zone))]
NEW_YEARS = [datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)]


@st.composite
def moments(draw: st.DrawFn) -> datetime:
    """Some of them around the turn of the year or a change of the clocks."""
    around = draw(st.sampled_from([*CHANGES, *NEW_YEARS, datetime(2026, 6, 1, tzinfo=UTC)]))
    found = around + timedelta(seconds=draw(st.integers(-10 * 86_400, 10 * 86_400)))
    return found.astimezone(ZoneInfo(draw(st.sampled_from(ZONES))))


spans = st.floats(0, 400_000, allow_nan=False).map(lambda seconds: round(seconds, 3))


@settings(max_examples=300, deadline=None)
@given(offices(), moments(), spans)
def test_so_long_after_is_so_long_until(office: Calendar, at: datetime, seconds: float) -> None:
    due = office.add(at, seconds)
    assert office.between(at, due) == pytest.approx(seconds, abs=1e-3)
    assert due >= at.astimezone(UTC)
    if seconds:  # the first such moment, and in an opening
        assert office.between(at, due - timedelta(milliseconds=10)) < seconds
        assert office.between(due - timedelta(milliseconds=1), due) > 0


@settings(max_examples=300, deadline=None)
@given(offices(), moments(), spans)
def test_so_long_before_is_so_long_ago(office: Calendar, at: datetime, seconds: float) -> None:
    begun = office.back(at, seconds)
    assert office.between(begun, at) == pytest.approx(seconds, abs=1e-3)
    assert begun <= at.astimezone(UTC)
    if seconds:
        assert office.between(begun + timedelta(milliseconds=10), at) < seconds


@settings(max_examples=300, deadline=None)
@given(offices(), st.lists(moments(), min_size=3, max_size=6))
def test_spans_add_up_and_only_grow(office: Calendar, some: list[datetime]) -> None:
    ordered = sorted(one.astimezone(UTC) for one in some)
    parts = [office.between(one, other) for one, other in pairwise(ordered)]
    assert min(parts) >= 0
    assert sum(parts) == pytest.approx(office.between(ordered[0], ordered[-1]), abs=1e-3)
    assert office.between(ordered[-1], ordered[0]) == pytest.approx(-sum(parts), abs=1e-3)
    passed = (ordered[-1] - ordered[0]).total_seconds()
    assert sum(parts) <= passed  # no hour counts twice


@settings(max_examples=200, deadline=None)
@given(offices(), moments(), spans, spans)
def test_what_is_due_later_comes_later(office: Calendar, at: datetime, one: float, other: float) -> None:
    few, more = sorted((one, other))
    assert office.add(at, few) <= office.add(at, more)
    there = office.add(office.add(at, few), more - few) - office.add(at, more)
    assert abs(office.between(office.add(at, more), office.add(at, more) + there)) < 1e-3


@settings(max_examples=200, deadline=None)
@given(moments(), st.sampled_from(ZONES))
def test_an_office_that_is_always_open_counts_what_passes(at: datetime, zone: str) -> None:
    always = Calendar(ZoneInfo(zone), opening_hours("Mon-Sun 00:00-24:00"))
    later = at.astimezone(UTC) + timedelta(days=3, hours=5)
    assert always.between(at, later) == (later - at.astimezone(UTC)).total_seconds()
    assert always.add(at, 77 * HOUR) == later


@settings(max_examples=200, deadline=None)
@given(offices(), moments(), st.integers(1, 30))
def test_days(office: Calendar, at: datetime, days: int) -> None:
    due, first = office.add_days(at, days), office.day_of(at)
    assert (
        len([one for one in _days(first, office.day_of(due - timedelta(seconds=1))) if office.openings(one)])
        == days
    )
    legal = office.add_calendar_days(at, days)
    last = office.day_of(legal - timedelta(seconds=1))
    assert legal == moment_of(last + timedelta(days=1), time.min, office.zone)
    assume(office.openings(first + timedelta(days=days)))
    assert last == first + timedelta(days=days)


def _days(first: date, last: date) -> Iterator[date]:
    while first < last:
        first += timedelta(days=1)
        yield first


@given(offices(), st.lists(moments(), min_size=2, max_size=8))
def test_a_meter_counts_alike(office: Calendar, some: list[datetime]) -> None:
    meter = Meter(office)
    for start, end in zip(some, reversed(some), strict=True):
        assert meter.between(start, end) == pytest.approx(office.between(start, end), abs=1e-3)
