"""``bench reading``, ``bench blank``: how well pages are read, and which ones are taken for blank."""

from pathlib import Path
from typing import Annotated

import typer

from postroom.benches import bench, measured_by
from postroom.output import answer, count, say
from postroom.searching import Json


def add_to(_: typer.Typer) -> None:
    """Add these to ``bench``."""
    bench.command()(reading)
    bench.command()(blank)


def reading(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Holds the sets; default: the shared data's.")
    ] = None,
    pages: Annotated[int | None, typer.Option(min=1, help="So many of each set; default: all.")] = None,
    as_json: Json = False,
) -> None:
    """Read scans that people have transcribed; mistakes beside those of the tesseract command."""
    data = measured_by("reading").run(folder, pages)

    def show() -> None:
        for name, one in data["sets"].items():
            for engine in ("ours", "tesseract"):
                found = one[engine]
                say(f"{name:<12} {engine:<10} CER {found['cer']:.4f}, word recall {found['recall']:.4f}")
            low, high = one["difference"]
            say(f"{name:<12} difference of the CER {low:+.4f} to {high:+.4f}")
        again = data["read_again"]
        said = f"{again['pages']} of {again['of']} pages read again, {again['won']} the better for it"
        say(f"{said}: CER {again['cer_once']:.4f} before, {again['cer_twice']:.4f} after")

    answer(as_json, data, show)


def blank(
    pages: Annotated[int, typer.Option(min=2, help="Half of them with a note.")] = 512,
    as_json: Json = False,
) -> None:
    """Make backs of pages, with faint notes and without, and see which ones are taken for blank."""
    data = measured_by("blank").run(pages)

    def show() -> None:
        say(f"{count(data['notes'], 'page')} with a note: {data['lost']} lost")
        say(f"{count(data['blank'], 'blank page')}: {data['share_dropped']:.1%} dropped")
        for part, (dropped, of) in data["blanks_of"].items():
            say(f"  {part:<16} {dropped} of {of}")

    answer(as_json, data, show)
    if data["lost"]:
        raise typer.Exit(1)
