"""Who asks: a token says for which user, and for what."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from ninja.errors import AuthenticationError
from ninja.security import HttpBearer

from desk.addresses import address
from desk.instance import served
from domain.errors import Forbidden, Usage
from domain.rights import Rights
from register import tokens
from register.acts import Act
from register.decisions import office
from register.models import Token
from register.office import rights_of

_READS = ("GET", "HEAD", "OPTIONS")


class Bearer(HttpBearer):
    """``Authorization: Bearer TOKEN``."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """The user's rights.

        Raises:
            AuthenticationError: the token is none, or not any more.
            Forbidden: it is not for changing anything.
        """
        now = datetime.now(UTC)
        found = tokens.known(token, now)
        if found is None:
            raise AuthenticationError
        if request.method not in _READS and tokens.WRITE not in found.scopes:
            raise Forbidden(f"The token {found.name} only reads: get one with --scope write")
        request.token = found  # type: ignore[attr-defined]
        try:
            return rights_of(office(), found.user, now.astimezone(served().settings.zone).date())
        except Usage as error:
            raise AuthenticationError from error


def rights(request: HttpRequest) -> Rights:
    """What whoever asks may do."""
    found: Rights = request.auth  # type: ignore[attr-defined]
    return found


def token(request: HttpRequest) -> Token:
    """By which whoever asks is known."""
    found: Token = request.token  # type: ignore[attr-defined]
    return found


def act(request: HttpRequest, reason: str = "", seen: int | None = None) -> Act:
    """What whoever asks does now."""
    may = rights(request)
    source = address(request, served().settings.desk.proxies)
    return Act(may.user.name, datetime.now(UTC), reason, seen, may, source)
