"""Receipts: what the office certifies of an entry."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file as it was received; ``pages`` of it that belong to the entry."""

    name: str
    sha256: str
    size: int
    pages: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says.

    Attributes:
        version: of this form.
        office: who certifies it.
        direction: of the entry.
        received_at: when it was received, or dispatched, ISO 8601 in the office's time.
        pages: of all its documents.
        sequence: of the event with which the entry begins, or with which it was dispatched, in the audit
            chain of its register.
        hash: of that event: nothing before it in the chain can change without changing this.
        issued_at: when the receipt was made, ISO 8601 in the office's time.
        code: with which whoever has the receipt may ask for it; "" where the entry gives none.
        clock: how right the server's clock was when the entry was made; "" where nothing was noted.
        stamp: who else certifies since when the event has been there; "" for nobody.
        entered_at: when the entry was made, where that was later, as ``received_at``; else "".
    """

    version: int
    office: str
    number: str
    direction: str
    received_at: str
    channel: str
    senders: tuple[str, ...]
    recipients: tuple[str, ...]
    subject: str
    reference: str
    pages: int
    files: tuple[ReceivedFile, ...]
    sequence: int
    hash: str
    issued_at: str
    code: str = ""
    clock: str = ""
    stamp: str = ""
    entered_at: str = ""


VERSION = 1
NAME, MEDIA_TYPE = "receipt.json", "application/json"
"""Of the file inside the receipt's PDF that holds it."""
