"""An office to take mail in: a home with a classifier, and a drop folder. And workers elsewhere."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_LOGGING_TO_API_ENABLED,
    temporary_settings,
)

from capture.pool import Pool
from capture.settings import CaptureSettings
from flows.file_batch import Tools
from infra.classifier import lazy_champion
from infra.services import prefect_server
from infra.wiring import Services, open_services
from tests.flows.floor import Floor
from tests.small import train_small

Pools = Callable[[int, CaptureSettings], AbstractContextManager[Pool]]


@pytest.fixture(scope="session")
def pools() -> Iterator[Pools]:
    """Pools of one reading process that stay from test to test: each takes seconds to start."""
    kept: dict[str, Pool] = {}
    with ExitStack() as stack:

        def pool(processes: int, settings: CaptureSettings) -> AbstractContextManager[Pool]:
            if processes != 1:
                return Pool(processes, settings)
            if repr(settings) not in kept:
                kept[repr(settings)] = stack.enter_context(Pool(1, settings))
            return nullcontext(kept[repr(settings)])

        yield pool


@pytest.fixture(autouse=True)
def _warm(pools: Pools, monkeypatch: pytest.MonkeyPatch) -> None:
    for user in ("flows.intake", "flows.replay", "flows.resplit"):
        monkeypatch.setattr(f"{user}.Pool", pools)


@pytest.fixture
def office(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Services, Path]:
    """A home and a drop folder; on SQLite, or where the test says ``on_both`` on PostgreSQL too."""
    home, drop = tmp_path / "home", tmp_path / "drop"
    home.mkdir()
    drop.mkdir()
    if getattr(request, "param", "") == "postgresql":
        monkeypatch.setenv("POSTROOM_DATABASE__URL", request.getfixturevalue("register_database"))
    else:
        shutil.copyfile(request.getfixturevalue("register_file"), home / "register.sqlite3")
    monkeypatch.setenv("POSTROOM_PROCESSES", "1")
    services = open_services(home)
    train_small(home)
    return services, drop


@pytest.fixture
def floor(office: tuple[Services, Path], tmp_path: Path, pools: Pools) -> Iterator[Floor]:
    services, _ = office
    settings = services.settings.model_copy(update={"chunk_pages": 3, "processes": 1})
    away = tmp_path / "away"
    away.mkdir()
    elsewhere = replace(services, home=away, settings=settings)
    with pools(1, settings.capture) as pool:
        yield Floor(Tools(elsewhere, pool, lazy_champion(elsewhere)))


@pytest.fixture(scope="module")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SyncPrefectClient]:
    """A Prefect server of the module's own, which flows of this process report to."""
    with prefect_server.start(tmp_path_factory.mktemp("prefect")) as server:
        told = {
            PREFECT_API_URL: prefect_server.api_url(server),
            PREFECT_API_AUTH_STRING: server.auth,
            PREFECT_LOGGING_TO_API_ENABLED: False,  # it would go on sending when the server is gone
        }
        with temporary_settings(told), get_client(sync_client=True) as client:
            yield client
