"""Entries listed, by what people ask of them: for the command line and the API, with the rights of a user."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import BooleanField, F, Func, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan, LessThan

from domain.errors import Missing, Usage
from domain.fields import checked_values
from domain.party import is_party_number
from domain.rights import Rights
from domain.states import ENDS, USUAL, States
from register import decisions, standing
from register.models import Clock, Document, Entry, EntryParty, Party
from register.parties import RECIPIENT, SENDER, find, fold
from register.registers import there_are
from register.rights import HeldBy, within
from register.texts import fit
from register.views import entry

_YEARS = range(1900, 2201)


class Order(StrEnum):
    """What stands first."""

    NEWEST = "newest"
    NUMBER = "number"


class Which(StrEnum):
    """Whether void entries are among them."""

    COUNTING = "counting"
    ALL = "all"
    VOID = "void"


class Held(StrEnum):
    """Whether it is asked who has them; both leave out what has ended."""

    ANY = "any"
    UNCLAIMED = "unclaimed"
    """No person: what waits in the queue of a department or of the registry."""
    REGISTRY = "registry"
    """No person and no department: the registry's own queue."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which entries; what is empty is not asked.

    Attributes:
        year: of the register.
        label: class, the entry's own or that of its documents.
        tags: all of these.
        custom: values of the office's own fields.
        since: first day of receipt, in the office's time zone; ``until`` the last.
        party: number of a sender or recipient, or a part of their name.
        about: stands in the subject or the reference.
        open: only those that have not ended.
    """

    register: str = ""
    year: int | None = None
    direction: str = ""
    status: str = ""
    department: str = ""
    person: str = ""
    label: str = ""
    tags: tuple[str, ...] = ()
    custom: Mapping[str, object] = field(default_factory=dict)
    channel: str = ""
    priority: str = ""
    confidentiality: str = ""
    since: date | None = None
    until: date | None = None
    party: str = ""
    about: str = ""
    which: Which = Which.COUNTING
    open: bool = False
    held: Held = Held.ANY
    order: Order = Order.NEWEST


_COLUMNS = ("register", "direction", "status", "department", "person", "channel", "priority",
            "confidentiality")  # fmt: skip


def listed(
    asked: Asked,
    *,
    zone: ZoneInfo,
    states: States = USUAL,
    known: Callable[[str], None] = lambda label: None,
    limit: int = 50,
    after: str = "",
    rights: Rights | None = None,
) -> list[dict[str, Any]]:
    """Entries that the person may know of, behind the number ``after``.

    Args:
        asked: which, and in which order.
        zone: the office's, in which days end.
        states: the office's.
        known: raises for what is no class.
        limit: at most so many.
        after: the last of those before.
        rights: whose they are; None for the installation's owner.

    Raises:
        Missing: there is no such register, state, department, user, field, party or entry; or none that the
            person may know of.
        Usage: a value cannot be.
    """
    asked = fit(asked)
    mine = Entry.objects.filter(within(rights))
    _must_be(asked, mine, states, known)
    found = _matching(_held(mine, asked, states), asked, zone, rights)
    if after:
        found = found.filter(_behind(entry(after, rights), asked.order))
    ordered = ("register", "year", "sequence") if asked.order == Order.NUMBER else ("-received_at", "-id")
    return _lines(list(found.order_by(*ordered)[:limit]))


def _must_be(asked: Asked, mine: QuerySet[Entry], states: States, known: Callable[[str], None]) -> None:
    now = decisions.office()
    there: tuple[tuple[str, Collection[str]], ...] = (
        ("register", there_are()),
        ("status", states.names()),
        ("department", now.departments),
        ("person", now.users),
    )
    for name, some in there:
        value = getattr(asked, name)
        # Those of before there was an office, or that it has taken away since, are found all the same.
        if value and some and value not in some and not mine.filter(**{name: value}).exists():
            raise Missing(f"{name} is {value!r}, which is not there. There are: {', '.join(sorted(some))}")
    if asked.label:
        known(asked.label)
    for name in asked.custom:
        if name not in now.fields:
            fields = f"There are: {', '.join(sorted(now.fields))}" if now.fields else "There is none yet"
            raise Missing(f"There is no field {name!r}. {fields}")


def _matching(mine: QuerySet[Entry], asked: Asked, zone: ZoneInfo, rights: Rights | None) -> QuerySet[Entry]:
    found = mine.filter(**{name: value for name in _COLUMNS if (value := getattr(asked, name))})
    if asked.which != Which.ALL:
        found = found.filter(voided_at__isnull=asked.which == Which.COUNTING)
    if asked.year is not None:
        found = found.filter(year=asked.year)
    if asked.label:
        found = found.filter(_of_class(asked.label))
    for tag in asked.tags:
        found = found.filter(HeldBy(F("tags"), Value(tag)))
    found = _says(found, _values(asked.custom))
    if asked.since:
        found = found.filter(received_at__gte=_begins("from", asked.since, zone))
    if asked.until:
        found = found.filter(received_at__lt=_begins("to", asked.until, zone, later=1))
    if asked.party:
        found = found.filter(pk__in=_of_party(asked.party, rights))
    if asked.about:
        # SQLite knows no case but of ASCII where it is not a pattern, which takes it ten times as long.
        how, words = (
            ("icontains", asked.about) if asked.about.isascii() else ("iregex", re.escape(asked.about))
        )
        found = found.filter(Q(**{f"subject__{how}": words}) | Q(**{f"reference__{how}": words}))
    return found


def _says(found: QuerySet[Entry], custom: Mapping[str, object]) -> QuerySet[Entry]:
    if connection.features.supports_json_field_contains:  # an index answers that
        return found.filter(custom__contains=custom) if custom else found
    for at, (name, value) in enumerate(custom.items()):
        found = found.alias(**{f"field_{at}": KeyTransform(name, "custom")}).filter(**{f"field_{at}": value})
    return found


def _held(mine: QuerySet[Entry], asked: Asked, states: States) -> QuerySet[Entry]:
    """Those that have not ended, and that nobody or the registry has, if that is asked."""
    if asked.held != Held.ANY:
        mine = mine.filter(person="")
    if asked.held == Held.REGISTRY:
        mine = mine.filter(department="")
    return mine.exclude(_ended(states)) if asked.open or asked.held != Held.ANY else mine


def _ended(states: States) -> Q:
    """Those with which nobody has anything to do any more."""
    ended = Q(status__in=ENDS)
    for label, directions in states.of_class.items():
        for direction in directions:
            own = states.ends(direction, label) - ENDS
            if own:
                ended |= Q(direction=direction, status__in=own) & _of_class(label)
    return ended


def _of_class(label: str) -> Q:
    """Those whose own class it is, or else that of their first document that has one."""
    first = standing.documents().filter(entry=OuterRef("pk")).exclude(label=None).order_by("id")
    some = Document.objects.filter(label=label).values("entry")
    by_documents = Entry.objects.filter(label="", pk__in=some).alias(
        first=Subquery(first.values("label")[:1])
    )
    return Q(label=label) | Q(pk__in=by_documents.filter(first=label).values("pk"))


def _values(custom: Mapping[str, object]) -> dict[str, object]:
    fields = decisions.office().fields
    asked = {name: replace(fields[name], label="", required=False) for name in custom}
    return checked_values(asked, "", custom)


def _of_party(text: str, rights: Rights | None) -> Any:
    """The entries of the party of this number, or of those with this in a name of theirs."""
    if is_party_number(text):
        return _known_as([find(text, rights).pk])
    named = Party.objects.filter(folded__contains=fold(text)).annotate(now=Coalesce("merged_into_id", "pk"))
    written = EntryParty.objects.filter(written__icontains=text).values("entry")
    return _known_as(named.values("now")).union(written)


def _known_as(parties: Any) -> Any:
    """The entries of these parties, and of those that turned out to be one of them; each by its index."""
    merged = EntryParty.objects.filter(party__merged_into__in=parties).values("entry")
    return EntryParty.objects.filter(party__in=parties).values("entry").union(merged)


def _begins(name: str, day: date, zone: ZoneInfo, later: int = 0) -> datetime:
    if day.year not in _YEARS:
        raise Usage(f"{name} is {day}: give a day of the years {_YEARS[0]} to {_YEARS[-1]}")
    return datetime.combine(day + timedelta(days=later), time(), zone)


def _behind(last: Entry, order: Order) -> "GreaterThan[bool] | LessThan[bool]":
    """Rows compared as rows: so both databases begin within the index of the order, however deep."""
    if order == Order.NUMBER:
        number = (last.register, last.year, last.sequence)
        return GreaterThan(_row(F("register"), F("year"), F("sequence")), _row(*map(Value, number)))
    return LessThan(_row(F("received_at"), F("id")), _row(Value(last.received_at), Value(last.pk)))


def _row(*parts: F | Value) -> Func:
    return Func(*parts, template="(%(expressions)s)", output_field=BooleanField())


def _lines(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    classes = standing.classes(entries)
    due = dict(
        Clock.objects.filter(entry__in=entries, ended_at=None)
        .values_list("entry")
        .annotate(Min("due_at"))
        .order_by()
    )
    names: dict[tuple[int, str], list[str]] = {}
    for one in EntryParty.objects.filter(entry__in=entries).order_by("id"):
        names.setdefault((one.entry_id, one.role), []).append(one.written)
    return [
        {
            "number": one.number,
            "register": one.register,
            "received_at": one.received_at.isoformat(),
            "direction": one.direction,
            "status": one.status,
            "class": classes[one.pk] or None,
            "department": one.department or None,
            "person": one.person or None,
            "priority": one.priority,
            "due_at": at.isoformat() if (at := due.get(one.pk)) else None,
            "subject": one.subject,
            "senders": names.get((one.pk, SENDER), []),
            "recipients": names.get((one.pk, RECIPIENT), []),
            "voided_at": one.voided_at.isoformat() if one.voided_at else None,
        }
        for one in entries
    ]
