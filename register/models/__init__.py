r"""The tables. What may be done with them stands in the modules beside this one.

Names a person gave (paths, texts) are kept as text with bytes that are not UTF-8 escaped as
``\xNN``; the exact bytes of a dropped file's path stand in ``Claim.path``.
"""

from register.models.changes import Event, EventContent, Lease, Mark, Outbox, Seal
from register.models.entries import Correction, Counter, Document, Entry, EntryParty, Party, StoredObject
from register.models.scans import Batch, Chunk, Claim, PageFate, Problem

__all__ = (
    "Batch",
    "Chunk",
    "Claim",
    "Correction",
    "Counter",
    "Document",
    "Entry",
    "EntryParty",
    "Event",
    "EventContent",
    "Lease",
    "Mark",
    "Outbox",
    "PageFate",
    "Party",
    "Problem",
    "Seal",
    "StoredObject",
)
