"""What ought to be, reckoned plainly and apart from the register: who may, who has what, what was due."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from domain.office import Office, Role
from domain.rights import Action
from register.models import Clock, Entry, EventContent

_HOUR = 3600.0
_ORDER = ("public", "internal", "confidential", "secret")
_DOES: Mapping[Role, str] = {
    Role.OPERATOR: "view register",
    Role.REGISTRAR: "view edit export register",
    Role.CASE_HANDLER: "view edit export",
    Role.APPROVER: "view export approve",
    Role.RECORDS_MANAGER: "view edit export register",
    Role.AUDITOR: "view export audit",
    Role.ADMINISTRATOR: "administer",
}


def may(office: Office, name: str, action: Action, entry: Entry, day: date) -> bool:
    """Whether this user may, as docs/office.md says it in words."""
    user = office.users[name]
    if not user.active:
        return False
    if _granted(name, action, entry) or (entry.confidentiality == "public" and action == Action.VIEW):
        return True
    if _ORDER.index(entry.confidentiality) > _ORDER.index(user.clearance):
        return False
    mine = {name} | {
        one.absent
        for one in office.delegations.values()
        if one.deputy == name and one.since <= day <= one.until
    }
    if entry.person in mine and action in (Action.VIEW, Action.EDIT, Action.EXPORT):
        return True
    where = ["", *_above(office, entry.department)]
    return any(post.department in where and action in _DOES[post.role].split() for post in user.posts)


def _granted(name: str, action: Action, entry: Entry) -> bool:
    return any(
        one == f"{what}:{name}"
        for one in entry.access
        for what in (Action if action == Action.VIEW else (action,))
    )


def _above(office: Office, department: str) -> Iterator[str]:
    while department:
        yield department
        department = office.departments[department].parent if department in office.departments else ""


def without_holder(office: Office, day: date) -> list[str]:
    """Entries that go on and that nobody who works here can work on."""
    going_on = Entry.objects.filter(voided_at=None).exclude(status__in=("closed", "rejected", "withdrawn"))
    return [one.number for one in going_on.order_by("id") if not _held(office, one, day)]


def _held(office: Office, entry: Entry, day: date) -> bool:
    if entry.person:
        user = office.users.get(entry.person)
        return user is not None and user.active and may(office, entry.person, Action.VIEW, entry, day)
    if entry.department:
        if entry.department not in office.departments:
            return False
        return any(may(office, name, Action.EDIT, entry, day) for name in office.users)
    return any(
        one.active and any(post.role == Role.REGISTRAR and not post.department for post in one.posts)
        for one in office.users.values()
    )


def fired_twice() -> int:
    """What one deadline of an entry brought about more than once, as history tells it."""
    counts: Counter[tuple[int, str, str]] = Counter()
    for entry, said in _fired():
        counts[entry, said["deadline"], said["what"]] += 1
    return sum(count - 1 for count in counts.values())


def _fired() -> Iterator[tuple[int, dict[str, Any]]]:
    rows = EventContent.objects.filter(event__kind__in=("deadline soon", "deadline passed"))
    for entry, body in rows.values_list("event__entry", "body").iterator():
        yield entry, json.loads(body)


def missed(now: datetime, zone: ZoneInfo, closed: set[date], hours: tuple[int, int]) -> list[str]:
    """What was due of a deadline and was not told, or was told and not due; and entries without theirs.

    Reckoned from the states in the histories, hour by hour of the days on which the office was open. What was
    due within the hour in which something else happened may be either.
    """
    told: dict[tuple[int, str], set[str]] = {}
    for entry, said in _fired():
        told.setdefault((entry, said["deadline"]), set()).add(said["what"])
    wrong = []
    for clock in (
        Clock.objects.exclude(outcome__in=("void", "dropped")).select_related("entry").order_by("id")
    ):
        worked = _worked(clock, now, zone, closed, hours)
        allowed = _allowed(clock, now, zone, closed, hours)
        fired = told.get((clock.entry_id, clock.name), set())
        for what, after in _moments(clock.terms, allowed):
            sure = (
                worked > after + _HOUR
                if worked < allowed or what == "passed"
                else allowed - after > 2 * _HOUR
            )
            if (sure and what not in fired) or (what in fired and worked < after - _HOUR):
                wrong.append(
                    f"{clock.entry.number} {clock.name} {what}: {worked / _HOUR:.1f} h of {after / _HOUR:.1f}"
                )
    wrong += [f"{number} has no deadline {name}" for number, name in _without_clock()]
    return wrong


def _moments(terms: Mapping[str, Any], allowed: float) -> Iterator[tuple[str, float]]:
    for before in terms["remind"]:
        yield f"reminder {before:g}", allowed - before * _HOUR
    yield "passed", allowed


def _worked(clock: Clock, now: datetime, zone: ZoneInfo, closed: set[date], hours: tuple[int, int]) -> float:
    """Working seconds that it ran, through the states of its entry."""
    terms = clock.terms
    ends = set(terms["until"]) or {"answered"}
    stops = ends | {"closed", "rejected", "withdrawn"} | (set() if terms["legal"] else set(terms["pauses"]))
    seconds = 0.0
    story = [(at, status) for at, status in _states(clock.entry) if at <= now]
    for (at, status), (until, _) in zip(story, [*story[1:], (now, "")], strict=True):
        if status not in stops and until > clock.begun_at:
            seconds += open_seconds(max(at, clock.begun_at), until, closed, zone, hours)
    return seconds


def _states(entry: Entry) -> Iterator[tuple[datetime, str]]:
    """The states that its history tells of, since when."""
    for event in entry.events.select_related("content").order_by("sequence"):
        said = json.loads(event.content.body)
        status = (
            said.get("status") or said.get("after", {}).get("status") if event.kind != "moved" else said["to"]
        )
        if isinstance(status, str):
            yield event.at, status


def _allowed(clock: Clock, now: datetime, zone: ZoneInfo, closed: set[date], hours: tuple[int, int]) -> float:
    """Working seconds that it gives."""
    terms, day = clock.terms, clock.begun_at.astimezone(zone).date()
    if not terms["days"]:
        return float(terms["hours"]) * _HOUR
    left = int(terms["days"])
    while left > 0:
        day += timedelta(days=1)
        left -= 1 if terms["legal"] or _is_open(day, closed) else 0
    while not _is_open(day, closed):
        day += timedelta(days=1)
    return open_seconds(clock.begun_at, datetime.combine(day, time(hours[1]), zone), closed, zone, hours)


def _is_open(day: date, closed: set[date]) -> bool:
    return day.weekday() < 5 and day not in closed


def _without_clock() -> Iterator[tuple[str, str]]:
    """Entries of a class that has a deadline, and have none."""
    for label, name in (("complaint", "first answer"), ("invoice", "payment"), ("contract", "objection")):
        having = Clock.objects.filter(name=name).values("entry")
        lacking = Entry.objects.filter(label=label, voided_at=None).exclude(pk__in=having)
        yield from ((number, name) for number in lacking.values_list("number", flat=True))


def open_seconds(
    begin: datetime, end: datetime, closed: set[date], zone: ZoneInfo, hours: tuple[int, int]
) -> float:
    """Seconds between two moments in which the office was open, day by day of the calendar."""
    seconds, day = 0.0, begin.astimezone(zone).date()
    while day <= end.astimezone(zone).date():
        if _is_open(day, closed):
            opens, shuts = (datetime.combine(day, time(hour), zone).astimezone(UTC) for hour in hours)
            seconds += max(0.0, (min(end, shuts) - max(begin, opens)).total_seconds())
        day += timedelta(days=1)
    return seconds
