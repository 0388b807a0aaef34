"""A simulated year: its clock, what happened on the way, and what users may do on its days."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import simpy

from domain.errors import Usage
from domain.rights import Rights
from register import decisions
from register.acts import Act
from register.office import rights_of
from tests.bench.year_office import YEAR

ZONE = ZoneInfo("Europe/Madrid")
BEGIN = datetime(YEAR, 1, 1, tzinfo=ZONE)


@dataclass(slots=True)
class Year:
    """What runs, and what was counted on the way.

    ``states`` are by number the states that an entry went through, with the moments, for checking clocks.
    """

    random: Random
    env: simpy.Environment
    wanted: int
    entered: int = 0
    refused: int = 0
    violations: list[str] = field(default_factory=list)
    tried: int = 0
    open_numbers: list[str] = field(default_factory=list)
    _rights: dict[tuple[int, str, date], Rights] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """The simulated moment."""
        return (BEGIN.astimezone(UTC) + timedelta(minutes=self.env.now)).replace(microsecond=0)

    @property
    def today(self) -> date:
        """The simulated day, in the office's zone."""
        return self.now.astimezone(ZONE).date()

    def rights(self, name: str) -> Rights:
        """What this user may do today."""
        office = decisions.office()
        key = office.version, name, self.today
        if key not in self._rights:
            if len(self._rights) > 500:
                self._rights.clear()
            self._rights[key] = rights_of(office, name, self.today)
        return self._rights[key]

    def act(self, name: str, reason: str = "") -> Act:
        """This user does something now."""
        return Act(name, self.now, reason, rights=self.rights(name))

    def tries(self, do: Callable[[], Any]) -> Any:
        """Do it; what the register does not allow is counted, and nothing comes of it."""
        try:
            return do()
        except Usage:
            self.refused += 1
            return None
