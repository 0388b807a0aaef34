"""Clocks: what is due when, of the entries that the user may see."""

from datetime import UTC, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from desk.api.entries import IfMatch, Number, seen
from desk.api.listing import Cursor, Limit, page
from desk.api.once import Key, once
from desk.api.problems import PROBLEMS
from desk.api.shapes import Clocks, Due, Extended
from desk.api.tokens import act, rights
from desk.instance import served
from domain.working_time import Calendar
from flows.clock import catch_up
from flows.follow import calendar_of
from register import clock_views, extending
from register.decisions import office

router = Router()


@router.get("", response={200: Due, **PROBLEMS}, summary="Deadlines that have not ended, those due first")
def listed(
    request: HttpRequest,
    due_within: Annotated[float | None, Query(ge=0, le=100_000)] = None,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Any:
    """With ``due_within`` only those due within so many hours, or passed."""
    now = datetime.now(UTC)
    found = clock_views.listed(
        now, due_within=due_within, limit=limit + 1, after=cursor, rights=rights(request)
    )
    some = page(found, limit, clock_views.place)
    return {**some, "items": clock_views.told(some["items"], _calendar(), now)}


@router.get("/{number}", response={200: Clocks, **PROBLEMS}, summary="The deadlines of an entry")
def show(request: HttpRequest, number: Number) -> Any:
    """With what they have brought about, and what is to come."""
    return {"items": clock_views.show(number, _calendar(), datetime.now(UTC), rights(request))}


@router.post("/{number}/extend", response={200: Clocks, **PROBLEMS}, summary="Give a deadline more time")
def extend(
    request: HttpRequest, number: Number, body: Extended, key: Key = "", if_match: IfMatch = ""
) -> Any:
    """Until the end of a day (``to``), or so many ``days`` more, with the reason; then all of the entry's."""
    doing = act(request, body.reason, seen(if_match))

    def answer() -> tuple[int, str]:
        done = extending.extend(number, body.deadline, doing, _calendar(), to=body.to, days=body.days)
        return 200, done.number

    catch_up(served(), doing.at)
    _, found = once(request, key, body, answer)
    return {"items": clock_views.show(found, _calendar(), datetime.now(UTC), rights(request))}


def _calendar() -> Calendar:
    return calendar_of(served(), office())
