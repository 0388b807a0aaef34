"""How a user is told of things: for the user and administrators."""

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema

from desk.api.entries import IfMatch, seen
from desk.api.office import Name, decision
from desk.api.once import Key, once
from desk.api.problems import PROBLEMS
from desk.api.shapes import Because, Short
from desk.api.tokens import act, rights
from register import office

router = Router()
_KIND = "user"  # their decision holds it


class Preferred(Schema):
    """By kind of notice the way, beside the inbox: ``mail``, ``digest`` or ``none``."""

    notices: dict[str, str]


class Preferring(Because):
    """Kinds of notices that are to come another way; the others stay as they are."""

    notices: Annotated[dict[Short, Short], Field(min_length=1, max_length=100)]


@router.get("/{name}/notices", response={200: Preferred, **PROBLEMS}, summary="How a user is told")
def show(request: HttpRequest, response: HttpResponse, name: Name) -> Any:
    """One's own; administrators see everybody's. Without an e-mail address it is none."""
    found = office.preferred(name, rights(request))
    response["ETag"] = decision(_KIND, name)
    return {"notices": found}


@router.patch("/{name}/notices", response={200: Preferred, **PROBLEMS}, summary="Choose how a user is told")
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
