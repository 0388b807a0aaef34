"""The instance that the command at hand works on."""

from pathlib import Path

from infra.settings import find_home
from infra.wiring import Services, open_services

_home: list[Path] = []


def choose_home(argument: Path | None) -> None:
    """Remember which instance this command is for."""
    _home[:] = [find_home(argument)]


def home() -> Path:
    """The chosen instance's folder."""
    return _home[0]


def services(*, database: bool = True) -> Services:
    """The chosen instance's services."""
    return open_services(_home[0], database=database)
