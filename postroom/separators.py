"""``separators``: sheets to print and lay between the documents of a stack."""

import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from domain.document import Cover
from domain.errors import Usage
from postroom.context import services
from postroom.output import answer, count, say
from postroom.searching import Json


def add_to(app: typer.Typer) -> None:
    """Add this verb."""
    app.command()(separators)


def separators(
    output: Annotated[Path, typer.Option("--output", "-o", help="PDF to write; it must not exist yet.")],
    name: Annotated[str, typer.Option("--class", help="Class of the document behind the sheet.")] = "",
    department: Annotated[str, typer.Option(help="Department that the document is for.")] = "",
    register: Annotated[str, typer.Option(help="Register that numbers the document.")] = "",
    patch: Annotated[
        Literal["1", "2", "3", "4", "6", "T"], typer.Option(help="Letter of the patch code.")
    ] = "T",
    paper: Annotated[Literal["a4", "letter"], typer.Option(help="Size of the paper.")] = "a4",
    sheets: Annotated[int, typer.Option("--sheets", "-n", min=1, max=1000, help="How many sheets.")] = 1,
    both_sides: Annotated[
        bool, typer.Option("--both-sides", help="Two equal pages a sheet, to print on both sides.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    as_json: Json = False,
) -> None:
    """Print separator sheets, which may say what the document behind them is, as PDF."""
    from capture.cover import HEAD, write

    cover = _cover(name, department.strip(), register)
    if output.exists() and not force:
        raise Usage(f"{output} exists already. Name another file, or add --force.")
    from letters.separators import SeparatorSheet, separator_pdf

    said = [("Class", cover.name), ("Department", cover.department), ("Register", cover.register)]
    code = write(cover)
    sheet = SeparatorSheet(HEAD, code, patch, [one for one in said if one[1]], paper)
    pages = sheets * (1 + both_sides)
    try:
        output.write_bytes(separator_pdf(sheet, pages))
    except OSError as error:
        raise Usage(f"cannot write {output}: {error.strerror}") from error
    data = {"output": str(output), "sheets": sheets, "pages": pages, "code": code}
    answer(as_json, data, lambda: say(f"{count(sheets, 'separator sheet')} in {output}"))


def _cover(name: str, department: str, register: str) -> Cover:
    from capture.cover import LONGEST_DEPARTMENT, REGISTER

    if name:
        from infra.classes import must_be

        must_be(services(database=False), name)
    if len(department) > LONGEST_DEPARTMENT:
        raise Usage(f"A department's name has at most {LONGEST_DEPARTMENT} signs.")
    if register and not re.fullmatch(REGISTER, register):
        raise Usage(f"{register!r} is no register. It must be capital letters and digits, for example IN")
    return Cover(name, department, register)
