"""``entry``: entries that people make, and what becomes of them."""

import getpass
import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial, wraps
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_type_hints

import typer

from domain.correspondence import Channel, Confidentiality, Details, Direction, Priority, Relation, holder
from domain.errors import Usage
from domain.states import States
from infra.wiring import Services
from postroom.context import services
from postroom.output import answer, say, table
from postroom.people import deliver
from postroom.searching import Json, show

if TYPE_CHECKING:
    from register.entries import Act
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


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    app.add_typer(entry, name="entry")


class _Options:
    """The options by which a person says what an entry is."""

    subject: Annotated[str | None, typer.Option(help="What it is about.")]
    sender: Annotated[list[str] | None, typer.Option(help="Who sent it; may be given more than once.")]
    recipient: Annotated[list[str] | None, typer.Option(help="To whom; may be given more than once.")]
    channel: Annotated[Channel | None, typer.Option(help="How it came or goes.")]
    reference: Annotated[str | None, typer.Option(help="Reference of the other side.")]
    dated: Annotated[str | None, typer.Option(help="Date on the letter, YYYY-MM-DD.")]
    class_name: Annotated[str | None, typer.Option("--class", help="Its class.")]
    tag: Annotated[list[str] | None, typer.Option(help="May be given more than once.")]
    priority: Annotated[Priority | None, typer.Option(help="How soon it is to be worked on.")]
    confidentiality: Annotated[Confidentiality | None, typer.Option(help="Who may know of it.")]
    language: Annotated[str | None, typer.Option(help="Two letters, such as en.")]
    location: Annotated[str | None, typer.Option(help="Where the paper lies.")]


_OPTIONS = get_type_hints(_Options, include_extras=True)


def _with_details(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command these options in place of its parameter ``said``, which gets what was given."""
    signature = inspect.signature(command)
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
        for name, kind in _OPTIONS.items()
    ]
    own = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in signature.parameters.values()]
    at = list(signature.parameters).index("said")

    @wraps(command)
    def given(**values: Any) -> None:
        command(said=_said({name: values.pop(name) for name in _OPTIONS}), **values)

    new_signature = signature.replace(parameters=[*own[:at], *options, *own[at + 1 :]])
    given.__signature__ = new_signature  # type: ignore[attr-defined]
    return given


@entry.command()
@_with_details
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
        act(reason, by),
        zone=zone,
        register=register,
        received_at=_read(
            "received", received, lambda text: datetime.fromisoformat(text).replace(tzinfo=zone)
        ),
        department=department,
        person=person,
        known=_known(instance),
        office=_office(instance),
    )
    _told(instance, made, as_json, f"{made.number} is entered, {made.status}.")


@entry.command("list")
def list_entries(
    status: Annotated[str, typer.Option(help="Only those in this state.")] = "",
    department: Annotated[str, typer.Option(help="Only those of this department.")] = "",
    person: Annotated[str, typer.Option(help="Only those of this person.")] = "",
    direction: Annotated[Direction | None, typer.Option(help="Only those of this direction.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 50,
    as_json: Json = False,
) -> None:
    """Entries by state, holder and direction."""
    services()
    from register.views import listed

    data = listed(status=status, department=department, person=person, direction=direction or "", limit=limit)

    def people() -> None:
        if not data:
            say("There is none.")
            return
        rows = [
            (
                one["number"],
                one["status"],
                holder(one["department"], one["person"]),
                "" if one["priority"] == Priority.NORMAL else one["priority"],
                one["subject"],
            )
            for one in data
        ]
        table(f"{len(data)} entries", ["number", "state", "with", "priority", "subject"], rows)

    answer(as_json, data, people)


@entry.command()
@_with_details
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
        lambda before: replace(before, **said),
        act(reason, by, seen),
        zone=instance.settings.zone,
        known=_known(instance),
    )
    _told(instance, done, as_json, f"{number} is amended.")


@entry.command()
def move(
    number: Number,
    state: Annotated[str, typer.Argument(help="The state that follows.")],
    reason: Why = "",
    by: By = "",
    seen: Seen = None,
    as_json: Json = False,
) -> None:
    """Bring an entry into another state, such as 'in progress'."""
    instance = services()
    from register.entries import move as bring

    done = bring(number, state, act(reason, by, seen), office=_office(instance))
    _told(instance, done, as_json, f"{number} is {done.status} now.")


@entry.command()
def close(number: Number, reason: Why = "", by: By = "", seen: Seen = None, as_json: Json = False) -> None:
    """End the work on an entry."""
    move(number, "closed", reason, by, seen, as_json)


@entry.command()
def assign(
    number: Number,
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

    done = give(number, act(reason, by, seen), department=department, person=person, office=_office(instance))
    _told(instance, done, as_json, f"{number} is with {_holder(done)} now.")


@entry.command()
def claim(number: Number, by: By = "", seen: Seen = None, as_json: Json = False) -> None:
    """Take an entry from its department's queue for yourself."""
    instance = services()
    from register.holding import claim as take

    done = take(number, act("", by, seen), office=_office(instance))
    _told(instance, done, as_json, f"{number} is with {_holder(done)} now.")


@entry.command()
def forward(
    number: Number,
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
        assign(number, department, person, reason, by, seen, as_json)
        return
    if department or person:
        raise Usage("Forward it either outside, with --to, or to a department or person")
    instance = services()
    from register.entries import forward as send

    made = send(number, to, act(reason, by, seen), zone=instance.settings.zone, office=_office(instance))
    _told(instance, made, as_json, f"{made.number} forwards {number}: {made.status}.")


@entry.command("return")
def give_back(
    number: Number, reason: Why = "", by: By = "", seen: Seen = None, as_json: Json = False
) -> None:
    """Give an entry back to who had it before, with the reason."""
    instance = services()
    from register.holding import give_back as back

    done = back(number, act(reason, by, seen), office=_office(instance))
    _told(instance, done, as_json, f"{number} is with {_holder(done)} again.")


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
    from register.entries import relate as say_so

    done = say_so(number, relation, other, act(reason, by, seen))
    _told(instance, done, as_json, f"{number} {relation} {other}.")


@entry.command()
def void(
    number: Number,
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

    done = strike(number, act(reason, by, seen), replaced_by=replaced_by or ())
    _told(instance, done, as_json, f"{number} is void.")


def _said(given: dict[str, Any]) -> dict[str, Any]:
    """The details that were named; "" takes one away."""
    return dict(_detail(option, value) for option, value in given.items() if value is not None)


def _detail(option: str, value: Any) -> tuple[str, Any]:
    match option:
        case "sender" | "recipient":
            return f"{option}s", tuple(value)
        case "tag":
            return "tags", tuple(filter(None, value))
        case "class_name":
            return "label", value
        case "language":
            return option, value.lower()
        case "dated":
            return option, _read(option, value, date.fromisoformat)
    return option, value


def _read(name: str, text: str, how: Callable[[str], T]) -> T | None:
    """The value; None for an empty text."""
    try:
        return how(text) if text else None
    except ValueError as error:
        form = "2026-03-31" if name == "dated" else "2026-03-31T09:30"
        raise Usage(f"{name} is {text!r}, which is no such date: write it as {form}") from error


def act(reason: str, by: str, seen: int | None = None) -> "Act":
    """Who does it now, and why."""
    from register.entries import Act

    return Act(by or getpass.getuser(), datetime.now(UTC), reason, seen)


def _known(instance: Services) -> Callable[[str], None]:
    from infra.classes import must_be

    return partial(must_be, instance)


def _office(instance: Services) -> States:
    return States(instance.settings.states)


def _holder(done: "Entry") -> str:
    return holder(done.department, done.person) or "the registry"


def _told(instance: Services, done: "Entry", as_json: bool, said: str) -> None:
    from register import views

    deliver(instance)
    answer(as_json, views.show(done.number), lambda: say(said))
