"""A register that would give numbers again is noticed by the archive, and no other one is."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.keys import record_key
from capture.folders import registers
from domain.errors import Usage
from flows.behind import not_behind, refuse_older
from flows.publish import publish
from flows.rebuild import rebuild_index
from infra.wiring import Services, open_services
from register import ranges
from register.acts import Act
from register.models import Counter
from register.numbers import counters, format_number
from tests.register.filings import file_one, open_batch

YEAR = datetime.now(UTC).year


@pytest.fixture
def office(register: Path) -> Services:
    """Three numbers are given in the present year, and the archive has their records."""
    services = open_services(register)
    now = datetime.now(UTC)
    for name in ("one", "two", "three"):
        file_one(open_batch(name, received_at=now), 0, ((0, 1),))
    publish(services)
    return services


def given(last: int, register: str = "IN", year: int = YEAR) -> None:
    """As a register has it that was written when this was the last number."""
    Counter.objects.exclude(year=0).delete()
    Counter.objects.create(register=register, year=year, last=last)


def test_a_register_older_than_the_archive_is_refused(office: Services) -> None:
    not_behind(office)
    assert rebuild_index(office) == 3
    for last in (1, 2):
        given(last)
        why = f"the archive holds {format_number('IN', YEAR, last + 1)}, which this register does not know"
        with pytest.raises(Usage, match=f"{why}.*restore BACKUP --files-only, then postroom rebuild --from"):
            not_behind(office)
        with pytest.raises(Usage, match=why):
            rebuild_index(office)


def test_numbers_that_were_only_reserved_are_not_given_again(office: Services) -> None:
    act = Act("ann", datetime.now(UTC))
    ranges.reserve("IN", 50, act, zone=office.settings.zone, printed=True)
    publish(office)
    not_behind(office)
    given(3)
    Counter.objects.filter(register="office").update(last=0)
    with pytest.raises(
        Usage, match="the archive holds decision 1 of the office, which this register does not"
    ):
        not_behind(office)


def test_a_register_ahead_of_the_archive_is_not(office: Services) -> None:
    file_one(open_batch("not published", received_at=datetime.now(UTC)), 0, ((0, 1),))
    assert counters() == {("IN", YEAR): 4}
    not_behind(office)


def test_a_lost_record_hides_no_other(office: Services) -> None:
    (key,) = office.archive.list(f"register/{format_number('IN', YEAR, 2)}/")
    office.archive.delete(key)
    given(1)
    with pytest.raises(Usage, match=format_number("IN", YEAR, 3)):
        not_behind(office)


def test_a_year_that_the_register_knows_nothing_of_is_noticed(office: Services) -> None:
    given(7, year=YEAR - 1)
    with pytest.raises(Usage, match=format_number("IN", YEAR, 1)):
        not_behind(office)
    given(7, "OUT")
    not_behind(office)  # nothing says that there ever was a register IN
    station = office.drop / "scanner"
    station.mkdir(parents=True)
    (station / "station.toml").write_text('register = "IN"\n')
    with pytest.raises(Usage, match=format_number("IN", YEAR, 1)):
        not_behind(office)


def test_an_empty_register_on_an_archive_in_use_is_noticed(office: Services) -> None:
    Counter.objects.exclude(year=0).delete()
    with pytest.raises(Usage, match=format_number("IN", YEAR, 1)):
        not_behind(office)
    for number in (1, 2, 3):
        for key in list(office.archive.list(f"register/{format_number('IN', YEAR, number)}/")):
            office.archive.delete(key)
    not_behind(office)


def test_what_another_process_has_just_given_is_no_matter(office: Services) -> None:
    office.archive.put(record_key(format_number("IN", YEAR, 4), 4), b"{}")
    known = iter([{("IN", YEAR): 3}, {("IN", YEAR): 4}])
    refuse_older(office.archive, lambda: next(known), lambda: 0, (), YEAR)
    assert list(known) == []


def test_a_wrong_profile_stops_its_station_only(office: Services) -> None:
    """The look at what is dropped tells of it; here the other stations' registers count."""
    for name, profile in (("bad", 'langauges = ["en"]'), ("good", 'register = "OUT"')):
        (office.drop / name).mkdir(parents=True)
        (office.drop / name / "station.toml").write_text(profile)
    (office.drop / "odd" / "station.toml").mkdir(parents=True)
    not_behind(office)
    assert registers(office.drop) == {"IN", "OUT"}
