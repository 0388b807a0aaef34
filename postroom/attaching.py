"""``entry attach``: files added to an entry."""

import time
from pathlib import Path
from typing import Annotated

import typer

from postroom.acting import act
from postroom.context import services
from postroom.entries import By, Number, Seen, Why, entry
from postroom.searching import Json


def add_to(app: typer.Typer) -> None:
    """Add this verb to those of ``entry``."""
    entry.command("attach")(attach)


def attach(
    number: Number,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Files to add; they stay where they are.")
    ],
    replaces: Annotated[
        str, typer.Option(help="Id of the document that this is a new version of.", show_default=False)
    ] = "",
    reason: Why = "",
    by: By = "",
    seen: Seen = None,
    as_json: Json = False,
) -> None:
    """Add files to an entry: each is read and kept as a scanned one is."""
    instance = services()
    from flows.attach import attach as add
    from postroom.intaking import finish

    start = time.monotonic()
    done = add(instance, number, files, act(instance, reason, by, seen), replaces)
    finish(instance, done, as_json, strict=True, seconds=time.monotonic() - start)
