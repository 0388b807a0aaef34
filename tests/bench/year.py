"""A year of an office on PostgreSQL, after which everything that must hold is checked.

``postroom bench year``; the tests run a short form.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import holidays

from domain.entry import Query
from domain.rights import Action
from flows.clock import tick
from flows.publish import publish
from flows.search import search
from infra.database import disconnect
from infra.services import postgresql
from infra.wiring import Services, open_services
from register import account, decisions, history
from register.models import Entry, Firing
from register.office import rights_of
from register.rights import within
from tests.bench import year_life, year_truth
from tests.bench.year_life import at_work
from tests.bench.year_office import YEAR
from tests.bench.year_state import ZONE, Year

_SETTINGS = """
timezone = "Europe/Madrid"

[office]
hours = "Mon-Fri 09:00-17:00"
country = "ES"
subdivision = "MD"
"""
Tell = Callable[[str], None]


def run(entries: int, days: int = 365, seed: int = 7, tell: Tell = lambda text: None) -> dict[str, Any]:
    """So many days of the year, on a server and in a home of its own; then what of all that holds.

    Args:
        entries: that a whole year would bring, about.
        days: of it.
        seed: of what happens.
        tell: is told how far it is, and what does not hold.
    """
    with tempfile.TemporaryDirectory(prefix="postroom-year-") as scratch:
        Path(scratch).chmod(0o755)  # the server runs under another account
        # As in the tests: only a power cut would lose anything.
        with postgresql.start(Path(scratch) / "server", options={"fsync": "off"}) as server:
            return lived(Path(scratch) / "home", server.create_database("year"), entries, days, seed, tell)


def lived(home: Path, url: str, entries: int, days: int, seed: int, tell: Tell) -> dict[str, Any]:
    """The same in this home, on the database at this address."""
    with _instance(home, url) as services:
        start = time.monotonic()
        year = year_life.run(
            entries,
            days,
            seed,
            lambda now: _each_hour(services, now),
            lambda now: _each_night(services, now, tell),
        )
        _each_hour(services, year.now)
        while publish(services):
            pass
        return {**_checked(services, year, tell), "seconds": round(time.monotonic() - start, 1)}


@contextmanager
def _instance(home: Path, url: str) -> Iterator[Services]:
    home.mkdir()
    (home / "postroom.toml").write_text(_SETTINGS)
    before = os.environ.get("POSTROOM_DATABASE__URL")
    os.environ["POSTROOM_DATABASE__URL"] = url
    try:
        services = open_services(home)
        yield services
        services.index.close()
    finally:
        disconnect()
        del os.environ["POSTROOM_DATABASE__URL"]
        if before is not None:
            os.environ["POSTROOM_DATABASE__URL"] = before


def _each_hour(services: Services, now: datetime) -> None:
    if at_work(now) or now.hour % 6 == 0:
        for _ in range(2):  # the second time nothing may come of it
            tick(services, now)


def _each_night(services: Services, now: datetime, tell: Tell) -> None:
    publish(services)
    day = now.astimezone(ZONE)
    if day.day == 1:
        tell(f"{day:%Y-%m-%d}: {Entry.objects.count()} entries")


def _checked(services: Services, year: Year, tell: Tell) -> dict[str, Any]:
    """What came of it, each part reckoned apart from the register."""
    numbers = Entry.objects.values("register", "year", "sequence").distinct().count()
    missed = year_truth.missed(year.now, ZONE, _closed(), (9, 17))
    without = year_truth.without_holder(decisions.office(), year.today)
    violations = [*year.violations, *_violations(services, year.today)]
    for what, some in (("clock", missed), ("nobody has", without), ("access", violations)):
        for one in some[:20]:
            tell(f"{what}: {one}")
    return {
        "entries": Entry.objects.count(),
        "numbers_ok": numbers == Entry.objects.count() and not list(account.number_gaps()),
        "chain_ok": not list(history.breaks()) and not list(decisions.breaks()),
        "clocks_fired": Firing.objects.count(),
        "clocks_fired_twice": year_truth.fired_twice(),
        "clocks_missed": len(missed),
        "without_holder": len(without),
        "access_violations": len(violations),
        "access_tried": year.tried,
        "refused": year.refused,
    }


def _closed() -> set[date]:
    """Days on which the office was closed, by the library and by its own decisions."""
    days = set(holidays.country_holidays("ES", subdiv="MD", years=(YEAR, YEAR + 1)))
    for one in decisions.office().closures.values():
        days |= {one.since + timedelta(days=past) for past in range((one.until - one.since).days + 1)}
    return days


def _violations(services: Services, today: date) -> Iterator[str]:
    """What a user finds, in the register or by the search, and may not know of; and the other way round."""
    office = decisions.office()
    entries = list(Entry.objects.filter(voided_at=None))
    for name in (one.name for one in office.users.values() if one.active):
        rights = rights_of(office, name, today)
        for action in (Action.VIEW, Action.EDIT, Action.APPROVE, Action.EXPORT):
            ought = {one.number for one in entries if year_truth.may(office, name, action, one, today)}
            rows = Entry.objects.filter(within(rights, action), voided_at=None)
            found = set(rows.values_list("number", flat=True))
            yield from (f"{name} {action} {number}" for number in sorted(found ^ ought))
            if action == Action.VIEW:
                yield from _found(services, name, rights, ought, {one.number: one.subject for one in entries})


def _found(
    services: Services, name: str, rights: Any, ought: set[str], subjects: dict[str, str]
) -> Iterator[str]:
    """The hits and the counts of a search for a word that stands in many subjects."""
    for word in ("noise", "dog"):
        results = search(services, Query(word, limit=1000), rights)
        wanted = {number for number in ought if word in subjects[number]}
        if results.total != len(wanted):
            yield f"{name} searches {word}: {results.total} in place of {len(wanted)}"
        yield from (f"{name} finds {hit.number}" for hit in results.hits if hit.number not in wanted)
