"""The holidays that the library knows, and the office's calendar of them."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache, partial
from importlib.metadata import version
from zoneinfo import ZoneInfo

from domain.office import Closure
from domain.working_time import Calendar, no_holidays, opening_hours


def countries() -> Mapping[str, list[str]]:
    """The countries whose holidays are known, each with its parts."""
    import holidays  # only for who asks: it takes a while

    return holidays.list_supported_countries(include_aliases=False)


@lru_cache(64)
def of_year(country: str, subdivision: str, year: int) -> frozenset[date]:
    """The days of a year that are holidays there, those among them that are kept on another day."""
    import holidays

    return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=year))


@lru_cache(8)
def calendar(
    zone: str, hours: str, country: str = "", subdivision: str = "", closures: tuple[Closure, ...] = ()
) -> Calendar:
    """When an office with these settings and closures is open; the same object for the same office."""
    kept, place = no_holidays, ""
    if country:
        kept = partial(of_year, country, subdivision)
        place = f"{country}-{subdivision} {version('holidays')}"
    return Calendar(ZoneInfo(zone), opening_hours(hours), kept, place=place).closed(closures)
