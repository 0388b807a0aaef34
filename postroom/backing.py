"""``backup``, ``restore``: against the loss of the machine."""

from pathlib import Path
from typing import Annotated

import typer

from postroom.context import home, services
from postroom.output import answer, count, say
from postroom.searching import Json


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    app.command()(backup)
    app.command()(restore)


def backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The backup; must not be there yet.")],
    archive: Annotated[
        bool, typer.Option("--archive", help="With the archive, where it is a folder.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Copy the register, the files in the spool, models and settings; an intake may go on meanwhile."""
    instance = services()
    from flows.backup import back_up

    data = back_up(instance, folder.absolute(), archive=archive)

    def show() -> None:
        size = f"{count(data['files'], 'file')}, {data['bytes'] / 1e6:.1f} MB"
        say(f"{data['backup']}: {size}", style="green")
        say(f"  in it: the register ({data['database']}), {count(data['spooled'], 'file')} of the spool")
        for one in data["left_out"]:
            say(f"  not in it: {one}")

    answer(as_json, data, show)


def restore(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A backup.")],
    replace: Annotated[bool, typer.Option("--replace", help="Move aside what is there already.")] = False,
    files_only: Annotated[bool, typer.Option("--files-only", help="Leave the register as it is.")] = False,
    as_json: Json = False,
) -> None:
    """Make this instance from a backup, once all of it was found undamaged."""
    from infra.database import prepare

    prepare()
    from flows.restore import restore as put_back

    data = put_back(home(), folder.absolute(), replace=replace, files_only=files_only)

    def show() -> None:
        what = f"{count(data['files'], 'file')} of {data['created_at']}, register in {data['database']}"
        say(f"{data['home']}: {what}", style="green")
        if data["moved_to"]:
            say(f"What was there is in {data['moved_to']} now.")
        say("The archive must be in its place. Then: postroom rebuild --index")
        say("And last: postroom verify")

    answer(as_json, data, show)
