"""What all tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_socket
from django.db import connections

from infra.database import connect, prepare

prepare()


@pytest.fixture(autouse=True)
def _loopback_only() -> Iterator[None]:
    """Nothing in the tests talks to anything beyond this machine."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "localhost", "::1"], allow_unix_socket=True)
    yield
    pytest_socket._remove_restrictions()


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Path]:
    """A fresh register in a home of its own; gives the home."""
    connect(tmp_path)
    yield tmp_path
    connections.close_all()
