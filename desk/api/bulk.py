"""The same done with many entries by one request."""

import json
from collections.abc import Callable
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, Router, Schema

from desk.api.entries import states
from desk.api.once import Key, once
from desk.api.problems import PROBLEMS
from desk.api.shapes import Because, Name, Names, Short
from desk.api.tokens import act
from desk.instance import served
from domain.errors import Usage
from domain.rights import Action
from register import bulk, entries, holding, relations, sharing
from register.acts import Act
from register.models import Entry

router = Router(by_alias=True)


class Many(Because):
    """What is to be done with each of these entries, and what that needs."""

    action: Literal["move", "assign", "claim", "return", "forward", "share", "unshare", "void"]
    numbers: Annotated[list[Name], Field(min_length=1, max_length=200)]
    to: Annotated[Short, Field(description="The state that follows, of move.")] = ""
    department: Short = ""
    person: Short = ""
    recipients: Annotated[Names, Field(default_factory=list, description="To whom outside, of forward.")]
    user: Annotated[Short, Field(description="With whom they are shared, of share and unshare.")] = ""
    may: Annotated[Action, Field(description="What that user may do, of share and unshare.")] = Action.VIEW


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

    return json.loads(once(request, key, body, answer)[1])


_DOING: dict[str, Callable[[str, Many, Act], Entry]] = {
    "move": lambda number, said, doing: entries.move(number, said.to, doing, office=states()),
    "assign": lambda number, said, doing: holding.assign(
        number, doing, department=said.department, person=said.person, office=states()
    ),
    "claim": lambda number, said, doing: holding.claim(number, doing, office=states()),
    "return": lambda number, said, doing: holding.give_back(number, doing, office=states()),
    "share": lambda number, said, doing: sharing.share(number, said.user, doing, said.may),
    "unshare": lambda number, said, doing: sharing.unshare(number, said.user, doing, said.may),
    "forward": lambda number, said, doing: relations.forward(
        number, said.recipients, doing, zone=served().settings.zone, office=states()
    ),
    "void": lambda number, said, doing: entries.strike(number, doing),
}
