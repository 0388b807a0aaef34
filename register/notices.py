"""What people are told: in their inbox, by mail, or programs by webhook. Each once, whatever runs twice."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from domain.correspondence import holder
from domain.notices import DIGEST, MAIL, way_of
from domain.office import Office
from domain.rights import Action, Rights
from register import decisions
from register.models import Entry, Notice
from register.rights import guarded

INBOX, WEBHOOK = "inbox", "webhook"
_LONGEST = 255


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened, and that people may be told of.

    Attributes:
        key: makes it once for each whom it is told: the same again changes nothing.
        kind: of notice, such as ``assigned`` or ``deadline passed``.
        entry: that it is about.
        told: what its text is made of.
        by: who did it, and need not be told.
        day: on which it happened, in the office's time; None for that of ``at``.
    """

    key: str
    kind: str
    at: datetime
    entry: Entry | None = None
    told: Mapping[str, Any] = field(default_factory=dict)
    by: str = ""
    day: date | None = None


def tell(
    key: str,
    to: str,
    kind: str,
    at: datetime,
    *,
    entry: Entry | None = None,
    told: Mapping[str, Any] | None = None,
) -> None:
    """Let somebody know of something, within the caller's transaction: see ``let_know``.

    Args:
        key: makes it once: the same again changes nothing.
        to: name of a user or a webhook, or an e-mail address.
        kind: of notice, such as ``assigned`` or ``deadline passed``.
        at: when it happened.
        entry: that it is about.
        told: what its text is made of.
    """
    let_know(News(key, kind, at, entry, told or {}), to)


def let_know(news: News, to: str, office: Office | None = None, *, inbox_only: bool = False) -> None:
    """Let somebody know: a user in the inbox, and as they prefer; an address by mail; a program by webhook.

    ``office`` is as it stands now; None asks for it.

    Who stands in for an absent user is told too. Nobody is told of an entry that they may not see, or of
    what they did themselves.
    """
    office = office or decisions.office()
    if to in office.webhooks:
        assert news.entry
        post(news, to, news.entry.status, holder(news.entry.department, news.entry.person))
    elif "@" in to:
        write_to(f"{news.key} {to} {MAIL}", to, news)
    elif to != news.by:
        day = news.day or news.at.date()
        for name in dict.fromkeys((to, *office.deputies(to, day))):
            if name != news.by and may_know(office, name, day, news.entry):
                _to_user(office, news, name, "" if name == to else to, inbox_only=inbox_only)


def may_know(office: Office, name: str, day: date, entry: Entry | None) -> bool:
    """Whether they may see the entry; an office that names none of its people believes all."""
    user = office.users.get(name)
    if user is None:
        return not office.users
    return user.active and (entry is None or Rights(office, user, day).may(Action.VIEW, guarded(entry)))


def _to_user(office: Office, news: News, name: str, absent: str, *, inbox_only: bool) -> None:
    user = office.users.get(name)
    told = {**news.told, **({"absent": absent} if absent else {})}
    language = user.language if user else ""
    _once(f"{news.key} {name} {INBOX}", name, INBOX, news, told, language=language, sent_at=news.at)
    way = way_of(news.kind, user.notices) if user and user.email and not inbox_only else ""
    if way in (MAIL, DIGEST):
        due = news.at if way == MAIL else None
        _once(f"{news.key} {name} {MAIL}", name, way, news, told, language=language, due_at=due)


def write_to(key: str, address: str, news: News, language: str = "") -> None:
    """Let somebody outside, or a mailbox of the office, know by mail; ``language`` "" for the office's."""
    _once(key, address, MAIL, news, news.told, language=language, due_at=news.at)


def post(news: News, webhook: str, state: str, held_by: str) -> None:
    """Let a program know by webhook: number, state and holder of the entry, and no more."""
    assert news.entry
    told = {"number": news.entry.number, "state": state, "holder": held_by}
    _once(f"{news.key} {webhook} {WEBHOOK}", webhook, WEBHOOK, news, told, due_at=news.at)


def _once(key: str, to: str, way: str, news: News, told: Mapping[str, Any], **more: Any) -> None:
    if len(key) > _LONGEST:
        key = hashlib.sha256(key.encode()).hexdigest()
    row = Notice(key=key, to=to, way=way, kind=news.kind, entry=news.entry, told=dict(told), **more)
    row.created_at = news.at
    Notice.objects.bulk_create([row], ignore_conflicts=True)
