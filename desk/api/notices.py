"""How a user is told of things, for the user and administrators; for these, notices on their way out."""

from datetime import UTC, datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from desk.api.entries import IfMatch, seen
from desk.api.listing import LARGEST, Limit, page
from desk.api.office import Name, decision
from desk.api.once import Key, once
from desk.api.problems import PROBLEMS
from desk.api.shapes import Because, Short
from desk.api.tokens import act, rights
from register import office
from register import outgoing as notices

preferences = Router()
outgoing = Router()
Id = Annotated[int, Field(ge=1, le=LARGEST)]
_KIND = "user"  # their decision holds it


class Preferred(Schema):
    """By kind of notice the way, beside the inbox: ``mail``, ``digest`` or ``none``."""

    notices: dict[str, str]


class Preferring(Because):
    """Kinds of notices that are to come another way; the others stay as they are."""

    notices: Annotated[dict[Short, Short], Field(min_length=1, max_length=100)]


class Outgoing(Schema):
    """Mail or a webhook on its way ``to`` somebody; what went wrong is its ``error``."""

    id: int
    to: str
    way: str
    kind: str
    number: str | None
    created_at: str
    due_at: str | None
    attempts: int
    error: str | None


class OutgoingPage(Schema):
    """Some notices on their way, oldest first; ``next`` is the cursor of those that follow."""

    items: list[Outgoing]
    next: int | None


class Again(Schema, extra="forbid"):
    """Notices to be tried anew; none named: all that were given up."""

    ids: Annotated[list[Id], Field(max_length=1000, default_factory=list)]


class Retried(Schema):
    """How many are tried anew."""

    retried: int


@preferences.get("/{name}/notices", response={200: Preferred, **PROBLEMS}, summary="How a user is told")
def show(request: HttpRequest, response: HttpResponse, name: Name) -> Any:
    """One's own; administrators see everybody's. Without an e-mail address it is none."""
    found = office.preferred(name, rights(request))
    response["ETag"] = decision(_KIND, name)
    return {"notices": found}


@preferences.patch(
    "/{name}/notices", response={200: Preferred, **PROBLEMS}, summary="Choose how a user is told"
)
def prefer(
    request: HttpRequest,
    response: HttpResponse,
    name: Name,
    body: Preferring,
    key: Key = "",
    if_match: IfMatch = "",
) -> Any:
    """With If-Match: only if nobody has decided of the user since."""
    doing = act(request, body.reason, seen(if_match))

    def answer() -> tuple[int, str]:
        office.prefer(name, body.notices, doing)
        return 200, name

    once(request, key, body, answer)
    return show(request, response, name)


@outgoing.get("", response={200: OutgoingPage, **PROBLEMS}, summary="Mail and webhooks on their way out")
def listed(
    request: HttpRequest,
    failed: bool = False,
    limit: Limit = 50,
    cursor: Annotated[int, Query(ge=0, le=LARGEST)] = 0,
) -> Any:
    """Those that wait; with `failed` those that were given up."""
    may = rights(request)
    found = page(notices.listed(may, failed=failed, limit=limit + 1, after=cursor), limit, lambda one: one.pk)
    return {**found, "items": notices.told(found["items"])}


@outgoing.post("/retry", response={200: Retried, **PROBLEMS}, summary="Try notices anew")
def retry(request: HttpRequest, body: Again) -> Any:
    """They go with what is due next."""
    return {"retried": notices.retry(body.ids, datetime.now(UTC), rights(request))}
