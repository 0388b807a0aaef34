"""The same done with many entries by one request."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, Router, Schema

from desk.api.entries import Key
from desk.api.problems import PROBLEMS
from desk.api.shapes import Because, Name, Short
from desk.api.tokens import act, rights
from desk.instance import served
from domain.errors import Usage
from domain.rights import Action
from domain.states import States
from flows.publish import quietly
from register import answers, bulk, entries, holding, sharing
from register.acts import Act
from register.models import Entry

router = Router(by_alias=True)


class Many(Because):
    """What is to be done with each of these entries, and what that needs."""

    action: Literal["move", "assign", "claim", "return", "share", "void"]
    numbers: Annotated[list[Name], Field(min_length=1, max_length=200)]
    to: Annotated[Short, Field(description="The state that follows, of move.")] = ""
    department: Short = ""
    person: Short = ""
    user: Annotated[Short, Field(description="With whom they are shared, of share.")] = ""
    may: Annotated[Action, Field(description="What that user may do, of share.")] = Action.VIEW


class NotDone(Schema):
    """An entry with which nothing was done, and why."""

    number: str
    problem: str


class Outcome(Schema):
    """What became of each."""

    done: list[str]
    failed: list[NotDone]


@router.post("", response={200: Outcome, **PROBLEMS}, summary="Do the same with many entries")
def many(request: HttpRequest, body: Many, key: Key = "") -> Any:
    """Each by itself: one that cannot be costs no other, and is told with the reason."""
    do = _DOING[body.action]
    if body.action == "move" and not body.to:
        raise Usage("to is missing: name the state that follows")
    doing = act(request, body.reason)

    def answer() -> tuple[int, str]:
        tried = bulk.each(body.numbers, lambda number: do(number, body, doing))
        failed = [{"number": one.number, "problem": one.problem} for one in tried if not one.entry]
        told = {"done": [one.number for one in tried if one.entry], "failed": failed}
        return 200, json.dumps(told, ensure_ascii=False)

    asked = f"{request.method} {request.path}\n{body.model_dump_json()}"
    _, found = answers.once(rights(request).user.name, key, asked, datetime.now(UTC), answer)
    quietly(served())
    return json.loads(found)


def _states() -> States:
    return States(served().settings.states)


_DOING: dict[str, Callable[[str, Many, Act], Entry]] = {
    "move": lambda number, said, doing: entries.move(number, said.to, doing, office=_states()),
    "assign": lambda number, said, doing: holding.assign(
        number, doing, department=said.department, person=said.person, office=_states()
    ),
    "claim": lambda number, said, doing: holding.claim(number, doing, office=_states()),
    "return": lambda number, said, doing: holding.give_back(number, doing, office=_states()),
    "share": lambda number, said, doing: sharing.share(number, said.user, doing, said.may),
    "void": lambda number, said, doing: entries.strike(number, doing),
}
