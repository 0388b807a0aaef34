"""``station`` and ``work``: the parts of an installation on many machines."""

import os
from pathlib import Path
from typing import Annotated

import typer

from domain.errors import Usage
from flows.steps import patient
from infra.wiring import Services
from postroom.context import services
from postroom.intaking import drop_folder, stop_on_signals
from postroom.output import aside
from postroom.progress import Progress

_POOLS = ("intake", "ocr", "index", "mail")


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    app.command()(station)
    app.command()(work)


def station(
    drop: Annotated[Path | None, typer.Argument(help="Drop folder; default: drop/ in the home.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Hand over what is there and end.")] = False,
) -> None:
    """Take what is dropped here into the archive and ask workers on other machines to file it."""
    stop = stop_on_signals()
    instance = patient(stop)(services)
    folder = drop_folder(instance, drop)
    _use_prefect(instance)
    from flows.worker import station as run

    with Progress() as progress:
        done = run(instance, folder, once=once, stop=stop, watch=progress)
    for failure in done.failures:
        aside.print(f"{failure.source}: {failure.reason}", style="red", markup=False)
    if done.failures:
        raise typer.Exit(1)


def work(
    pool: Annotated[str, typer.Option(help="Work pool to take flow runs from: ocr or index.")] = "ocr",
    processes: Annotated[
        int | None, typer.Option(min=1, max=256, help="Reading processes; default: as set.")
    ] = None,
) -> None:
    """Do what stations hand over, on this machine, until stopped."""
    if pool not in _POOLS:
        raise Usage(f"There is no pool {pool!r}. The pools are: {', '.join(_POOLS)}")
    stop = stop_on_signals()
    instance = patient(stop)(services)  # its database may come up later than this machine
    _use_prefect(instance)
    from flows.worker import work as run

    run(instance, pool, processes or instance.settings.processes, stop)


def _use_prefect(instance: Services) -> None:
    """Makes this process a client of the Prefect server that is set, before Prefect is imported."""
    if not instance.settings.prefect_api_url:
        file = instance.home / "postroom.toml"
        raise Usage(
            f"Stations and workers meet at a Prefect server: set prefect_api_url in {file} or "
            "POSTROOM_PREFECT_API_URL. For a trial: postroom services up"
        )
    from infra.prefect import use_prefect

    use_prefect(instance)
    os.environ.setdefault("PREFECT_WORKER_QUERY_SECONDS", "2")
