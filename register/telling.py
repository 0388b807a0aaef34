"""Telling: what people and programs are told of each event of history."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from domain.correspondence import Confidentiality, Direction, holder
from domain.notices import (
    APPROVAL,
    ASSIGNED,
    GIVEN_BACK,
    RECEIPT,
    ROUTED,
    SECOND_LOOK,
    SENT_BACK,
    SHARED,
    STATUS,
)
from domain.rights import Action, Rights
from domain.states import ANSWERED, APPROVED, CLOSED, DRAFT, FOR_APPROVAL, RECEIVED, REJECTED
from register.entries import language_of
from register.following import Desk, Happened, snapshot_of
from register.models import Entry, EventContent, Notice
from register.notices import News, let_know, post, write_to
from register.reaching import sender_of
from register.rights import guarded
from register.staff import members, registrars

DISCREET = (Confidentiality.CONFIDENTIAL, Confidentiality.SECRET)
"""Of such entries mail says the number, and nothing that stands in them."""
_OUTSIDE = (ANSWERED, CLOSED, REJECTED)  # states that a sender outside is told of


def on_event(happened: Happened, desk: Desk) -> None:
    """Let those know whom the event concerns; what came back from the archive was told when it happened."""
    if happened.past:
        return
    entry = happened.entry
    _programs(happened, entry, desk)
    if entry.voided_at:
        return
    if tellers := _TELLERS.get(happened.kind):
        for tell in tellers:
            tell(happened, entry, desk)
    if desk.external and entry.direction == Direction.INCOMING:
        _outside(happened, entry, desk)


def _news(happened: Happened, desk: Desk, entry: Entry, kind: str, **told: Any) -> News:
    """What is told of the event, with who did it and why."""
    said = {"by": happened.actor, "reason": happened.content.get("reason", ""), **told}
    return News(
        f"{happened.register} {happened.sequence} {kind}",
        kind,
        happened.at,
        entry,
        {name: value for name, value in said.items() if value},
        happened.actor,
        happened.at.astimezone(desk.zone).date(),
    )


def _programs(happened: Happened, entry: Entry, desk: Desk) -> None:
    asked = [one for one in desk.office.webhooks.values() if not one.kinds or happened.kind in one.kinds]
    if not asked:
        return
    then = snapshot_of(happened)
    held_by = holder(then.get("department"), then.get("person"))
    news = News(f"{happened.register} {happened.sequence}", happened.kind, happened.at, entry)
    for one in asked:
        post(news, one.name, then.get("status", ""), held_by)


def _entered(happened: Happened, entry: Entry, desk: Desk) -> None:
    _given(happened, entry, desk, ASSIGNED, happened.content)


def _assigned(happened: Happened, entry: Entry, desk: Desk) -> None:
    _given(happened, entry, desk, ASSIGNED, happened.content["to"])


def _given_back(happened: Happened, entry: Entry, desk: Desk) -> None:
    to = happened.content["to"]
    _given(happened, entry, desk, GIVEN_BACK, to)
    if not (to["department"] or to["person"]):
        _registry(_news(happened, desk, entry, GIVEN_BACK), happened, desk)


def _routed(happened: Happened, entry: Entry, desk: Desk) -> None:
    _given(happened, entry, desk, ASSIGNED, happened.content["after"], reason="")


def _given(
    happened: Happened, entry: Entry, desk: Desk, kind: str, to: Mapping[str, Any], **told: Any
) -> None:
    """Tell the person who has it now, or else the department."""
    department, person = to.get("department", ""), to.get("person", "")
    if person:
        let_know(_news(happened, desk, entry, kind, **told), person, happened.decided.office)
    elif department:
        news = _news(happened, desk, entry, kind, department=department, **told)
        _department(news, happened, desk, department)


def _department(news: News, happened: Happened, desk: Desk, name: str) -> None:
    """Its own mailbox, if it has one and all who read it may know of the entry; its people."""
    found, now = desk.office.departments.get(name), happened.decided.office
    assert news.entry
    mailbox = found.email if found and news.entry.confidentiality not in DISCREET else ""
    for one in members(desk.office, name):
        let_know(news, one, now, inbox_only=bool(mailbox))
    if mailbox:
        let_know(news, mailbox, now)


def _registry(news: News, happened: Happened, desk: Desk) -> None:
    for name in registrars(desk.office):
        let_know(news, name, happened.decided.office)


def _shared(happened: Happened, entry: Entry, desk: Desk) -> None:
    said = happened.content
    news = _news(happened, desk, entry, SHARED, action=said["action"])
    let_know(news, said["user"], happened.decided.office)


def _asks_approval(happened: Happened, entry: Entry, desk: Desk) -> None:
    if happened.content["to"] != FOR_APPROVAL:
        return
    news = _news(happened, desk, entry, APPROVAL)
    assert news.day
    for user in desk.office.users.values():
        if user.active and Rights(desk.office, user, news.day).may(Action.APPROVE, guarded(entry)):
            let_know(news, user.name, happened.decided.office)


def _sent_back(happened: Happened, entry: Entry, desk: Desk) -> None:
    """Who holds the draft and who asked for approval hear that it is a draft again."""
    said = happened.content
    if said["to"] != DRAFT or said["from"] not in (FOR_APPROVAL, APPROVED):
        return
    news = _news(happened, desk, entry, SENT_BACK)
    moves = EventContent.objects.filter(event__entry=entry, event__kind="moved").select_related("event")
    asked = [one.event.actor for one in moves.order_by("event__sequence") if _to(one) == FOR_APPROVAL]
    concerned = {entry.person, *asked[-1:]} & set(desk.office.users)
    for name in sorted(concerned):
        let_know(news, name, happened.decided.office)


def _to(content: EventContent) -> Any:
    return json.loads(content.body).get("to")


def _looks_again(happened: Happened, entry: Entry, desk: Desk) -> None:
    """Who holds an entry, or the registry, hears that it is to be looked at once more."""
    said = happened.content
    before, after = (set(said.get(one, {}).get("tags", ())) for one in ("before", "after"))
    if SECOND_LOOK not in after - before:
        return
    if said.get("failed"):  # the registrars were told of that, with the reason
        return
    news = _news(happened, desk, entry, SECOND_LOOK)
    if entry.person:
        let_know(news, entry.person, happened.decided.office)
    elif entry.department:
        _department(news, happened, desk, entry.department)
    else:
        _registry(news, happened, desk)


def _outside(happened: Happened, entry: Entry, desk: Desk) -> None:
    """Who sent it hears that it was received, and what became of it: number, state and subject, no more."""
    said, state = happened.content, ""
    match happened.kind:
        case "entered" | "registered":
            received = snapshot_of(happened).get("status", RECEIVED) != RECEIVED
        case "moved":
            state = said["to"] if said["to"] in _OUTSIDE else ""
            received = said["from"] == RECEIVED and not state
        case _:
            received = False
    kind = RECEIPT if received else STATUS if state else ""
    key = f"{entry.number} {kind} {state}".rstrip()
    if not kind or Notice.objects.filter(key=key).exists():
        return
    address, language = sender_of(entry, happened.at.astimezone(desk.zone).date(), happened.decided.office)
    if address:
        news = News(key, kind, happened.at, entry, {"state": state} if state else {})
        write_to(key, address, news, language or language_of(entry))


Teller = Callable[[Happened, Entry, Desk], None]
_TELLERS: Mapping[str, tuple[Teller, ...]] = {
    "entered": (_entered,),
    "registered": (_entered,),
    "assigned": (_assigned,),
    "given back": (_given_back,),
    ROUTED: (_routed, _looks_again),
    "amended": (_looks_again,),
    "shared": (_shared,),
    "moved": (_asks_approval, _sent_back),
}
