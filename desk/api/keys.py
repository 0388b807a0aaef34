"""Tokens of a user, for the user and administrators.

They are given on the command line alone: else one could give itself another that stays when it ends.
"""

from datetime import UTC, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from desk.api.office import Name
from desk.api.problems import PROBLEMS
from desk.api.shapes import Short
from desk.api.tokens import act, rights
from register import tokens

router = Router()


class TokenShape(Schema):
    """A token that may be used now; ``expires_at`` null: it stays."""

    user: str
    name: str
    scopes: list[str]
    created_at: str
    expires_at: str | None


class Tokens(Schema):
    """The tokens of a user that may be used now."""

    items: list[TokenShape]


class Ending(Schema, extra="forbid"):
    """The token that is to end, by its name."""

    token: Annotated[Short, Field(min_length=1)]


@router.get("/{name}/tokens", response={200: Tokens, **PROBLEMS}, summary="A user's tokens")
def listed(request: HttpRequest, name: Name) -> Any:
    """Those that may be used now, without the keys, which are not kept."""
    return {"items": tokens.listed(datetime.now(UTC), rights(request), name)}


@router.post("/{name}/tokens/revoke", response={204: None, **PROBLEMS}, summary="Let a token be used no more")
def revoke(request: HttpRequest, name: Name, body: Ending) -> Any:
    """At once, also that of whoever asks."""
    tokens.revoke(body.token, name, act(request))
    return Status(204, None)
