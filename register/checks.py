"""Which objects of the archive were checked when, and what was found."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import F, Q
from django.utils import timezone

from register.models import StoredObject
from register.session import write

_GONE = "gone"


def now() -> datetime:
    """The time that a round of checks begins."""
    return timezone.now()


def count() -> int:
    """How many objects the archive must hold."""
    return StoredObject.objects.count()


def longest_unchecked(limit: int, before: datetime) -> list[tuple[str, str]]:
    """Key and SHA-256 of the objects whose last check lies longest back, and before this time."""
    due = StoredObject.objects.filter(Q(checked_at=None) | Q(checked_at__lt=before))
    due = due.order_by(F("checked_at").asc(nulls_first=True), "id")
    return list(due.values_list("key", "sha256")[:limit])


def record(keys: Sequence[str], damage: Mapping[str, str | None]) -> None:
    """Note that these objects were checked now, and what was found in place of those that are damaged.

    ``damage`` gives by key the SHA-256 found, or what the store says; None for gone.
    """
    with write():
        StoredObject.objects.filter(key__in=keys).update(checked_at=timezone.now(), damage="")
        for key, found in damage.items():
            StoredObject.objects.filter(key=key).update(damage=found or _GONE)


def damaged() -> list[dict[str, str | None]]:
    """The objects that the last check of each found damaged; ``found`` is None for those that are gone."""
    rows = StoredObject.objects.exclude(damage="").order_by("key")
    return [
        {"key": row.key, "expected": row.sha256, "found": None if row.damage == _GONE else row.damage}
        for row in rows
    ]
