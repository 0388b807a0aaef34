"""What the tests of the database's roles share."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from infra.database import connect, disconnect
from infra.services.postgresql import PostgreSQL
from tests.databases import settings
from tests.infra.deploy_database import PASSWORD, PEOPLE, PROCESSES, SQL, Laid
from tests.servers import fresh_database


@pytest.fixture
def laid(postgresql: PostgreSQL, tmp_path: Path) -> Iterator[Laid]:
    """A database with its roles, tables and grants; twice, for a second time changes nothing."""
    database = Laid(fresh_database(postgresql))
    with psycopg.connect(database.superuser, autocommit=True) as connection:
        for _ in range(2):
            connection.execute((SQL / "roles.sql").read_bytes())
        for role in ("postroom_owner", "postroom_reader", *PROCESSES, *PEOPLE):
            connection.execute(f"ALTER ROLE {role} PASSWORD '{PASSWORD}'".encode())
    connect(tmp_path, settings(database.url("postroom_owner")))
    disconnect()
    with psycopg.connect(database.url("postroom_owner")) as connection:
        for _ in range(2):
            connection.execute((SQL / "grants.sql").read_bytes())
    yield database
    disconnect()
