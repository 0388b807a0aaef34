"""All that the API's description allows, and more, is answered as described and without a fault of ours."""

from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from infra.wiring import Services
from register import account, history
from tests.desk.conftest import Program

CHECKS = [  # of how answers look; what they say is tested beside
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
LETTER = {"subject": "Noise at night", "senders": ["Ada Ltd"], "department": "works"}
_EACH = 12  # requests for each operation


@pytest.mark.timeout(900)
def test_no_request_brings_a_fault(services: Services) -> None:
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
