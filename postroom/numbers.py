"""``number``: how numbers are written, and numbers that are reserved ahead."""

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from domain.correspondence import Details, Direction
from domain.errors import Usage
from domain.numbers import DEFAULT
from domain.states import States
from infra.wiring import Services
from postroom.acting import act, rights
from postroom.context import services
from postroom.entries import By, Department, Number, Person, Why
from postroom.entry_options import moment, with_details
from postroom.output import answer, count, say, table
from postroom.people import deliver
from postroom.searching import Json
from postroom.several import told

number = typer.Typer(no_args_is_help=True, help="How numbers are written, and numbers reserved ahead.")

Range = Annotated[str, typer.Argument(metavar="RANGE", help="Name of the range, such as IN-2026:124-173.")]
Register = Annotated[str, typer.Option(help="Whose numbers they are, such as IN.")]
Place_ = Annotated[str, typer.Option("--place", help="Where they are used, such as 'counter 2'.")]
Owner = Annotated[str, typer.Option("--department", help="Whose they are; default: the registry's.")]
Year = Annotated[int, typer.Option(help="This year, or the next.", show_default=False)]


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    app.add_typer(number, name="number")


@number.command("format")
def change_form(
    form: Annotated[
        str, typer.Argument(metavar="FORM", help=f"Such as {DEFAULT}; default: say how they are written.")
    ] = "",
    register: Annotated[str, typer.Option(help="Of this register only.", show_default=False)] = "",
    reason: Why = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Let numbers be written otherwise from now on; those that were given stay as they are, and are found."""
    instance = services()
    from register.numbering import listed, set_form

    if form:
        set_form(form, act(instance, reason, by), register)
        deliver(instance)
    data = listed(datetime.now(instance.settings.zone).year)
    rows = [(one["register"], one["form"], one["example"], ", ".join(one["before"])) for one in data]
    columns = ["register", "form", "example", "before"]
    answer(as_json, data, lambda: table("How numbers are written", columns, rows))


@number.command()
def reserve(
    register: Register,
    amount: Annotated[int, typer.Option("--count", min=1, help="How many.")],
    place: Place_ = "",
    department: Owner = "",
    year: Year = 0,
    reason: Why = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Reserve the next numbers of a register for a counter without network."""
    instance = services()
    from register.ranges import reserve as take
    from register.ranges import told as told_of

    doing = act(instance, reason, by)
    made = take(
        register, amount, doing, zone=instance.settings.zone, place=place, department=department, year=year
    )
    deliver(instance)
    first, last = made.number(made.first), made.number(made.last)
    said = f"{count(amount, 'number')} reserved, {first} to {last}: range {made.name}"
    answer(as_json, told_of(made, doing.at), lambda: say(said))


@number.command()
def ranges(
    every: Annotated[bool, typer.Option("--all", help="Also those with no number open.")] = False,
    as_json: Json = False,
) -> None:
    """Ranges of reserved numbers, the oldest first: what was used of each, and what is open."""
    instance = services()
    from register.ranges import listed

    data = listed(rights(instance), datetime.now(UTC), every=every)

    def people() -> None:
        if not data:
            say("There is none.")
            return
        rows = [
            (one["range"], one["place"], one["reserved"], one["used"], one["void"], one["open"], one["days"])
            for one in data
        ]
        table("Reserved numbers", ["range", "place", "reserved", "used", "void", "open", "days"], rows)

    answer(as_json, data, people)


@number.command()
@with_details
def use(
    number: Number,
    said: dict[str, Any],
    received: Annotated[
        str, typer.Option(help="When it was received there: YYYY-MM-DDTHH:MM.", show_default=False)
    ] = "",
    direction: Annotated[
        Direction | None, typer.Option(help="Default: that of the register.", show_default=False)
    ] = None,
    department: Department = "",
    person: Person = "",
    reason: Why = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Enter what was received without network: it gets the number that was reserved for it."""
    instance = services()
    from register.entries import enter
    from register.ranges import direction_of_number

    zone, text = instance.settings.zone, number.strip().upper()
    made = enter(
        direction or direction_of_number(text),
        replace(Details(), **said),
        act(instance, reason, by),
        zone=zone,
        number=text,
        received_at=moment("received", received, zone),
        department=department,
        person=person,
        said=said,
        known=_known(instance),
        office=States(instance.settings.states),
    )
    told(instance, made, as_json, "")


@number.command("import")
def take_in(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV with a heading, or JSON lines (.jsonl).")],
    strict: Annotated[
        bool, typer.Option("--strict", help="Enter all lines, or none if one is at fault.")
    ] = False,
    reason: Why = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Enter what a counter received without network, from a file. Exit 1: lines are at fault."""
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Usage(f"{file} cannot be read: {why}") from error
    instance = services()
    from register.offline import read, take

    found = take(
        read(file.name, text),
        act(instance, reason, by),
        zone=instance.settings.zone,
        known=_known(instance),
        office=States(instance.settings.states),
        strict=strict,
    )
    deliver(instance)
    data = {
        "file": str(file),
        "entered": list(found.entered),
        "already": list(found.already),
        "faults": [
            {"line": one.line, "field": one.field, "value": one.value, "problem": one.problem}
            for one in found.faults
        ],
    }

    def people() -> None:
        there = f", {len(found.already)} were there before" if found.already else ""
        say(f"{count(len(found.entered), 'entry', 'entries')} made{there}")
        if found.faults:
            rows = [(one.line, one.field, one.value, one.problem) for one in found.faults]
            table("Lines at fault, of which nothing is written", ["line", "field", "value", "problem"], rows)

    answer(as_json, data, people)
    if found.faults:
        sys.exit(1)


@number.command()
def reconcile(
    name: Range,
    void_rest: Annotated[
        bool, typer.Option("--void-rest", help="Make what is still open void, with the reason.")
    ] = False,
    reason: Why = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Say what was used of a range and what is open; make the rest void."""
    instance = services()
    from register import ranges

    doing = act(instance, reason, by)
    if void_rest:
        ranges.void_rest(name, doing, office=States(instance.settings.states))
        deliver(instance)
    data = ranges.told(ranges.find(name, doing.rights), doing.at)

    def people() -> None:
        say(f"{name}: {data['reserved']} reserved, {data['used']} used, {data['void']} void")
        if data["open"]:
            numbers = ", ".join(data["open_numbers"])
            say(f"{data['open']} open since {count(data['days'], 'day')}: {numbers}")

    answer(as_json, data, people)


def _known(instance: Services) -> Callable[[str], None]:
    from infra.classes import must_be

    return partial(must_be, instance)
