"""Entries: the same functions as the command line's, asked by programs."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import PurePath
from typing import Annotated, Any

from django.http import FileResponse, HttpRequest, HttpResponse
from ninja import Header, Path, Query, Router, Schema, Status

from desk.api.listing import Wanted, number_of, page
from desk.api.once import Key, once
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
from domain.correspondence import Details, saying
from domain.errors import Missing
from domain.rights import Action
from domain.states import States
from infra.classes import must_be
from register import contents, entries, holding, listing, relations, sharing, views
from register.acts import Act
from register.models import Entry
from register.ranges import direction_of_number

router = Router(by_alias=True)
Number = Annotated[str, Path(max_length=64, pattern="^[A-Z0-9.-]+$")]
Document = Annotated[str, Query(max_length=64, pattern="^[A-Za-z0-9-]*$", description="Its id.")]
IfMatch = Annotated[str, Header(alias="If-Match", max_length=64)]
IfNoneMatch = Annotated[str, Header(alias="If-None-Match", max_length=64)]
_TAG = re.compile(r'"(\d{1,15})"')
_WHOLE = {200: EntryShape, 204: None, **PROBLEMS}
_MADE = {201: EntryShape, 204: None, **PROBLEMS}


@router.get("", response={200: Page, **PROBLEMS}, summary="Entries by what they are")
def list_entries(request: HttpRequest, query: Query[Wanted]) -> Any:
    """Those that the user may see, the newest first or in order of number."""
    found = listing.listed(
        query.asked(),
        zone=served().settings.zone,
        states=states(),
        known=partial(must_be, served()),
        limit=query.limit + 1,
        after=query.cursor,
        rights=rights(request),
    )
    return page(found, query.limit, number_of)


@router.post("", response=_MADE, summary="Enter an entry: it gets the next number")
def enter(request: HttpRequest, response: HttpResponse, body: NewEntry, key: Key = "") -> Any:
    """The same request again with the same Idempotency-Key gives the same answer and makes nothing."""
    services = served()
    said = _said(body)
    details = replace(Details(), **said)
    direction = body.direction
    if body.number and "direction" not in body.model_fields_set:
        direction = direction_of_number(body.number)

    def make() -> Entry:
        return entries.enter(
            direction,
            details,
            act(request),
            zone=services.settings.zone,
            register=body.code,
            number=body.number,
            received_at=_moment(body.received_at),
            department=body.department,
            person=body.person,
            said=said,
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
    response["ETag"] = etag(found)
    if if_none_match == response["ETag"]:
        return Status(304, None)
    return found


Doing = Callable[[str, Any, Act], Entry]


def _changing(
    name: str,
    path: str,
    kind: type[Schema],
    do: Doing,
    summary: str,
    description: str,
    *,
    method: str = "POST",
    made: bool = False,
) -> None:
    """Let a request to this path do this with an entry, once, and only if it is as the caller saw it."""

    def answer(
        request: HttpRequest,
        response: HttpResponse,
        number: Number,
        body: kind,  # type: ignore[valid-type]
        key: Key = "",
        if_match: IfMatch = "",
    ) -> Any:
        said: Any = body
        doing = act(request, said.reason, seen(if_match))
        return _done(request, response, key, said, lambda: do(number, said, doing), made=made)

    router.api_operation(
        [method],
        f"/{{number}}{path}",
        response=_MADE if made else _WHOLE,
        summary=summary,
        description=description,
        operation_id=f"desk_api_entries_{name}",
    )(answer)


_changing(
    "amend", "", Changed,
    lambda number, said, doing: entries.amend(
        number, partial(saying, _said(said)), doing, zone=served().settings.zone,
        known=partial(must_be, served()), office=states(),
    ),
    "Change what an entry says of itself", "With If-Match: only if nobody has changed it since.",
    method="PATCH",
)  # fmt: skip
_changing(
    "move", "/state", Moved,
    lambda number, said, doing: entries.move(number, said.to, doing, office=states()),
    "Bring an entry into another state", "A state asks for what it needs.",
)  # fmt: skip
_changing(
    "assign", "/assignment", Given,
    lambda number, said, doing: holding.assign(
        number, doing, department=said.department, person=said.person, office=states()
    ),
    "Give an entry to a department or a person", "Who gets it must be able to know of it.",
)  # fmt: skip
_changing(
    "claim", "/claim", Because,
    lambda number, said, doing: holding.claim(number, doing, office=states()),
    "Take an entry from its department's queue", "For whoever asks.",
)  # fmt: skip
_changing(
    "give_back", "/return", Because,
    lambda number, said, doing: holding.give_back(number, doing, office=states()),
    "Give an entry back to who had it before", "With the reason.",
)  # fmt: skip
_changing(
    "forward", "/forward", Sent,
    lambda number, said, doing: relations.forward(
        number, said.recipients, doing, zone=served().settings.zone, office=states()
    ),
    "Draft an outgoing entry that sends this one on", "Each knows of the other.",
    made=True,
)  # fmt: skip
_changing(
    "relate", "/relations", Related,
    lambda number, said, doing: relations.relate(number, said.relation, said.number, doing),
    "Say what an entry is to another", "The other knows the inverse.",
)  # fmt: skip
_changing(
    "unrelate", "/unrelate", Related,
    lambda number, said, doing: relations.unrelate(number, said.relation, said.number, doing),
    "Take back what an entry is to another", "With the reason.",
)  # fmt: skip
_changing(
    "void", "/void", Struck,
    lambda number, said, doing: entries.strike(number, doing, replaced_by=said.replaced_by),
    "Make an entry void", "Its number is never given again.",
)  # fmt: skip
_changing(
    "share", "/shares", Shared,
    lambda number, said, doing: sharing.share(number, said.user, doing, said.action),
    "Let a user do something with an entry", "Whatever their roles.",
)  # fmt: skip
_changing(
    "unshare", "/unshare", Shared,
    lambda number, said, doing: sharing.unshare(number, said.user, doing, said.action),
    "Take back what was shared", "What their roles allow stays.",
)  # fmt: skip


def in_path(number: str) -> str:
    """A number as it stands in a path, where a slash would end it: any sign between is understood."""
    return number.replace("/", "-")


@router.get("/{number}/pdf", response={200: None, **PROBLEMS}, summary="A document of the entry")
def pdf(request: HttpRequest, number: Number, document: Document = "") -> Any:
    """As it lies in the archive: that of the id `document`, or the first."""
    entry = views.entry(number, rights(request), Action.EXPORT)
    stored = served().archive.open(contents.object_key(entry, ("pdfa", "pdf"), document))
    return FileResponse(stored, content_type="application/pdf", filename=f"{in_path(entry.number)}.pdf")


@router.get("/{number}/original", response={200: None, **PROBLEMS}, summary="A file that the entry came in")
def original(
    request: HttpRequest,
    number: Number,
    document: Document = "",
    file: Annotated[int, Query(ge=1, le=100_000, description="Which, where it came in several.")] = 1,
) -> Any:
    """Byte for byte; of all its documents, or of that of the id `document`."""
    entry = views.entry(number, rights(request), Action.EXPORT)
    files = contents.original_keys(entry, document)
    if file > len(files):
        raise Missing(f"{entry.number} has no original {file}: it came in {len(files)} files")
    key, name = files[file - 1]
    stored = served().archive.open(key)
    # Whatever somebody sent, it is saved and not shown.
    saved = "".join(one if one.isprintable() else "_" for one in PurePath(name).name)
    return FileResponse(stored, as_attachment=True, filename=saved, content_type="application/octet-stream")


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

    status, number = once(request, key, body, answer)
    if not views.may(number, rights(request)):  # whoever has just given it away
        return Status(204, None)
    found = views.show(number, rights(request))
    response["ETag"] = etag(found)
    if made:
        response["Location"] = f"/api/v1/entries/{in_path(number)}"
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


def states() -> States:
    """The office's states."""
    return States(served().settings.states)


def etag(found: dict[str, Any]) -> str:
    """The last event of its history, as an ETag."""
    return f'"{found["history"][-1]["sequence"]}"'


def seen(if_match: str) -> int | None:
    """The event that the caller saw last; None where they do not say.

    Raises:
        Precondition: it is no ETag.
    """
    if not if_match or if_match == "*":
        return None
    found = _TAG.fullmatch(if_match)
    if found is None:
        raise Precondition("If-Match is no ETag of ours: ask for what is to be changed, and take its ETag")
    return int(found[1])
