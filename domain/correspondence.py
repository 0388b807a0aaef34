"""What an entry of the register is, in the words that people use of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Direction(StrEnum):
    """Where an entry comes from and goes to, seen from the office."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    INTERNAL = "internal"


class Channel(StrEnum):
    """How it came or went."""

    POST = "post"
    COURIER = "courier"
    HAND = "hand"
    EMAIL = "e-mail"
    WEB = "web form"
    PHONE = "phone"
    SMS = "sms"
    CHAT = "chat"
    SOCIAL = "social"
    PORTAL = "portal"
    INTERNAL = "internal"


class Priority(StrEnum):
    """How soon it is to be worked on."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Confidentiality(StrEnum):
    """Who may know of it, from all to few."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    SECRET = "secret"  # noqa: S105 - a level


def is_stricter(level: str, than: str) -> bool:
    """Whether fewer may know of what has this level of confidentiality."""
    levels = list(Confidentiality)
    return levels.index(Confidentiality(level)) > levels.index(Confidentiality(than))


class Relation(StrEnum):
    """What an entry is to another."""

    ANSWERS = "answers"
    ANSWERED_BY = "is answered by"
    FORWARDS = "forwards"
    FORWARDED_BY = "is forwarded by"
    DUPLICATES = "duplicates"
    DUPLICATED_BY = "is duplicated by"
    CONCERNS = "concerns"


INVERSE = MappingProxyType(
    {
        Relation.ANSWERS: Relation.ANSWERED_BY,
        Relation.ANSWERED_BY: Relation.ANSWERS,
        Relation.FORWARDS: Relation.FORWARDED_BY,
        Relation.FORWARDED_BY: Relation.FORWARDS,
        Relation.DUPLICATES: Relation.DUPLICATED_BY,
        Relation.DUPLICATED_BY: Relation.DUPLICATES,
        Relation.CONCERNS: Relation.CONCERNS,
    }
)
"""What the other is to it."""


def holder(department: str | None, person: str | None) -> str:
    """Who holds an entry, in words; "" for nobody but the registry."""
    return " of ".join(filter(None, (person, department)))


def held_by(department: str | None, person: str | None) -> str:
    """Who holds an entry, in words: the registry where nobody else does."""
    return holder(department, person) or "the registry"


@dataclass(frozen=True, slots=True)
class Details:
    """What a person says of an entry.

    Attributes:
        reference: of the other side, as it stands on the letter.
        dated: the date on the letter.
        label: class; "" where its documents say it, or nobody does.
        language: ISO 639-1.
        location: where the paper lies.
        custom: the office's own fields by name.
    """

    subject: str = ""
    senders: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    channel: Channel = Channel.POST
    reference: str = ""
    dated: date | None = None
    label: str = ""
    tags: tuple[str, ...] = ()
    priority: Priority = Priority.NORMAL
    confidentiality: Confidentiality = Confidentiality.INTERNAL
    language: str = ""
    location: str = ""
    custom: Mapping[str, object] = field(default_factory=dict)


def saying(said: Mapping[str, Any], before: Details) -> Details:
    """The details with what was said in place of what stood there; fields that were not named stay."""
    if "custom" in said:
        said = {**said, "custom": {**before.custom, **said["custom"]}}
    return replace(before, **said)
