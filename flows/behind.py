"""Behind: whether numbers were given that a register knows nothing of, as after an older one was put back."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime

from archive.keys import REGISTER, record_prefix
from archive.port import Archive
from capture.folders import registers
from domain.errors import Usage
from flows.records import ahead
from infra.wiring import Services
from register.numbers import counters, format_number

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
    refuse_older(services.archive, counters, known, year)


def refuse_older(
    archive: Archive, counters: Callable[[], Counters], used: Collection[str], year: int
) -> None:
    """Refuse a register with these ``counters`` if the archive holds numbers beyond them.

    Args:
        archive: which may be newer.
        counters: gives the last number of each register and year, as it is now.
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
            raise Usage(
                f"the archive holds {number}, which this register does not know: it is older than the "
                "archive and would give numbers again. With an empty database: postroom restore BACKUP "
                "--files-only, then postroom rebuild --from-archive; see docs/database.md"
            )


def _beyond(archive: Archive, last: Counters, used: Collection[str], year: int) -> Iterator[str]:
    if not last:
        yield from (key.split("/")[1] for key in archive.list(REGISTER))
        return
    # A year may have begun, or a register come into use, since the older register was written.
    known = {*used, *(register for register, _ in last)}
    places = {**{(register, some): 0 for register in known for some in (year - 1, year)}, **last}
    numbers = [
        format_number(register, some, sequence)
        for (register, some), given in sorted(places.items(), key=lambda one: -one[0][1])
        for sequence in range(given + 1, given + 1 + _NEXT)
    ]
    for number, found in ahead(lambda one: next(archive.list(record_prefix(one)), ""), numbers):
        if isinstance(found, Exception):
            raise found
        if found:
            yield number
