"""Parties: the same functions as the command line's, asked by programs."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Path, Query, Router, Schema, Status

from desk.api.entries import IfMatch, IfNoneMatch, etag, seen
from desk.api.listing import LARGEST, Cursor, Limit, number_of, page
from desk.api.once import Key, once
from desk.api.problems import PROBLEMS
from desk.api.shapes import Because, Name, Short, Text
from desk.api.tokens import act, rights
from domain.correspondence import Channel
from domain.party import PartyDetails, PartyKind
from domain.wire import from_json
from register import party_acts, party_views
from register.acts import Act
from register.models import Party

router = Router()
Number = Annotated[str, Path(max_length=32, pattern="^P-[0-9]{6,}-[0-9]$")]
Some = Annotated[list[Short], Field(max_length=100)]


class PartyAddress(Schema, extra="forbid"):
    """Where somebody lives or works."""

    lines: Annotated[list[Short], Field(max_length=10, default_factory=list)]
    postcode: Short = ""
    city: Short = ""
    country: Annotated[str, Field(pattern="^([A-Za-z]{2})?$")] = ""


class PartyConsent(Schema, extra="forbid"):
    """What somebody agreed to."""

    purpose: Name
    since: date | None = None
    until: date | None = None
    evidence: Short = ""


class Known(Schema, extra="forbid"):
    """What is known of a party; what is left out stays as it is."""

    name: Annotated[Short | None, Field(min_length=1)] = None
    kind: PartyKind | None = None
    other_names: Some | None = None
    addresses: Annotated[list[PartyAddress] | None, Field(max_length=100)] = None
    identifiers: Some | None = None
    emails: Some | None = None
    phones: Some | None = None
    preferred: Channel | None = None
    language: Annotated[str | None, Field(pattern="^([a-z]{2})?$")] = None
    consents: Annotated[list[PartyConsent] | None, Field(max_length=100)] = None
    notes: Text | None = None


class NewParty(Known):
    """A party to be entered."""

    name: Annotated[Short, Field(min_length=1)]
    reason: Text = ""


class ChangedParty(Known):
    """What is to be known of a party from now on."""

    reason: Text = ""


class Other(Because):
    """The other party."""

    other: Name


class PartyLine(Schema):
    """A party in a list."""

    number: str
    name: str
    kind: str | None
    emails: list[str]
    identifiers: list[str]


class PartyPage(Schema):
    """Some parties; ``next`` is the cursor of those that follow, null for the last."""

    items: list[PartyLine]
    next: str | None


class PartyEventShape(Schema):
    """Something that became of a party, or of one that was merged into it; ``content`` null: missing."""

    sequence: int
    party: str
    kind: str
    actor: str
    at: str
    content: dict[str, Any] | None
    hash: str


class PartyEvents(Schema):
    """Some of what became of a party, oldest first; ``next`` is the cursor of what follows."""

    items: list[PartyEventShape]
    next: int | None


class Pairs(Schema):
    """Pairs that may be one, with how alike they are."""

    items: list[dict[str, Any]]


class PartyShape(PartyLine):
    """A party whole."""

    other_names: list[str]
    addresses: list[dict[str, Any]]
    phones: list[str]
    preferred: str | None
    language: str
    consents: list[dict[str, Any]]
    notes: str
    merged: list[str]
    entries: int
    similar: list[dict[str, Any]]
    history: list[PartyEventShape]


_WHOLE = {200: PartyShape, **PROBLEMS}
_MADE = {201: PartyShape, **PROBLEMS}


@router.get("", response={200: PartyPage, **PROBLEMS}, summary="Parties by number")
def list_parties(
    request: HttpRequest,
    name: Annotated[str, Query(max_length=255)] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Any:
    """Those that the user may know of, with this in their name."""
    found = party_views.listed(name=name, limit=limit + 1, after=cursor, rights=rights(request))
    return page(found, limit, number_of)


@router.post("", response=_MADE, summary="Enter a party: it gets a number")
def enter(request: HttpRequest, response: HttpResponse, body: NewParty, key: Key = "") -> Any:
    """Those that it may be one with are proposed."""
    details = replace(PartyDetails(body.name), **_said(body))
    return _done(request, response, key, body, lambda doing: party_acts.new(details, doing), made=True)


@router.get("/similar", response={200: Pairs, **PROBLEMS}, summary="Pairs that may be one")
def similar(request: HttpRequest, limit: Limit = 50) -> Any:
    """That nobody has decided of, the likeliest first."""
    return {"items": party_views.similar(rights(request), limit)}


@router.get("/{number}", response={**_WHOLE, 304: None}, summary="A party whole")
def show(
    request: HttpRequest, response: HttpResponse, number: Number, if_none_match: IfNoneMatch = ""
) -> Any:
    """By the number of one that was merged, the one that it is now."""
    found = party_views.show(number, rights(request))
    response["ETag"] = etag(found)
    if if_none_match == response["ETag"]:
        return Status(304, None)
    return found


@router.get("/{number}/history", response={200: PartyEvents, **PROBLEMS}, summary="What became of a party")
def history(
    request: HttpRequest,
    number: Number,
    limit: Limit = 50,
    cursor: Annotated[int, Query(ge=0, le=LARGEST)] = 0,
) -> Any:
    """Oldest first, for who may know of the party; others that it names as far as they may know of them."""
    found = party_views.history(number, rights(request), limit=limit + 1, after=cursor)
    return page(found, limit, lambda one: one["sequence"])


@router.patch("/{number}", response=_WHOLE, summary="Change what is known of a party")
def change(
    request: HttpRequest,
    response: HttpResponse,
    number: Number,
    body: ChangedParty,
    key: Key = "",
    if_match: IfMatch = "",
) -> Any:
    """With If-Match: only if nobody has changed it since."""
    said = _said(body)
    return _done(
        request,
        response,
        key,
        body,
        lambda doing: party_acts.change(number, lambda one: replace(one, **said), doing),
        if_match=if_match,
    )


@router.post("/{number}/merge", response=_WHOLE, summary="Say that another party is this one")
def merge(
    request: HttpRequest,
    response: HttpResponse,
    number: Number,
    body: Other,
    key: Key = "",
    if_match: IfMatch = "",
) -> Any:
    """With the reason. The number of the other finds this one from then on."""
    return _done(
        request,
        response,
        key,
        body,
        lambda doing: party_acts.merge(number, body.other, doing),
        if_match=if_match,
    )


@router.post("/{number}/separate", response=_WHOLE, summary="Say that another party is not this one")
def separate(request: HttpRequest, response: HttpResponse, number: Number, body: Other, key: Key = "") -> Any:
    """They are never proposed as one again."""
    return _done(
        request, response, key, body, lambda doing: party_acts.separate(number, body.other, doing)[0]
    )


@router.post("/{number}/split", response=_WHOLE, summary="Take a merge back")
def split(request: HttpRequest, response: HttpResponse, number: Number, body: Because, key: Key = "") -> Any:
    """By the number of the party that was merged away."""
    return _done(request, response, key, body, lambda doing: party_acts.split(number, doing))


def _done(
    request: HttpRequest,
    response: HttpResponse,
    key: str,
    body: Any,
    do: Callable[[Act], Party],
    *,
    if_match: str = "",
    made: bool = False,
) -> Any:
    """The party as it is after this was done, once."""
    doing = act(request, body.reason, seen(if_match))

    def answer() -> tuple[int, str]:
        return 201 if made else 200, str(do(doing).key)

    status, number = once(request, key, body, answer)
    found = party_views.show(number, rights(request))
    response["ETag"] = etag(found)
    if made:
        response["Location"] = f"/api/v1/parties/{number}"
    return Status(status, found)


def _said(body: Known) -> dict[str, Any]:
    """The details that were named."""
    given = body.model_dump(mode="json", exclude_unset=True, exclude={"reason"})
    named = {name: value for name, value in given.items() if value is not None}
    read = from_json(PartyDetails, json.dumps({"name": "", **named}))
    said = {name: getattr(read, name) for name in named}
    return said | {name: None for name in ("kind", "preferred") if name in given and given[name] is None}
