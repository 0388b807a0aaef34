"""How long it takes to look through a long audit chain, beside SHA-256 and JSON over the same bytes alone.

``postroom bench chain``; the tests run a short form.
"""

import hashlib
import json
import secrets
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from pydantic import SecretStr

from domain.chain import START, body_of, content_hash, link
from infra.database import connect, disconnect
from infra.services import postgresql
from infra.settings import DatabaseSettings

_PER_ENTRY = 8  # events of each
_RUN = 20_000  # rows written together
_BEGUN = datetime(2026, 1, 2, tzinfo=UTC)
_ENTRY = (
    "id", "number", "register", "year", "sequence", "direction", "received_at", "channel", "subject",
    "reference", "label", "tags", "priority", "confidentiality", "language", "location", "access", "status",
    "department", "person", "relations", "custom", "void_reason",
)  # fmt: skip
_EVENT = (
    "id", "register", "sequence", "entry_id", "kind", "actor", "at", "content_hash", "previous", "hash",
)  # fmt: skip
_CONTENT = ("event_id", "salt", "body")


def run(events: int) -> dict[str, Any]:
    """What it took on each database, each with a server or file of its own."""
    with tempfile.TemporaryDirectory(prefix="postroom-chain-") as scratch:
        Path(scratch).chmod(0o755)  # the server runs under another account
        home = Path(scratch) / "sqlite"
        home.mkdir()
        found = {"events": events, "sqlite": measure(home, events, "")}
        with postgresql.start(Path(scratch) / "server") as server:
            url = server.create_database("chain")
            found["postgresql"] = measure(Path(scratch), events, url)
            disconnect()
    return found


def measure(home: Path, events: int, url: str) -> dict[str, Any]:
    """Write a chain of so many events, look through it, then alter one of them and see it named."""
    connect(home, DatabaseSettings(url=SecretStr(url)))
    from register import heads, history

    _fill(events)
    begun = time.perf_counter()
    breaks = list(history.breaks())
    seconds = time.perf_counter() - begun
    begun = time.perf_counter()
    (head,) = heads.heads()
    took = time.perf_counter() - begun
    bare = _bare(events)
    return {
        "chain_breaks": len(breaks),
        "seconds": round(seconds, 2),
        "events_per_s": round(events / seconds),
        "bare_seconds": round(bare, 2),
        "ratio_to_bare": round(seconds / bare, 2),
        "heads_seconds": round(took, 2),
        "head_ok": head.sequence == events,
        "altered_found": _alter(events // 2),
    }


def _alter(sequence: int) -> bool:
    """Whether an event that somebody changes past the triggers is the one that is named."""
    from register import history

    off, on = _TRIGGER[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(off)
        cursor.execute("UPDATE register_event SET actor = 'eve' WHERE sequence = %s", [sequence])
        cursor.execute(on)
    return [one["sequence"] for one in history.breaks()] == [sequence]


_TRIGGER = {
    "sqlite": ("DROP TRIGGER event_no_update", "SELECT 1"),
    "postgresql": (
        "ALTER TABLE register_event DISABLE TRIGGER USER",
        "ALTER TABLE register_event ENABLE TRIGGER USER",
    ),
}


def _fill(events: int) -> None:
    from register.models import Counter
    from register.numbers import HISTORY

    entries = range(1, events // _PER_ENTRY + 2)
    _write("register_entry", _ENTRY, map(_entry, entries))
    rows: list[tuple[Any, ...]] = []
    contents: list[tuple[Any, ...]] = []
    for event, content in _chain(events):
        rows.append(event)
        contents.append(content)
        if len(rows) == _RUN:
            _write("register_event", _EVENT, rows)
            _write("register_eventcontent", _CONTENT, contents)
            rows, contents = [], []
    _write("register_event", _EVENT, rows)
    _write("register_eventcontent", _CONTENT, contents)
    Counter.objects.create(register="IN", year=HISTORY, last=events)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _entry(sequence: int) -> tuple[Any, ...]:
    return (
        sequence, f"IN-2026-{sequence:06}-0", "IN", 2026, sequence, "incoming", _BEGUN, "post", "A letter",
        "", "", "[]", "normal", "internal", "", "", "[]", "registered", "", "", "[]", "{}", "",
    )  # fmt: skip


def _chain(events: int) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    previous = START
    for sequence in range(1, events + 1):
        entry = (sequence - 1) // _PER_ENTRY + 1
        at = _BEGUN + timedelta(seconds=sequence, microseconds=sequence % 1000)
        body = body_of(
            {
                "before": {"department": "registry", "person": f"person {sequence % 40}"},
                "after": {"department": "works", "person": f"person {sequence % 41}"},
                "reason": f"for the {sequence}th time",
                "source": "192.0.2.17",
            }
        )
        salt = secrets.token_hex(32)
        said = content_hash(salt, body)
        moment = at.isoformat(timespec="microseconds")
        own = link("IN", sequence, f"IN-2026-{entry:06}-0", "amended", "ada", moment, said, previous)
        yield (
            (sequence, "IN", sequence, entry, "amended", "ada", at, said, previous, own),
            (sequence, salt, body),
        )
        previous = own


def _write(table: str, columns: tuple[str, ...], rows: Any) -> None:
    named = ", ".join(columns)
    with transaction.atomic(), connection.cursor() as cursor:  # SQLite would sync the disk for each row
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({named}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(columns))
            texts = (
                [one.replace(tzinfo=None) if isinstance(one, datetime) else one for one in row]
                for row in rows
            )
            insert = f"INSERT INTO {table} ({named}) VALUES ({marks})"
            cursor.executemany(insert, [[_text(one) for one in row] for row in texts])


def _text(value: Any) -> Any:
    """A time as SQLite's rows hold it."""
    return value.isoformat(" ") if isinstance(value, datetime) else value


def _bare(events: int) -> float:
    """Seconds that the hashes and their JSON alone take, of values that lie in memory."""
    taken = 0.0
    rows = [(event, content) for event, content in _chain(min(events, 100_000))]
    begun = time.perf_counter()
    for event, (_, salt, body) in rows:
        hashlib.sha256(f"{salt}\n{body}".encode()).hexdigest()
        parts = [event[1], event[2], "IN-2026-000001-0", *event[4:6], event[6].isoformat(), *event[7:9]]
        hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()
    taken = time.perf_counter() - begun
    return taken * events / len(rows)
