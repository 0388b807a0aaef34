"""An office whose people are told of things, on either database, and its time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.office import Department, Post, Role, User
from infra.wiring import Services, open_services
from tests.flows.notify.office import Moving
from tests.register.officers import decide


@pytest.fixture
def clock() -> Moving:
    return Moving()


@pytest.fixture
def services(register: Path) -> Iterator[Services]:
    decide(
        Department("works"),
        User("ben", email="ben@example.org", posts=(Post(Role.CASE_HANDLER, "works"),)),
        User("zoë", email="zoe@example.org", posts=(Post(Role.CASE_HANDLER, "works"),), language="de"),
    )
    found = open_services(register)
    yield found
    found.index.close()
