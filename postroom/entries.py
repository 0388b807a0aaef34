"""``entry``: entries that people make, and what becomes of them."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from domain.correspondence import Details, Direction, Relation, held_by, saying
from domain.errors import Usage
from domain.rights import Action
from domain.states import States
from infra.wiring import Services
from postroom.acting import act
from postroom.context import services
from postroom.entry_options import moment, with_details
from postroom.listing import list_entries
from postroom.searching import Json, show
from postroom.several import Numbers, each, told

if TYPE_CHECKING:
    from register.models import Entry

T = TypeVar("T")

Number = Annotated[str, typer.Argument(help="Register number.")]
Why = Annotated[str, typer.Option("--reason", help="Why, for the history.")]
By = Annotated[str, typer.Option(help="Who does it; default: you.", show_default=False)]
Seen = Annotated[
    int | None,
    typer.Option(help="Last event of it that you saw: refused if somebody changed it since."),
]
Department = Annotated[str, typer.Option(help="Department that is to have it.")]
Person = Annotated[str, typer.Option(help="Person who is to have it.")]

entry = typer.Typer(no_args_is_help=True, help="Entries that people make, and what becomes of them.")
entry.command("show")(show)
entry.command("list")(list_entries)


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    app.add_typer(entry, name="entry")


@entry.command()
@with_details
def new(
    said: dict[str, Any],
    direction: Annotated[Direction, typer.Option(help="Where it comes from.")] = Direction.INCOMING,
    department: Department = "",
    person: Person = "",
    register: Annotated[str, typer.Option(help="Default: IN, OUT or INT.", show_default=False)] = "",
    received: Annotated[
        str, typer.Option(help="When it was received, if not now: YYYY-MM-DDTHH:MM.", show_default=False)
    ] = "",
    reason: Why = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Enter a letter, call or visit in the register: it gets the next number."""
    instance = services()
    from register.entries import enter

    zone = instance.settings.zone
    made = enter(
        direction,
        replace(Details(), **said),
        act(instance, reason, by),
        zone=zone,
        register=register,
        received_at=moment("received", received, zone),
        department=department,
        person=person,
        said=said,
        known=_known(instance),
        office=_office(instance),
    )
    told(instance, made, as_json, "")


@entry.command()
@with_details
def amend(
    number: Number,
    said: dict[str, Any],
    reason: Why = "",
    by: By = "",
    seen: Seen = None,
    as_json: Json = False,
) -> None:
    """Change what an entry says of itself; the history keeps what it said before."""
    instance = services()
    from register.entries import amend as change

    done = change(
        number,
        partial(saying, said),
        act(instance, reason, by, seen),
        zone=instance.settings.zone,
        known=_known(instance),
        office=_office(instance),
    )
    told(instance, done, as_json, f"{number} is amended.")


@entry.command()
def move(
    numbers: Numbers,
    state: Annotated[str, typer.Argument(help="The state that follows.")],
    reason: Why = "",
    by: By = "",
    seen: Seen = None,
    as_json: Json = False,
) -> None:
    """Bring an entry into another state, such as 'in progress'."""
    instance = services()
    from register.entries import move as bring

    doing, office = act(instance, reason, by, seen), _office(instance)
    each(
        instance,
        numbers,
        lambda number: bring(number, state, doing, office=office),
        lambda done: f"{done.number} is {done.status} now.",
        as_json,
        seen,
    )


@entry.command()
def close(numbers: Numbers, reason: Why = "", by: By = "", seen: Seen = None, as_json: Json = False) -> None:
    """End the work on an entry."""
    move(numbers, "closed", reason, by, seen, as_json)


@entry.command()
def assign(
    numbers: Numbers,
    department: Department = "",
    person: Person = "",
    reason: Why = "",
    by: By = "",
    seen: Seen = None,
    as_json: Json = False,
) -> None:
    """Give an entry to a department or a person."""
    instance = services()
    from register.holding import assign as give

    doing, office = act(instance, reason, by, seen), _office(instance)
    each(
        instance,
        numbers,
        lambda number: give(number, doing, department=department, person=person, office=office),
        _is_with,
        as_json,
        seen,
    )


@entry.command()
def claim(numbers: Numbers, by: By = "", seen: Seen = None, as_json: Json = False) -> None:
    """Take an entry from its department's queue for yourself."""
    instance = services()
    from register.holding import claim as take

    doing, office = act(instance, "", by, seen), _office(instance)
    each(instance, numbers, lambda number: take(number, doing, office=office), _is_with, as_json, seen)


@entry.command()
def forward(
    numbers: Numbers,
    to: Annotated[
        list[str] | None,
        typer.Option(help="Somebody outside: drafts an outgoing entry. May be given more than once."),
    ] = None,
    department: Department = "",
    person: Person = "",
    reason: Why = "",
    by: By = "",
    seen: Seen = None,
    as_json: Json = False,
) -> None:
    """Send an entry on: to a department or a person, or outside as a new outgoing entry."""
    if not to:
        assign(numbers, department, person, reason, by, seen, as_json)
        return
    if department or person:
        raise Usage("Forward it either outside, with --to, or to a department or person")
    instance = services()
    from register.relations import forward as send

    doing, office, zone = act(instance, reason, by, seen), _office(instance), instance.settings.zone
    each(
        instance,
        numbers,
        lambda number: send(number, to, doing, zone=zone, office=office),
        lambda made: f"{made.number} forwards {made.relations[-1]['number']}: {made.status}.",
        as_json,
        seen,
    )


@entry.command("return")
def give_back(
    numbers: Numbers, reason: Why = "", by: By = "", seen: Seen = None, as_json: Json = False
) -> None:
    """Give an entry back to who had it before, with the reason."""
    instance = services()
    from register.holding import give_back as back

    doing, office = act(instance, reason, by, seen), _office(instance)
    each(
        instance,
        numbers,
        lambda number: back(number, doing, office=office),
        lambda done: f"{done.number} is with {held_by(done.department, done.person)} again.",
        as_json,
        seen,
    )


User = Annotated[str, typer.Argument(help="User of the office.")]
Granted = Annotated[Action, typer.Option("--action", help="view, edit, approve or export.")]


@entry.command()
def share(
    numbers: Numbers,
    user: User,
    action: Granted = Action.VIEW,
    reason: Why = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Let a user see an entry, or do more with it, whatever their roles."""
    instance = services()
    from register.sharing import share as give

    doing = act(instance, reason, by)
    each(
        instance,
        numbers,
        lambda number: give(number, user, doing, action),
        lambda done: f"{user} may {action} {done.number} now.",
        as_json,
    )


@entry.command()
def unshare(
    numbers: Numbers,
    user: User,
    action: Granted = Action.VIEW,
    reason: Why = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Take back what was shared."""
    instance = services()
    from register.sharing import unshare as take

    doing = act(instance, reason, by)
    each(
        instance,
        numbers,
        lambda number: take(number, user, doing, action),
        lambda done: f"{user} may {action} {done.number} by no grant of its own any more.",
        as_json,
    )


@entry.command()
def relate(
    number: Number,
    relation: Annotated[Relation, typer.Argument(help="What it is to the other.")],
    other: Annotated[str, typer.Argument(help="Register number of the other.")],
    reason: Why = "",
    by: By = "",
    seen: Seen = None,
    as_json: Json = False,
) -> None:
    """Say what an entry is to another: postroom entry relate OUT-... answers IN-..."""
    instance = services()
    from register.relations import relate as say_so

    done = say_so(number, relation, other, act(instance, reason, by, seen))
    told(instance, done, as_json, f"{number} {relation} {other}.")


@entry.command()
def unrelate(
    number: Number,
    relation: Annotated[Relation, typer.Argument(help="What it is not to the other.")],
    other: Annotated[str, typer.Argument(help="Register number of the other.")],
    reason: Why = "",
    by: By = "",
    seen: Seen = None,
    as_json: Json = False,
) -> None:
    """Take back what was said of an entry and another, with the reason."""
    instance = services()
    from register.relations import unrelate as take_back

    done = take_back(number, relation, other, act(instance, reason, by, seen))
    told(instance, done, as_json, f"{number} {relation} {other} no longer.")


@entry.command()
def void(
    numbers: Numbers,
    replaced_by: Annotated[
        list[str] | None, typer.Option(help="Number that counts in its place; may be given more than once.")
    ] = None,
    reason: Why = "",
    by: By = "",
    seen: Seen = None,
    as_json: Json = False,
) -> None:
    """Make an entry void, with the reason. Its number is never given again."""
    instance = services()
    from register.entries import strike

    doing = act(instance, reason, by, seen)
    each(
        instance,
        numbers,
        lambda number: strike(number, doing, replaced_by=replaced_by or ()),
        lambda done: f"{done.number} is void.",
        as_json,
        seen,
    )


def _known(instance: Services) -> Callable[[str], None]:
    from infra.classes import must_be

    return partial(must_be, instance)


def _office(instance: Services) -> States:
    return States(instance.settings.states)


def _is_with(done: "Entry") -> str:
    return f"{done.number} is with {held_by(done.department, done.person)} now."
