"""The outbox: changes on their way to the archive and the index, delivered by one publisher at a time."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from django.db.models import F, Max
from django.utils import timezone

from register.models import Lease, Outbox, StoredObject
from register.session import write
from register.texts import fit

LEASE_SECONDS = 60


@contextmanager
def lease(name: str, holder: str, gone: Callable[[str], bool]) -> Iterator[bool]:
    """Hold a lease while the block runs; yields whether it was free. Renew long work with ``renew``.

    ``gone`` tells of another holder whether it is known to have died, so that its lease is void.
    """
    Lease.objects.filter(
        pk__in=[one.pk for one in Lease.objects.filter(name=name) if gone(one.holder)]
    ).delete()
    held = renew(name, holder)
    try:
        yield held
    finally:
        if held:
            Lease.objects.filter(name=name, holder=holder).delete()


def renew(name: str, holder: str) -> bool:
    """Take or prolong the lease; False when another holder has it."""
    with write():
        now = timezone.now()
        until = now + timedelta(seconds=LEASE_SECONDS)
        Lease.objects.filter(name=name, until__lt=now).delete()
        row, _ = Lease.objects.get_or_create(name=name, defaults={"holder": holder, "until": until})
        if row.holder != holder:
            return False
        Lease.objects.filter(name=name, holder=holder).update(until=until)
    return True


def pending(limit: int, without: Collection[int] = ()) -> list[Outbox]:
    """The oldest changes that were not delivered yet, ``without`` those of these ids."""
    rows = Outbox.objects.filter(delivered_at=None).exclude(pk__in=without)
    return list(rows.select_related("entry", "event", "batch").order_by("id")[:limit])


def untried() -> bool:
    """Whether a change waits that nobody has tried to deliver."""
    return Outbox.objects.filter(delivered_at=None, attempts=0).exists()


def latest(size: int) -> Iterator[list[Outbox]]:
    """The last delivered change of each entry, in runs of at most ``size``."""
    delivered = Outbox.objects.exclude(delivered_at=None).exclude(entry=None)
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


def delivered(rows: Sequence[Outbox], kept: Sequence[StoredObject]) -> None:
    """Record that these changes are in the archive, as these objects, and in the index."""
    with write():
        StoredObject.objects.bulk_create(kept, ignore_conflicts=True)
        Outbox.objects.filter(pk__in=[row.pk for row in rows]).update(delivered_at=timezone.now(), error="")


def waits_for(row: Outbox) -> str:
    """What the row is about, for people: the entry's number or the batch's source."""
    return row.entry.number if row.entry else row.batch.source if row.batch else ""


def failed(rows: Sequence[Outbox], error: str) -> None:
    """Record that these changes could not be delivered now; they stay pending."""
    ids = [row.pk for row in rows]
    Outbox.objects.filter(pk__in=ids).update(attempts=F("attempts") + 1, error=fit(error))
