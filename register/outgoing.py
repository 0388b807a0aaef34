"""Notices on their way out, for administrators: which wait or were given up, and why; tried anew."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from domain.rights import Action, Rights
from register import postings
from register.models import Notice
from register.rights import must_anywhere


def listed(rights: Rights | None, *, failed: bool, limit: int, after: int = 0) -> list[Notice]:
    """Those that wait, or with ``failed`` were given up, oldest first: behind the notice of the id ``after``.

    Raises:
        Forbidden: whoever asks is no administrator.
    """
    must_anywhere(rights, Action.ADMINISTER)
    return postings.listed(failed=failed, limit=limit, after=after)


def retry(ids: Collection[int], at: datetime, rights: Rights | None) -> int:
    """Try these anew, or all that were given up if none are named; how many.

    Raises:
        Forbidden: whoever asks is no administrator.
        Missing: one is not there, or went already.
    """
    must_anywhere(rights, Action.ADMINISTER)
    return postings.retry(ids, at)


def told(notices: Iterable[Notice]) -> list[dict[str, Any]]:
    """Notices as administrators are told of them: to whom, about what, and what went wrong."""
    return [
        {
            "id": one.pk,
            "to": one.to,
            "way": one.way,
            "kind": one.kind,
            "number": one.entry.number if one.entry else None,
            "created_at": one.created_at.isoformat(),
            "due_at": one.due_at.isoformat() if one.due_at else None,
            "attempts": one.attempts,
            "error": one.error or None,
        }
        for one in notices
    ]
