"""Entries: the same functions as the command line's, asked by programs."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

from django.http import FileResponse, HttpRequest, HttpResponse
from ninja import Header, Path, Query, Router, Status

from desk.api.problems import PROBLEMS, Precondition
from desk.api.shapes import (
    Because,
    Changed,
    EntryShape,
    Given,
    Moved,
    NewEntry,
    Page,
    Related,
    Said,
    Sent,
    Shared,
    Struck,
)
from desk.api.tokens import act, rights
from desk.instance import served
from domain.correspondence import Details, Direction
from domain.rights import Action
from domain.states import States
from flows.publish import quietly
from infra.classes import must_be
from register import answers, entries, holding, sharing, views
from register.models import Entry

router = Router(by_alias=True)
Number = Annotated[str, Path(max_length=64, pattern="^[A-Z0-9-]+$")]
Key = Annotated[str, Header(alias="Idempotency-Key", max_length=255)]
IfMatch = Annotated[str, Header(alias="If-Match", max_length=64)]
IfNoneMatch = Annotated[str, Header(alias="If-None-Match", max_length=64)]
_TAG = re.compile(r'"(\d{1,15})"')
_WHOLE = {200: EntryShape, 204: None, **PROBLEMS}
_MADE = {201: EntryShape, 204: None, **PROBLEMS}


@router.get("", response={200: Page, **PROBLEMS}, summary="Entries by state, holder and direction")
def list_entries(
    request: HttpRequest,
    status: Annotated[str, Query(max_length=64)] = "",
    department: Annotated[str, Query(max_length=64)] = "",
    person: Annotated[str, Query(max_length=64)] = "",
    direction: Direction | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str, Query(max_length=64)] = "",
) -> Any:
    """Those that are not void and that the user may see, the newest first."""
    found = views.listed(
        status=status,
        department=department,
        person=person,
        direction=direction or "",
        limit=limit + 1,
        after=cursor,
        rights=rights(request),
    )
    more = len(found) > limit
    return {"items": found[:limit], "next": found[limit - 1]["number"] if more else None}


@router.post("", response=_MADE, summary="Enter an entry: it gets the next number")
def enter(request: HttpRequest, response: HttpResponse, body: NewEntry, key: Key = "") -> Any:
    """The same request again with the same Idempotency-Key gives the same answer and makes nothing."""
    services = served()
    details = replace(Details(), **_said(body))

    def make() -> Entry:
        return entries.enter(
            body.direction,
            details,
            act(request),
            zone=services.settings.zone,
            register=body.code,
            received_at=_moment(body.received_at),
            department=body.department,
            person=body.person,
            known=partial(must_be, services),
            office=States(services.settings.states),
        )

    return _done(request, response, key, body, make, made=True)


@router.get("/{number}", response={**_WHOLE, 304: None}, summary="An entry whole")
def show(
    request: HttpRequest, response: HttpResponse, number: Number, if_none_match: IfNoneMatch = ""
) -> Any:
    """Its ETag is the last event of its history; with If-None-Match only what is newer is sent."""
    found = views.show(number, rights(request))
    response["ETag"] = _etag(found)
    if if_none_match == response["ETag"]:
        return Status(304, None)
    return found


@router.patch("/{number}", response=_WHOLE, summary="Change what an entry says of itself")
def amend(
    request: HttpRequest,
    response: HttpResponse,
    number: Number,
    body: Changed,
    key: Key = "",
    if_match: IfMatch = "",
) -> Any:
    """With If-Match: only if nobody has changed it since."""
    services = served()
    said = _said(body)

    def after(before: Details) -> Details:
        custom = {"custom": {**before.custom, **said["custom"]}} if "custom" in said else {}
        return replace(before, **{**said, **custom})

    return _done(
        request, response, key, body,
        lambda: entries.amend(
            number, after, act(request, body.reason, _seen(if_match)), zone=services.settings.zone,
            known=partial(must_be, services),
        ),
    )  # fmt: skip


@router.post("/{number}/state", response=_WHOLE, summary="Bring an entry into another state")
def move(
    request: HttpRequest,
    response: HttpResponse,
    number: Number,
    body: Moved,
    key: Key = "",
    if_match: IfMatch = "",
) -> Any:
    """A state asks for what it needs."""
    doing = act(request, body.reason, _seen(if_match))
    return _done(request, response, key, body, lambda: entries.move(number, body.to, doing, office=_states()))


@router.post("/{number}/assignment", response=_WHOLE, summary="Give an entry to a department or a person")
def assign(
    request: HttpRequest,
    response: HttpResponse,
    number: Number,
    body: Given,
    key: Key = "",
    if_match: IfMatch = "",
) -> Any:
    """Who gets it must be able to know of it."""
    doing = act(request, body.reason, _seen(if_match))
    given = {"department": body.department, "person": body.person}
    return _done(
        request, response, key, body, lambda: holding.assign(number, doing, office=_states(), **given)
    )


@router.post("/{number}/claim", response=_WHOLE, summary="Take an entry from its department's queue")
def claim(
    request: HttpRequest,
    response: HttpResponse,
    number: Number,
    body: Because,
    key: Key = "",
    if_match: IfMatch = "",
) -> Any:
    """For whoever asks."""
    doing = act(request, body.reason, _seen(if_match))
    return _done(request, response, key, body, lambda: holding.claim(number, doing, office=_states()))


@router.post("/{number}/return", response=_WHOLE, summary="Give an entry back to who had it before")
def give_back(
    request: HttpRequest,
    response: HttpResponse,
    number: Number,
    body: Because,
    key: Key = "",
    if_match: IfMatch = "",
) -> Any:
    """With the reason."""
    doing = act(request, body.reason, _seen(if_match))
    return _done(request, response, key, body, lambda: holding.give_back(number, doing, office=_states()))


@router.post("/{number}/forward", response=_MADE, summary="Draft an outgoing entry that sends this one on")
def forward(
    request: HttpRequest,
    response: HttpResponse,
    number: Number,
    body: Sent,
    key: Key = "",
    if_match: IfMatch = "",
) -> Any:
    """Each knows of the other."""
    doing, zone = act(request, body.reason, _seen(if_match)), served().settings.zone
    return _done(
        request, response, key, body,
        lambda: entries.forward(number, body.recipients, doing, zone=zone, office=_states()),
        made=True,
    )  # fmt: skip


@router.post("/{number}/relations", response=_WHOLE, summary="Say what an entry is to another")
def relate(
    request: HttpRequest,
    response: HttpResponse,
    number: Number,
    body: Related,
    key: Key = "",
    if_match: IfMatch = "",
) -> Any:
    """The other knows the inverse."""
    doing = act(request, body.reason, _seen(if_match))
    return _done(
        request, response, key, body, lambda: entries.relate(number, body.relation, body.number, doing)
    )


@router.post("/{number}/void", response=_WHOLE, summary="Make an entry void")
def void(
    request: HttpRequest,
    response: HttpResponse,
    number: Number,
    body: Struck,
    key: Key = "",
    if_match: IfMatch = "",
) -> Any:
    """Its number is never given again."""
    doing = act(request, body.reason, _seen(if_match))
    return _done(
        request, response, key, body, lambda: entries.strike(number, doing, replaced_by=body.replaced_by)
    )


@router.post("/{number}/shares", response=_WHOLE, summary="Let a user do something with an entry")
def share(
    request: HttpRequest,
    response: HttpResponse,
    number: Number,
    body: Shared,
    key: Key = "",
    if_match: IfMatch = "",
) -> Any:
    """Whatever their roles."""
    doing = act(request, body.reason, _seen(if_match))
    return _done(request, response, key, body, lambda: sharing.share(number, body.user, doing, body.action))


@router.get("/{number}/pdf", response={200: None, **PROBLEMS}, summary="The entry's first document")
def pdf(request: HttpRequest, number: Number) -> Any:
    """As it lies in the archive."""
    entry = views.entry(number, rights(request), Action.EXPORT)
    stored = served().archive.open(views.object_key(entry, ("pdfa", "pdf")))
    return FileResponse(stored, content_type="application/pdf", filename=f"{number}.pdf")


def _done(
    request: HttpRequest,
    response: HttpResponse,
    key: str,
    body: Any,
    do: Callable[[], Entry],
    *,
    made: bool = False,
) -> Any:
    """The entry as it is after this was done, once."""

    def answer() -> tuple[int, str]:
        entry = do()
        return 201 if made else 200, entry.number

    asked = f"{request.method} {request.path}\n{body.model_dump_json(by_alias=True)}"
    status, number = answers.once(rights(request).user.name, key, asked, datetime.now(UTC), answer)
    quietly(served())
    if not views.may(number, rights(request)):  # whoever has just given it away
        return Status(204, None)
    found = views.show(number, rights(request))
    response["ETag"] = _etag(found)
    if made:
        response["Location"] = f"/api/v1/entries/{number}"
    return Status(status, found)


def _said(body: Said) -> dict[str, Any]:
    """The details that were named."""
    names = set(Said.model_fields) - {"class_name"}
    given = {name: value for name, value in body.model_dump(exclude_unset=True).items() if name in names}
    lists = {name: tuple(given[name] or ()) for name in ("senders", "recipients", "tags") if name in given}
    said = {name: value for name, value in given.items() if value is not None or name == "dated"} | lists
    return said | ({"label": body.class_name or ""} if "class_name" in body.model_fields_set else {})


def _moment(at: datetime | None) -> datetime | None:
    """A moment without a zone is the office's."""
    return at.replace(tzinfo=served().settings.zone) if at and at.tzinfo is None else at


def _states() -> States:
    return States(served().settings.states)


def _etag(found: dict[str, Any]) -> str:
    return f'"{found["history"][-1]["sequence"]}"'


def _seen(if_match: str) -> int | None:
    if not if_match or if_match == "*":
        return None
    found = _TAG.fullmatch(if_match)
    if found is None:
        raise Precondition("If-Match is no ETag of an entry: ask for the entry, and take its ETag")
    return int(found[1])
