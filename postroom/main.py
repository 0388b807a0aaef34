"""``postroom``: the command line. Each verb is a few lines over the flows and the register."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from domain.errors import PostroomError, Usage
from infra.logs import to_stderr
from postroom import (
    accuracy,
    attaching,
    backing,
    benches,
    books,
    champions,
    classes,
    clocks,
    deadlines,
    demo,
    desk,
    enduring,
    entries,
    heads,
    indexing,
    inspecting,
    intaking,
    labels,
    learning,
    learning_benches,
    notices,
    numbers,
    office,
    parties,
    people,
    receipts,
    reports,
    resplitting,
    rules,
    searching,
    separators,
    serving,
    tokens,
    working,
)
from postroom.acting import ActingGroup, act_as
from postroom.context import choose_home
from postroom.output import aside

app = typer.Typer(
    name="postroom",
    cls=ActingGroup,
    help="Scan, register, archive and find a mailroom's letters.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for verbs in (
    intaking,
    working,
    searching,
    people,
    entries,
    attaching,
    parties,
    office,
    deadlines,
    clocks,
    notices,
    tokens,
    rules,
    receipts,
    reports,
    numbers,
    labels,
    resplitting,
    inspecting,
    learning,
    champions,
    classes,
    learning_benches,
    separators,
    books,
    heads,
    indexing,
    backing,
    serving,
    desk,
    demo,
    benches,
    enduring,
    accuracy,
):
    verbs.add_to(app)


_FOR_USERS = frozenset(
    {
        "entry", "search", "show", "get", "receipt", "department", "user", "field", "closure", "delegation",
        "rule", "deadline", "clock", "review", "label", "exceptions", "report", "number", "labels", "inbox",
        "notice", "webhook", "party",
    }
)  # fmt: skip
"""Verbs that ask what a user may do; all others are the owner's."""


@app.callback()
def _common(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option(
            help="Where this instance lives. Default: POSTROOM_HOME, var/ in a checkout, your data folder."
        ),
    ] = None,
    user: Annotated[
        str, typer.Option("--as", metavar="USER", help="Act as a user of the office, with their rights.")
    ] = "",
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more on standard error.")] = False,
) -> None:
    verb = context.invoked_subcommand
    if user and verb not in _FOR_USERS:
        raise Usage(f"postroom {verb} is for the installation's owner: leave out --as {user}")
    act_as(user)
    to_stderr(verbose)
    choose_home(home)


def main() -> None:
    """Run the command line. Exit 0: done; 1: something failed; 2: wrong usage."""
    try:
        app()
    except Usage as error:
        aside.print(str(error), style="red", markup=False)
        sys.exit(2)
    except PostroomError as error:
        aside.print(str(error), style="red", markup=False)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)
