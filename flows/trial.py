"""Trial: what other rules would have done with what came in before."""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

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
        Usage: the rule cannot be asked or done; says where.
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
    last = until or datetime.now(UTC).astimezone(zone).date().replace(day=1) - timedelta(days=1)
    first = since or last.replace(day=1)
    past = came_in(first, last, zone)
    snapshots = ((entry.number, on, told, partial(text_of, services, entry)) for entry, on, told in past)
    return {"from": first.isoformat(), "to": last.isoformat(), **trial(now, rules, snapshots)}
