"""``bench``: measuring, on this machine and side by side."""

import importlib
from pathlib import Path
from typing import Annotated, Any

import typer

from domain.errors import Usage
from postroom.output import answer, say
from postroom.searching import Json

bench = typer.Typer(
    no_args_is_help=True, help="Measure this installation, side by side with what it is built on."
)


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    app.add_typer(bench, name="bench")


def _bench(name: str) -> Any:
    from infra.database import prepare

    prepare()
    try:
        return importlib.import_module(f"tests.bench.{name}")
    except ModuleNotFoundError as error:
        raise Usage(
            f"the benchmarks need a checkout with `make setup` done ({error.name} is missing)"
        ) from error


@bench.command()
def capture(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Images and PDFs; default: sample mail.")
    ] = None,
    pages: Annotated[int, typer.Option(min=1, help="At most so many pages.")] = 60,
    language: Annotated[str, typer.Option(help="ISO 639-1 language that all engines read.")] = "en",
    rounds: Annotated[int, typer.Option(min=1, help="Rounds in which all contenders take turns.")] = 3,
    as_json: Json = False,
) -> None:
    """Pages per second from drop file to search hit, beside the bare engine, tesseract and ocrmypdf."""
    data = _bench("capture").run(folder, pages, language, rounds)

    def show() -> None:
        for name in ("postroom", "engine", "tesseract", "ocrmypdf"):
            ratio = f", ours is {data[f'ratio_to_{name}']:.2f} of it" if name != "postroom" else ""
            say(f"{name:<10} {data[f'{name}_pages_per_s']:.2f} pages/s{ratio}")
        say(f"peak memory {data['peak_rss_mb']:.0f} MB, {data['pages']} pages")
        say(", ".join(f"{name} {share:.0%}" for name, share in data["stages"].items()))

    answer(as_json, data, show)


@bench.command()
def crash(
    kills: Annotated[int, typer.Option(min=0, help="Kills at random moments, beside one at each step.")] = 50,
    as_json: Json = False,
) -> None:
    """Kill the intake at every step and at random moments; nothing may be lost or filed twice."""
    data = _bench("crash").run(kills)

    def show() -> None:
        outcome = "all well" if data["ok"] else "SOMETHING IS WRONG"
        say(f"{data['kills']} kills, {data['entries']} entries: {outcome}")

    answer(as_json, data, show)
    if not data["ok"]:
        raise typer.Exit(1)
