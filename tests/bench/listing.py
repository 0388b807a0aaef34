"""Lists of many entries: milliseconds for each thing that can be asked, beside the newest fifty of all.

.venv/bin/python -m tests.bench.listing --entries 100000
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from pydantic import SecretStr

from domain.office import CustomField, FieldKind, Post, Role, User
from infra.database import connect, disconnect, prepare
from infra.services import postgresql
from infra.settings import DatabaseSettings

ZONE = ZoneInfo("UTC")
BEGUN = datetime(2020, 1, 1, tzinfo=UTC)
_AT_ONCE = 5000
_DEPARTMENTS = [f"department {place}" for place in range(20)]
_STATES = ("registered", "assigned", "in progress", "answered", "closed", "closed", "closed", "closed")
_ABOUT = ("pothole in the lane", "tree on the path", "noise at night", "lost dog", "a bill", "a permit")
_ROUNDS = 5


def fill(count: int) -> None:
    """So many entries, a fifth as many parties, a field of the office's own, and notices."""
    from domain.numbers import Place, written
    from domain.party import format_party
    from register import office
    from register.acts import Act
    from register.models import Entry, EntryParty, Notice, Party
    from register.parties import fold

    owner = Act("owner", BEGUN)
    office.put("field", CustomField("plot", FieldKind.TEXT), owner)
    for name, post in (("clerk", Post(Role.REGISTRAR)), ("ben", Post(Role.CASE_HANDLER))):
        office.put("user", User(name, posts=(post,)), owner)
    draw = Random(7)
    names = [f"{draw.choice('ABCDEFGH')}{place:06} Ltd" for place in range(max(1, count // 5))]
    rows = (Party(key=format_party(at), name=one, folded=fold(one)) for at, one in enumerate(names))
    parties = Party.objects.bulk_create(rows, batch_size=_AT_ONCE)
    for start in range(1, count + 1, _AT_ONCE):
        entries = Entry.objects.bulk_create(
            Entry(
                number=written(Place("IN", 2020, place)),
                register="IN",
                year=2020,
                sequence=place,
                received_at=BEGUN + timedelta(minutes=place),
                subject=f"{draw.choice(_ABOUT)} {place}",
                reference=f"REF-{place}",
                label=draw.choice(("letter", "invoice", "complaint")),
                tags=["seen", f"rare {place % 1000}"] if place % 3 else [],
                department=draw.choice(_DEPARTMENTS),
                person=f"person {place % 200}",
                status=draw.choice(_STATES),
                confidentiality=draw.choice(("internal", "internal", "confidential")),
                custom={"plot": f"{place % 5000}"} if place % 2 else {},
                access=["view:ben"] if place % 1000 == 0 else [],
            )
            for place in range(start, min(start + _AT_ONCE, count + 1))
        )
        EntryParty.objects.bulk_create(
            EntryParty(entry=one, party=(by := draw.choice(parties)), role="sender", written=by.name)
            for one in entries
        )
        Notice.objects.bulk_create(
            Notice(key=one.number, to="ben" if one.sequence % 20 == 0 else "eva", way="inbox", kind="shared",
                   entry=one, created_at=BEGUN)
            for one in entries
        )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def asked(count: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What is measured, by name; the first is what the others stand beside."""
    from domain.numbers import Place, written
    from register import decisions, inbox
    from register.listing import Asked, Order, listed
    from register.office import rights_of

    def lists(
        name: str, *, after: str = "", rights: Any = None, **said: Any
    ) -> tuple[str, Callable[[], Any]]:
        return name, lambda: listed(Asked(**said), zone=ZONE, after=after, rights=rights)

    middle = written(Place("IN", 2020, count // 2))
    some = {name: rights_of(decisions.office(), name, BEGUN.date()) for name in ("clerk", "ben")}
    yield lists("newest")
    yield lists("deep page", after=middle)
    yield lists("by number, deep page", order=Order.NUMBER, after=middle)
    yield lists("department and state", department=_DEPARTMENTS[3], status="in progress")
    yield lists("person", person="person 7")
    yield lists("common tag", tags=("seen",))
    yield lists("rare tag", tags=("rare 7",))
    yield lists("no such tag", tags=("never",))
    yield lists("field", custom={"plot": "77"})
    yield lists("common words", about="noise")
    yield lists("rare words", about=f"ref-{count // 2}")
    yield lists("party by number", party="P-000007-9")
    yield lists("party by name", party="000007")
    yield lists("of a registrar", rights=some["clerk"])
    yield lists("of a handler with grants", rights=some["ben"])
    yield "inbox", lambda: inbox.inbox(some["ben"], 50)
    yield "unread", lambda: inbox.unread(some["ben"])


def measure(home: Path, url: str, count: int) -> dict[str, Any]:
    """Milliseconds of each on the database at this address, or on SQLite in ``home``; beside the first."""
    connect(home, DatabaseSettings(url=SecretStr(url)))
    fill(count)
    taken: dict[str, float] = {}
    asking = list(asked(count))
    for _ in range(_ROUNDS):
        for name, ask in asking:
            begun = time.perf_counter()
            ask()
            spent = 1000 * (time.perf_counter() - begun)
            taken[name] = min(spent, taken.get(name, spent))
    first = next(iter(taken.values()))
    return {name: {"ms": round(one, 1), "ratio": round(one / first, 1)} for name, one in taken.items()}


def run(count: int) -> dict[str, Any]:
    """What it takes on each database, each with a server or file of its own."""
    with tempfile.TemporaryDirectory(prefix="postroom-listing-") as scratch:
        Path(scratch).chmod(0o755)  # the server runs under another account
        home = Path(scratch) / "sqlite"
        home.mkdir()
        found: dict[str, Any] = {"entries": count, "sqlite": measure(home, "", count)}
        with postgresql.start(Path(scratch) / "server", options={"fsync": "off"}) as server:
            found["postgresql"] = measure(Path(scratch), server.create_database("listing"), count)
            disconnect()
    return found


def main() -> None:
    """Print what was measured as JSON."""
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--entries", type=int, default=100_000)
    given = said.parse_args()
    prepare()
    print(json.dumps(run(given.entries), indent=2))


if __name__ == "__main__":
    main()
