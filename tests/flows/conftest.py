"""An office to take mail in: a home with a classifier, and a drop folder."""

from pathlib import Path

import pytest

from infra.wiring import Services, open_services
from tests.small import train_small


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Services, Path]:
    monkeypatch.setenv("POSTROOM_PROCESSES", "1")  # each run starts its own
    home, drop = tmp_path / "home", tmp_path / "drop"
    drop.mkdir()
    services = open_services(home)
    train_small(home)
    return services, drop
