r"""The tables. What may be done with them stands in the modules beside this one.

Names a person gave (paths, texts) are kept as text with bytes that are not UTF-8 escaped as
``\xNN``; the exact bytes of a dropped file's path stand in ``Claim.path``.
"""

from register.models.changes import (
    Decision,
    Event,
    EventContent,
    Lease,
    Mark,
    Outbox,
    PartyContent,
    PartyEvent,
    Seal,
    Stamp,
)
from register.models.entries import (
    Correction,
    Counter,
    Document,
    Entry,
    EntryParty,
    Party,
    PartyKey,
    PartyPair,
    PartyWord,
    StoredObject,
)
from register.models.scans import Batch, Chunk, Claim, PageFate, Problem
from register.models.work import Answer, Clock, Firing, Notice, Token

__all__ = (
    "Answer",
    "Batch",
    "Chunk",
    "Claim",
    "Clock",
    "Correction",
    "Counter",
    "Decision",
    "Document",
    "Entry",
    "EntryParty",
    "Event",
    "EventContent",
    "Firing",
    "Lease",
    "Mark",
    "Notice",
    "Outbox",
    "PageFate",
    "Party",
    "PartyContent",
    "PartyEvent",
    "PartyKey",
    "PartyPair",
    "PartyWord",
    "Problem",
    "Seal",
    "Stamp",
    "StoredObject",
    "Token",
)
