"""Asking Prefect for workers, against a real server."""

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient
from prefect.settings import (
    PREFECT_WORKER_QUERY_SECONDS,
    temporary_settings,
)
from prefect.states import AwaitingRetry, Running

from flows import deployed, worker
from flows.worker import register_flows
from infra.wiring import Services
from register import chunks
from register.models import Chunk
from tests.register.filings import open_batch


@pytest.fixture(scope="module", autouse=True)
def _registered(prefect: SyncPrefectClient) -> None:
    register_flows()


@pytest.fixture
def chunk(office: tuple[Services, Path]) -> Chunk:
    (made,) = chunks.open_chunks(open_batch(), Chunk.Stage.BATCH, [chunks.Share(0)])
    return made


def runs(prefect: SyncPrefectClient, chunk: Chunk) -> list[Any]:
    """The flow runs that were asked for this chunk, by their keys."""
    keyed = {run.idempotency_key or "": run for run in prefect.read_flow_runs()}
    return [keyed[key] for key in sorted(keyed) if key.startswith(chunk.batch.key)]


def test_asking_twice_brings_one_run(prefect: SyncPrefectClient, chunk: Chunk) -> None:
    deployed.ask(chunk)
    deployed.ask(chunk)
    (run,) = runs(prefect, chunk)
    assert run.parameters == {"chunk_id": chunk.pk}
    assert run.work_pool_name == "ocr"


def test_a_request_that_waits_in_line_is_left_there(prefect: SyncPrefectClient, chunk: Chunk) -> None:
    deployed.ask(chunk)
    deployed.ask_anew(chunk)
    assert len(runs(prefect, chunk)) == 1


@pytest.mark.parametrize("states", [[Running()], [Running(), AwaitingRetry()]])
def test_a_run_whose_worker_is_gone_is_ended_and_another_asked_for(
    prefect: SyncPrefectClient, chunk: Chunk, states: list[Any]
) -> None:
    deployed.ask(chunk)
    chunks.asked(chunk)
    (lost,) = runs(prefect, chunk)
    for state in states:
        prefect.set_flow_run_state(lost.id, state, force=True)
    deployed.ask_anew(chunk)
    first, second = runs(prefect, chunk)
    assert (first.id, first.state.is_crashed()) == (lost.id, True)
    assert (second.state.is_scheduled(), second.run_count) == (True, 0)


@pytest.mark.parametrize("limit", [1, None])
def test_a_pools_limit_binds_its_workers(
    prefect: SyncPrefectClient,
    office: tuple[Services, Path],
    monkeypatch: pytest.MonkeyPatch,
    limit: int | None,
) -> None:
    stop, lock = threading.Event(), threading.Lock()
    now, most, done = 0, 0, 0

    @flow(name="chunk", persist_result=False)
    def chunk(chunk_id: int) -> None:
        nonlocal now, most, done
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(3)  # time for another to begin beside it
        with lock:
            now, done = now - 1, done + 1
        if done > 1:
            stop.set()

    monkeypatch.setitem(deployed.DEPLOYMENTS, "chunk", (chunk, "ocr"))
    for name in ("one", "two"):
        (made,) = chunks.open_chunks(open_batch(name), Chunk.Stage.BATCH, [chunks.Share(0)])
        deployed.ask(made)
    prefect.request(
        "PATCH", "/work_pools/{name}", path_params={"name": "ocr"}, json={"concurrency_limit": limit}
    )
    with temporary_settings({PREFECT_WORKER_QUERY_SECONDS: 0.5}):
        asyncio.run(worker._serve("ocr", 5, stop))
    assert (most > 1) is (limit is None)
