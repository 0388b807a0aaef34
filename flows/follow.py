"""Follow: what the office's rules make of each event of history, done once."""

from domain.document import DocumentText
from domain.states import States
from domain.wire import from_json
from infra.wiring import Services
from register import following
from register.decisions import office
from register.followers import FOLLOWERS
from register.following import Desk
from register.models import Entry
from register.views import text_keys

_LONGEST = 1 << 20  # signs of an entry's text that rules are asked of


def follow(services: Services) -> int:
    """Do what follows from the events since the last time; returns how many there were.

    Raises:
        Unavailable: the database or the archive does not answer.
    """
    return following.follow(lambda: desk(services), FOLLOWERS)


def desk(services: Services) -> Desk:
    """The office as it stands, and what its rules may ask for."""
    return Desk(
        office(),
        services.settings.zone,
        States(services.settings.states),
        lambda entry: text_of(services, entry),
    )


def text_of(services: Services, entry: Entry) -> str:
    """The text of the entry's pages."""
    found: list[str] = []
    for key in text_keys(entry):
        found += (page.text for page in from_json(DocumentText, services.archive.read(key)).pages)
    return "\n".join(found)[:_LONGEST]
