"""Whether the books balance: page account, numbers, history, objects, outbox."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Max, Min, Sum

from register import decisions, outbox
from register.models import Batch, Counter, Entry, Outbox, PageFate

_ENDED = (Batch.State.DONE, Batch.State.RELEASED)


def totals() -> dict[str, int]:
    """How many batches and pages were ever taken in."""
    pages = Batch.objects.aggregate(total=Sum("claims__pages"))["total"] or 0
    return {"batches": Batch.objects.count(), "pages": int(pages)}


def unaccounted() -> Iterator[dict[str, Any]]:
    """Batches whose pages do not all have a fate: in work, or wrong."""
    for batch in Batch.objects.order_by("id"):
        pages = batch.claims.aggregate(total=Sum("pages"))["total"] or 0
        fates = PageFate.objects.filter(claim__batch=batch).count()
        if batch.state not in _ENDED or pages != fates:
            yield {
                "batch": batch.pk,
                "source": batch.source,
                "state": batch.state,
                "pages": pages,
                "fates": fates,
            }


def number_gaps() -> Iterator[dict[str, Any]]:
    """Registers and years whose numbers do not run from 1 to the counter without a gap.

    A number that was reserved ahead is none, whether it was used by now or not.
    """
    ranges = decisions.office().ranges.values()
    for counter in Counter.objects.exclude(year=0).order_by("register", "year"):
        entries = Entry.objects.filter(register=counter.register, year=counter.year)
        found = entries.aggregate(count=Count("id"), low=Min("sequence"), high=Max("sequence"))
        if found["count"] != counter.last or (
            counter.last and (found["low"], found["high"]) != (1, counter.last)
        ):
            taken = set(entries.values_list("sequence", flat=True))
            reserved = [one for one in ranges if (one.register, one.year) == (counter.register, counter.year)]
            for one in reserved:
                taken.update(range(one.first, one.last + 1))
            missing = [number for number in range(1, counter.last + 1) if number not in taken]
            if missing or max(taken, default=0) > counter.last or min(taken, default=1) < 1:
                yield {
                    "register": counter.register,
                    "year": counter.year,
                    "last": counter.last,
                    "missing": missing,
                }


def records_pending() -> list[dict[str, Any]]:
    """Changes that the archive and the index have not heard of yet, with the last error.

    ``number`` is the entry's, or the source of a batch.
    """
    rows = Outbox.objects.filter(delivered_at=None).order_by("id")
    return [
        {
            "number": outbox.waits_for(row),
            "sequence": row.sequence,
            "attempts": row.attempts,
            "error": row.error,
        }
        for row in rows.select_related("entry", "batch", "party_event__party")
    ]


def index_should_hold() -> dict[str, int]:
    """Number of each entry that counts, with the sequence of its last delivered change."""
    rows = (
        outbox.counting(Outbox.objects.exclude(delivered_at=None))
        .values_list("entry__number")
        .annotate(Max("event__sequence"))
    )
    return dict(rows)
