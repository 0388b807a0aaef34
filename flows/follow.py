"""Follow: what the office's rules make of each event of history, done once."""

from archive.port import Damaged, NotFound
from domain.office import Office
from domain.states import States
from domain.working_time import Calendar
from flows.texts import pages_of
from infra.calendars import calendar
from infra.wiring import Services
from register import following
from register.contents import texts
from register.decisions import office
from register.followers import FOLLOWERS
from register.following import Desk
from register.models import Entry
from register.party_following import follow_parties

_LONGEST = 1 << 20  # signs of an entry's text that rules are asked of


def follow(services: Services) -> int:
    """Do what follows from the events since the last time, of entries and of parties; returns how many.

    Raises:
        Unavailable: the database or the archive does not answer.
    """
    return following.follow(desk(services), FOLLOWERS) + follow_parties()


def desk(services: Services) -> Desk:
    """The office as it stands, and what its rules may ask for."""
    now = office()
    return Desk(
        now,
        services.settings.zone,
        States(services.settings.states),
        lambda entry: text_of(services, entry),
        calendar_of(services, now),
        services.settings.mail.external,
    )


def calendar_of(services: Services, now: Office) -> Calendar:
    """When the office is open."""
    said = services.settings.office
    closures = tuple(now.closures.values())
    return calendar(services.settings.timezone, said.hours, said.country, said.subdivision, closures)


def text_of(services: Services, entry: Entry) -> str:
    """The text of the entry's pages.

    Raises:
        ValueError: the archive does not have it whole any more.
        Unavailable: the archive does not answer.
    """
    try:
        pages = [page for text in texts(entry) for page in pages_of(services, text)]
    except (NotFound, Damaged) as error:
        raise ValueError(f"the text of {entry.number} is not whole in the archive") from error
    return "\n".join(pages)[:_LONGEST]
