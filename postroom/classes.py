"""``classes``: the classes that documents can have."""

import getpass
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from postroom.champions import Reason
from postroom.context import services
from postroom.output import answer, count, say, table
from postroom.searching import Json

classes = typer.Typer(no_args_is_help=True, help="The classes that documents can have.")


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    app.add_typer(classes, name="classes")


@classes.command("list")
def list_classes(as_json: Json = False) -> None:
    """The classes of today, and what became of them."""
    instance = services()
    from infra.classes import changes, names

    done = changes(instance)
    data: dict[str, Any] = {"classes": list(names(done)), "changes": [asdict(one) for one in done]}

    def show() -> None:
        say(", ".join(data["classes"]))
        rows = [(one.at[:16], one.name, f"{one.kind} {one.of}".strip(), one.by, one.reason) for one in done]
        if rows:
            table("Changes", ["at", "class", "what", "by", "why"], rows)

    answer(as_json, data, show)


@classes.command()
def add(
    name: Annotated[str, typer.Argument(help="Its name.")], reason: Reason = "", as_json: Json = False
) -> None:
    """Add a class. With ten documents labelled as it, a retrained model begins to suggest it."""
    instance = services()
    from infra.classes import add as write

    write(instance, name, by=getpass.getuser(), reason=reason)
    answer(as_json, {"added": name}, lambda: say(f"Documents can be labelled {name} now."))


@classes.command()
def merge(
    name: Annotated[str, typer.Argument(help="The class that goes.")],
    into: Annotated[str, typer.Argument(help="The class that it goes into.")],
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Let a class go into another: its documents are that from now on; what people said stays written."""
    instance = services()
    from flows.publish import publish
    from infra.classes import merge as write
    from register.review import move

    write(instance, name, into, by=getpass.getuser(), reason=reason)
    moved = move(name, into, actor=getpass.getuser(), at=datetime.now(UTC), reason=reason)
    publish(instance)
    data = {"merged": name, "into": into, "documents": moved}
    answer(
        as_json, data, lambda: say(f"{name} is {into} now: {count(moved, 'document')} moved. Retrain next.")
    )


@classes.command()
def split(
    name: Annotated[str, typer.Argument(help="The class that a part is taken from.")],
    new: Annotated[str, typer.Argument(help="The class of that part.")],
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Take a new class out of one: label the documents that belong to it, then retrain."""
    instance = services()
    from infra.classes import add as write

    write(instance, new, of=name, by=getpass.getuser(), reason=reason)
    answer(
        as_json,
        {"split": name, "new": new},
        lambda: say(f"{new} is there now. Label its documents, then retrain."),
    )
