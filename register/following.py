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
from django.db.models import Max
from django.utils import timezone

from domain.errors import Unavailable
from domain.office import Office
from domain.states import USUAL, States
from domain.working_time import Calendar
from register.models import Counter, Entry, Event, Mark, Outbox
from register.numbers import HISTORY, NO_REGISTERS
from register.session import alone, write

log = structlog.get_logger()
_AT_ONCE = 1000  # events looked at by one call
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

    ``past``: it came back from the archive. What was done about it then is in the history too.
    """

    kind: str
    entry: Entry
    content: dict[str, Any]
    actor: str
    at: datetime
    register: str
    sequence: int
    past: bool = False


Follower = Callable[[Happened, Desk], None]


def snapshot_of(happened: Happened) -> dict[str, Any]:
    """The entry as the event left it."""
    body = Outbox.objects.values_list("body", flat=True).get(
        event__register=happened.register, event__sequence=happened.sequence
    )
    snapshot: dict[str, Any] = json.loads(body)["entry"]
    return snapshot


def follow(desk: Desk, followers: Sequence[Follower], limit: int = _AT_ONCE) -> int:
    """Look at the events since the last time, at most ``limit``; returns how many there were."""
    count = 0
    for register, last in _registers().items():
        if not desk.busy:
            _skip(register, last)
        elif _reached(register) < last:
            while count < limit and _next(register, desk, followers):
                count += 1
    return count


def _skip(register: str, last: int) -> None:
    """Where nothing follows from anything, what happens is passed over."""
    if _reached(register) < last:
        with write():
            alone(_mark(register))
            if _reached(register) < last:
                _note(register, last)


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


def _next(register: str, desk: Desk, followers: Sequence[Follower]) -> bool:
    with write():
        alone(_mark(register))
        reached = _reached(register) + 1
        happened = _happened(register, reached)
        if happened is None:
            return False
        for follower in followers:
            with apart(_name(follower), happened):
                follower(happened, desk)
        _note(register, reached)
    return True


def _happened(register: str, sequence: int) -> Happened | None:
    """An event, with its entry locked for the caller's transaction."""
    event = Event.objects.filter(register=register, sequence=sequence).select_related("content").first()
    if event is None:
        return None
    entry = Entry.objects.select_for_update().get(pk=event.entry_id)
    content = getattr(event, "content", None)
    past = sequence <= _told(_restored(register))
    said = json.loads(content.body) if content else {}
    return Happened(event.kind, entry, said, event.actor, event.at, register, sequence, past)


def _note(register: str, reached: int) -> None:
    told = {"at": timezone.now(), "told": {"sequence": reached}}
    if not Mark.objects.filter(name=_mark(register)).update(**told):
        Mark.objects.create(name=_mark(register), **told)


@contextmanager
def apart(what: str, happened: Happened) -> Iterator[None]:
    """What goes wrong with one event and follower, or with ``what`` of one, costs no other, and is noted."""
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
        with write():
            alone(_mark(mark.told["register"]))
            happened = _happened(mark.told["register"], mark.told["sequence"])
            gone, _ = Mark.objects.filter(pk=mark.pk, at=mark.at).delete()
            if happened and gone:  # else somebody was faster
                with apart(what, happened):
                    by_name[what.split()[0]](happened, desk)


def _name(follower: Follower) -> str:
    return follower.__module__.rpartition(".")[2]
