"""Clock: what is due is brought about, and what nobody can work on goes back to the registry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from domain.errors import Unavailable
from flows.follow import desk, follow
from infra.wiring import Services
from register import clocks, firing, following, marks, unheld
from register.firing import Fired
from register.followers import FOLLOWERS
from register.unheld import Unheld

log = structlog.get_logger()
EVERY = 60.0  # seconds between looks at what is due
_HOLDERS = "holders"
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Ticked:
    """What one run did."""

    fired: Sequence[Fired] = ()
    brought_back: Sequence[Unheld] = ()


def tick(services: Services, now: datetime | None = None, *, again: bool = False) -> Ticked:
    """Bring about what is due, each once; once an hour also look for entries that nobody can work on.

    Once an hour too, or ``again``, what could not be done of what follows from events is tried once more.

    Any number of machines may do so at once, and any may die while it does.

    Raises:
        Unavailable: the database or the archive does not answer; what could be done is done.
    """
    now = now or datetime.now(UTC)
    silent: Unavailable | None = None
    try:
        while follow(services):
            pass
    except Unavailable as error:  # the clocks of entries of which nothing new is known go on all the same
        silent = error
    with_all = desk(services)
    seen = marks.last(_HOLDERS)
    hourly = _is_hour(seen, now) and marks.take(_HOLDERS, now, seen)
    if hourly or again:
        following.again(with_all, FOLLOWERS)
    clocks.settle(with_all)
    fired = firing.fire(with_all, now)
    brought_back = unheld.check(with_all, now) if hourly else []
    if silent:
        raise silent
    return Ticked(fired, brought_back)


def catch_up(services: Services, now: datetime) -> None:
    """Let the clocks stand as they do now, before somebody changes one: what is due is brought about.

    Raises:
        Unavailable: the database or the archive does not answer.
    """
    while follow(services):
        pass
    clocks.settle(desk(services))
    firing.fire(desk(services), now)


def due(services: Services, now: datetime | None = None) -> bool:
    """Whether there is anything for ``tick`` to do."""
    now, with_all = now or datetime.now(UTC), desk(services)
    if not with_all.busy:
        return False
    hourly = _is_hour(marks.last(_HOLDERS), now)
    return hourly or firing.due(now) or not clocks.settled(with_all) or following.behind() > 0


def check_holders(services: Services, now: datetime | None = None) -> tuple[list[Unheld], list[Unheld]]:
    """Bring back what nobody can work on; what was brought back, and what nobody can work on all the same."""
    now, with_all = now or datetime.now(UTC), desk(services)
    done = unheld.check(with_all, now)
    today = with_all.calendar.day_of(now)
    return done, unheld.without_holder(with_all.office, today, with_all.states)


def _is_hour(seen: datetime | None, now: datetime) -> bool:
    """Whether the holders are to be looked at; also where a clock that was ahead has left a time to come."""
    return seen is None or abs(now - seen) >= _HOUR


def tick_if_due(services: Services) -> None:
    """Do so if there is anything to do; what goes wrong stops nothing else."""
    if due(services):
        done = tick(services)
        for one in done.fired:
            log.info("a deadline", number=one.number, deadline=one.deadline, what=one.what)
