"""What the office decides of itself: seen by all users, changed by administrators."""

import json
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Body, Router, Status
from pydantic import StringConstraints, ValidationError

from desk.api.entries import IfMatch, seen
from desk.api.problems import PROBLEMS
from desk.api.shapes import Because, Held
from desk.api.tokens import act, rights
from desk.instance import served
from domain.errors import Usage
from domain.office import KINDS, Deadline, User
from domain.rights import Action
from domain.states import States
from domain.wire import from_json, to_plain
from flows.follow import calendar_of
from infra.classes import must_be
from register import decisions, office
from register.deadlines import must_be_known, must_be_reached
from register.decisions import office as office_now
from register.rights import must_anywhere
from register.staff import still_named

router = Router()
Kind = Literal["department", "user", "field", "closure", "delegation", "rule", "deadline", "webhook"]
Name = Annotated[str, StringConstraints(min_length=1, max_length=64)]


@router.get("/{kind}", response={200: Held, **PROBLEMS}, summary="What holds of a kind")
def listed(request: HttpRequest, kind: Kind) -> Any:
    """Departments, users, fields, closures, delegations, rules, deadlines; to administrators webhooks."""
    _must_see(request, kind)
    found = getattr(office_now(), KINDS[kind][0])
    may = rights(request)
    return {"items": [office.told(kind, found[name], may) for name in sorted(found)]}


@router.get("/{kind}/{name}", response={200: dict[str, Any], **PROBLEMS}, summary="What holds under a name")
def show(request: HttpRequest, response: HttpResponse, kind: Kind, name: Name) -> Any:
    """Its ETag is the decision by which it holds."""
    _must_see(request, kind)
    found = office.told(kind, office.find(kind, name), rights(request))
    response["ETag"] = decision(kind, name)
    return found


@router.get("/{kind}/{name}/history", response={200: Held, **PROBLEMS}, summary="What was decided of a name")
def history(request: HttpRequest, kind: Kind, name: Name) -> Any:
    """Oldest first, with who decided it, when, why and from where."""
    _must_see(request, kind)
    found = office.versions(kind, name, rights(request))
    if not found:
        office.find(kind, name)
    return {"items": found}


def decision(kind: str, name: str) -> str:
    """The decision by which it holds, as an ETag."""
    last = decisions.last(kind, name)
    return f'"{last.sequence if last else office.NOTHING}"'


def _must_see(request: HttpRequest, kind: Kind) -> None:
    if kind == "webhook":
        must_anywhere(rights(request), Action.ADMINISTER)


@router.put("/{kind}/{name}", response={200: dict[str, Any], **PROBLEMS}, summary="Let this hold from now on")
def put(
    request: HttpRequest,
    response: HttpResponse,
    kind: Kind,
    name: Name,
    body: Annotated[dict[str, Any], Body()],
    if_match: IfMatch = "",
) -> Any:
    """In place of what held under the name; with If-Match only if nobody has decided otherwise since."""
    value = decided(kind, {**body, "name": name})
    if isinstance(value, Deadline):
        must_be_known(value, States(served().settings.states), partial(must_be, served()))
        must_be_reached(value, calendar_of(served(), office_now()), datetime.now(UTC))
    office.put(kind, value, act(request, seen=seen(if_match)))
    response["ETag"] = decision(kind, name)
    found: dict[str, Any] = to_plain(office.find(kind, name))
    if isinstance(value, User) and not value.active:
        found["still_named"] = still_named(office_now(), name, datetime.now(served().settings.zone).date())
    return found


def decided(kind: Kind, said: dict[str, Any]) -> Any:
    """What is said of a kind, as the office keeps it.

    Raises:
        Usage: it is none; names the first value that cannot be.
    """
    try:
        return from_json(KINDS[kind][1], json.dumps(said))
    except ValidationError as error:
        first = error.errors()[0]
        raise Usage(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


@router.delete("/{kind}/{name}", response={204: None, **PROBLEMS}, summary="Let it hold no more")
def take_away(
    request: HttpRequest, kind: Kind, name: Name, body: Because | None = None, if_match: IfMatch = ""
) -> Any:
    """Its history stays."""
    office.take_away(kind, name, act(request, body.reason if body else "", seen(if_match)))
    return Status(204, None)
