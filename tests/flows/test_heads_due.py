"""Heads are taken once a day: by ``postroom up``, and among many machines by the flow ``heads``."""

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient
from structlog.testing import capture_logs

from domain.errors import Unavailable
from flows import deployed, heads
from flows.file_batch import Tools
from flows.serve import serve, take_heads_if_due
from flows.steps import unwatched
from infra.wiring import Services
from tests.register.officers import enter


def test_once_a_day(
    office: tuple[Services, Path], prefect: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, drop = office
    enter()
    day = datetime.now(UTC).date().isoformat()
    serve(services, drop, once=True, stop=threading.Event(), watch=unwatched)
    (made,) = heads.published(services.archive, [])
    assert [(one.register, one.sequence) for one in made.heads.chains] == [("IN", 1), ("parties", 1)]
    enter()
    take_heads_if_due(services, threading.Event())
    broken: Any = None
    with deployed.working_with(Tools(services, broken, broken)):
        assert deployed.heads() == day == made.heads.day
    assert list(heads.published(services.archive, [])) == [made]
    assert "heads" in [one.name for one in prefect.read_flows()]
    assert deployed.DEPLOYMENTS["heads"] == (deployed.heads, "index")
    assert "heads" in deployed.CRON

    def silent(*_: Any) -> bool:
        raise Unavailable("the archive does not answer")

    monkeypatch.setattr(heads, "due", silent)
    with capture_logs() as logs:
        take_heads_if_due(services, threading.Event())
    assert (logs[-1]["event"], logs[-1]["reason"]) == (
        "no heads of the audit chains today yet; the intake goes on", "the archive does not answer",
    )  # fmt: skip
