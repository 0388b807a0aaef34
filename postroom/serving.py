"""``services``: a whole local production-like set of servers, for a trial or for development."""

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from domain.errors import Usage
from postroom.context import home
from postroom.output import answer, aside, say, table
from postroom.searching import Json

if TYPE_CHECKING:
    from infra.services.local_set import Found

services = typer.Typer(
    no_args_is_help=True, help="A local PostgreSQL, Elasticsearch, MinIO and Prefect server for a trial."
)
_MARK = "# Written by: postroom services up --write"


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    app.add_typer(services, name="services")


@services.command()
def up(
    write: Annotated[
        bool, typer.Option("--write", help="Write the settings to postroom.toml in the home.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Start what does not run yet, and say how this instance uses it."""
    from infra.services import local_set

    settings = home() / "postroom.toml"
    if write:
        _check_ours(settings)
    found = local_set.up(home(), _note)
    secrets = _write_secrets(local_set.folder(home()) / "env", found.environment)
    if write:
        settings.write_text(f"{_MARK}\n\n{found.settings}", "utf-8")
    data = {
        "services": _states(),
        "settings": found.settings,
        "written": str(settings) if write else None,
        "secrets": str(secrets),
    }
    answer(as_json, data, lambda: _print_use(found, data))


@services.command()
def down(
    purge: Annotated[bool, typer.Option("--purge", help="Remove all their data too.")] = False,
    as_json: Json = False,
) -> None:
    """Stop the servers; the next start has the same data, unless it is removed."""
    from infra.services import local_set

    local_set.down(home(), _note, purge=purge)
    states = _states()
    answer(as_json, {"services": states, "purged": purge}, lambda: _print_states(states))
    settings = home() / "postroom.toml"
    if purge and settings.exists() and _ours(settings):
        aside.print(f"{settings} still names them. Delete it to work without servers.", markup=False)


@services.command()
def status(as_json: Json = False) -> None:
    """Say of each server whether it runs and answers."""
    states = _states()
    answer(as_json, {"services": states}, lambda: _print_states(states))
    if not all(one["answers"] for one in states):
        sys.exit(1)


def _states() -> list[dict[str, Any]]:
    from infra.services import local_set

    return [
        {
            "name": one.name,
            "version": one.version,
            "pid": one.pid,
            "port": one.port,
            "answers": one.answers,
        }
        for one in local_set.status(home())
    ]


def _note(text: str) -> None:
    aside.print(text, markup=False)


def _ours(settings: Path) -> bool:
    return settings.read_text("utf-8").startswith(_MARK)


def _check_ours(settings: Path) -> None:
    if settings.exists() and not _ours(settings):
        raise Usage(f"{settings} is there already. Leave out --write and put the lines in yourself.")


def _write_secrets(file: Path, variables: dict[str, str]) -> Path:
    """Write the variables so that a shell and systemd can read them, for our own account only."""
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in variables.items()]
    beside = file.with_name(f"{file.name}.new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as output:
        output.writelines(lines)
    beside.replace(file)
    return file


def _print_use(found: "Found", data: dict[str, Any]) -> None:
    _print_states(data["services"])
    settings = home() / "postroom.toml"
    if settings.exists() and found.settings in settings.read_text("utf-8"):
        say(f"The settings are in {settings}.")
    else:
        say(f"Put this into {settings} (or have it done: --write):\n")
        say(found.settings)
    say(f"Passwords and keys are in {data['secrets']}. In the shell that is to use them:\n")
    say(f"    set -a; . {shlex.quote(data['secrets'])}; set +a\n")
    say("Then: postroom doctor")


def _print_states(states: list[dict[str, Any]]) -> None:
    rows = [(one["name"], one["version"], _word(one), one["pid"], one["port"]) for one in states]
    table("Services", ["service", "version", "", "pid", "port"], rows)


def _word(state: dict[str, Any]) -> str:
    if state["pid"] is None:
        return "stopped"
    return "answers" if state["answers"] else "SILENT"
