"""Users of a simulated office who look at what may not be theirs."""

from collections.abc import Generator
from typing import Any

from domain.errors import Forbidden, Missing
from domain.rights import Action
from register import decisions
from register.models import Entry
from register.rights import must
from register.views import show
from tests.bench.year_state import Year
from tests.bench.year_truth import may


def curious(year: Year) -> Generator[Any, None, None]:
    """People look at what may not be theirs; that they are let is compared with that they ought to be."""
    while True:
        yield year.env.timeout(90)
        if not year.open_numbers:
            continue
        number = year.random.choice(year.open_numbers)
        office, entry = decisions.office(), Entry.objects.get(number=number)
        who = year.random.choice(sorted(one.name for one in office.users.values() if one.active))
        year.tried += 1
        allowed = {
            action: may(office, who, action, entry, year.today) for action in (Action.VIEW, Action.EDIT)
        }
        for action, ought in allowed.items():
            if ought != _let(year, entry, who, action):
                year.violations.append(f"{who} {action} {number}: {'refused' if ought else 'let'}")


def _let(year: Year, entry: Entry, who: str, action: Action) -> bool:
    """Whether the register lets them."""
    try:
        if action == Action.VIEW:
            show(entry.number, year.rights(who))
        else:
            must(year.rights(who), action, entry)
    except (Missing, Forbidden):
        return False
    return True
