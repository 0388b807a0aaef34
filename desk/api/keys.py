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
from desk.api.tokens import act, rights, token
from register import tokens

router = Router()
own = Router()


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


class PostShape(Schema):
    """A role, in a department or, "", everywhere."""

    role: str
    department: str


class Myself(Schema):
    """Whom a token lets ask, and what they may do today; ``stands_in_for`` whom they are the deputy of."""

    user: str
    full_name: str
    email: str
    language: str
    posts: list[PostShape]
    clearance: str
    stands_in_for: list[str]
    token: TokenShape


class Ending(Schema, extra="forbid"):
    """The token that is to end, by its name."""

    token: Annotated[Short, Field(min_length=1)]


@own.get("", response={200: Myself, **PROBLEMS}, summary="Who asks, and what they may do")
def myself(request: HttpRequest) -> Any:
    """The user of the token, and the token itself without its key."""
    may = rights(request)
    user = may.user
    return {
        "user": user.name,
        "full_name": user.full_name,
        "email": user.email,
        "language": user.language,
        "posts": [{"role": one.role, "department": one.department} for one in user.posts],
        "clearance": user.clearance,
        "stands_in_for": sorted(may.office.absent_for(user.name, may.today)),
        "token": tokens.told(token(request)),
    }


@router.get("/{name}/tokens", response={200: Tokens, **PROBLEMS}, summary="A user's tokens")
def listed(request: HttpRequest, name: Name) -> Any:
    """Those that may be used now, without the keys, which are not kept."""
    return {"items": tokens.listed(datetime.now(UTC), rights(request), name)}


@router.post("/{name}/tokens/revoke", response={204: None, **PROBLEMS}, summary="Let a token be used no more")
def revoke(request: HttpRequest, name: Name, body: Ending) -> Any:
    """At once, also that of whoever asks."""
    tokens.revoke(body.token, name, act(request))
    return Status(204, None)
