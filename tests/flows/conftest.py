"""An office to take mail in: a home with a classifier, and a drop folder. And workers elsewhere."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from capture.pool import Pool
from flows.file_batch import Tools
from infra.classifier import lazy_champion
from infra.wiring import Services, open_services
from tests.flows.floor import Floor
from tests.small import train_small


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Services, Path]:
    monkeypatch.setenv("POSTROOM_PROCESSES", "1")  # each run starts its own
    home, drop = tmp_path / "home", tmp_path / "drop"
    drop.mkdir()
    services = open_services(home)
    train_small(home)
    return services, drop


@pytest.fixture
def floor(office: tuple[Services, Path], tmp_path: Path) -> Iterator[Floor]:
    services, _ = office
    settings = services.settings.model_copy(update={"chunk_pages": 3, "processes": 1})
    away = tmp_path / "away"
    away.mkdir()
    train_small(away)
    elsewhere = replace(services, home=away, settings=settings)
    with Pool(1, settings.capture) as pool:
        yield Floor(Tools(elsewhere, pool, lazy_champion(elsewhere)))
