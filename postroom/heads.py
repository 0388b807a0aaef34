"""``heads``: how far the audit chains went, day by day, for whoever wants to compare."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from domain.errors import Usage
from postroom.context import services
from postroom.output import answer, count, say, table
from postroom.searching import Json

heads = typer.Typer(no_args_is_help=True, help="How far the audit chains went, day by day.")


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    app.add_typer(heads, name="heads")


@heads.command()
def export(
    day: Annotated[str, typer.Option(help="Heads of this day, such as 2026-03-31; default: of today.")] = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write them to this file too, to publish them.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Put today's heads into the archive, unless they are there; to publish, write them to a file."""
    instance = services()
    from archive.keys import heads_key
    from archive.port import NotFound
    from flows import heads as flow

    new = False
    if day:
        key = heads_key(day)
        try:
            found = flow.read(key, instance.archive.read(key))
        except NotFound as error:
            raise Usage(f"there are no heads of {day}: see postroom heads list") from error
    else:
        found, new = flow.export(instance, datetime.now(UTC))
    if output:
        try:
            output.write_bytes(instance.archive.read(found.kept.key))
        except OSError as error:
            raise Usage(f"{output} cannot be written: {error.strerror}") from error
    data = {
        "day": found.heads.day,
        "at": found.heads.at,
        "new": new,
        "sha256": found.sha256,
        "key": found.kept.key,
        "chains": [
            {"register": one.register, "sequence": one.sequence, "hash": one.hash, "root": one.root}
            for one in found.heads.chains
        ],
    }

    def show() -> None:
        what = "put into the archive" if new else "in the archive"
        say(f"Heads of {found.heads.day}, {what}: {found.kept.key}")
        table("Chains", ["register", "events", "hash of the last"], [
            (one.register, one.sequence, one.hash) for one in found.heads.chains
        ])  # fmt: skip
        say(f"SHA-256 of the whole: {found.sha256}")

    answer(as_json, data, show)


@heads.command("list")
def list_(as_json: Json = False) -> None:
    """The days of which the archive has heads, with the SHA-256 of each."""
    instance = services()
    from flows.heads import published

    days = [
        {"day": one.heads.day, "at": one.heads.at, "sha256": one.sha256}
        for one in published(instance.archive, [])
    ]
    rows = [(one["day"], one["at"], one["sha256"]) for one in days]
    answer(as_json, {"days": days}, lambda: table("Heads", ["day", "taken", "SHA-256"], rows))


@heads.command()
def check(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="Heads that somebody kept.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare the chains with all heads of the archive, and with those of files. Exit 1: they differ."""
    instance = services()
    from flows import heads as flow

    kept = []
    for one in files or ():
        try:
            kept.append(flow.read(one.name, one.read_bytes()))
        except OSError as error:
            raise Usage(f"{one} cannot be read: {error.strerror}") from error
        except Usage as error:
            raise Usage(f"{one}: {error}") from error
    wrong = flow.check(instance.archive, kept)
    days = sum(1 for _ in flow.published(instance.archive, []))
    altered = flow.first_altered(instance.archive, [], wrong)
    data = {"ok": not wrong, "days": days, "files": len(kept), "differing": wrong, "first_altered": altered}

    def show() -> None:
        for one in wrong:
            say(
                f"{one['day']} {one['register']} {one['sequence']} {one['number']}: {one['problem']}",
                style="red",
            )
        for one in altered:
            say(
                f"First altered: {one['register']} {one['sequence']} {one['number']}: {one['problem']}",
                style="red",
            )
        if not wrong:
            say(f"The chains are as they were: {count(days, 'day')} compared.", style="green")

    answer(as_json, data, show)
    if wrong:
        sys.exit(1)
