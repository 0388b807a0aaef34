"""``receipt``: receipts of entries, and whether one that comes back is genuine."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from domain.errors import Usage
from postroom.acting import act, rights
from postroom.context import services
from postroom.entries import By, Number
from postroom.output import answer, say, table
from postroom.people import deliver
from postroom.searching import Json

if TYPE_CHECKING:
    from flows.receipts import Checked

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
    mail: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Send it there instead, and write a file only with -o.")
    ] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Give a receipt: PDF/A with number, time, pages and hashes of what was received."""
    instance = services()
    from flows.mailed import file_name, must_be_address, send
    from flows.receipts import issue as make
    from letters.receipt import WORDS

    if language and language not in WORDS:
        raise Usage(f"language is {language!r}: receipts are written in {', '.join(WORDS)}")
    to = must_be_address(mail) if mail else None
    path = None if to and not output else output or Path(f"{file_name(number)}.pdf")
    if path and not path.parent.is_dir():
        raise Usage(f"{path.parent} is not a folder: name a file in one that is there")
    doing = act(instance, "", by)
    pdf = make(instance, number, doing, language, to=mail)
    if path:
        path.write_bytes(pdf)
    deliver(instance)
    if to:
        send(instance, number, pdf, to, language, doing.at)
    data = {
        "number": number,
        "file": str(path) if path else None,
        "size": len(pdf),
        "mailed_to": mail or None,
    }

    def show() -> None:
        for line in (f"Written: {path}" if path else "", f"Sent to {mail}" if mail else ""):
            if line:
                say(line)

    answer(as_json, data, show)


@receipt.command()
def proof(
    number: Number,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where to write it; default: NUMBER.proof.json here."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write what proves an entry's receipts together with the published heads, without this register."""
    instance = services()
    from flows.mailed import file_name
    from flows.proofs import prove

    path = output or Path(f"{file_name(number)}.proof.json")
    data = prove(instance, number, act(instance))
    try:
        path.write_bytes(data)
    except OSError as error:
        raise Usage(f"{path} cannot be written: {error.strerror}") from error
    told = {"number": number, "file": str(path), "size": len(data)}
    answer(as_json, told, lambda: say(f"Written: {path}"))


@receipt.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A receipt, or a document of the archive.")],
    heads: Annotated[
        Path | None, typer.Option(help="Published heads: the register is not asked; with --proof.")
    ] = None,
    proof: Annotated[Path | None, typer.Option(help="What `receipt proof` wrote; with --heads.")] = None,
    of: Annotated[
        str, typer.Option("--of", metavar="NUMBER", help="Entry that it is said to be a document of.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Say whether a receipt or a document is what the register certified. Exit 1: it is not."""
    if (heads is None) != (proof is None):
        raise Usage("Without the register both are needed: --heads FILE --proof FILE")
    found = _checked(file, heads, proof, of)
    data: dict[str, Any] = {
        "genuine": found.genuine,
        "what": found.what,
        "number": found.number,
        "says": found.says,
        "differs": [{"field": name, "file": says, "register": was} for name, says, was in found.differs],
    }

    def show() -> None:
        say(found.says, style="green" if found.genuine else "red")
        if found.differs:
            table("What differs", ["field", "this file", "what was kept"], found.differs)

    answer(as_json, data, show)
    if not found.genuine:
        sys.exit(1)


def _checked(file: Path, heads: Path | None, proof: Path | None, of: str) -> "Checked":
    if heads and proof:
        from infra.database import prepare

        prepare()
        from flows.proofs import check_alone

        return check_alone(file, heads, proof)
    instance = services()
    from flows.receipts import check

    return check(instance, file, rights(instance), of)
