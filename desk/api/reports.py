"""Reports on the entries that the user may see."""

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from desk.api.problems import PROBLEMS
from desk.api.tokens import rights
from desk.instance import served
from domain.errors import Usage
from flows.reports import bottlenecks as find
from register.bottlenecks import By

router = Router()
_YEARS = range(1900, 2201)


@router.get("/bottlenecks", response={200: dict[str, Any], **PROBLEMS}, summary="How long entries stay where")
def bottlenecks(
    request: HttpRequest,
    by: By = By.STATE,
    since: date | None = None,
    until: date | None = None,
    elapsed: Annotated[bool, Query()] = False,
) -> Any:
    """In each state, department, class or with each person; in working time, with `elapsed` in all time."""
    for name, day in (("since", since), ("until", until)):
        if day and day.year not in _YEARS:
            raise Usage(f"{name} is {day}: give a day of the years {_YEARS[0]} to {_YEARS[-1]}")
    return find(served(), by, since=since, until=until, whole=elapsed, rights=rights(request))
