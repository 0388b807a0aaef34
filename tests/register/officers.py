"""An office for the tests: who decides of it, and who asks."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from domain.correspondence import Confidentiality, Details, Direction
from domain.office import KINDS
from domain.rights import Rights
from register import decisions, entries, office
from register.acts import Act
from register.models import Entry
from tests.register.filings import AT

ZONE = ZoneInfo("UTC")
TODAY = AT.date()
ACT = Act("eva", AT)
LETTER = Details(subject="Noise", senders=("Ada",))
LEVELS = list(Confidentiality)


def decide(*some: Any) -> None:
    kinds = {of: kind for kind, (_, of) in KINDS.items()}
    for one in some:
        office.put(kinds[type(one)], one, ACT)


def rights(name: str, day: date = TODAY) -> Rights:
    return office.rights_of(decisions.office(), name, day)


def who(name: str, day: date = TODAY) -> Act:
    return Act(name, AT, rights=rights(name, day))


def enter(act: Act = ACT, details: Details = LETTER, **more: Any) -> Entry:
    return entries.enter(more.pop("direction", Direction.INCOMING), details, act, zone=ZONE, **more)
