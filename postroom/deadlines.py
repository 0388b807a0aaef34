"""``deadline``: until when something must have been done with entries."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

import typer

from domain.correspondence import Direction, Priority
from domain.errors import Usage
from domain.office import Deadline
from domain.states import States
from domain.wire import to_plain
from postroom.context import services
from postroom.office import By, Name, Why, change, history, listing, put, removal
from postroom.option_sets import named, with_options
from postroom.output import answer, say
from postroom.searching import Json

deadline = typer.Typer(no_args_is_help=True, help="Until when something must have been done with entries.")


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    app.add_typer(deadline, name="deadline")


class _Options:
    """The options by which a person says what a deadline is."""

    hours: Annotated[float | None, typer.Option(help="Working hours that it gives; or")]
    days: Annotated[int | None, typer.Option(help="Working days; calendar days of a legal one.")]
    class_name: Annotated[str | None, typer.Option("--class", help="Only entries of this class have it.")]
    priority: Annotated[Priority | None, typer.Option(help="Only entries of this priority.")]
    direction: Annotated[Direction | None, typer.Option(help="Only entries of this direction.")]
    state: Annotated[str | None, typer.Option(help="State in which it begins; else with the receipt.")]
    until: Annotated[
        list[str] | None, typer.Option(help="State that ends it; default: answered. More than once.")
    ]
    pause: Annotated[
        list[str] | None,
        typer.Option(help="State in which it stands still; default: waiting. More than once."),
    ]
    legal: Annotated[bool | None, typer.Option("--legal/--not-legal", help="It cannot be paused.")]
    remind: Annotated[
        list[float] | None,
        typer.Option(metavar="HOURS", help="Working hours before its end; more than once."),
    ]
    escalate: Annotated[
        str | None,
        typer.Option(help="Who hears when it has passed: DEPARTMENT, DEPARTMENT/PERSON or /PERSON."),
    ]
    by_rule: Annotated[
        bool | None,
        typer.Option("--by-rule/--by-itself", help="Only entries to which a rule gives it have it."),
    ]


def _said(given: dict[str, Any]) -> dict[str, Any]:
    """What was named, by the names that a deadline has for it; an empty text takes it away."""
    said = named(given)
    for option, name in (("class_name", "label"), ("pause", "pauses")):
        if option in said:
            said[name] = said.pop(option)
    lists = {name: tuple(said[name]) for name in ("until", "pauses", "remind") if name in said}
    return {**said, **{name: tuple(one for one in some if one != "") for name, some in lists.items()}}


@deadline.command()
@with_options(_Options, _said)
def add(name: Name, said: dict[str, Any], reason: Why = "", by: By = "", as_json: Json = False) -> None:
    """Add a deadline: postroom deadline add answer --class complaint --days 10 --remind 8."""
    made = Deadline(name, **said)
    _check(made)
    put("deadline", made, reason, by, as_json)


@deadline.command("change")
@with_options(_Options, _said)
def change_deadline(
    name: Name, said: dict[str, Any], reason: Why = "", by: By = "", as_json: Json = False
) -> None:
    """Change a deadline, for what begins from then on; what runs keeps the terms on which it began."""
    if not said:
        raise Usage("Say what is to change; see --help")
    services()
    from dataclasses import replace

    from register.office import find

    if "hours" in said or "days" in said:
        said = {"hours": 0.0, "days": 0, **said}
    _check(replace(find("deadline", name), **said))
    change("deadline", name, said, reason, by, as_json)


@deadline.command()
def show(name: Name, as_json: Json = False) -> None:
    """Show a deadline."""
    services()
    from register.office import find

    data = to_plain(find("deadline", name))

    def people() -> None:
        for key, value in data.items():
            if value not in ("", 0, 0.0, False, []):
                shown = ", ".join(map(str, value)) if isinstance(value, list) else value
                say(f"{key.replace('_', ' ')}: {'yes' if value is True else shown}")

    answer(as_json, data, people)


def _check(made: Deadline) -> None:
    """See that its class and states are those of the office, and that this is open for so long."""
    instance = services()
    from flows.follow import calendar_of
    from infra.classes import must_be
    from register.deadlines import must_be_known, must_be_reached
    from register.decisions import office

    must_be_known(made, States(instance.settings.states), partial(must_be, instance))
    must_be_reached(made, calendar_of(instance, office()), datetime.now(UTC))


deadline.command("list")(
    listing(
        "deadline",
        ("name", "hours", "days", "label", "priority", "direction", "state", "legal", "remind", "escalate"),
    )
)
deadline.command("history")(history("deadline"))
deadline.command("remove")(removal("deadline"))
