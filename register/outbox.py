"""The outbox: changes on their way to the archive and the index, delivered by one publisher at a time.

A change is *recorded* when its record is in the archive, *delivered* when the index has it too; a batch is
not searched, so its record is all there is. Times are the database's own.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Now

from domain.rights import Rights
from register.models import Entry, Lease, Outbox, StoredObject
from register.rights import within
from register.session import write
from register.standing import VOIDED
from register.texts import fit

LEASE_SECONDS = 60
_LONGEST = 600  # seconds until a change that was set aside is tried again, at most


@contextmanager
def lease(
    name: str, holder: str, gone: Callable[[str], bool], seconds: int = LEASE_SECONDS
) -> Iterator[bool]:
    """Hold a lease while the block runs; yields whether it was free. Renew long work with ``renew``.

    ``gone`` tells of another holder whether it is known to have died, so that its lease is void.
    """
    Lease.objects.filter(
        pk__in=[one.pk for one in Lease.objects.filter(name=name) if gone(one.holder)]
    ).delete()
    held = renew(name, holder, seconds)
    try:
        yield held
    finally:
        if held:
            Lease.objects.filter(name=name, holder=holder).delete()


def renew(name: str, holder: str, seconds: int = LEASE_SECONDS) -> bool:
    """Take or prolong the lease by so many seconds; False when another holder has it."""
    until = Now() + timedelta(seconds=seconds)
    with write():
        Lease.objects.filter(name=name, until__lt=Now()).delete()
        row, _ = Lease.objects.get_or_create(name=name, defaults={"holder": holder, "until": until})
        if row.holder != holder:
            return False
        Lease.objects.filter(name=name, holder=holder).update(until=until)
    return True


def leased(name: str, gone: Callable[[str], bool]) -> bool:
    """Whether somebody who may be alive holds the lease."""
    return any(not gone(one.holder) for one in Lease.objects.filter(name=name, until__gte=Now()))


def unrecorded(limit: int) -> list[Outbox]:
    """The oldest changes whose record is not in the archive yet, but for those that rest."""
    return _oldest(_due().filter(recorded_at=None), limit)


def unindexed(limit: int) -> list[Outbox]:
    """The oldest recorded changes that the index has not heard of yet, but for those that rest."""
    return _oldest(_due().exclude(recorded_at=None), limit)


def pending(limit: int) -> list[Outbox]:
    """The oldest changes that were not delivered yet, also those that rest."""
    return _oldest(Outbox.objects.filter(delivered_at=None), limit)


def due() -> bool:
    """Whether a change waits that may be delivered now."""
    return bool(_due().exists())


def hurry() -> None:
    """Let the changes that rest be tried now: somebody waits for them."""
    Outbox.objects.filter(delivered_at=None).exclude(retry_at=None).update(retry_at=None)


def untried() -> bool:
    """Whether a change waits that nobody has tried to deliver."""
    return Outbox.objects.filter(delivered_at=None, attempts=0).exists()


def counting(delivered: QuerySet[Outbox]) -> QuerySet[Outbox]:
    """Those of these delivered changes whose entry was not made void by a delivered one."""
    void = Outbox.objects.filter(event__kind=VOIDED).exclude(delivered_at=None)
    return delivered.exclude(entry=None).exclude(entry__in=void.values("entry"))


def latest(size: int) -> Iterator[list[Outbox]]:
    """The last delivered change of each entry that counts, in runs of at most ``size``."""
    delivered = counting(Outbox.objects.exclude(delivered_at=None))
    last = delivered.values("entry").annotate(last=Max("id")).order_by("last")
    ids = list(last.values_list("last", flat=True))
    for start in range(0, len(ids), size):
        rows = Outbox.objects.filter(pk__in=ids[start : start + size])
        yield list(rows.select_related("entry", "event").order_by("id"))


def last_delivered(numbers: Collection[str]) -> list[Outbox]:
    """The last delivered change of each of these entries."""
    delivered = Outbox.objects.exclude(delivered_at=None).filter(entry__number__in=numbers)
    last = delivered.values("entry").annotate(last=Max("id")).values("last")
    return list(Outbox.objects.filter(pk__in=last).select_related("entry", "event").order_by("id"))


def waiting_of(numbers: Collection[str]) -> list[Outbox]:
    """The changes of these entries that were not delivered yet, oldest first."""
    waiting = Outbox.objects.filter(delivered_at=None, entry__number__in=numbers)
    return list(waiting.select_related("entry", "event").order_by("id"))


def recorded(rows: Sequence[Outbox], kept: Sequence[StoredObject]) -> None:
    """Note that the records of these changes are in the archive, as these objects."""
    ids = [row.pk for row in rows]
    with write():
        StoredObject.objects.bulk_create(kept, ignore_conflicts=True)
        Outbox.objects.filter(pk__in=ids, recorded_at=None).update(recorded_at=Now(), retry_at=None, error="")
        Outbox.objects.filter(pk__in=ids, entry=None, delivered_at=None).update(delivered_at=Now())


def delivered(rows: Sequence[Outbox]) -> None:
    """Note that the index has these changes too."""
    Outbox.objects.filter(pk__in=[row.pk for row in rows], delivered_at=None).update(
        recorded_at=Coalesce("recorded_at", Now()), delivered_at=Now(), retry_at=None, error=""
    )


def waits_for(row: Outbox) -> str:
    """What the row is about, for people: number of the entry or party, the batch's source, the decision."""
    if row.entry:
        return row.entry.number
    if row.party_event:
        return row.party_event.party.key or ""
    return row.batch.source if row.batch else f"decision {row.sequence} of the office"


def moved_away(rights: Rights) -> tuple[str, ...]:
    """Numbers of entries that the index may still show to somebody who may not know of them any more."""
    waiting = Outbox.objects.filter(delivered_at=None).exclude(entry=None).values("entry")
    indexed = Outbox.objects.exclude(delivered_at=None).filter(entry=OuterRef("pk"))
    changed = Entry.objects.filter(Exists(indexed), pk__in=waiting).exclude(within(rights))
    return tuple(changed.values_list("number", flat=True))


def failed(rows: Sequence[Outbox], error: str) -> None:
    """Note that a service did not take these changes now; they go on as soon as it does."""
    _undelivered(rows).update(attempts=F("attempts") + 1, error=fit(error))


def set_aside(row: Outbox, error: str) -> None:
    """Note that this change cannot be delivered as it is; it rests for 2 s, then twice as long each time."""
    pause = timedelta(seconds=min(2 ** min(row.attempts + 1, 16), _LONGEST))
    _undelivered([row]).update(attempts=F("attempts") + 1, error=fit(error), retry_at=Now() + pause)


def _due() -> Any:
    return Outbox.objects.filter(Q(retry_at=None) | Q(retry_at__lte=Now()), delivered_at=None)


def _undelivered(rows: Sequence[Outbox]) -> Any:
    return Outbox.objects.filter(pk__in=[row.pk for row in rows], delivered_at=None)


def _oldest(rows: Any, limit: int) -> list[Outbox]:
    return list(rows.select_related("entry", "event", "batch", "party_event__party").order_by("id")[:limit])
