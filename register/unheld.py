"""Entries that nobody can work on: their holder has left, is away without a deputy, or is not known."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db.models import Max

from domain.correspondence import holder
from domain.errors import Usage
from domain.office import Office
from domain.rights import Guarded
from domain.states import ENDS, States
from register.acts import Act
from register.entries import class_of
from register.following import Desk
from register.holding import bring_back
from register.models import Entry, Event
from register.notices import tell
from register.rights import guarded
from register.session import write
from register.staff import registrars, why_nobody

ACTOR = "clock"
BROUGHT_BACK = "brought back"


@dataclass(frozen=True, slots=True)
class Unheld:
    """An entry that nobody can work on, who was to, and why they cannot."""

    number: str
    holder: str
    why: str


def without_holder(office: Office, today: date, states: States) -> list[Unheld]:
    """The entries that have not ended, and that no user who is there can work on.

    An office that names none of its people has nobody to ask about.
    """
    if not office.users:
        return []
    found = Entry.objects.filter(voided_at=None).exclude(status__in=ENDS)
    held = found.values_list("department", "person", "confidentiality").distinct().order_by()
    wrong = {Guarded(*one): why for one in held if (why := why_nobody(office, Guarded(*one), today))}
    some: list[Unheld] = []
    for subject, why in wrong.items():
        told = {name: getattr(subject, name) for name in ("department", "person", "confidentiality")}
        open_ones = (one for one in found.filter(**told) if not _ended(one, states))
        some += [Unheld(one.number, holder(one.department, one.person), why) for one in open_ones]
    return sorted(some, key=lambda one: one.number)


def check(desk: Desk, now: datetime) -> list[Unheld]:
    """Bring what nobody can work on back to the registry's own queue, and tell those who look after it.

    What nobody could work on there either stays where it is. Returns what was brought back.
    """
    today = desk.calendar.day_of(now)
    done: list[Unheld] = []
    for one in without_holder(desk.office, today, desk.states):
        last = Event.objects.filter(entry__number=one.number).aggregate(last=Max("sequence"))["last"]
        entry = Entry.objects.get(number=one.number)
        alone = replace(guarded(entry), department="", person="")
        if not why_nobody(desk.office, guarded(entry), today) or why_nobody(desk.office, alone, today):
            continue
        told = {"number": one.number, "holder": one.holder, "why": one.why}
        try:
            with write():
                bring_back(one.number, Act(ACTOR, now, one.why, seen=last), office=desk.states)
                for name in registrars(desk.office):
                    key = f"{BROUGHT_BACK} {one.number} {last}"
                    tell(key, name, BROUGHT_BACK, now, entry=entry, told=told)
        except Usage:  # somebody was faster
            continue
        done.append(one)
    return done


def _ended(entry: Entry, states: States) -> bool:
    return bool(states.of_class) and entry.status in states.ends(entry.direction, class_of(entry))
