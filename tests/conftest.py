"""What all tests share."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_socket
import structlog

from infra.database import connect, disconnect, prepare
from infra.services.postgresql import PostgreSQL
from infra.settings import load_settings
from infra.wiring import open_services
from tests.databases import copy_of, template

pytest_plugins = ["tests.servers"]
prepare()

_LONGEST_FIRST = ("tests/e2e/test_faults", "tests/crash/", "tests/e2e/", "tests/infra/", "tests/flows/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take minutes begin first, so that at the end no process waits for another's.

    The order holds with ``--no-loadscope-reorder`` only: else files with many tests go before.
    """

    def place(item: pytest.Item) -> int:
        ranks = (rank for rank, start in enumerate(_LONGEST_FIRST) if item.nodeid.startswith(start))
        return next(ranks, len(_LONGEST_FIRST))

    items.sort(key=place)


@pytest.fixture(autouse=True)
def _loopback_only() -> Iterator[None]:
    """Nothing in the tests talks to anything beyond this machine."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "localhost", "::1"], allow_unix_socket=True)
    yield
    pytest_socket._remove_restrictions()


@pytest.fixture(autouse=True)
def _own_logs() -> Iterator[None]:
    """A command that a test ran in this process sent the logs to a stream that is closed by now."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def register_template(postgresql: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a PostgreSQL database with the register's tables."""
    return template(postgresql, tmp_path_factory.mktemp("template"))


@pytest.fixture
def register_database(postgresql: PostgreSQL, register_template: str) -> Iterator[str]:
    """The address of a PostgreSQL database of the test's own, with the register's tables."""
    with copy_of(postgresql, register_template) as url:
        yield url
        disconnect()


@pytest.fixture(scope="session")
def register_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the register's tables."""
    home = tmp_path_factory.mktemp("template")
    connect(home)
    disconnect()
    return home / "register.sqlite3"


@pytest.fixture
def home(tmp_path: Path, register_file: Path) -> Path:
    """A fresh instance on SQLite."""
    shutil.copyfile(register_file, tmp_path / "register.sqlite3")
    open_services(tmp_path)
    return tmp_path


@pytest.fixture(params=["sqlite", "postgresql"])
def register(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A fresh register in a home of its own, on either database; gives the home.

    Processes started by the test work on the same: its address is in the environment.
    """
    if request.param == "postgresql":
        monkeypatch.setenv("POSTROOM_DATABASE__URL", request.getfixturevalue("register_database"))
    else:
        shutil.copyfile(request.getfixturevalue("register_file"), tmp_path / "register.sqlite3")
    connect(tmp_path, load_settings(tmp_path).database)
    yield tmp_path
    disconnect()
