"""Entries that a person makes and changes. What scanning files is the same kind of entry."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from domain.correspondence import Channel, Confidentiality, Details, Direction, Priority, is_stricter
from domain.errors import Stale, Usage
from domain.fields import changed_values, checked_values
from domain.numbers import Place
from domain.rights import Action, Guarded
from domain.states import APPROVALS, ASSIGNED, DISPATCHED, RECEIVED, REGISTERED, USUAL, States
from register import decisions, standing, timing, voids
from register.acts import Act
from register.filing import record
from register.models import Entry, Event
from register.numbering import by_number, next_number, no_entry, range_of, stored, take_reserved
from register.numbers import must_be_register
from register.office import must_be_holder, must_stay_held
from register.parties import (
    RECIPIENT,
    SENDER,
    Named,
    fold,
    kept_names,
    name_parties,
    named,
    parties,
    set_parties,
    whole,
)
from register.registers import REGISTERS, must_be_of
from register.rights import guarded, must, must_new, within
from register.said import as_usual
from register.session import write
from register.states import must_amend, must_follow, state_in
from register.texts import fit

_EARLIEST, _OLDEST = 1900, 1500  # years in which something can have been received, and be dated
_LATE = timedelta(days=366)  # what was received before is entered with a reason


def enter(
    direction: Direction,
    details: Details,
    act: Act,
    *,
    zone: ZoneInfo,
    register: str = "",
    number: str = "",
    received_at: datetime | None = None,
    department: str = "",
    person: str = "",
    said: Mapping[str, Any] = MappingProxyType({}),
    known: Callable[[str], None] = lambda label: None,
    office: States = USUAL,
) -> Entry:
    """Make an entry with the next number of its register and of the year of its receipt, or a reserved one.

    Args:
        direction: of the entry.
        details: what it is.
        act: who enters it; ``at`` is the server's time.
        zone: the office's, in which years end.
        register: "" for the direction's own, or the number's.
        number: that was reserved, and that it gets; "" for the next.
        received_at: when it was received or dispatched, where that was before.
        department: that holds it.
        person: who holds it.
        said: of the details what was said, so that rules leave it also where it is as usual.
        known: raises for what is no class.
        office: the states.

    Raises:
        Usage: a value cannot be; names the field, the value and what to do. Nothing is written.
        Forbidden: the person may not register entries there.
        Missing: the number was not reserved.
        Stale: somebody has used it.
    """
    at, today = received_at or act.at, act.at.astimezone(zone).date()
    department, person, now = fit(department), fit(person), decisions.office()
    made = Guarded(department, person, details.confidentiality)
    must_new(act.rights, made, direction)
    _check(details, direction, today, known, list(_told(details)))
    _must_be_received(at, act)
    must_be_register(register or REGISTERS[direction])
    if not number:
        must_be_of(register or REGISTERS[direction], direction, act.rights)
    must_be_holder(now, department, person, made, today)
    details = fit(replace(details, custom=checked_values(now.fields, details.label, details.custom)))
    with write():
        known_as = {SENDER: named(details.senders, act), RECIPIENT: named(details.recipients, act)}
        details = _written(details, known_as)
        if number:
            columns = _reserved(fit(number), register, direction, at.astimezone(zone).year, act)
        else:
            columns = next_number(register or REGISTERS[direction], at, zone)
        entry = Entry.objects.create(
            **columns,
            direction=direction,
            received_at=at,
            status=_begins(direction, details, office),
            department=department,
            person=person,
            **_columns(details),
        )
        name_parties(entry, known_as)
        content = {**_told(details), "direction": direction, "status": entry.status}
        content |= {"department": department, "person": person, "reason": act.reason, **timing.clock()}
        if stays := as_usual(said):
            content["said"] = stays
        if number:
            reserved = range_of(Place(entry.register, entry.year, entry.sequence))
            content["reserved"] = reserved.name if reserved else ""
        entry = recorded(entry, "entered", content, act)
        if (department or person) and ASSIGNED in office.follow(direction, details.label)[entry.status]:
            entry = _moved(entry, ASSIGNED, replace(act, reason=""))  # as where a rule gives it to them
    return entry


def _must_be_received(at: datetime, act: Act) -> None:
    """See that something can have been received then."""
    if at > act.at:
        raise Usage(f"received_at is {at.isoformat()}, which is yet to come: leave it out for now")
    if at.year < _EARLIEST:
        raise Usage(f"received_at is {at.isoformat()}: give the day on which it was received")
    if at < act.at - _LATE and not act.reason.strip():
        raise Usage(f"received_at is {at.isoformat()}, over a year ago: say why, in the reason")


def _reserved(number: str, register: str, direction: Direction, year: int, act: Act) -> dict[str, Any]:
    columns = take_reserved(number, act.rights)
    if register and register != columns["register"]:
        raise Usage(
            f"register is {register}, but {number} is of {columns['register']}: leave out the register"
        )
    must_be_of(columns["register"], direction, act.rights)
    if year < columns["year"]:
        raise Usage(
            f"received_at lies in {year}, before the year of {number}: correct it, or take another number"
        )
    return columns


def _begins(direction: Direction, details: Details, office: States) -> str:
    """An incoming entry with a sender is registered as soon as it is received."""
    first = office.first(direction, details.label)
    follow = office.follow(direction, details.label)
    complete = first == RECEIVED and REGISTERED in follow[first] and details.senders
    return REGISTERED if complete else first


def amend(
    number: str,
    change: Callable[[Details], Details],
    act: Act,
    *,
    zone: ZoneInfo,
    known: Callable[[str], None] = lambda label: None,
    office: States = USUAL,
) -> Entry:
    """Change what an entry says of itself; its history keeps what it said before.

    An entry of a class that has states of its own, and not that of the entry, begins in the first of them.

    Raises:
        Usage: a value cannot be, nothing would change, the entry has ended or was approved and no reason is
            given, or somebody changed the entry since it was seen.
        Forbidden: it was approved, and the person may not approve.
    """
    with write():
        entry = locked(number, act)
        before = details_of(entry)
        after = fit(change(before))
        documents = _of_documents(entry)
        label, was = after.label or documents, before.label or documents
        if after.custom != before.custom or label != was:
            kept = before.custom if label == was else {}
            custom = changed_values(decisions.office().fields, label, kept, after.custom)
            after = replace(after, custom=custom)
        known_as, others = _renamed(entry, before, after, act)
        after = _written(after, known_as)
        old, new = _told(before), _told(after)
        changed = [name for name in old if old[name] != new[name] or name in others]
        if not changed:
            raise Usage(f"{number} says that already: nothing is changed")
        today = act.at.astimezone(zone).date()
        _check(after, Direction(entry.direction), today, known, changed)
        if is_stricter(after.confidentiality, before.confidentiality):
            stricter = replace(guarded(entry), confidentiality=after.confidentiality, grants=())
            must_stay_held(decisions.office(), stricter, today)
        must_amend(entry, changed, act)
        status = entry.status if label == was else state_in(entry, label, office)
        Entry.objects.filter(pk=entry.pk).update(**_columns(after), status=status)
        for role, some in known_as.items():
            set_parties(entry, role, some)
        states = ({"status": entry.status}, {"status": status}) if status != entry.status else ({}, {})
        content = {
            "before": {name: old[name] for name in changed} | states[0],
            "after": {name: new[name] for name in changed} | states[1],
            "reason": act.reason,
            **({"parties": others} if others else {}),
        }
        return recorded(entry, "amended", content, act)


def move(number: str, to: str, act: Act, *, office: States = USUAL) -> Entry:
    """Bring an entry into another state.

    Raises:
        Usage: that state does not follow, asks for something that is missing, or somebody was faster.
        Forbidden: the person may not do that; approving is a right of its own.
    """
    with write():
        entry = locked(number, act, Action.APPROVE if to in APPROVALS else Action.EDIT)
        must_follow(entry, to, office, label=class_of(entry), reason=act.reason)
        return _moved(entry, to, act)


def _moved(entry: Entry, to: str, act: Act) -> Entry:
    content: dict[str, Any] = {"from": entry.status, "to": to, "reason": act.reason}
    content |= timing.clock() if to == DISPATCHED else {}
    Entry.objects.filter(pk=entry.pk).update(status=to)
    return recorded(entry, "moved", content, act)


def strike(number: str, act: Act, *, replaced_by: Sequence[str] = ()) -> Entry:
    """Make an entry void; its number is never given again.

    Raises:
        Usage: it is void already, there is no reason, or an entry in its place is not there or void too.
    """
    with write():
        entry = locked(number, act, Action.REGISTER)
        replaced_by = [stored(fit(other)) for other in replaced_by]
        counts = Entry.objects.filter(within(act.rights), voided_at=None).exclude(pk=entry.pk)
        for other in replaced_by:
            if not counts.filter(number=other).exists():
                raise Usage(f"{other} cannot take the place of {number}: name an entry that counts")
        voids.void(entry, act.reason, actor=act.actor, at=act.at, replaced_by=replaced_by, source=act.source)
        return Entry.objects.get(pk=entry.pk)


def details_of(entry: Entry) -> Details:
    """What an entry says of itself now."""
    names = parties(entry)
    return Details(
        subject=entry.subject,
        senders=names[SENDER],
        recipients=names[RECIPIENT],
        channel=Channel(entry.channel),
        reference=entry.reference,
        dated=entry.dated,
        label=entry.label,
        tags=tuple(entry.tags),
        priority=Priority(entry.priority),
        confidentiality=Confidentiality(entry.confidentiality),
        language=entry.language,
        location=entry.location,
        custom=entry.custom,
    )


def class_of(entry: Entry) -> str:
    """The entry's class: its own, or else that of its first document that has one."""
    return entry.label or _of_documents(entry)


def _of_documents(entry: Entry) -> str:
    rows = standing.documents().filter(entry=entry).exclude(label=None)
    return rows.order_by("id").values_list("label", flat=True).first() or ""


def language_of(entry: Entry) -> str:
    """The entry's language: its own, or else that of its first document that has one; "" for none."""
    first = entry.documents.exclude(language="").order_by("id").values_list("language", flat=True).first()
    return entry.language or first or ""


def last_event(entry: Entry) -> Event:
    """The last thing that was done to it."""
    return Event.objects.filter(entry=entry).order_by("sequence").latest("sequence")


def locked(number: str, act: Act, action: Action = Action.EDIT, *, void: bool = False) -> Entry:
    """The entry, for the rest of the caller's transaction nobody else's; one that is void only if ``void``.

    Raises:
        Missing: there is none, or none that the person may know of.
        Forbidden: the person may not do this with it.
        Stale: somebody changed it since it was seen.
        Usage: it is void.
    """
    entry = by_number(fit(number), Entry.objects.select_for_update())
    if entry is None:
        raise no_entry(number)
    must(act.rights, action, entry)
    if entry.voided_at is not None and not void:
        raise Usage(f"{number} is void: {entry.void_reason}. A void entry stays as it is.")
    if act.seen is not None:
        last = last_event(entry)
        if last.sequence != act.seen:
            raise Stale(
                f"{number} was changed meanwhile: {last.kind} by {last.actor} at "
                f"{last.at.isoformat(timespec='seconds')}. Look at it again, then decide anew."
            )
    return entry


def recorded(entry: Entry, kind: str, content: dict[str, Any], act: Act) -> Entry:
    """The entry as it stands now, once what was done is in its history."""
    content = {**content, "source": act.source} if act.source else content
    return record(entry, kind, fit(content), actor=fit(act.actor), at=act.at).entry


def _check(
    details: Details,
    direction: Direction,
    today: date,
    known: Callable[[str], None],
    said: Collection[str],
) -> None:
    """See that these details can be; of those that scanning left open only what is ``said`` now.

    Raises:
        Usage: one cannot.
    """
    if "senders" in said and direction != Direction.OUTGOING and not any(map(fold, details.senders)):
        raise Usage("sender is missing: name who sent it, or write: unknown")
    if "subject" in said and not details.subject.strip():
        raise Usage("subject is missing: say in a few words what it is about")
    if details.dated and details.dated.year < _OLDEST:
        raise Usage(f"dated is {details.dated}: give the date on the letter, or leave it out")
    if details.dated and details.dated > today:
        raise Usage(f"dated is {details.dated}, which is yet to come: give the date on the letter")
    if details.label:
        known(details.label)
    if details.language and not (len(details.language) == 2 and details.language.isalpha()):
        raise Usage(f"language is {details.language!r}: give two letters, such as en")


def _columns(details: Details) -> dict[str, Any]:
    told = asdict(details)
    del told["senders"], told["recipients"]
    return {**told, "tags": list(dict.fromkeys(details.tags)), "custom": dict(details.custom)}


def _told(details: Details) -> dict[str, Any]:
    """As history holds it."""
    dated = details.dated.isoformat() if details.dated else None
    lists = {name: list(getattr(details, name)) for name in ("senders", "recipients", "tags")}
    return {**asdict(details), **lists, "dated": dated, "custom": dict(details.custom)}


def _written(details: Details, known_as: Mapping[str, Sequence[Named]]) -> Details:
    """With names in place of numbers of parties."""
    names = {f"{role}s": tuple(one.written for one in some) for role, some in known_as.items()}
    return replace(details, **names)  # type: ignore[arg-type]


def _renamed(
    entry: Entry, before: Details, after: Details, act: Act
) -> tuple[dict[str, list[Named]], dict[str, list[str | None]]]:
    """Senders and recipients where other ones are named; and those called the same who are somebody else."""
    known_as, others = {}, {}
    for role in (SENDER, RECIPIENT):
        names: tuple[str, ...] = getattr(after, f"{role}s")
        if names == getattr(before, f"{role}s"):
            continue
        known_as[role] = kept_names(entry, role, names, act)
        had = [whole(row.party).pk for row in entry.parties.filter(role=role).order_by("id")]
        same = tuple(one.written for one in known_as[role]) == getattr(before, f"{role}s")
        if same and [whole(one.party).pk for one in known_as[role]] != had:
            others[f"{role}s"] = [whole(one.party).key for one in known_as[role]]
    return known_as, others
