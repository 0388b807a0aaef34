"""What acts on entries cost, and what the office's rules, clocks and notices make of each event.

.venv/bin/python -m tests.bench.acts --entries 100

Queries are counted; seconds of processor stand beside a transaction of one UPDATE, taken in the same run.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from pydantic import SecretStr

from domain.correspondence import Details, Direction, Relation
from infra.calendars import calendar
from infra.database import connect, disconnect, prepare
from infra.services import postgresql
from infra.settings import DatabaseSettings, OfficeSettings
from tests.bench import year_office

ZONE = ZoneInfo("Europe/Madrid")
NOW = datetime(year_office.YEAR, 3, 4, 9, tzinfo=UTC)
_ABOUT = ("pothole in the lane", "tree on the path", "noise at night", "lost dog", "a bill", "a permit")


@dataclass(slots=True)
class Cost:
    """What one kind of thing cost so far: how often it was done, queries, seconds of processor."""

    times: int = 0
    queries: int = 0
    seconds: float = 0.0

    @property
    def each(self) -> float:
        """Queries for one of them."""
        return round(self.queries / self.times, 1)


@contextmanager
def counted(cost: Cost, times: int = 1) -> Iterator[None]:
    """What the block asks of the database goes onto the cost; beginning and end of transactions do not."""

    def count(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql != "BEGIN IMMEDIATE":  # PostgreSQL's is sent with the first query
            cost.queries += 1
        return execute(sql, *rest)

    begun = time.process_time()
    with connection.execute_wrapper(count):
        yield
    cost.seconds += time.process_time() - begun
    cost.times += times


def decide() -> None:
    """Let the town of ``bench year`` decide of itself."""
    from register import office
    from register.acts import Act

    owner = Act("owner", NOW)
    for kind, some in (
        ("department", year_office.departments()), ("user", year_office.users()),
        ("field", year_office.fields()), ("deadline", year_office.deadlines()), ("rule", year_office.rules()),
    ):  # fmt: skip
        for one in some:
            office.put(kind, one, owner)


def live(entries: int, costs: dict[str, Cost]) -> None:
    """Letters come in, are worked on and answered; what each act costs is counted under its name."""
    from register import decisions, holding, relations, sharing
    from register.acts import Act
    from register.entries import amend, enter, move
    from register.models import Entry
    from register.office import rights_of

    def act(name: str, reason: str = "") -> Act:
        return Act(name, NOW, reason, rights=rights_of(decisions.office(), name, NOW.date()))

    def does(what: str, do: Callable[..., Entry], *said: Any, **more: Any) -> Entry:
        with counted(costs.setdefault(what, Cost())):
            return do(*said, **more)

    clerk, who, head = act("registrar-0"), act("roads-2"), act("head-works")
    random = Random(7)
    for _ in range(entries):
        letter = Details(
            subject=f"{random.choice(_ABOUT)} {random.randrange(10_000)}",
            senders=(f"Sender {random.randrange(300)}",),
            label=random.choice(year_office.CLASSES),
        )
        number = does("enter", enter, Direction.INCOMING, letter, clerk, zone=ZONE).number
        does("assign", holding.assign, number, clerk, department="roads")
        does("claim", holding.claim, number, who)
        does("move", move, number, "in progress", who)
        does("amend", amend, number, _seen, who, zone=ZONE)
        does("share", sharing.share, number, "head-works", who)
        answer, held = Details(f"Re: {letter.subject}", recipients=letter.senders), {"person": "roads-2"}
        out = does(
            "draft", enter, Direction.OUTGOING, answer, who, zone=ZONE, department="roads", **held
        ).number
        for state, by in (("for approval", who), ("approved", head), ("signed", head), ("dispatched", who)):
            does("move", move, out, state, by)
        does("relate", relations.relate, out, Relation.ANSWERS, number, who)
        for state in ("answered", "closed"):
            does("move", move, number, state, who)


def _seen(was: Details) -> Details:
    return replace(was, tags=("seen",))


def followed(cost: Cost, at_once: int = 1000) -> None:
    """What follows from all of it."""
    from domain.states import USUAL
    from register import decisions, following
    from register.followers import FOLLOWERS

    said = OfficeSettings(hours="Mon-Fri 09:00-17:00", country="ES", subdivision="MD")
    opened = calendar(ZONE.key, said.hours, said.country, said.subdivision, ())
    desk = following.Desk(decisions.office(), ZONE, USUAL, calendar=opened, external=True)
    done = at_once
    while done:
        with counted(cost, 0):
            done = following.follow(desk, FOLLOWERS, at_once)
        cost.times += done


def measure(home: Path, url: str, entries: int) -> dict[str, Any]:
    """What it costs on the database at this address, or on SQLite in ``home``."""
    connect(home, DatabaseSettings(url=SecretStr(url)))
    costs: dict[str, Cost] = {}
    decide()
    live(entries, costs)
    events, bare = Cost(), _bare()
    followed(events)
    acts = Cost(sum(one.times for one in costs.values()), sum(one.queries for one in costs.values()))
    spent = sum(one.seconds for one in costs.values()) / acts.times
    return {
        "acts": acts.times,
        "queries_an_act": acts.each,
        "by_act": {name: one.each for name, one in costs.items()},
        "act_ratio": round(spent / bare, 1),
        "events": events.times,
        "queries_an_event": events.each,
        "event_ratio": round(events.seconds / events.times / bare, 1),
        "events_per_s": round(events.times / events.seconds),
    }


def _bare(times: int = 300) -> float:
    """Seconds of processor that a transaction of one UPDATE takes."""
    from django.db.models import F

    from register.models import Counter as Row
    from register.session import write

    begun = time.process_time()
    for _ in range(times):
        with write():
            Row.objects.filter(register="IN", year=0).update(last=F("last"))
    return (time.process_time() - begun) / times


def run(entries: int) -> dict[str, Any]:
    """What it costs on each database, each with a server or file of its own."""
    with tempfile.TemporaryDirectory(prefix="postroom-acts-") as scratch:
        Path(scratch).chmod(0o755)  # the server runs under another account
        home = Path(scratch) / "sqlite"
        home.mkdir()
        found = {"entries": entries, "sqlite": measure(home, "", entries)}
        with postgresql.start(Path(scratch) / "server") as server:
            found["postgresql"] = measure(Path(scratch), server.create_database("acts"), entries)
            disconnect()
    return found


def main() -> None:
    """Print what was measured as JSON."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--entries", type=int, default=100)
    given = asked.parse_args()
    prepare()
    print(json.dumps(run(given.entries), indent=2))


if __name__ == "__main__":
    main()
