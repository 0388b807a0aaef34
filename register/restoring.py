"""Restoring: the tables anew, from the records that the archive holds of batches and of entries.

Everything happens in one transaction: a run that was killed has changed nothing. Rows are made in runs, so
that memory does not grow with the register. What one broken record costs is told, and costs no other.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.core.management.color import no_style
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import Max, Model

from domain.errors import Usage
from register.filing import Kept
from register.models import Batch, Claim, Counter, Document, Entry, Event, Problem, StoredObject
from register.session import write

RUN = 200  # batches or entries whose rows are made together

T = TypeVar("T")
M = TypeVar("M", bound=Model)
_WRONG = (DataError, IntegrityError, KeyError, TypeError, ValueError, AttributeError, OverflowError)


@dataclass(frozen=True, slots=True)
class Record:
    """One record that was read and found whole: its text, what it says, and its object in the archive."""

    sequence: int
    body: str
    content: dict[str, Any]
    kept: Kept


@dataclass(frozen=True, slots=True)
class Story:
    """A batch by its key, or an entry by its number, in all of its records that are whole, oldest first.

    ``last`` is the highest sequence of any record, whole or not.
    """

    name: str
    last: int
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What is not as it was, and the archive's key that it is about."""

    key: str
    problem: str


@contextmanager
def anew() -> Iterator[None]:
    """The transaction in which an empty register is filled; nobody else writes to it meanwhile.

    Raises:
        Usage: the register is in use.
        Unavailable: the database does not answer.
    """
    with write():
        if connection.vendor == "postgresql":
            _sit_down()
        if Batch.objects.exists() or Entry.objects.exists():
            raise Usage(
                f"The register is not empty: it has {Entry.objects.count()} entries. Only an empty one is "
                "rebuilt from the archive: name another --home, or another database. If a rebuild was "
                "stopped after the register was made: postroom rebuild --index"
            )
        yield


def _sit_down() -> None:
    tables = ", ".join(model._meta.db_table for model in (Batch, Entry, Counter))
    with connection.cursor() as cursor:
        # Between two runs the archive is read, and it may be slow.
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(f"LOCK TABLE {tables} IN EXCLUSIVE MODE")


def each(
    items: Sequence[T], add: Callable[[Sequence[T]], list[Difference]], key_of: Callable[[T], str]
) -> list[Difference]:
    """Add these together; where that fails, all but those that are to blame, and tell of these."""
    try:
        with transaction.atomic():
            return add(items)
    except _WRONG as error:
        if len(items) == 1:
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            return [Difference(key_of(items[0]), f"it cannot be restored ({reason})")]
        half = len(items) // 2
        return each(items[:half], add, key_of) + each(items[half:], add, key_of)


def free_ids(model: type[Model], wanted: Sequence[int]) -> list[bool]:
    """Whether each of these rows may have the id it had: nobody has it, nor one before it in the list."""
    taken = set(model._default_manager.filter(pk__in=wanted).values_list("pk", flat=True))
    free = []
    for one in wanted:
        free.append(one > 0 and one not in taken)
        taken.add(one)
    return free


def own_ids(model: type[Model], wanted: Sequence[int]) -> list[int]:
    """The ids that these rows had; the next after all others where somebody else's row has it already."""
    free = free_ids(model, wanted)
    last = model._default_manager.aggregate(last=Max("pk"))["last"] or 0
    highest = max([*wanted, last])
    ids = []
    for one, own in zip(wanted, free, strict=True):
        highest += not own
        ids.append(one if own else highest)
    return ids


def add_dated(model: type[M], field: str, rows: Sequence[M]) -> None:
    """Add rows with the times they had, where the model would put the present time."""
    times: list[datetime] = [getattr(row, field) for row in rows]
    made = model._default_manager.bulk_create(rows)
    for row, at in zip(made, times, strict=True):
        setattr(row, field, at)
    if made:
        model._default_manager.bulk_update(made, [field], batch_size=RUN)


def add_objects(kept: Sequence[Kept], document: Mapping[str, Document] | None = None) -> None:
    """Note what the archive must hold, and by its key the document that an object is of."""
    of = document or {}
    StoredObject.objects.bulk_create(
        (
            StoredObject(
                key=one.key, sha256=one.sha256, size=one.size, role=one.role, document=of.get(one.key)
            )
            for one in kept
        ),
        ignore_conflicts=True,
    )


def count_on(highest: Mapping[tuple[str, int], int]) -> None:
    """Set the counters to the highest sequence ever given, by register and year; ids go on after the last."""
    Counter.objects.bulk_create(
        Counter(register=register, year=year, last=last) for (register, year), last in highest.items()
    )
    with connection.cursor() as cursor:
        for sql in connection.ops.sequence_reset_sql(no_style(), [Batch, Document, Problem]):
            cursor.execute(sql)


def unread() -> Iterator[Kept]:
    """Every object that the register was not made from: originals and what came of them."""
    last = 0
    others = StoredObject.objects.exclude(role__in=("record", "manifest")).order_by("pk")
    # In runs: to read what one of them names may take hours, and no query lasts so long.
    while rows := list(others.filter(pk__gt=last)[:RUN]):
        last = rows[-1].pk
        yield from map(_kept, rows)


def _kept(row: StoredObject) -> Kept:
    return Kept(row.key, row.sha256, row.size, row.role)


def unknown(keys: Sequence[str]) -> list[str]:
    """Those of the keys that nothing in the register names."""
    known = set(StoredObject.objects.filter(key__in=keys).values_list("key", flat=True))
    known |= set(Claim.objects.filter(original__in=keys).values_list("original", flat=True))
    return [key for key in keys if key not in known]


def totals() -> dict[str, int]:
    """How much there is now."""
    return {
        "entries": Entry.objects.count(),
        "documents": Document.objects.count(),
        "events": Event.objects.count(),
        "objects": StoredObject.objects.count(),
    }
