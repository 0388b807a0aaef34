"""Long-lived workers: a process takes flow runs from a Prefect work pool and runs them in itself.

Prefect's own process worker starts an interpreter for each flow run, which costs some 5 s of CPU; here
the reading processes and the classifier stay warm from chunk to chunk (docs/decisions/0010).
"""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
import structlog
from anyio.abc import TaskStatus
from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.flow_engine import run_flow_sync
from prefect.workers.base import BaseJobConfiguration, BaseVariables, BaseWorker, BaseWorkerResult

from flows import chunks, deployed, publish
from flows.deployed import CRON, DEPLOYMENTS, POOLS
from flows.file_batch import Tools
from register.session import asking, borrowed

log = structlog.get_logger()
_TYPE = "postroom"
_LOOK = 2.0  # seconds between looks at the outbox
_RECONCILE = 15.0  # seconds between looks at the chunks
_AGAIN = 5.0  # seconds until a worker that lost the Prefect server starts anew


class _Result(BaseWorkerResult):
    """How a flow run ended."""


class InProcess(BaseWorker[BaseJobConfiguration, BaseVariables, _Result]):
    """Takes flow runs of the deployments of this program and runs them in threads of this process."""

    type = _TYPE
    _description = "Runs Postroom's flows inside a long-lived process."

    async def run(
        self,
        flow_run: FlowRun,
        configuration: BaseJobConfiguration,
        task_status: TaskStatus[int] | None = None,
    ) -> _Result:
        """Run it to its end; its state tells how that was."""
        assert flow_run.deployment_id  # work pools hand out runs of deployments only
        deployment = await self.client.read_deployment(flow_run.deployment_id)
        flow, _ = DEPLOYMENTS[deployment.name]
        if task_status:
            task_status.started(1)
        call = partial(
            run_flow_sync, flow, flow_run=flow_run, parameters=flow_run.parameters, return_type="state"
        )
        state: Any = await anyio.to_thread.run_sync(call)
        return _Result(identifier=str(flow_run.id), status_code=0 if state.is_completed() else 1)


def register_flows() -> None:
    """Make the work pools and the deployments where Prefect does not have them yet."""
    with get_client(sync_client=True) as client:
        for name, description in POOLS.items():
            pool = WorkPoolCreate(
                name=name,
                description=description,
                type=_TYPE,
                base_job_template=InProcess.get_default_base_job_template(),
            )
            try:
                client.create_work_pool(pool)
            except ObjectAlreadyExists:
                continue
        missing = [name for name in DEPLOYMENTS if not _deployed(client, name)]
    for name in missing:
        flow, pool_name = DEPLOYMENTS[name]
        deployment: Any = flow.to_deployment(name, work_pool_name=pool_name, cron=CRON.get(name))
        deployment.apply()


def _deployed(client: SyncPrefectClient, name: str) -> bool:
    try:
        client.read_deployment_by_name(f"{name}/{name}")
    except ObjectNotFound:
        return False
    return True


def work(tools: Tools, pool: str, runs: int, stop: threading.Event) -> None:
    """Take flow runs from the pool, ``runs`` at a time, until told to stop.

    A Prefect server that goes away is waited for.
    """
    with deployed.working_with(tools):
        keepers = _keepers(tools) if pool == "index" else []
        threads = [threading.Thread(target=keeper, args=(stop,), daemon=True) for keeper in keepers]
        for thread in threads:
            thread.start()
        while not stop.is_set():
            try:
                register_flows()
                asyncio.run(_serve(pool, runs, stop))
            except Exception as error:
                log.warning("the Prefect server does not answer; will be tried again", reason=str(error))
                stop.wait(_AGAIN)
        for thread in threads:
            thread.join()


async def _serve(pool: str, runs: int, stop: threading.Event) -> None:
    worker = InProcess(work_pool_name=pool, limit=runs, create_pool_if_not_found=False)
    async with anyio.create_task_group() as group:

        async def end_when_told() -> None:
            await anyio.to_thread.run_sync(stop.wait, abandon_on_cancel=True)
            group.cancel_scope.cancel()

        group.start_soon(end_when_told)
        try:
            await worker.start(printer=lambda text: None)
        finally:
            group.cancel_scope.cancel()


def _keepers(tools: Tools) -> list[Callable[[threading.Event], None]]:
    def publishing() -> None:
        if publish.waiting(tools.services):
            _run("publish", partial(publish.publish, tools.services, tools.watch))

    def reconciling() -> None:
        if chunks.left_alone(tools.services):
            body = partial(chunks.reconcile, tools.services, deployed.ask, deployed.ask_anew)
            _run("reconcile", body)

    most = tools.services.settings.retry_after_seconds
    often = min(_RECONCILE, tools.services.settings.stale_after_seconds / 3)
    return [partial(_keep, publishing, _LOOK, most), partial(_keep, reconciling, often, most)]


def _keep(look: Callable[[], None], seconds: float, most: float, stop: threading.Event) -> None:
    with borrowed():
        pause = seconds
        while not stop.wait(pause):
            try:
                asking(look)
                pause = seconds
            except Exception as error:
                pause = min(2 * pause, most)
                log.warning("not now; will be tried again", reason=str(error), seconds=pause)


def _run(name: str, body: Callable[[], Any]) -> None:
    """As a flow run where Prefect answers, else plainly: what is filed must not wait for Prefect."""
    if deployed.prefect_answers():
        DEPLOYMENTS[name][0]()
    else:
        body()
