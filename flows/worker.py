"""Station hosts, and long-lived workers, which take flow runs from a work pool and run them in themselves.

Prefect's own process worker starts an interpreter for each flow run, which costs some 5 s of CPU; here
the reading processes and the classifier stay warm from chunk to chunk (docs/decisions/0010).
"""

import asyncio
import threading
import time
from collections.abc import Callable
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

import anyio
import structlog
from anyio.abc import TaskStatus
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.flow_engine import run_flow_sync
from prefect.workers.base import BaseJobConfiguration, BaseVariables, BaseWorker, BaseWorkerResult

from capture.pool import Pool
from domain.errors import PostroomError, Unavailable
from flows import certify, chunks, deployed, scratch
from flows import clock as ticking
from flows import notify as notices
from flows.deployed import CRON, DEPLOYMENTS, POOLS, asking_prefect
from flows.file_batch import Tools
from flows.intake import Intake, intake
from flows.publish import publishable, release_done
from flows.start import look_around
from flows.steps import Watcher
from infra.classifier import lazy_champion
from infra.wiring import Services
from register.models import Batch
from register.session import asking, borrowed, reachable

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
    """Make the work pools and the deployments where Prefect does not have them yet.

    Raises:
        Unavailable: Prefect does not answer.
    """
    with asking_prefect() as client:
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
        for name in [name for name in DEPLOYMENTS if not _deployed(client, name)]:
            flow, pool_name = DEPLOYMENTS[name]
            deployment: Any = flow.to_deployment(name, work_pool_name=pool_name, cron=CRON.get(name))
            deployment.apply()


def _deployed(client: SyncPrefectClient, name: str) -> bool:
    try:
        client.read_deployment_by_name(f"{name}/{name}")
    except ObjectNotFound:
        return False
    return True


def station(services: Services, drop: Path, *, once: bool, stop: threading.Event, watch: Watcher) -> Intake:
    """Run the intake of a station host: each batch goes to the archive, then to the workers' pool.

    Without Prefect it takes what comes all the same; workers are asked for when it answers.
    """
    try:
        register_flows()
    except Unavailable as error:
        log.warning("no worker can be asked for now", reason=str(error))

    def file_one(tools: Tools, batch: Batch) -> Batch:
        return chunks.hand_over(tools, batch, deployed.ask)

    def deliver(services: Services, watch: Watcher) -> int:
        release_done(services, watch)
        return 0

    return intake(
        services, drop, once=once, stop=stop, watch=watch, file_one=file_one, deliver=deliver, tick=_not_here,
        notify=_not_here_either, drain=False,
    )  # fmt: skip


def _not_here(services: Services) -> None:
    """The clocks are looked at by the workers of the pool ``index``."""


def _not_here_either(services: Services) -> int:
    """People are told by them too."""
    return 0


def work(services: Services, pool: str, processes: int, stop: threading.Event) -> None:
    """Take flow runs from the pool, with so many reading processes, until told to stop.

    A Prefect server that goes away is waited for.

    Raises:
        Denied: a service refuses this worker.
    """
    look_around(services)
    keepers = _keepers(services, pool)
    keepers.append(partial(certify.keep, services, stamps=pool == "index"))
    threads = [threading.Thread(target=keeper, args=(stop,), daemon=True) for keeper in keepers]
    with Pool(processes, services.settings.capture) as reading:
        tools = Tools(services, reading, lazy_champion(services), stop)
        with deployed.working_with(tools):
            for thread in threads:
                thread.start()
            while not stop.is_set():
                try:
                    register_flows()
                    # One run more than processes: pages are read while another chunk's results are stored.
                    asyncio.run(_serve(pool, processes + 1, stop))
                except Exception as error:
                    log.warning("the Prefect server does not answer; will be tried again", reason=str(error))
                    stop.wait(_AGAIN)
            for thread in threads:
                thread.join()


def _sweep_scratch(services: Services, stop: threading.Event) -> None:
    with borrowed():
        try:
            asking(scratch.sweep, services)
        except PostroomError as error:
            log.warning("scratch of batches that have ended stays for now", reason=str(error))


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


def _keepers(services: Services, pool: str) -> list[Callable[[threading.Event], None]]:
    """What is looked for beside the runs of a pool: each is a flow run whenever there is something for it."""
    most = services.settings.retry_after_seconds
    stale = services.settings.stale_after_seconds
    if pool != "index":
        return [partial(_sweep_scratch, services)]
    often = min(_RECONCILE, stale / 3)
    publishing = partial(_run_if, publishable, "publish")
    reconciling = _Settled(partial(_reconcile_if, partial(chunks.left_alone, services)), stale)
    clock = partial(_run_if, partial(ticking.due, services), "clock")
    notifying = partial(_run_if, partial(notices.anything_due, services), "notify")
    return [
        partial(_keep, publishing, _LOOK, most),
        partial(_keep, notifying, _LOOK, most),
        partial(_keep, reconciling, often, most),
        partial(_keep, clock, ticking.EVERY, ticking.EVERY),
    ]


class _Settled:
    """Looks only where the database has answered for a while: after an outage holders must be heard first."""

    def __init__(self, look: Callable[[], None], seconds: float) -> None:
        self._look, self._seconds = look, seconds
        self._since = -inf  # when the database came back; of a start nothing is known to have been away

    def __call__(self) -> None:
        try:
            reachable()
        except Exception:
            self._since = inf
            raise
        self._since = min(self._since, time.monotonic())
        if time.monotonic() - self._since >= self._seconds:
            self._look()


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


def _run_if(wanted: Callable[[], bool], name: str) -> None:
    """As a flow run where Prefect answers, else plainly: what is filed must not wait for Prefect."""
    if wanted():
        flow, _ = DEPLOYMENTS[name]
        (flow if deployed.prefect_answers() else flow.fn)()


def _reconcile_if(wanted: Callable[[], bool]) -> None:
    """Asks anew also where Prefect has lost its database, and with it what it was told of our flows."""
    if wanted():
        if deployed.prefect_answers():
            register_flows()
        _run_if(lambda: True, "reconcile")
