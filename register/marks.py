"""When something that any of many machines could do was last begun, so that only one of them does it."""

from datetime import datetime

from register.models import Mark
from register.session import alone, write


def last(name: str) -> datetime | None:
    """When it was last begun; None where it never was."""
    return Mark.objects.filter(name=name).values_list("at", flat=True).first()


def note(name: str, at: datetime) -> None:
    """Write down that it was begun."""
    Mark.objects.update_or_create(name=name, defaults={"at": at})


def take(name: str, at: datetime, seen: datetime | None) -> bool:
    """Write down that it was begun, unless another machine did after ``last`` had told ``seen``."""
    with write():
        alone(name)
        if last(name) != seen:
            return False
        note(name, at)
    return True
