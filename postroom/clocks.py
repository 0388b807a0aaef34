"""``clock``: what is due when, and what comes of it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from domain.correspondence import holder
from domain.errors import Usage
from domain.working_time import Calendar
from infra.wiring import Services
from postroom.acting import act, is_owner, rights
from postroom.context import services
from postroom.entries import By, Seen, Why
from postroom.office import day
from postroom.output import answer, count, minute, say, table
from postroom.people import deliver
from postroom.searching import Json

if TYPE_CHECKING:
    from register.firing import Fired
    from register.unheld import Unheld

clock = typer.Typer(no_args_is_help=True, help="The deadlines of entries: what is due when.")
_HOUR = 3600.0


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    app.add_typer(clock, name="clock")


@clock.command()
def run(as_json: Json = False) -> None:
    """Bring about what is due: reminders, what has passed. What was brought about before is not again."""
    _must_be_owner("run")
    instance = services()
    from flows.clock import tick

    done = tick(instance, again=True)
    deliver(instance)
    data = {
        "fired": [_fired(one) for one in done.fired],
        "brought_back": [_brought_back(one) for one in done.brought_back],
    }

    def people() -> None:
        for one in done.fired:
            told = f"; told: {', '.join(one.told)}" if one.told else "; nobody could be told"
            say(f"{one.number}: {one.deadline}, {one.what}{told}")
        _say_brought_back(done.brought_back)
        if not (done.fired or done.brought_back):
            say("Nothing is due.")

    answer(as_json, data, people)


@clock.command("list")
def list_clocks(
    due_within: Annotated[
        float | None,
        typer.Option(
            min=0, max=100_000, metavar="HOURS", help="Only what is due within so many hours, or has passed."
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: Json = False,
) -> None:
    """Show what is due first."""
    instance = services()
    from register.clock_views import listed, told

    now = datetime.now(UTC)
    found = listed(now, due_within=due_within, limit=limit, rights=rights(instance))
    data = told(found, _calendar(instance), now)

    def people() -> None:
        if not data:
            say("There is none.")
            return
        zone = instance.settings.zone
        rows = [
            (
                one["number"],
                one["deadline"] + _kind(one, " ({})"),
                one["state"],
                minute(one["due_at"], zone),
                _left(one),
                holder(one["department"], one["person"]),
                one["subject"],
            )
            for one in data
        ]
        columns = ["number", "deadline", "state", "due", "hours left", "with", "subject"]
        table(count(len(data), "deadline"), columns, rows)

    answer(as_json, data, people)


@clock.command("show")
def show_clocks(
    number: Annotated[str, typer.Argument(help="Register number.")], as_json: Json = False
) -> None:
    """Show the deadlines of an entry: what came of them, and what is to come."""
    instance = services()
    from register.clock_views import show

    data = show(number, _calendar(instance), datetime.now(UTC), rights(instance))
    answer(as_json, data, lambda: _print_clocks(number, data, instance.settings.zone))


@clock.command()
def extend(
    number: Annotated[str, typer.Argument(help="Register number.")],
    deadline: Annotated[str, typer.Argument(help="Its name, where the entry has several.")] = "",
    to: Annotated[str, typer.Option(metavar="DAY", help="Last day, 2026-03-31.", show_default=False)] = "",
    days: Annotated[
        int,
        typer.Option(metavar="N", help="So many days after the day on which it is due.", show_default=False),
    ] = 0,
    reason: Why = "",
    by: By = "",
    seen: Seen = None,
    as_json: Json = False,
) -> None:
    """Give a deadline of an entry more time: postroom clock extend IN-... --days 5 --reason ..."""
    instance = services()
    from flows.clock import catch_up
    from register.clock_views import show
    from register.extending import extend as give

    doing, last = act(instance, reason, by, seen), day("to", to) if to else None
    catch_up(instance, doing.at)
    done = give(number, deadline, doing, _calendar(instance), to=last, days=days)
    deliver(instance)
    data = show(done.number, _calendar(instance), datetime.now(UTC), rights(instance))
    answer(as_json, data, lambda: _print_clocks(done.number, data, instance.settings.zone))


@clock.command()
def check(as_json: Json = False) -> None:
    """Bring back to the registry what nobody can work on: its holder has left, or is not known."""
    _must_be_owner("check")
    instance = services()
    from flows.clock import check_holders

    done, left = check_holders(instance)
    deliver(instance)
    data = {
        "brought_back": [_brought_back(one) for one in done],
        "without_holder": [_brought_back(one) for one in left],
    }

    def people() -> None:
        _say_brought_back(done)
        for one in left:
            say(f"{one.number}: {one.why}", style="red")
        if not (done or left):
            say("Somebody can work on each entry.")

    answer(as_json, data, people)


def _must_be_owner(verb: str) -> None:
    if not is_owner():
        raise Usage(f"postroom clock {verb} is for the installation's owner: leave out --as")


def _calendar(instance: Services) -> Calendar:
    from flows.follow import calendar_of
    from register.decisions import office

    return calendar_of(instance, office())


def _fired(one: "Fired") -> dict[str, Any]:
    return {
        "number": one.number,
        "deadline": one.deadline,
        "what": one.what,
        "due_at": one.due_at.isoformat(),
        "told": list(one.told),
    }


def _brought_back(one: "Unheld") -> dict[str, str]:
    return {"number": one.number, "holder": one.holder, "why": one.why}


def _say_brought_back(done: "Sequence[Unheld]") -> None:
    for one in done:
        say(f"{one.number} is with the registry again: {one.why}", style="yellow")


def _print_clocks(number: str, data: list[dict[str, Any]], zone: ZoneInfo) -> None:
    if not data:
        say(f"{number} has no deadline.")
    for one in data:
        say(f"{one['deadline']}: {one['state']}{_kind(one, ', {}')}", style="bold")
        due = minute(one["due_at"], zone) or "not known while it stands still"
        say(f"  begun {minute(one['begun_at'], zone)}, due {due}")
        if not one["legal"]:
            say(f"  {one['used'] / _HOUR:.1f} of {one['allowed'] / _HOUR:.1f} working hours used")
        for past in one["fired"]:
            say(f"  {_moment_of(past['what'])}: {minute(past['at'], zone)}")
        for coming in one["to_come"]:
            say(f"  {_moment_of(coming['what'])}: will be {minute(coming['at'], zone)}")


def _moment_of(what: str) -> str:
    return f"{what} hours before" if what.startswith("reminder") else what


def _kind(one: dict[str, Any], form: str) -> str:
    """What is to be said of it beside its name; "" for nothing."""
    said = [*(["legal"] if one["legal"] else []), *(["extended"] if one["extended"] else [])]
    return form.format(", ".join(said)) if said else ""


def _left(one: dict[str, Any]) -> str:
    return "" if one["legal"] else f"{max(one['allowed'] - one['used'], 0.0) / _HOUR:.1f}"
