"""``receipt``: receipts of entries, and whether one that comes back is genuine."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from domain.errors import Usage
from postroom.acting import act
from postroom.context import services
from postroom.entries import By, Number
from postroom.output import answer, say, table
from postroom.people import deliver
from postroom.searching import Json

receipt = typer.Typer(no_args_is_help=True, help="Receipts of entries.")


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    app.add_typer(receipt, name="receipt")


@receipt.command()
def issue(
    number: Number,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write it; default: NUMBER.pdf here.")
    ] = None,
    language: Annotated[str, typer.Option(help="en, es, de or fr; default: that of the letter.")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Give a receipt: PDF/A with number, time, pages and hashes of what was received."""
    instance = services()
    from flows.receipts import issue as make
    from letters.receipt import WORDS

    if language and language not in WORDS:
        raise Usage(f"language is {language!r}: receipts are written in {', '.join(WORDS)}")
    path = output or Path(f"{number.replace('/', '-')}.pdf")
    if not path.parent.is_dir():
        raise Usage(f"{path.parent} is not a folder: name a file in one that is there")
    pdf = make(instance, number, act(instance, "", by), language)
    path.write_bytes(pdf)
    deliver(instance)
    answer(as_json, {"number": number, "file": str(path), "size": len(pdf)}, lambda: say(f"Written: {path}"))


@receipt.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A receipt, or a document of the archive.")],
    as_json: Json = False,
) -> None:
    """Say whether a receipt or a document is what the register certified. Exit 1: it is not."""
    instance = services()
    from flows.receipts import check

    found = check(instance, file)
    data = {
        "genuine": found.genuine,
        "what": found.what,
        "number": found.number,
        "says": found.says,
        "differs": [{"field": name, "file": says, "register": was} for name, says, was in found.differs],
    }

    def show() -> None:
        say(found.says, style="green" if found.genuine else "red")
        if found.differs:
            table("What differs", ["field", "this file", "the register"], found.differs)

    answer(as_json, data, show)
    if not found.genuine:
        sys.exit(1)
