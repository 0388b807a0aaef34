"""Numbers reserved ahead, for programs at a counter without network: a number is used by entering with it."""

from datetime import UTC, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Status

from desk.api.entries import states
from desk.api.listing import Cursor, Limit, page
from desk.api.once import Key, once
from desk.api.problems import PROBLEMS
from desk.api.shapes import NewRange, Ranges, RangeShape, Reconciled
from desk.api.tokens import act, rights
from desk.instance import served
from register import ranges

router = Router(by_alias=True)


@router.get("", response={200: Ranges, **PROBLEMS}, summary="Ranges of reserved numbers")
def listed(
    request: HttpRequest,
    every: Annotated[bool, Query(alias="all")] = False,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Any:
    """Those whose numbers the user may use, the oldest first; with `all` also those with no number open."""
    found = ranges.listed(rights(request), datetime.now(UTC), every=every, limit=limit + 1, after=cursor)
    return page(found, limit, lambda one: one["range"])


@router.post("", response={201: RangeShape, **PROBLEMS}, summary="Reserve the next numbers of a register")
def reserve(request: HttpRequest, body: NewRange, key: Key = "") -> Any:
    """The same request again with the same Idempotency-Key gives the same answer and reserves nothing."""
    doing = act(request, body.reason)

    def answer() -> tuple[int, str]:
        made = ranges.reserve(
            body.code,
            body.count,
            doing,
            zone=served().settings.zone,
            place=body.place,
            department=body.department,
            year=body.year,
        )
        return 201, made.name

    status, name = once(request, key, body, answer)
    return Status(status, ranges.told(ranges.find(name, doing.rights), doing.at))


@router.post("/reconcile", response={200: RangeShape, **PROBLEMS}, summary="What was used of a range")
def reconcile(request: HttpRequest, body: Reconciled, key: Key = "") -> Any:
    """With `void_rest` what is still open of it becomes void, with the reason."""
    doing = act(request, body.reason)

    def answer() -> tuple[int, str]:
        if body.void_rest:
            ranges.void_rest(body.name, doing, office=states())
        return 200, body.name

    once(request, key, body, answer)
    return ranges.told(ranges.find(body.name, doing.rights), doing.at)
