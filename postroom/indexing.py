"""``index``: the indexes on Elasticsearch, and moving from one to the next."""

from typing import Annotated, Any

import typer

from postroom.context import services
from postroom.output import answer, count, say
from postroom.searching import Json

index = typer.Typer(no_args_is_help=True, help="The search index on Elasticsearch: status and migration.")


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    app.add_typer(index, name="index")


@index.command()
def status(as_json: Json = False) -> None:
    """Say which index is searched, which is being filled and which are kept."""
    instance = services(database=False)
    from flows.migrate import status as look

    data = look(instance)
    answer(as_json, data, lambda: _print_status(data))


def _print_status(data: dict[str, Any]) -> None:
    for what, one in (("searched", data["live"]), ("being filled", data["next"])):
        if one:
            say(f"{one['index']}: {count(one['entries'], 'entry', 'entries')}, {what}")
    for one in data["old"]:
        say(f"{one['index']}: {count(one['entries'], 'entry', 'entries')}, kept until postroom index release")
    if data["due"]:
        say("A migration is due: postroom index migrate")
    elif not data["live"]:
        say("There is no index yet; it is made when the first letter is published.")


@index.command()
def migrate(
    anew: Annotated[
        bool, typer.Option("--anew", help="Also when the mapping is this version's already.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Fill a new index beside the one that is searched, then take it into use. May be run again."""
    instance = services()
    from flows.migrate import migrate as move

    data = move(instance, anew=anew)

    def show() -> None:
        if data["migrated"]:
            say(f"{data['index']} is searched now: {count(data['put'], 'entry', 'entries')} put.")
            say("The one before is kept until: postroom index release")
        else:
            say(f"Nothing to migrate: {data['index']} has this version's mapping.")
        for number in data["without_text"]:
            say(f"{number}: found without the text of its pages, which the archive cannot give.")
        for number in data["refused"]:
            say(f"{number}: its last change is turned away. See: postroom verify")

    answer(as_json, data, show)


@index.command()
def release(
    unfinished: Annotated[
        bool, typer.Option("--unfinished", help="Remove the new index of a migration that is given up.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Remove the indexes that migrations replaced."""
    instance = services()
    from flows.migrate import release as remove

    data = {"removed": remove(instance, unfinished=unfinished)}
    answer(as_json, data, lambda: say(f"Removed: {', '.join(data['removed']) or 'nothing'}."))
