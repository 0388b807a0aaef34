"""What follows from history: each event is looked at once, in order, by those whom it concerns.

Rules, clocks and notices are made from events alone, in one transaction with the place that was reached. So
nothing is done twice however often this runs or dies, and after a rebuild the same comes of the same history.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.db import transaction
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone

from domain.errors import Unavailable
from domain.notices import ROUTED
from domain.office import Office
from domain.states import USUAL, States
from domain.working_time import Calendar
from register.decisions import Decided, decided
from register.models import Counter, Entry, Event, Mark
from register.numbers import HISTORY, NO_REGISTERS
from register.session import alone, write

log = structlog.get_logger()
_AT_ONCE = 1000  # events looked at by one call
_TOGETHER = 100  # of them read by one query
_UNDONE = "undone"
_LONGEST = 64  # signs of a mark's name
_USUAL = Calendar(ZoneInfo("UTC"))


@dataclass(frozen=True, slots=True)
class Desk:
    """What decides what follows: the office as it stands, its zone, its states, the text of an entry.

    ``calendar`` says when it is open, its closures of today among it. ``external``: whether senders outside
    are written to.
    """

    office: Office
    zone: ZoneInfo
    states: States = USUAL
    text: Callable[[Entry], str] = lambda entry: ""
    calendar: Calendar = _USUAL
    external: bool = False

    @property
    def busy(self) -> bool:
        """Whether anything may follow from anything: what runs now may come of what was taken away since."""
        return self.office.version > 0 or self.external


@dataclass(frozen=True, slots=True)
class Happened:
    """An event, with what it says and its entry as it stands now, which nobody else changes meanwhile.

    Attributes:
        record: the entry as the event left it, as the archive holds it.
        decided: what the office has decided by now.
        past: it came back from the archive. What was done about it then is in the history too.
        routed: rules have said something of the entry by then.
        undone: something of the entry could not be done.
        apart: what goes wrong is to cost nothing else.
    """

    kind: str
    entry: Entry
    content: dict[str, Any]
    actor: str
    at: datetime
    register: str
    sequence: int
    record: str
    decided: Decided
    past: bool
    routed: bool
    undone: bool
    apart: bool


Follower = Callable[[Happened, Desk], None]


def snapshot_of(happened: Happened) -> dict[str, Any]:
    """The entry as the event left it."""
    snapshot: dict[str, Any] = json.loads(happened.record)["entry"]
    return snapshot


def follow(desk: Desk, followers: Sequence[Follower], limit: int = _AT_ONCE) -> int:
    """Look at the events since the last time, at most ``limit``; returns how many there were."""
    count = 0
    for register, last in _registers().items():
        reached = _reached(register)
        if reached < last and not desk.busy:  # nothing follows from anything: what happens is passed over
            with write():
                _advance(register, reached, last)
        elif reached < last:
            count += _go_on(register, desk, followers, limit - count)
    return count


def behind() -> int:
    """How many events were not looked at yet."""
    return sum(last - _reached(register) for register, last in _registers().items())


def looked_at(entry: Entry, but: Collection[str] = ()) -> bool:
    """Whether all that happened to an entry was looked at, but for events of these kinds."""
    events = Event.objects.filter(entry=entry).exclude(kind__in=but)
    last = events.aggregate(last=Max("sequence"))["last"] or 0
    return last <= _reached(entry.register)


def _registers() -> dict[str, int]:
    """The last event of each register."""
    rows = Counter.objects.filter(year=HISTORY).exclude(register__in=NO_REGISTERS).order_by("register")
    return dict(rows.values_list("register", "last"))


def _mark(register: str) -> str:
    return f"followed {register}"


def _restored(register: str) -> str:
    return f"restored {register}"


def _told(name: str) -> int:
    told = Mark.objects.filter(name=name).values_list("told", flat=True).first() or {}
    return int(told.get("sequence", 0))


def _reached(register: str) -> int:
    return _told(_mark(register))


def came_back(highest: Mapping[tuple[str, int], int]) -> None:
    """Note up to which event each register came back from the archive."""
    now = timezone.now()
    Mark.objects.bulk_create(
        Mark(name=_restored(register), at=now, told={"sequence": last})
        for (register, year), last in highest.items()
        if year == HISTORY and register not in NO_REGISTERS
    )


def _go_on(register: str, desk: Desk, followers: Sequence[Follower], limit: int) -> int:
    count = 0
    while count < limit:
        reached = _reached(register)
        events = _events(register, reached, min(limit - count, _TOGETHER))
        if not events or events[0].sequence != reached + 1:
            break
        restored = _told(_restored(register))
        for event in events:
            if not _look(event, event.sequence <= restored, desk, followers):
                break  # somebody else was faster
            count += 1
    return count


def _events(register: str, reached: int, limit: int) -> list[Event]:
    """The next events, with all of history that is looked at with them: none of it ever changes."""
    routed = Event.objects.filter(entry=OuterRef("entry"), kind=ROUTED, sequence__lte=OuterRef("sequence"))
    rows = Event.objects.filter(register=register, sequence__gt=reached).select_related("content", "outbox")
    return list(rows.annotate(routed=Exists(routed)).order_by("sequence")[:limit])


def _look(event: Event, past: bool, desk: Desk, followers: Sequence[Follower]) -> bool:
    """Do what follows from an event; whether it was the next one.

    Only where something goes wrong all is done anew, each part by itself.
    """
    try:
        return _looked(event, past, desk, followers, apart=False)
    except Exception:  # it goes wrong again, and is noted then
        return _looked(event, past, desk, followers, apart=True)


def _looked(event: Event, past: bool, desk: Desk, followers: Sequence[Follower], *, apart: bool) -> bool:
    with write():
        if not _advance(event.register, event.sequence - 1, event.sequence):
            return False
        happened = _happened(event, past, apart=apart)
        for follower in followers:
            with by_itself(_name(follower), happened):
                follower(happened, desk)
    return True


def _happened(event: Event, past: bool, *, apart: bool) -> Happened:
    """An event as ``_events`` reads it, with its entry locked for the caller's transaction."""
    undone = Mark.objects.filter(name__startswith=f"{_UNDONE} {event.entry_id} ")
    entry = Entry.objects.select_for_update().annotate(undone=Exists(undone)).get(pk=event.entry_id)
    content, outbox = getattr(event, "content", None), getattr(event, "outbox", None)
    return Happened(
        event.kind,
        entry,
        json.loads(content.body) if content else {},
        event.actor,
        event.at,
        event.register,
        event.sequence,
        record=outbox.body if outbox else "",
        decided=decided(),
        past=past,
        routed=event.routed,  # type: ignore[attr-defined]
        undone=entry.undone,
        apart=apart,
    )


def _advance(register: str, reached: int, to: int) -> bool:
    """Note how far a register was looked at, unless it was looked at further than ``reached``.

    Until the caller's transaction ends, nobody else looks at it.
    """
    alone(_mark(register))
    now = {"at": timezone.now(), "told": {"sequence": to}}
    if reached:
        there = Mark.objects.filter(name=_mark(register), told__sequence=reached)
        return bool(there.update(**now))
    if _reached(register):
        return False
    Mark.objects.update_or_create(name=_mark(register), defaults=now)
    return True


@contextmanager
def by_itself(what: str, happened: Happened) -> Iterator[None]:
    """What goes wrong with one event and follower, or with ``what`` of one, costs no other, and is noted."""
    if not happened.apart:
        yield
        return
    try:
        with transaction.atomic():
            yield
    except Unavailable:  # later, then; nothing of the event was done
        raise
    except Exception as error:
        number = happened.entry.number
        log.exception("what follows from an event was not done", number=number, what=what)
        place = {"register": happened.register, "sequence": happened.sequence}
        told = {"number": number, "what": what, "why": str(error) or repr(error), **place}
        name = f"{_UNDONE} {happened.entry.pk} {what}"[:_LONGEST]
        Mark.objects.update_or_create(name=name, defaults={"at": timezone.now(), "told": told})


def undone() -> list[dict[str, Any]]:
    """What was not done because something went wrong: of which entry, what (such as ``rules``), and why."""
    marks = Mark.objects.filter(name__startswith=f"{_UNDONE} ").order_by("at", "name")
    return [{name: one.told[name] for name in ("number", "what", "why")} for one in marks]


def done_after_all(entry: Entry, what: str) -> None:
    """Forget that ``what`` of an entry, or part of it, was not done: it is made anew."""
    Mark.objects.filter(name__startswith=f"{_UNDONE} {entry.pk} {what}"[:_LONGEST]).delete()


def again(desk: Desk, followers: Sequence[Follower]) -> None:
    """Try once more what was not done."""
    by_name = {_name(one): one for one in followers}
    for mark in Mark.objects.filter(name__startswith=f"{_UNDONE} "):
        what = str(mark.told["what"])
        register, sequence = mark.told["register"], mark.told["sequence"]
        with write():
            alone(_mark(register))
            past = sequence <= _told(_restored(register))
            for event in _events(register, sequence - 1, 1):
                happened = _happened(event, past, apart=True)
                gone, _ = Mark.objects.filter(pk=mark.pk, at=mark.at).delete()
                if gone:  # else somebody was faster
                    with by_itself(what, happened):
                        by_name[what.split()[0]](happened, desk)


def _name(follower: Follower) -> str:
    return follower.__module__.rpartition(".")[2]
