"""``bench hostile``, ``bench memory``: what the intake bears."""

from pathlib import Path
from typing import Annotated

import typer

from domain.errors import Usage
from postroom.benches import bench, measured_by
from postroom.output import answer, count, say, table
from postroom.searching import Json


def add_to(_: typer.Typer) -> None:
    """Add these to ``bench``."""
    bench.command()(hostile)
    bench.command()(memory)


def hostile(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="DIR...", help="Folders of files to take in beside those made for it."),
    ] = None,
    every: Annotated[int, typer.Option(min=1, help="Of the folders take each so-many-th file.")] = 1,
    page_seconds: Annotated[float, typer.Option(min=1, help="Limit of time for a page.")] = 20.0,
    outcomes: Annotated[bool, typer.Option("--outcomes", help="Also what became of each file.")] = False,
    as_json: Json = False,
) -> None:
    """Take in bombs, broken and odd files: each must be filed or refused with a reason."""
    for folder in folders or ():
        if not folder.is_dir():
            raise Usage(f"{folder} is not a folder. Name folders of files to take in.")
    measured = measured_by("hostile")
    data = measured.run(folders or (), every=every, page_seconds=page_seconds)
    ok = measured.well(data)
    del data["log"]
    if not outcomes:
        del data["outcomes"]

    def show() -> None:
        rows = sorted(data["refused"].items(), key=lambda one: -one[1])
        table(f"{sum(data['refused'].values())} refused", ["files", "reason"], [one[::-1] for one in rows])
        for name in ("faults", "unaccounted", "unexpected"):
            for one in data[name]:
                say(f"{name}: {one}", style="red")
        for path, became in data.get("outcomes", {}).items():
            say(f"{path}: {became}")
        say(
            f"{count(data['files'], 'file')}, {data['filed']} filed, {data['blank']} blank, "
            f"{data['crashed']} crashed, {data['hung']} hung, peak {data['peak_rss_mb']} MB"
        )

    answer(as_json, data, show)
    if not ok:
        raise typer.Exit(1)


def memory(
    pages: Annotated[int, typer.Option(min=100, max=100_000, help="Of the large batches.")] = 5000,
    text: Annotated[
        int, typer.Option(min=2, help="How many of them are to be read; the rest is blank.")
    ] = 50,
    keep_blank: Annotated[bool, typer.Option("--keep-blank", help="File the blank pages too.")] = False,
    as_json: Json = False,
) -> None:
    """Peak memory and disk of a large batch beside one of a tenth of its pages, as TIFF and as PDF."""
    if text > pages // 10:
        raise Usage(f"--text {text}: at most a tenth of the pages, so that both batches have as many")
    measured = measured_by("memory")
    data = measured.run(pages, text, keep_blank=keep_blank)

    def show() -> None:
        for kind in measured.WRITERS:
            for size in ("small", "large"):
                one = data[kind][size]
                say(
                    f"{kind:<5} {one['pages']:>6} pages, {one['batch_mb']:.1f} MB: "
                    f"peak {one['peak_mb']:.0f} MB, spool {one['spool_ratio']:.2f} x the batch, "
                    f"{one['cpu_seconds']:.0f} s CPU"
                )
            blank = f"{data[kind]['blank_page_ms']:.0f} ms a blank page"
            say(f"{kind:<5} peak {data[kind]['peak_ratio']:.2f} x that of the small one, {blank}")

    answer(as_json, data, show)
    if not measured.right(data):
        raise typer.Exit(1)
