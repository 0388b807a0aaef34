"""A year of office life: what people do with letters, minute by minute of simulated time."""

from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import simpy

from domain.correspondence import Channel, Confidentiality, Details, Direction, Priority, Relation
from domain.office import Office, Role, User
from domain.rights import Action, Guarded
from register import decisions, entries, holding, relations, sharing
from register.acts import Act
from register.models import Entry
from register.office import put, take_away
from tests.bench import year_office
from tests.bench.year_curious import curious
from tests.bench.year_office import CLASSES
from tests.bench.year_state import ZONE, Year

_OPEN = (9, 17)
_ABOUT = (
    "pothole in the lane",
    "tree on the path",
    "noise at night",
    "lost dog",
    "a bill",
    "a permit",
    "thanks",
)
_LEVELS = (("internal", 80), ("public", 8), ("confidential", 9), ("secret", 3))
_PRIORITIES = (("normal", 80), ("low", 8), ("high", 8), ("urgent", 4))
_DIRECTIONS = (("incoming", 70), ("internal", 30))  # what goes out is drafted as the answer to what came in

Life = Generator[Any, None, None]


def run(
    wanted: int,
    days: int,
    seed: int,
    each_hour: Callable[[datetime], None],
    each_day: Callable[[datetime], None],
) -> Year:
    """Let a year go by.

    Args:
        wanted: entries that come of a whole year, about.
        days: that go by.
        seed: of what happens.
        each_hour: what the machine does by itself, at this moment.
        each_day: the same, at night.
    """
    random = Random(seed)
    env = simpy.Environment()
    year = Year(random, env, wanted)
    _decide_first(year)
    env.process(_days(year, year_office.changes(random)))
    env.process(_mail(year))
    env.process(curious(year))
    env.process(_machine(year, each_hour, each_day))
    env.run(until=days * 24 * 60)
    return year


def _decide_first(year: Year) -> None:
    owner = Act("owner", year.now)
    for kind, some in (
        ("department", year_office.departments()), ("user", year_office.users()),
        ("field", year_office.fields()), ("deadline", year_office.deadlines()),
        ("rule", year_office.rules()), ("closure", year_office.closures()),
    ):  # fmt: skip
        for one in some:
            put(kind, one, owner)


def _machine(year: Year, each_hour: Callable[[datetime], None], each_day: Callable[[datetime], None]) -> Life:
    while True:
        yield year.env.timeout(60)
        each_hour(year.now)
        if year.now.astimezone(ZONE).hour == 23:
            each_day(year.now)


def _days(year: Year, decided: dict[date, list[tuple[str, Any]]]) -> Life:
    """What the office decides, each at seven in the morning."""
    while True:
        for kind, value in decided.get(year.today, ()):
            _decide(year, kind, value)
        yield year.env.timeout(24 * 60)


def _decide(year: Year, kind: str, value: Any) -> None:
    act = Act("owner", year.now, "as it was decided")
    if kind == "leaves":
        put("user", replace(decisions.office().users[value], active=False), act)
    elif kind == "gone rule":
        take_away("rule", value, act)
    else:
        put(kind, value, act)


def at_work(now: datetime) -> bool:
    """Whether people are at work."""
    local = now.astimezone(ZONE)
    return local.weekday() < 5 and _OPEN[0] <= local.hour < _OPEN[1]


def _at_work(year: Year) -> Life:
    """Until somebody is at work."""
    while not at_work(year.now):
        yield year.env.timeout(60)


def _mail(year: Year) -> Life:
    """Mail comes in while the office is open; a third less in August."""
    pace = (365 / 7 * 5) * 8 * 60 / (year.wanted / 1.45)  # an answer goes out to a good part of it
    while True:
        yield from _at_work(year)
        if year.entered < year.wanted:
            year.env.process(_entry(year))
        slow = 1.5 if year.today.month == 8 else 1.0
        yield year.env.timeout(year.random.expovariate(1 / (pace * slow)))


def _entry(year: Year) -> Life:
    """The life of a letter."""
    random, env = year.random, year.env
    direction = Direction(_of(random, _DIRECTIONS))
    number = _enter(year, direction)
    if number is None:
        return
    year.open_numbers.append(number)
    if random.random() < 0.02:
        yield env.timeout(random.randrange(5, 200))
        year.tries(lambda: entries.strike(number, year.act("records", "typed twice")))
        return
    if random.random() < 0.05:  # forgotten: its deadlines pass
        return
    yield env.timeout(random.expovariate(1 / 240))
    yield from _at_work(year)
    handler = _given(year, number)
    for _ in range(random.choice((0, 0, 1, 1, 2))):
        yield env.timeout(random.expovariate(1 / (60 * 20)))
        yield from _at_work(year)
        handler = _something(year, number, handler) or handler
    if handler is None:
        return
    yield env.timeout(random.expovariate(1 / (60 * 50)))
    yield from _at_work(year)
    if direction == Direction.INCOMING and random.random() < 0.65:
        yield from _answer(year, number, handler)
    _move(year, number, handler, "closed")


def _enter(year: Year, direction: Direction) -> str | None:
    random = year.random
    who = (
        random.choice(("operator-0", "operator-1", "registrar-0"))
        if direction == "incoming"
        else _anybody(year)
    )
    level = Confidentiality(_of(random, _LEVELS))
    if who.startswith("operator") and level not in ("public", "internal"):
        who = "registrar-1"
    details = Details(
        subject=f"{random.choice(_ABOUT)} {random.randrange(10_000)}",
        senders=(f"Sender {random.randrange(3000)}",),
        channel=random.choice(tuple(Channel)),
        dated=year.today - timedelta(days=random.randrange(9)) if random.random() < 0.7 else None,
        label=random.choice(CLASSES),
        priority=Priority(_of(random, _PRIORITIES)),
        confidentiality=level,
        custom={"district": random.choice(("north", "south"))} if random.random() < 0.3 else {},
    )
    office = decisions.office()
    department = random.choice(sorted(office.departments)) if direction == "internal" else ""
    if direction == "internal":
        department = office.users[who].posts[0].department or department
    made = year.tries(
        lambda: entries.enter(direction, details, year.act(who), zone=ZONE, department=department)
    )
    year.entered += made is not None
    return made.number if made else None


def _anybody(year: Year) -> str:
    handlers = [
        one for one in decisions.office().users.values() if one.active and _is(one, Role.CASE_HANDLER)
    ]
    return year.random.choice(sorted(one.name for one in handlers))


def _is(user: User, role: Role) -> bool:
    return any(post.role == role for post in user.posts)


def _given(year: Year, number: str) -> str | None:
    """Somebody of its department takes it; what nobody has, a registrar gives to a department."""
    entry = Entry.objects.get(number=number)
    if entry.voided_at:
        return None
    office = decisions.office()
    if not entry.department and not entry.person:
        department = year.random.choice(sorted(office.departments))
        year.tries(lambda: holding.assign(number, year.act("registrar-2"), department=department))
        entry.refresh_from_db()
    fit = [
        one for one in _handlers(year, office, entry) if year.rights(one).may(Action.EDIT, _guarded(entry))
    ]
    if not fit:
        return None
    who = year.random.choice(fit)
    if not entry.person:
        year.tries(lambda: holding.claim(number, year.act(who)))
    _move(year, number, who, "in progress")
    return who


def _handlers(year: Year, office: Office, entry: Entry) -> list[str]:
    away = {one.absent for one in office.delegations.values() if one.since <= year.today <= one.until}
    return sorted(
        one.name
        for one in office.users.values()
        if one.active
        and one.name not in away
        and any(post.role == Role.CASE_HANDLER and post.department == entry.department for post in one.posts)
    )


def _guarded(entry: Entry) -> Guarded:
    return Guarded(entry.department, entry.person, entry.confidentiality)


def _something(year: Year, number: str, who: str | None) -> str | None:
    """One of the things that happen to letters; who has it now, if somebody else."""
    random, office = year.random, decisions.office()
    entry = Entry.objects.get(number=number)
    if who is None or entry.voided_at or not office.users[who].active:
        return _given(year, number)
    what = random.choice(("wait", "wait", "give", "back", "amend", "share", "forward", "reject", "tag"))
    if what == "wait":
        _move(year, number, who, "waiting", "asked the sender")
    elif what == "give":
        other = random.choice(sorted(office.departments))
        year.tries(lambda: holding.assign(number, year.act(who, "not ours"), department=other))
        return _given(year, number)
    elif what == "back":
        year.tries(lambda: holding.give_back(number, year.act(who, "not mine")))
        return _given(year, number)
    elif what == "amend":
        change = Priority(_of(random, _PRIORITIES))
        year.tries(
            lambda: entries.amend(number, lambda was: replace(was, priority=change), year.act(who), zone=ZONE)
        )
    elif what == "share":
        user = random.choice(sorted(office.users))
        year.tries(
            lambda: sharing.share(number, user, year.act(who), random.choice((Action.VIEW, Action.EDIT)))
        )
    elif what == "forward":
        made = year.tries(lambda: relations.forward(number, ["Ministry"], year.act(who), zone=ZONE))
        year.entered += made is not None
    elif what == "reject":
        _move(year, number, who, "rejected", "not for this office")
        _move(year, number, who, "in progress", "it is after all")
    else:
        year.tries(
            lambda: entries.amend(
                number,
                lambda was: replace(was, tags=(*was.tags, f"tag{random.randrange(99)}")),
                year.act(who),
                zone=ZONE,
            )
        )
    return None


def _answer(year: Year, number: str, who: str) -> Life:
    """A draft, an approval, a signature, and it goes out."""
    entry = Entry.objects.get(number=number)
    if entry.voided_at:
        return
    letter = Details(
        subject=f"Re: {entry.subject}",
        recipients=("Whoever wrote",),
        confidentiality=Confidentiality(entry.confidentiality),
    )
    made = year.tries(
        lambda: entries.enter(
            Direction.OUTGOING, letter, year.act(who), zone=ZONE, department=entry.department, person=who
        )
    )
    if made is None:
        return
    year.entered += 1
    out = made.number
    _move(year, out, who, "for approval")
    yield year.env.timeout(year.random.expovariate(1 / 600))
    yield from _at_work(year)
    head = _head(entry.department)
    if year.random.random() < 0.1:
        _move(year, out, head, "draft", "say it kindlier")
        _move(year, out, who, "for approval")
    for state in ("approved", "signed"):
        _move(year, out, head, state)
    _move(year, out, who, "dispatched")
    year.tries(lambda: relations.relate(out, Relation.ANSWERS, number, year.act(who)))
    _move(year, number, who, "in progress")
    _move(year, number, who, "answered")
    if year.random.random() < 0.8:
        yield year.env.timeout(year.random.expovariate(1 / 5000))
        yield from _at_work(year)
        _move(year, out, who, "closed")


def _head(department: str) -> str:
    for parent, below in year_office.WORKING.items():
        if department == parent or department in below:
            return f"head-{parent}"
    return "head-legal"


def _move(year: Year, number: str, who: str, to: str, reason: str = "") -> None:
    entry = Entry.objects.only("status").get(number=number)
    if entry.status != to and decisions.office().users[who].active:
        year.tries(lambda: entries.move(number, to, year.act(who, reason)))


def _of(random: Random, weighted: tuple[tuple[str, int], ...]) -> str:
    names, weights = zip(*weighted, strict=True)
    return str(random.choices(names, weights)[0])
