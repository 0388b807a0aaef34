"""Trial: what other rules would have done with what came in before."""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from domain.errors import Usage
from domain.office import Rule
from domain.rights import Action, Rights
from flows.follow import text_of
from infra.wiring import Services
from register.conditions import must_be_condition
from register.decisions import office
from register.office import find
from register.rights import must_anywhere
from register.routing import must_be_rule
from register.rules import came_in, trial

_EARLIEST = date(1900, 1, 1)  # nothing was received before


def tried(
    services: Services,
    rights: Rights | None,
    rule: Rule | None = None,
    without: Collection[str] = (),
    since: date | None = None,
    until: date | None = None,
) -> dict[str, Any]:
    """What of the entries of these days would have gone another way, and which rules conflict or never held.

    Args:
        services: of the instance.
        rights: of whoever asks, who decides rules.
        rule: new, or in place of the one of its name.
        without: names of rules that are left out.
        since: first day; by default of the month of the last.
        until: last day; by default of last month.

    Raises:
        Forbidden: the person decides no rules.
        Usage: the rule cannot be asked or done; says where. Or nothing can have come in on such days.
        Missing: there is no rule to be left out.
    """
    must_anywhere(rights, Action.ADMINISTER)
    now, zone = office(), services.settings.zone
    for name in without:
        find("rule", name, now)
    rules = {name: one for name, one in now.rules.items() if name not in without}
    if rule:
        must_be_condition(rule.when, now)
        if rule.then:  # else it is asked of how many it holds
            must_be_rule(now, rule)
        rules[rule.name] = rule
    first, last = _days(since, until, datetime.now(UTC).astimezone(zone).date())
    past = came_in(first, last, zone)
    snapshots = ((entry.number, on, told, partial(text_of, services, entry)) for entry, on, told in past)
    return {"from": first.isoformat(), "to": last.isoformat(), **trial(now, rules, snapshots)}


def _days(since: date | None, until: date | None, today: date) -> tuple[date, date]:
    """The first and the last."""
    last = until or today.replace(day=1) - timedelta(days=1)
    first = since or last.replace(day=1)
    if last > today:
        raise Usage(f"to is {last}, which is yet to come: give a day until today, {today}")
    if first > last:
        raise Usage(f"from is {first}, after to, which is {last}: give both, the earlier first")
    if first < _EARLIEST:
        raise Usage(f"from is {first}: give a day since {_EARLIEST}")
    return first, last
