"""Entries that were made without network, each with a reserved number: read from a file and entered."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import PurePath
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from pydantic import ValidationError

from domain.correspondence import Channel, Confidentiality, Details, Direction, Priority
from domain.errors import Usage
from domain.states import USUAL, States
from domain.wire import from_json
from register.acts import Act
from register.entries import details_of, enter
from register.models import Entry
from register.numbering import entry_of
from register.ranges import direction_of_number
from register.rights import within
from register.session import write

_LISTS = ("senders", "recipients", "tags")
_JSON = (".jsonl", ".json", ".ndjson")
_BETWEEN = "|"  # several values in one cell
_FIELD = "field."  # columns of the office's own fields begin so


@dataclass(frozen=True, slots=True)
class OfflineEntry:
    """A line of the file; ``received`` without a zone is the office's."""

    number: str
    subject: str = ""
    senders: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    received: datetime | None = None
    direction: Direction | None = None
    channel: Channel = Channel.HAND
    reference: str = ""
    dated: date | None = None
    label: str = ""
    tags: tuple[str, ...] = ()
    priority: Priority = Priority.NORMAL
    confidentiality: Confidentiality = Confidentiality.INTERNAL
    language: str = ""
    location: str = ""
    department: str = ""
    person: str = ""
    custom: Mapping[str, object] = field(default_factory=dict)


_NAMES = {"sender": "senders", "recipient": "recipients", "tag": "tags", "class": "label"}
_KNOWN = frozenset(OfflineEntry.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a line, counted from 1: the field, its value, and what to do."""

    line: int
    field: str
    value: str
    problem: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file: numbers entered, numbers that were there before just so, lines at fault."""

    entered: tuple[str, ...]
    already: tuple[str, ...]
    faults: tuple[Fault, ...]


Line = tuple[int, OfflineEntry] | Fault


def read(name: str, text: str) -> Iterator[Line]:
    """The lines of a file of this name: ``.jsonl`` and the like have JSON, all others cells.

    Raises:
        Usage: a column has a name that is none.
    """
    return read_json_lines(text) if PurePath(name).suffix.lower() in _JSON else read_csv(text)


def read_csv(text: str) -> Iterator[Line]:
    """The lines of a file with a heading of column names and commas or semicolons between cells.

    Raises:
        Usage: a column has a name that is none.
    """
    heading = text.split("\n", 1)[0]
    delimiter = ";" if heading.count(";") > heading.count(",") else ","
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] = []
    while True:
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Fault(rows.line_num, "line", "", f"it cannot be read ({error}): check its quotation marks")
            continue
        if not names:
            names = [one.strip() for one in cells]
            _must_be_columns(names)
        elif len(cells) > len(names):
            more = _BETWEEN.join(cells[len(names) :])
            yield Fault(
                rows.line_num, "line", more, f"it has {len(cells)} cells, and there are {len(names)} columns"
            )
        elif any(cells):
            yield _line(rows.line_num, _cells(dict(zip(names, cells, strict=False))))


def read_json_lines(text: str) -> Iterator[Line]:
    """The lines of a file with a JSON object on each."""
    for at, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            told = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield Fault(at, "line", line[:80], f"it is no JSON ({error}): write one object on each line")
            continue
        if not isinstance(told, dict):
            yield Fault(at, "line", line[:80], "it is no JSON object: write one on each line")
            continue
        unknown = [name for name in told if _column(name) not in _KNOWN]
        if unknown:
            yield Fault(at, unknown[0], str(told[unknown[0]]), _no_column(unknown[0]))
            continue
        said: dict[str, Any] = {_column(name): value for name, value in told.items() if value is not None}
        lists = {name: [said[name]] for name in _LISTS if isinstance(said.get(name), str)}
        yield _line(at, said | lists)


def _column(name: str) -> str:
    return _NAMES.get(name, name)


def _must_be_columns(names: list[str]) -> None:
    for name in names:
        if _column(name) not in _KNOWN - {"custom"} and not name.startswith(_FIELD):
            raise Usage(f"column {name!r}: {_no_column(name)}")
    if "number" not in names:
        raise Usage("column 'number' is missing: each line needs the number that was reserved for it")


def _no_column(name: str) -> str:
    shown = {value: key for key, value in _NAMES.items()}
    known = sorted(shown.get(one, one) for one in _KNOWN - {"custom"})
    return f"{name!r} is nothing that an entry has. There are: {', '.join(known)}, {_FIELD}NAME"


def _cells(row: dict[str, str]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name, cell in row.items():
        if not cell.strip():
            continue
        if name.startswith(_FIELD):
            said.setdefault("custom", {})[name.removeprefix(_FIELD)] = cell.strip()
            continue
        column = _column(name)
        several = [one.strip() for one in cell.split(_BETWEEN)]
        said[column] = several if column in _LISTS else cell.strip()
    return said


def _line(at: int, said: dict[str, Any]) -> Line:
    try:
        return at, from_json(OfflineEntry, json.dumps(said))
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "line"
        shown = {value: key for key, value in _NAMES.items()}.get(name, name)
        problem = "it is missing: give the number reserved for it" if name == "number" else first["msg"]
        return Fault(at, shown, str(said.get(name, ""))[:80], problem)


def take(
    lines: Iterable[Line],
    act: Act,
    *,
    zone: ZoneInfo,
    known: Callable[[str], None] = lambda label: None,
    office: States = USUAL,
    strict: bool = False,
) -> Taken:
    """Enter what the lines say, each in a transaction of its own; with ``strict`` all of them, or nothing.

    Of a line that is at fault nothing is written. What was entered before and says the same is left as it is,
    so that a file may be taken again.
    """
    entered: list[str] = []
    already: list[str] = []
    faults: list[Fault] = []

    def each() -> None:
        for line in lines:
            if isinstance(line, Fault):
                faults.append(line)
                continue
            at, one = line
            try:
                with write():
                    if _is_there(one, act, zone):
                        already.append(one.number)
                    else:
                        entered.append(_enter(one, act, zone, known, office).number)
            except Usage as error:
                faults.append(_fault(at, one, str(error)))

    if not strict:
        each()
        return Taken(tuple(entered), tuple(already), tuple(faults))
    with write():
        each()
        if faults:
            transaction.set_rollback(True)
            entered.clear()
    return Taken(tuple(entered), tuple(already), tuple(faults))


def _enter(
    one: OfflineEntry, act: Act, zone: ZoneInfo, known: Callable[[str], None], office: States
) -> Entry:
    number = one.number.strip().upper()
    return enter(
        one.direction or direction_of_number(number),
        _details(one),
        replace(act, seen=None),
        zone=zone,
        number=number,
        received_at=_moment(one, zone),
        department=one.department,
        person=one.person,
        known=known,
        office=office,
    )


def _moment(one: OfflineEntry, zone: ZoneInfo) -> datetime | None:
    """A moment without a zone is the office's."""
    at = one.received
    return at.replace(tzinfo=zone) if at and at.tzinfo is None else at


def _details(one: OfflineEntry) -> Details:
    names = set(Details.__dataclass_fields__)
    return Details(**{name: getattr(one, name) for name in names})


def _is_there(one: OfflineEntry, act: Act, zone: ZoneInfo) -> bool:
    """Whether the entry was made before, just as the line says it."""
    number = entry_of(one.number.strip().upper())
    entry = Entry.objects.filter(within(act.rights), number=number, voided_at=None).first()
    if entry is None:
        return False
    received = _moment(one, zone)
    same = details_of(entry) == replace(_details(one), custom=entry.custom)
    return same and (received is None or received == entry.received_at)


def _fault(at: int, one: OfflineEntry, problem: str) -> Fault:
    first = problem.split(" ", 1)[0]
    name = {"received_at": "received"}.get(first, first)
    column = _column(name)
    if column not in _KNOWN:
        column = name = "number"
    value = getattr(one, column)
    return Fault(at, name, _BETWEEN.join(value) if isinstance(value, tuple) else str(value or ""), problem)
