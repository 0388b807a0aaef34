"""Reports: what the history tells of the office's work."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from domain.errors import Usage
from domain.rights import Rights
from domain.states import States
from domain.working_time import Meter
from flows.follow import calendar_of
from infra.wiring import Services
from register import bottlenecks as stays
from register.bottlenecks import By, elapsed
from register.decisions import office


def bottlenecks(
    services: Services,
    by: By,
    *,
    since: date | None = None,
    until: date | None = None,
    whole: bool = False,
    rights: Rights | None = None,
) -> dict[str, Any]:
    """How long entries stay in each state or with each holder, the most time in all first.

    Args:
        services: of the instance.
        by: of what.
        since: stays that ended on this day or later; None for all.
        until: as it stood at the end of this day; None for now.
        whole: all time counts, not only that in which the office is open.
        rights: of whoever asks; None for the owner.

    Raises:
        Usage: the days are the wrong way round.
    """
    zone, now = services.settings.zone, datetime.now(UTC)
    first = datetime.combine(since, time.min, zone) if since else None
    end = min(datetime.combine(until + timedelta(days=1), time.min, zone), now) if until else now
    if first and first >= end:
        raise Usage(f"since is {since}, which is not before {until or 'now'}: give the earlier day first")
    found = stays.bottlenecks(
        by, since=first, until=end, rights=rights, office=States(services.settings.states),
        worked=elapsed if whole else Meter(calendar_of(services, office())).between,
    )  # fmt: skip
    return {
        "by": str(by),
        "since": first.isoformat() if first else None,
        "until": end.isoformat(),
        "time": "elapsed" if whole else "working",
        "stays": found,
    }
