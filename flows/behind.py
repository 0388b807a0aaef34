"""Behind: whether numbers were given that a register knows nothing of, as after an older one was put back."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime

from archive.keys import REGISTER, decision_key, record_prefix
from archive.port import Archive
from capture.folders import registers
from domain.errors import Usage
from domain.numbers import Place, written
from flows.records import ahead
from infra.wiring import Services
from register.numbers import counters, decided

Counters = Mapping[tuple[str, int], int]
"""The last number given, by register and year."""

_NEXT = 8  # numbers looked for after the last: some of them may be lost, or set aside by the publisher


def not_behind(services: Services) -> None:
    """See that the archive holds no record of a number that this register would give again.

    Asks for a few keys for each register and year; to be done before a number is given.

    Raises:
        Usage: it does; says how to get a register that knows of them.
        Unavailable: the database or the archive does not answer.
    """
    try:
        known = registers(services.drop)
    except Usage:  # no drop folder here, or not yet
        known = set()
    year = datetime.now(UTC).astimezone(services.settings.zone).year
    refuse_older(services.archive, counters, decided, known, year)


def refuse_older(
    archive: Archive,
    counters: Callable[[], Counters],
    decided: Callable[[], int],
    used: Collection[str],
    year: int,
) -> None:
    """Refuse a register with these ``counters`` if the archive holds numbers or decisions beyond them.

    Numbers may have been reserved since that no entry has yet: that is known by the office's decisions.

    Args:
        archive: which may be newer.
        counters: gives the last number of each register and year, as it is now.
        decided: gives the last of the office's decisions, as it is now.
        used: registers that are written to; those that have counters need not be among them.
        year: the present one.

    Raises:
        Usage: it does.
        Unavailable: it does not answer.
    """
    last = counters()
    while number := next(_beyond(archive, last, used, year), ""):
        before, last = last, counters()
        if last == before:  # and no other process has given that number just now
            raise _older(number)
    known = decided()
    while sequence := _decided_beyond(archive, known):
        earlier, known = known, decided()
        if known == earlier:
            raise _older(f"decision {sequence} of the office")


def _older(what: str) -> Usage:
    return Usage(
        f"the archive holds {what}, which this register does not know: it is older than the "
        "archive and would give numbers again. With an empty database: postroom restore BACKUP "
        "--files-only, then postroom rebuild --from-archive; see docs/database.md"
    )


def _decided_beyond(archive: Archive, last: int) -> int:
    """A decision behind the last that the archive holds, or 0; the next may be lost."""
    return next((one for one in (last + 1, last + 2) if next(archive.list(decision_key(one)), "")), 0)


def _beyond(archive: Archive, last: Counters, used: Collection[str], year: int) -> Iterator[str]:
    if not last:
        yield from (key.split("/")[1] for key in archive.list(REGISTER))
        return
    # A year may have begun, or a register come into use, since the older register was written.
    known = {*used, *(register for register, _ in last)}
    places = {**{(register, some): 0 for register in known for some in (year - 1, year)}, **last}
    numbers = [
        written(Place(register, some, sequence))
        for (register, some), given in sorted(places.items(), key=lambda one: -one[0][1])
        for sequence in range(given + 1, given + 1 + _NEXT)
    ]
    for number, found in ahead(lambda one: next(archive.list(record_prefix(one)), ""), numbers):
        if isinstance(found, Exception):
            raise found
        if found:
            yield number
