"""``report``: what the history tells of the office's work."""

from datetime import date, datetime
from typing import Annotated

import typer

from domain.errors import Usage
from postroom.acting import rights
from postroom.context import services
from postroom.output import answer, say, table
from postroom.searching import Json

report = typer.Typer(no_args_is_help=True, help="What the history tells of the office's work.")


@report.callback()
def _all() -> None:
    """What the history tells of the office's work."""


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    app.add_typer(report, name="report")


@report.command()
def bottlenecks(
    by: Annotated[str, typer.Option(help="state, department, person or class.")] = "state",
    since: Annotated[str, typer.Option(help="Stays that ended on this day or later, as 2026-03-31.")] = "",
    until: Annotated[str, typer.Option(help="As it stood at the end of this day; default: now.")] = "",
    whole: Annotated[
        bool, typer.Option("--elapsed", help="All time counts, not only that in which the office is open.")
    ] = False,
    as_json: Json = False,
) -> None:
    """How long entries stay in each state or with each holder, the most time in all first."""
    instance = services()
    from flows.reports import bottlenecks as find
    from register.bottlenecks import By

    if by not in list(By):
        raise Usage(f"--by is {by!r}: say {', '.join(By)}")
    first, last = _day("since", since), _day("until", until)
    data = find(instance, By(by), since=first, until=last, whole=whole, rights=rights(instance))
    found = data["stays"]

    def show() -> None:
        if not found:
            say("No entry stayed anywhere then.")
            return
        columns = [by, "ended", "median", "90 % within", "in all", "open now", "longest open", "of"]
        rows = [
            (
                one["name"] or _NONE[by],
                one["count"],
                *(_long(one[name]) for name in ("median_seconds", "p90_seconds", "total_seconds")),
                one["open"],
                _long(one["open_longest_seconds"]),
                one["oldest"],
            )
            for one in found
        ]
        table(f"Where entries stay, in {data['time']} time", columns, rows)

    answer(as_json, data, show)


_NONE = {"state": "", "department": "(the registry)", "person": "", "class": "(none)"}


def _day(name: str, text: str) -> date | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).date()
    except ValueError as error:
        raise Usage(f"--{name} is {text!r}: give a day, such as 2026-03-31") from error


def _long(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:,.1f} h"
