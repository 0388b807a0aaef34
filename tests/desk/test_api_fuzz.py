"""All that the API's description allows, and more, is answered as described and without a fault of ours."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from desk.instance import serve
from infra.wiring import Services
from register import account, history
from tests.desk.conftest import Program

CHECKS = [  # of how answers look; what they say is tested beside
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
HOSTILE: dict[str, tuple[Any, ...]] = {
    "date": ("0001-01-01", "9999-12-31", "2026-02-29"),
    "date-time": ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-06-30T23:59:60Z"),
    "integer": (-1, 0, 1 << 31, 1 << 63, 99_999_999_999, 10**40),
    "number": (-1, 0, 1e18, 1e308),
}
"""What breaks what reckons with it, by type or format."""
BASES: dict[str, dict[str, Any]] = {
    "/entries": {"subject": "Noise", "senders": ["Ada"]},
    "/parties": {"name": "Ada Lovelace"},
    "/ranges": {"register": "IN", "count": 1},
}
OFFICE: tuple[tuple[str, dict[str, Any], dict[str, str]], ...] = (
    ("closure/x", {"since": "2026-01-01", "until": "2026-01-02"}, {"since": "date", "until": "date"}),
    ("delegation/x", {"absent": "ann", "deputy": "ben", "since": "2026-01-01", "until": "2026-01-02"},
     {"since": "date", "until": "date"}),
    ("rule/x", {"when": "true", "then": {"priority": "high"}},
     {"since": "date", "until": "date", "order": "integer"}),
    ("deadline/x", {"hours": 8}, {"hours": "number", "days": "integer"}),
)  # fmt: skip
LETTER = {"subject": "Noise at night", "senders": ["Ada Ltd"], "department": "works"}
_EACH = 10  # requests for each operation


@pytest.mark.timeout(900)
def test_no_request_brings_a_fault(services: Services) -> None:
    # As the desk is deployed: the files that it is handed are read elsewhere, not beside these requests.
    serve(replace(services, settings=services.settings.model_copy(update={"leaves_to_workers": True})))
    programs = [Program(name) for name in ("ann", "eve")]
    number = programs[0].ask("post", "/entries", LETTER).json()["number"]
    party = programs[0].ask("post", "/parties", {"name": "Ada Lovelace"}).json()["number"]
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
    asked = 0
    for result in schema.get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]

        @settings(
            max_examples=_EACH,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy(), st.sampled_from(programs), st.booleans())
        def ask(case: Any, program: Program, there: bool) -> None:
            nonlocal asked
            if there and "number" in case.path_parameters:
                of_party = case.path.startswith("/parties")
                case.path_parameters["number"] = party if of_party else number
            asked += 1
            case.call_and_validate(headers={"Authorization": f"Bearer {program.token}"}, checks=CHECKS)

        ask()
    assert asked > _EACH * 10
    assert list(account.number_gaps()) == []
    assert list(history.breaks()) == []


def hostile(schema: Any) -> Iterator[Any]:
    """Values of its type at which counting ends."""
    for one in (schema, *schema.get("anyOf", ())):
        yield from HOSTILE.get(one.get("format", one.get("type", "")), ())


def to(described: Any, method: str, place: str, operation: Any) -> Iterator[tuple[str, str, Any]]:
    """Requests to one operation."""
    for one in operation.get("parameters", ()):
        for value in hostile(one["schema"]):
            if one["in"] == "query":
                yield method, f"{place}?{one['name']}={value}", None
            elif one["in"] == "path":
                yield method, place.replace(f"{{{one['name']}}}", str(value)), None
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    for field, shape in described["components"]["schemas"].get(name, {}).get("properties", {}).items():
        for value in hostile(shape):
            yield method, place, {**BASES.get(place, {}), field: value}


def requests(described: Any) -> Iterator[tuple[str, str, Any]]:
    """Method, path and body of requests that each have one such value."""
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            yield from to(described, method, path.removeprefix("/api/v1"), operation)
    for place, base, fields in OFFICE:
        for field, kind in fields.items():
            for value in HOSTILE[kind]:
                yield "put", f"/office/{place}", {**base, field: value}


def test_no_value_is_too_much_for_it(services: Services) -> None:
    ann, eve = Program("ann"), Program("eve")
    described = Client().get("/api/v1/openapi.json").json()
    number = ann.ask("post", "/entries", LETTER).json()["number"]
    faults, asked = [], 0
    for method, path, body in requests(described):
        program = eve if path.startswith("/office") else ann
        answer = program.ask(method, path.replace("{number}", number), body)
        asked += 1
        if answer.status_code >= 500:
            faults.append((method, path, body, answer.content))
    assert faults == []
    assert asked > 100
    for path in ("/entries", "/clocks", "/ranges", "/labels/waiting"):  # what was taken harms nobody later
        assert ann.ask("get", path).status_code == 200
