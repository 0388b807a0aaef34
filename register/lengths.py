"""How long documents of a class are, as the register knows them."""

from math import ceil

from django.db.models import Max

from register import standing
from register.models import Batch, Document

ENOUGH = 20  # documents that tell how long the class is
_LOOKED_AT = 20_000  # of the latest documents; the look stays cheap however many there are


def usual_length(batch: Batch, register: str, name: str) -> int | None:
    """The pages that 95 % of the class's documents of this station and register do not exceed.

    None where fewer than ``ENOUGH`` are known. Documents of the batch itself do not count, nor those that
    were filed anew: what was cut wrongly says nothing of the class.
    """
    last = Document.objects.aggregate(last=Max("pk"))["last"] or 0
    known = (
        standing.counting()
        .filter(pk__gt=last - _LOOKED_AT, label=name, entry__register=register, batch__station=batch.station)
        .exclude(batch=batch)
    )
    pages = sorted(known.values_list("pages", flat=True))
    return pages[ceil(0.95 * len(pages)) - 1] if len(pages) >= ENOUGH else None
