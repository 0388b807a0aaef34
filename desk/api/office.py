"""What the office decides of itself: seen by all users, changed by administrators."""

import json
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Body, Router, Status
from pydantic import StringConstraints, ValidationError

from desk.api.problems import PROBLEMS
from desk.api.shapes import Because, Held
from desk.api.tokens import act, rights
from desk.instance import served
from domain.errors import Usage
from domain.office import KINDS, Deadline
from domain.rights import Action
from domain.states import States
from domain.wire import from_json, to_plain
from flows.follow import calendar_of
from infra.classes import must_be
from register import office
from register.deadlines import must_be_known, must_be_reached
from register.decisions import office as office_now
from register.rights import must_anywhere

router = Router()
Kind = Literal["department", "user", "field", "closure", "delegation", "rule", "deadline", "webhook"]
Name = Annotated[str, StringConstraints(min_length=1, max_length=64)]


@router.get("/{kind}", response={200: Held, **PROBLEMS}, summary="What holds of a kind")
def listed(request: HttpRequest, kind: Kind) -> Any:
    """Departments, users, fields, closures, delegations, rules, deadlines; to administrators webhooks."""
    if kind == "webhook":
        must_anywhere(rights(request), Action.ADMINISTER)
    found = getattr(office_now(), KINDS[kind][0])
    return {"items": [to_plain(found[name]) for name in sorted(found)]}


@router.put("/{kind}/{name}", response={200: dict[str, Any], **PROBLEMS}, summary="Let this hold from now on")
def put(request: HttpRequest, kind: Kind, name: Name, body: Annotated[dict[str, Any], Body()]) -> Any:
    """In place of what held under the name."""
    value = decided(kind, {**body, "name": name})
    if isinstance(value, Deadline):
        must_be_known(value, States(served().settings.states), partial(must_be, served()))
        must_be_reached(value, calendar_of(served(), office_now()), datetime.now(UTC))
    office.put(kind, value, act(request))
    return to_plain(office.find(kind, name))


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
def take_away(request: HttpRequest, kind: Kind, name: Name, body: Because | None = None) -> Any:
    """Its history stays."""
    office.take_away(kind, name, act(request, body.reason if body else ""))
    return Status(204, None)
