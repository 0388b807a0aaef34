"""Which objects of the archive were checked when, and what was found."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Max, Min, Q, QuerySet
from django.utils import timezone

from register.models import Batch, StoredObject
from register.session import write

_GONE = "gone"
_MODEL = "model"


@dataclass(frozen=True, slots=True)
class Round:
    """A round of checks: when it began, and the objects there were then, up to this ``last`` one's id."""

    began: datetime
    last: int
    objects: int


def begin() -> Round:
    """A round that begins now. What is filed meanwhile is another's."""
    last = StoredObject.objects.aggregate(last=Max("id"))["last"] or 0
    return Round(timezone.now(), last, StoredObject.objects.filter(id__lte=last).count())


def last_checked(now: datetime) -> datetime | None:
    """When an object was last checked; before the first time: when the first batch was received."""
    checked = StoredObject.objects.filter(checked_at__lte=now)
    at: datetime | None = checked.aggregate(at=Max("checked_at"))["at"]
    return at or Batch.objects.aggregate(at=Min("received_at"))["at"]


def longest_unchecked(of: Round, limit: int) -> list[tuple[str, str]]:
    """Key and SHA-256 of objects not checked in this round yet, whose last check lies longest back."""
    due = _unchecked(of).order_by(F("checked_at").asc(nulls_first=True), "id")
    return list(due.values_list("key", "sha256")[:limit])


def unchecked(of: Round) -> list[str]:
    """Keys of the objects that nobody has checked since the round began."""
    return list(_unchecked(of).order_by("key").values_list("key", flat=True))


def still_damaged(of: Round, limit: int) -> list[tuple[str, str]]:
    """Key and SHA-256 of objects not checked in this round yet that were damaged the last time."""
    due = _unchecked(of).exclude(damage="").order_by("id")
    return list(due.values_list("key", "sha256")[:limit])


def _unchecked(of: Round) -> QuerySet[StoredObject]:
    # A clock that was ahead has left times that are yet to come: they say nothing.
    due = Q(checked_at=None) | Q(checked_at__lt=of.began) | Q(checked_at__gt=timezone.now())
    return StoredObject.objects.filter(due, id__lte=of.last)


def record(keys: Sequence[str], damage: Mapping[str, str | None]) -> None:
    """Note that these objects were checked now, and what was found in place of those that are damaged.

    ``damage`` gives by key the SHA-256 found, or what the store says; None for gone.
    """
    with write():
        StoredObject.objects.filter(key__in=keys).update(checked_at=timezone.now(), damage="")
        for key, found in damage.items():
            StoredObject.objects.filter(key=key).update(damage=found or _GONE)


def mended(keys: Sequence[str]) -> None:
    """Note that these objects are whole again."""
    with write():
        StoredObject.objects.filter(key__in=keys).update(damage="")


def damaged() -> list[dict[str, str | None]]:
    """The objects that the last check of each found damaged; ``found`` is None for those that are gone."""
    rows = StoredObject.objects.exclude(damage="").order_by("key")
    return [
        {"key": row.key, "expected": row.sha256, "found": None if row.damage == _GONE else row.damage}
        for row in rows
    ]


def unknown_models(keys: Iterable[str]) -> list[str]:
    """Those of these keys, of classifiers, that are not among the objects to be checked yet."""
    known = set(StoredObject.objects.filter(role=_MODEL).values_list("key", flat=True))
    return [key for key in keys if key not in known]


def add_model(key: str, sha256: str, size: int) -> None:
    """From now on a classifier's file is checked like all other objects."""
    row = StoredObject(key=key, sha256=sha256, size=size, role=_MODEL)
    with write():
        StoredObject.objects.bulk_create([row], ignore_conflicts=True)
