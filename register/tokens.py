"""Tokens: keys by which a program acts as a user. Only their hashes are kept."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from domain.errors import Missing, Usage
from domain.rights import Action, Rights
from register.acts import Act
from register.decisions import office
from register.models import Token
from register.office import find
from register.rights import must_anywhere, must_be_own
from register.session import write

READ, WRITE = "read", "write"
SCOPES = (READ, WRITE)
_LONGEST = 36500  # days
_MARK = "pr_"  # by which a token is known for one, also by those who look for leaked ones


def give(name: str, user: str, scopes: Sequence[str], days: int, act: Act) -> str:
    """Make a token and return it: it is not told again.

    Raises:
        Usage: there is no such user or scope, a token of that name, or the days are too many.
        Forbidden: only an administrator gives one for somebody else.
    """
    must_be_own(user, act.rights)
    find("user", user, office())
    if unknown := [one for one in scopes if one not in SCOPES]:
        raise Usage(f"scope is {unknown[0]!r}: {', '.join(SCOPES)}")
    if not 0 <= days <= _LONGEST:
        raise Usage(f"days is {days}: give up to {_LONGEST}, or 0 for a token that stays")
    token = f"{_MARK}{secrets.token_urlsafe(32)}"
    with write():
        if _valid(act.at).filter(user=user, name=name).exists():
            raise Usage(f"{user} has a token {name!r} already: choose another name, or revoke it")
        Token.objects.create(
            name=name,
            user=user,
            sha256=_hash(token),
            scopes=sorted({READ, *scopes}),
            created_at=act.at,
            expires_at=act.at + timedelta(days=days) if days else None,
        )
    return token


def known(token: str, now: datetime) -> Token | None:
    """The token of these signs, if it may be used now."""
    return _valid(now).filter(sha256=_hash(token)).first()


def listed(now: datetime, rights: Rights | None, user: str = "") -> list[dict[str, Any]]:
    """Those that may be used now: all, or a user's. Never the keys themselves, which are not kept.

    Raises:
        Forbidden: all are for an administrator, a user's for them too.
    """
    if user:
        must_be_own(user, rights)
    else:
        must_anywhere(rights, Action.ADMINISTER)
    found = _valid(now).filter(**({"user": user} if user else {})).order_by("user", "name")
    return [told(one) for one in found]


def told(token: Token) -> dict[str, Any]:
    """What is known of a token."""
    return {
        "user": token.user,
        "name": token.name,
        "scopes": token.scopes,
        "created_at": token.created_at.isoformat(),
        "expires_at": token.expires_at.isoformat() if token.expires_at else None,
    }


def revoke(name: str, user: str, act: Act) -> None:
    """Let it be used no more.

    Raises:
        Missing: there is none.
    """
    must_be_own(user, act.rights)
    if not _valid(act.at).filter(user=user, name=name).update(revoked_at=act.at):
        raise Missing(f"{user} has no token {name!r}: postroom user tokens")


def _valid(now: datetime) -> QuerySet[Token]:
    return Token.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
