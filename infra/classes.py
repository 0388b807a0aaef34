"""The classes that documents may have. What became of them is written to the archive, change by change."""

import json
import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from archive.keys import CLASSES as CHANGES
from archive.keys import class_key
from archive.port import Conflict
from domain.document import CLASSES
from domain.errors import Usage
from infra.wiring import Services

_NAME = re.compile(r"[^\W_][\w .&/-]{0,62}[^\W_]|[^\W_]")


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a class.

    ``kind`` is "added"; "merged" where it went into ``of``; "split" where it was taken out of ``of``.
    """

    kind: str
    name: str
    of: str = ""
    at: str = ""
    by: str = ""
    reason: str = ""


def changes(services: Services) -> list[Change]:
    """All that became of the classes, oldest first."""
    keys = sorted(key for key in services.archive.list(CHANGES) if key.endswith(".json"))
    return [Change(**json.loads(services.archive.read(key))) for key in keys]


def current(services: Services) -> tuple[str, ...]:
    """The classes that a document may be given today: those of the sample mail first."""
    return names(changes(services))


def names(done: list[Change]) -> tuple[str, ...]:
    """The classes after these changes."""
    found = dict.fromkeys(CLASSES)
    for change in done:
        if change.kind == "merged":
            found.pop(change.name, None)
        else:
            found[change.name] = None
    return tuple(found)


def successors(done: list[Change]) -> dict[str, str]:
    """What became of each class that was merged into another; labels keep what people said."""
    into: dict[str, str] = {}
    for change in done:
        if change.kind == "merged":
            into = {name: change.of if last == change.name else last for name, last in into.items()}
            into[change.name] = change.of
        else:
            into.pop(change.name, None)
    return into


def of_today(done: list[Change]) -> dict[str, str]:
    """The class of today for each that a document may be called, also by a name that it no longer has."""
    return {**successors(done), **{name: name for name in names(done)}}


def today(services: Services) -> dict[str, str]:
    """``of_today`` of all that became of the classes so far."""
    return of_today(changes(services))


def must_be(services: Services, name: str) -> None:
    """See that there is such a class today.

    Raises:
        Usage: there is not.
    """
    _must_be(current(services), name)


def _must_be(known: Collection[str], name: str) -> None:
    if name not in known:
        raise Usage(f"There is no class {name!r}. The classes are: {', '.join(sorted(known))}")


def add(services: Services, name: str, *, by: str, of: str = "", reason: str = "") -> None:
    """Add a class; ``of`` is the one that it is split from.

    Raises:
        Usage: it is there already, or cannot be a name.
    """
    known = current(services)
    if name in known:
        raise Usage(f"There is a class {name} already")
    if not _NAME.fullmatch(name):
        raise Usage(f"{name!r} is no name of a class: letters, digits, blanks and _ . & / -, at most 64")
    if of:
        _must_be(known, of)
    _write(services, Change("split" if of else "added", name, of, by=by, reason=reason))


def merge(services: Services, name: str, into: str, *, by: str, reason: str = "") -> None:
    """From now on what was ``name`` is ``into``; what people said stays written down.

    Raises:
        Usage: one of them is not there, or they are the same.
    """
    known = current(services)
    for one in (name, into):
        _must_be(known, one)
    if name == into:
        raise Usage(f"{name} cannot be merged into itself: name another class")
    _write(services, Change("merged", name, into, by=by, reason=reason))


def _write(services: Services, change: Change) -> None:
    told = json.dumps({**asdict(change), "at": datetime.now(UTC).isoformat()}).encode()
    while True:
        last = max(services.archive.list(CHANGES), default="")
        sequence = int(last.removeprefix(CHANGES).removesuffix(".json")) + 1 if last else 1
        with suppress(Conflict):
            services.archive.put(class_key(sequence), told, media_type="application/json")
            return
