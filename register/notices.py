"""What people are told: in their inbox, by mail, or programs by webhook. Each once, whatever runs twice."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from register.models import Entry, Notice

INBOX = "inbox"


def tell(
    key: str,
    to: str,
    kind: str,
    at: datetime,
    *,
    entry: Entry | None = None,
    told: Mapping[str, Any] | None = None,
) -> None:
    """Let a user know of something, within the caller's transaction.

    Args:
        key: makes it once: the same again changes nothing.
        to: name of the user.
        kind: of notice, such as ``assigned`` or ``deadline passed``.
        at: when it happened.
        entry: that it is about.
        told: what its text is made of.
    """
    Notice.objects.get_or_create(
        key=f"{key} {to} {INBOX}",
        defaults={
            "to": to,
            "way": INBOX,
            "kind": kind,
            "entry": entry,
            "told": dict(told or {}),
            "created_at": at,
            "sent_at": at,
        },
    )
