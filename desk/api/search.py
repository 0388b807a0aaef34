"""Search: what the user may see of what matches."""

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from desk.api.listing import MOST
from desk.api.problems import PROBLEMS
from desk.api.shapes import Found
from desk.api.tokens import rights
from desk.instance import served
from domain import entry as seam
from flows.search import as_told
from flows.search import search as find

router = Router(by_alias=True)


@router.get("", response={200: Found, **PROBLEMS}, summary="Search the full text of everything filed")
def search(
    request: HttpRequest,
    q: Annotated[str, Query(max_length=2000)] = "",
    label: Annotated[str, Query(alias="class", max_length=64)] = "",
    since: Annotated[date | None, Query(alias="from")] = None,
    until: Annotated[date | None, Query(alias="to")] = None,
    limit: Annotated[int, Query(ge=0, le=MOST, description="0 for the counts alone.")] = 10,
    cursor: Annotated[int, Query(ge=0, le=seam.DEEPEST - MOST)] = 0,
) -> Any:
    """Words, "phrases", -exclusions, subject: sender: number:, as on the command line.

    The best hits first. Of more than 10 000 the last cannot be paged through: narrow the search.
    """
    asked = seam.Query(q, label=label or None, since=since, until=until, limit=limit, skip=cursor)
    found = find(served(), asked, rights(request))
    seen = cursor + len(found.hits)
    more = found.hits and seen < found.total and seen <= seam.DEEPEST - MOST
    return {
        "total": found.total,
        "hits": [*map(as_told, found.hits)],
        "facets": found.facets,
        "next": seen if more else None,
    }
