"""Users of a simulated office who try what may not be theirs, at each kind of door."""

from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction

from domain.errors import Forbidden, Missing, Usage
from domain.rights import Action
from register import decisions, entries, holding
from register.acts import Act
from register.models import Entry
from register.views import entry as the_entry
from register.views import show
from tests.bench.year_state import ZONE, Year
from tests.bench.year_truth import may

Door = Callable[[str, Act], object]
_DOORS: Mapping[Action, tuple[Door, ...]] = {
    Action.VIEW: (lambda number, act: show(number, act.rights),),
    Action.EXPORT: (lambda number, act: the_entry(number, act.rights, Action.EXPORT),),
    Action.EDIT: (
        lambda number, act: entries.amend(
            number, lambda was: replace(was, tags=(*was.tags, "curious")), act, zone=ZONE
        ),
        holding.claim,
        lambda number, act: holding.give_back(number, act),
    ),
    Action.APPROVE: (lambda number, act: entries.move(number, "approved", act),),
    Action.REGISTER: (lambda number, act: entries.strike(number, act),),
}


def curious(year: Year) -> Generator[Any, None, None]:
    """People try what may not be theirs; that they are let is compared with that they ought to be."""
    while True:
        yield year.env.timeout(90)
        if not year.open_numbers:
            continue
        number = year.random.choice(year.open_numbers)
        office, entry = decisions.office(), Entry.objects.get(number=number)
        who = year.random.choice(sorted(one.name for one in office.users.values() if one.active))
        year.tried += 1
        for action, doors in _DOORS.items():
            ought = may(office, who, action, entry, year.today)
            for door in doors:
                if ought != _let(door, number, year.act(who, "curious")):
                    year.violations.append(f"{who} {action} {number}: {'refused' if ought else 'let'}")


def _let(door: Door, number: str, act: Act) -> bool:
    """Whether the register lets them in; what they do there is undone again."""
    with transaction.atomic():
        try:
            door(number, act)
        except (Missing, Forbidden):
            return False
        except Usage:
            return True
        finally:
            transaction.set_rollback(True)
    return True
