"""``report``: what the history tells of the office's work."""

from datetime import UTC, datetime, time, timedelta
from typing import Annotated

import typer

from domain.errors import Usage
from domain.states import States
from domain.working_time import Meter
from infra.wiring import Services
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
    from flows.follow import calendar_of
    from register.bottlenecks import By, elapsed
    from register.bottlenecks import bottlenecks as find
    from register.decisions import office

    if by not in list(By):
        raise Usage(f"--by is {by!r}: say {', '.join(By)}")
    now, counted = datetime.now(UTC), "elapsed" if whole else "working"
    first = _day(instance, "since", since)
    last = _day(instance, "until", until)
    end = min(last + timedelta(days=1), now) if last else now
    if first and first >= end:
        raise Usage(f"--since {since} is not before --until {until or 'now'}: give the earlier day first")
    states = States(instance.settings.states)
    found = find(
        By(by), since=first, until=end, rights=rights(instance), office=states,
        worked=elapsed if whole else Meter(calendar_of(instance, office())).between,
    )  # fmt: skip
    data = {
        "by": by,
        "since": first.isoformat() if first else None,
        "until": end.isoformat(),
        "time": counted,
        "stays": found,
    }

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
        table(f"Where entries stay, in {counted} time", columns, rows)

    answer(as_json, data, show)


_NONE = {"state": "", "department": "(the registry)", "person": "", "class": "(none)"}


def _day(instance: Services, name: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.combine(datetime.fromisoformat(text).date(), time.min, instance.settings.zone)
    except ValueError as error:
        raise Usage(f"--{name} is {text!r}: give a day, such as 2026-03-31") from error


def _long(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:,.1f} h"
