"""Rules tried on what came in before; they are decided at ``/office/rule``."""

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Router, Schema

from desk.api.office import decided
from desk.api.problems import PROBLEMS
from desk.api.shapes import Name
from desk.api.tokens import rights
from desk.instance import served
from flows.trial import tried

router = Router(by_alias=True)


class Trial(Schema, extra="forbid"):
    """A rule as at ``/office/rule``, with its ``name``; rules to be left out; the days, else last month."""

    rule: dict[str, Any] | None = None
    without: Annotated[list[Name], Field(max_length=100, default_factory=list)]
    since: Annotated[date | None, Field(alias="from")] = None
    until: Annotated[date | None, Field(alias="to")] = None


@router.post("/test", response={200: dict[str, Any], **PROBLEMS}, summary="What other rules would have done")
def test(request: HttpRequest, body: Trial) -> Any:
    """Entries that would have gone another way, rules that conflict, and those that never held."""
    rule = decided("rule", body.rule) if body.rule is not None else None
    return tried(served(), rights(request), rule, body.without, body.since, body.until)
