"""A desk with an office, on either database."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from desk.instance import serve
from desk.reading import READER
from domain.correspondence import Confidentiality
from domain.office import Department, Post, Role, User
from infra.wiring import Services, open_services
from register import office, tokens
from register.acts import Act

NOW = datetime.now(UTC)
ACT = Act("owner", NOW)
_count = count(1)


@pytest.fixture
def services(register: Path) -> Iterator[Services]:
    found = open_services(register)
    serve(found)
    for one in (Department("works"), Department("legal")):
        office.put("department", one, ACT)
    for name, role, where in (
        ("ann", Role.REGISTRAR, ""),
        ("ben", Role.CASE_HANDLER, "works"),
        ("eve", Role.ADMINISTRATOR, ""),
    ):
        user = User(name, posts=(Post(role, where),), clearance=Confidentiality.CONFIDENTIAL)
        office.put("user", user, ACT)
    yield found
    for reader in [one for one in threading.enumerate() if one.name == READER]:
        reader.join(60)  # else it would read into the next test's database
    found.index.close()


class Program:
    """Asks the API as a program of a user does."""

    def __init__(self, user: str, *scopes: str) -> None:
        self.token = tokens.give(f"test {next(_count)}", user, scopes or ("read", "write"), 0, ACT)
        self.client = Client(headers={"Authorization": f"Bearer {self.token}"})

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return getattr(self.client, method)(
            f"/api/v1{path}", body, content_type="application/json", headers=named
        ) if body is not None else getattr(self.client, method)(f"/api/v1{path}", headers=named)  # fmt: skip
