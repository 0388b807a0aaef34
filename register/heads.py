"""Heads: where the chains of the registers, of the office's decisions and of parties stand, and stood."""

from collections.abc import Collection, Iterator
from typing import Any

from domain.chain import Head, root
from register.models import Counter, Decision, Event, PartyEvent
from register.numbers import HISTORY, OFFICE, PARTIES

_AT_ONCE = 5000  # hashes read together


def heads() -> tuple[Head, ...]:
    """Where each chain stands now, by register."""
    return tuple(one for register in _registers() if (one := _head(register)) is not None)


def _registers() -> list[str]:
    """The registers that have a chain, the office and the parties."""
    rows = Counter.objects.filter(year=HISTORY, last__gt=0).order_by("register")
    return list(rows.values_list("register", flat=True))


def _head(register: str) -> Head | None:
    last = _rows(register).order_by("-sequence").values_list("sequence", "hash").first()
    return Head(register, last[0], last[1], root(hashes(register, last[0]))) if last else None


def hashes(register: str, up_to: int) -> Iterator[str]:
    """The hashes of a chain's events up to the one with this sequence, in order."""
    found = _rows(register).filter(sequence__lte=up_to).order_by("sequence")
    yield from found.values_list("hash", flat=True).iterator(chunk_size=_AT_ONCE)


def hashes_at(register: str, sequences: Collection[int]) -> dict[int, str]:
    """The hashes of these events, of those that are there."""
    wanted = sorted(sequences)
    found: dict[int, str] = {}
    for start in range(0, len(wanted), 500):
        some = _rows(register).filter(sequence__in=wanted[start : start + 500])
        found.update(some.values_list("sequence", "hash"))
    return found


def last_of(register: str) -> int:
    """How far a chain goes."""
    return int(_rows(register).order_by("-sequence").values_list("sequence", flat=True).first() or 0)


def number_of(register: str, sequence: int) -> str:
    """The number of the entry or party that an event is of; "" where there is none."""
    if register == OFFICE:
        return ""
    if register == PARTIES:
        of_party = PartyEvent.objects.filter(sequence=sequence).values_list("party__key", flat=True)
        return of_party.first() or ""
    found = Event.objects.filter(register=register, sequence=sequence)
    return found.values_list("entry__number", flat=True).first() or ""


def _rows(register: str) -> Any:
    if register == OFFICE:
        return Decision.objects.all()
    return PartyEvent.objects.all() if register == PARTIES else Event.objects.filter(register=register)
