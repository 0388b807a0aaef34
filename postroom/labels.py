"""``labels``: labels with register numbers, for papers that are scanned before or after."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from domain.errors import Usage
from infra.wiring import Services
from postroom.acting import act, rights
from postroom.context import services
from postroom.entries import By, Why
from postroom.option_sets import named, with_options
from postroom.output import answer, count, say, table
from postroom.people import deliver
from postroom.searching import Json

if TYPE_CHECKING:
    from letters.labels import Label
    from register.acts import Act

labels = typer.Typer(no_args_is_help=True, help="Labels with register numbers, for papers.")


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    app.add_typer(labels, name="labels")


class _Options:
    """Which numbers the labels bear, and where they go."""

    numbers: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NUMBER]...", help="Of entries, or reserved; default: new ones."),
    ]
    register: Annotated[str | None, typer.Option(help="Reserve the next numbers of this register.")]
    amount: Annotated[int | None, typer.Option("--count", min=1, help="How many; default: a sheet.")]
    name: Annotated[str | None, typer.Option("--range", help="All open numbers of a range.")]
    place: Annotated[str | None, typer.Option(help="Where new numbers are used.")]
    department: Annotated[str | None, typer.Option(help="Whose new numbers are; default: the registry's.")]
    year: Annotated[int | None, typer.Option(help="Of new numbers: this year, or the next.")]
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write; it must not exist.")]
    force: Annotated[bool | None, typer.Option("--force", help="Replace the file if it exists.")]


@dataclass(frozen=True, slots=True)
class _Printed:
    range: str | None
    numbers: list[str]


_with_numbers = with_options(_Options, named)
Size = Annotated[str, typer.Option(help="Avery's number of the sheet, such as L7160 or 5160.")]


@labels.command()
@_with_numbers
def sheet(
    said: dict[str, Any],
    size: Size = "L7160",
    start: Annotated[int, typer.Option(help="First place to print on, of a sheet in part used.")] = 1,
    reason: Why = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Print labels on sheets, as PDF: with new numbers for papers still to be scanned, or with given ones."""
    from letters.labels import must_be_size, sheet_pdf

    kind = must_be_size(size)
    if not 1 <= start <= kind.count:
        raise Usage(f"start is {start}: a sheet of this size has places 1 to {kind.count}")

    def render(some: list["Label"]) -> bytes:
        return sheet_pdf(some, kind, start)

    left = kind.count - start + 1
    data = _print(said, left, f"sheet {size.upper()}", render, reason, by)
    data |= {"size": size.upper(), "sheets": -(-(start - 1 + len(data["numbers"])) // kind.count)}
    sheets = count(data["sheets"], "sheet")
    answer(as_json, data, lambda: _say(data, f" on {sheets}"))


@labels.command()
@_with_numbers
def zpl(
    said: dict[str, Any],
    width: Annotated[float, typer.Option(min=15, max=200, help="Of a label, mm.")] = 60.0,
    height: Annotated[float, typer.Option(min=10, max=300, help="Of a label, mm.")] = 30.0,
    dpi: Annotated[int, typer.Option(help="Of the printer: 203, 300 or 600.")] = 203,
    reason: Why = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Write labels for a label printer (ZPL II), with new numbers or with given ones."""
    from letters.labels import must_fit
    from letters.labels import zpl as write

    if dpi not in (203, 300, 600):
        raise Usage(f"dpi is {dpi}: label printers have 203, 300 or 600")
    # Before a number is taken: of new ones, one as long as they will be.
    registers = [said.get("register") or "", (said.get("name") or "").split("-")[0]]
    some = [*(said.get("numbers") or []), *(f"{one or 'IN'}-2026-000123-7" for one in registers)]
    must_fit(max(some, key=len), width, height, dpi)

    def render(some: list["Label"]) -> bytes:
        return write(some, width, height, dpi).encode()

    data = _print(said, 1, "zpl", render, reason, by)
    answer(as_json, data, lambda: _say(data, ""))


def _print(
    said: dict[str, Any],
    amount: int,
    form: str,
    render: Callable[[list["Label"]], bytes],
    reason: str,
    by: str,
) -> dict[str, Any]:
    """Reserve or look up the numbers, note that their labels are printed, and write the file."""
    from letters.labels import Label

    output: Path | None = said.get("output")
    if output is None:
        raise Usage("Name the file to write: --output FILE")
    if output.exists() and not said.get("force"):
        raise Usage(f"{output} exists already. Name another file, or add --force.")
    if not output.parent.is_dir():
        raise Usage(f"{output.parent} is not a folder: name a file in one that is there")
    instance = services()
    doing = act(instance, reason, by)
    found = _numbers(instance, said, amount, form, doing)
    made = render([Label(one, instance.settings.office.name) for one in found.numbers])
    deliver(instance)
    try:
        output.write_bytes(made)
    except OSError as error:
        again = f" Its labels: postroom labels sheet --range {found.range}" if found.range else ""
        raise Usage(f"cannot write {output}: {error.strerror}.{again}") from error
    return {
        "output": str(output),
        "range": found.range,
        "numbers": found.numbers,
        "labels": len(found.numbers),
    }


def _numbers(instance: Services, said: dict[str, Any], amount: int, form: str, doing: "Act") -> _Printed:
    from register import printing, ranges

    given, name, register = said.get("numbers"), said.get("name"), said.get("register")
    if sum(map(bool, (given, name, register))) != 1:
        raise Usage("Say which numbers: NUMBER..., or --range RANGE, or --register IN for new ones")
    if not register:
        new = [one for one in ("amount", "place", "department", "year") if one in said]
        if new:
            option = "count" if new[0] == "amount" else new[0]
            raise Usage(f"--{option} is for new numbers, of --register IN")
        if name:
            return _Printed(name, printing.note_range(name, doing, form))
        return _Printed(None, printing.note(given or [], doing, form))
    made = ranges.reserve(
        register,
        said.get("amount", amount),
        doing,
        zone=instance.settings.zone,
        place=said.get("place", ""),
        department=said.get("department", ""),
        year=said.get("year", 0),
        printed=True,
    )
    return _Printed(made.name, ranges.open_numbers(made))


def _say(data: dict[str, Any], where: str) -> None:
    of = f", range {data['range']}" if data["range"] else ""
    say(f"{count(data['labels'], 'label')}{where} in {data['output']}{of}")


@labels.command()
def waiting(
    older: Annotated[int, typer.Option(min=0, help="Only those printed so many days ago.")] = 0,
    as_json: Json = False,
) -> None:
    """Labels that were printed and whose paper was never scanned, the oldest first."""
    instance = services()
    from register.printing import waiting as look

    data = look(rights(instance), datetime.now(UTC), older)

    def people() -> None:
        if not data:
            say("There is none: each paper with a label was scanned.")
            return
        rows = [(one["number"], one["days"], one["range"], one["place"], one["subject"]) for one in data]
        table(f"Printed, never scanned: {len(data)}", ["number", "days", "range", "place", "subject"], rows)

    answer(as_json, data, people)
