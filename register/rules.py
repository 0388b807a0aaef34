"""Rules asked of entries as they come in, and of those of before: what would have become of them."""

import json
from collections import Counter as Count
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from domain.correspondence import Confidentiality, is_stricter
from domain.errors import Usage
from domain.fields import checked_values
from domain.notices import ROUTED, RULE_FAILED, SECOND_LOOK
from domain.office import CustomField, Office, Rule
from domain.rights import Guarded
from domain.states import ASSIGNED, ENDS, RECEIVED, REGISTERED
from register.acts import Act
from register.conditions import FIELDS, asks_for, empty
from register.entries import class_of, recorded
from register.following import Desk, Happened, snapshot_of
from register.models import Entry, Outbox
from register.notices import News, let_know
from register.office import must_be_holder, must_stay_held
from register.records import class_in
from register.routing import FIELD, Outcome, holders, in_order, route
from register.said import CUSTOM, SETTABLE, said_by_people
from register.staff import registrars

ACTOR = "rules"
_NEW = frozenset({"entered", "registered"})
_CLASSED = frozenset({"labelled", "classed again"})


def on_event(happened: Happened, desk: Desk) -> None:
    """Ask the rules of an entry that has come in, or that has a class at last and nobody has taken yet."""
    entry = happened.entry
    if entry.voided_at or happened.past or happened.actor == ACTOR:
        return
    waits = not (entry.department or entry.person) and entry.status in (REGISTERED, RECEIVED)
    if happened.kind not in _NEW and not (happened.kind in _CLASSED and waits):
        return
    rules = in_order(desk.office.rules, happened.at.astimezone(desk.zone).date())
    if not rules:
        return
    facts = facts_of(snapshot_of(happened), desk.office, lambda: desk.text(entry), rules)
    outcome = route(rules, facts)
    if outcome.matched or outcome.failed:
        _do(entry, outcome, happened, desk)


def facts_of(
    entry: Mapping[str, Any], office: Office, text: Callable[[], str], rules: Iterable[Rule]
) -> dict[str, Any]:
    """What conditions are asked of; the text of the pages only where a rule needs it."""
    facts = empty(office)
    documents = [one for one in entry["documents"] if one["account"]]
    read: dict[str, str] = dict.fromkeys(FIELDS, "")
    amounts = [0.0]
    for one in (one for document in documents for one in document["fields"] if one["valid"] is not False):
        read[one["name"]] = read.get(one["name"]) or one["value"]
        if one["name"] == "amount":
            amounts.append(float(one["value"].split()[0]))
    named: dict[str, list[str]] = {"sender": [], "recipient": []}
    for party in entry["parties"]:
        named[party["role"]].append(party["name"])
    same = ("number", "register", "direction", "channel", "subject", "reference", "tags", "priority",
            "confidentiality", "language", "location", "department", "person")  # fmt: skip
    facts |= {name: entry[name] for name in same}
    facts |= {
        "received": datetime.fromisoformat(entry["received_at"]),
        "dated": entry["dated"] or "",
        "class": class_in(entry),
        "sender": "; ".join(named["sender"]),
        "senders": named["sender"],
        "recipient": "; ".join(named["recipient"]),
        "recipients": named["recipient"],
        "pages": sum(one["pages"] for one in documents),
        "amount": max(amounts),
        "fields": read,
        "custom": {**facts["custom"], **{name: _number(one) for name, one in entry["custom"].items()}},
    }
    if any(asks_for(rule.when, "text") for rule in rules):
        facts["text"] = text()
    return facts


def _number(value: object) -> object:
    """A number or an amount as one, so that it can be compared."""
    try:
        return float(str(value).split()[0]) if isinstance(value, str) else value
    except (ValueError, IndexError):
        return value


def _do(entry: Entry, outcome: Outcome, happened: Happened, desk: Desk) -> None:
    said, problems = dict(outcome.said), dict(outcome.failed)
    columns = _details(entry, said, problems, desk.office)
    columns |= _given(entry, said, columns, problems, desk, happened)
    more = [*said.get("tags", ()), *([SECOND_LOOK] if said.get("second look") or problems else [])]
    if more:
        columns["tags"] = list(dict.fromkeys([*entry.tags, *more]))
    before = {name: getattr(entry, name) for name in columns if getattr(entry, name) != columns[name]}
    after = {name: columns[name] for name in before}
    if after:
        Entry.objects.filter(pk=entry.pk).update(**after)
    content = {
        "rules": {name: desk.office.rules[name].order for name in outcome.matched},
        "before": before,
        "after": after,
        "deadline": said.get("deadline", ""),
        "notify": said.get("notify", []),
        "reason": "; ".join(said.get("second look", ())),
        "overruled": [list(one) for one in outcome.overruled],
        "failed": problems,
    }
    done = recorded(entry, ROUTED, content, Act(ACTOR, happened.at))
    _tell(done, said, problems, happened, desk)
    entry.refresh_from_db()  # those who look at the event after the rules see what came of them


def _details(entry: Entry, said: dict[str, Any], problems: dict[str, str], office: Office) -> dict[str, Any]:
    """What the entry becomes, but for what people said of it; it never becomes less confidential.

    Where a field cannot be set nobody is given it: it waits in the registry's own queue.
    """
    by_people = said_by_people(entry)
    found = {name: said[name] for name in SETTABLE if name in said and name not in by_people}
    custom = {name.removeprefix(FIELD): value for name, value in said.items() if name.startswith(FIELD)}
    custom = {name: value for name, value in custom.items() if f"{CUSTOM}{name}" not in by_people}
    for name, value in custom.items():
        try:
            one = checked_values(_optional(office), class_of(entry), {name: value})
            found["custom"] = {**found.get("custom", entry.custom), **one}
        except Usage as error:
            problems[f"{FIELD}{name}"] = str(error)
            said.pop("assign", None)
    if "confidentiality" in said and is_stricter(said["confidentiality"], entry.confidentiality):
        found["confidentiality"] = str(Confidentiality(said["confidentiality"]))
    return found


def _optional(office: Office) -> dict[str, CustomField]:
    return {name: replace(one, required=False) for name, one in office.fields.items()}


def _given(
    entry: Entry,
    said: Mapping[str, Any],
    columns: Mapping[str, Any],
    problems: dict[str, str],
    desk: Desk,
    happened: Happened,
) -> dict[str, Any]:
    """Who gets it, unless a person said so already; nobody where that cannot be: the registry's own queue.

    What has become too confidential for those who have it is taken from them.
    """
    today = happened.at.astimezone(desk.zone).date()
    now = Guarded(entry.department, entry.person, columns.get("confidentiality", entry.confidentiality))
    held = bool(now.department or now.person)
    if held:
        if "confidentiality" not in columns or entry.status in ENDS:
            return {}
        try:
            must_stay_held(desk.office, now, today)
        except Usage as error:
            problems["confidentiality"] = str(error)
        else:
            return {}
    elif "assign" not in said:
        return {}
    to = replace(now, department="", person="")
    if "assign" in said:
        department, person = holders(said["assign"])
        to = replace(now, department=department, person=person)
        try:
            must_be_holder(desk.office, department, person, to, today)
            must_stay_held(desk.office, to, today)
        except Usage as error:
            problems["assign"] = str(error)
            if not held:
                return {}
            to = replace(now, department="", person="")
    follow = desk.states.follow(entry.direction, class_of(entry)).get(entry.status, ())
    status = ASSIGNED if to.department or to.person else REGISTERED
    becomes = {"status": status} if status in follow and entry.status != RECEIVED else {}
    return {"department": to.department, "person": to.person, **becomes}


def _tell(
    entry: Entry, said: Mapping[str, Any], problems: Mapping[str, str], happened: Happened, desk: Desk
) -> None:
    key, day = f"{happened.register} {happened.sequence} {ROUTED}", happened.at.astimezone(desk.zone).date()
    office = happened.decided.office
    for name in said.get("notify", ()):
        let_know(News(key, ROUTED, happened.at, entry, day=day), name, office)
    if problems:
        news = News(f"{key} failed", RULE_FAILED, happened.at, entry, {"failed": dict(problems)}, day=day)
        for name in registrars(desk.office):
            let_know(news, name, office)


def trial(
    office: Office,
    rules: Mapping[str, Rule],
    snapshots: Iterable[tuple[str, date, Mapping[str, Any], Callable[[], str]]],
) -> dict[str, Any]:
    """What these rules would have done with entries of before, beside those of the office.

    Args:
        office: with the rules of today.
        rules: in their place.
        snapshots: number, day on which it came, the entry as it was then, its text.
    """
    matched: Count[str] = Count()
    overruled: Count[str] = Count()
    conflicts: dict[tuple[str, str, str], int] = {}
    failed: dict[str, str] = {}
    changed: list[dict[str, Any]] = []
    count = 0
    then = replace(office, rules=rules)
    for number, day, snapshot, text in snapshots:
        count += 1
        both = [in_order(office.rules, day), in_order(rules, day)]
        facts = facts_of(snapshot, then, text, [*both[0], *both[1]])
        was, would = (route(some, facts) for some in both)
        matched.update(would.matched)
        failed |= would.failed
        for name, action, first in would.overruled:
            overruled[name] += 1
            conflicts[first, name, action] = conflicts.get((first, name, action), 0) + 1
        if was.said != would.said:
            changed.append({"number": number, "before": dict(was.said), "after": dict(would.said)})
    return {
        "entries": count,
        "changed": changed,
        "rules": [
            {
                "name": one.name,
                "matched": matched[one.name],
                "overruled": overruled[one.name],
                "failed": failed.get(one.name, ""),
            }
            for one in _sorted(rules)
        ],
        "conflicts": [
            {"first": first, "second": second, "action": action, "entries": some}
            for (first, second, action), some in sorted(conflicts.items())
        ],
        "dead": [one.name for one in _sorted(rules) if not matched[one.name] and one.name not in failed],
    }


def _sorted(rules: Mapping[str, Rule]) -> Sequence[Rule]:
    return sorted(rules.values(), key=lambda one: (one.order, one.name))


def came_in(since: date, until: date, zone: Any) -> Iterable[tuple[Entry, date, dict[str, Any]]]:
    """Entries that came in on these days, with what they were then."""
    rows = Outbox.objects.filter(event__kind__in=_NEW, entry__voided_at=None).select_related("entry", "event")
    start, end = (datetime.combine(day, time.min, zone) for day in (since, until + timedelta(days=1)))
    came = rows.filter(event__at__gte=start, event__at__lt=end)
    for row in came.order_by("id").iterator(chunk_size=500):
        assert row.entry
        assert row.event
        yield row.entry, row.event.at.astimezone(zone).date(), json.loads(row.body)["entry"]
