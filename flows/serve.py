"""The flows under Prefect on one machine: each body as a flow run, each of its stages as a task run.

A batch is a flow run; a task is a chunk of pages or documents.
"""

import threading
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import structlog
from prefect import flow, task
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from domain.errors import Unavailable
from flows import clock as ticking
from flows import file_batch as filing
from flows import fixity as checking
from flows import heads as chains
from flows import intake as taking
from flows import notify as notifying
from flows import publish as publishing
from flows import retrain as retraining
from flows.intake import Intake
from flows.steps import Watcher
from infra.wiring import Services
from register import batches
from register.models import Batch
from register.session import borrowed

log = structlog.get_logger()
T = TypeVar("T")
_LOOK = 1800.0  # seconds between looks at whether the nightly check is due


def _worth_another_try(_: Task[..., Any], __: TaskRun, state: State[Any]) -> bool:
    try:
        state.result()
    except Unavailable:
        return True
    except Exception:
        return False
    return False


def as_task(name: str, stage: Callable[[], T], /) -> T:
    """Runs a stage as a task run; only a service that does not answer is tried again."""
    decorate = task(
        name=name,
        retries=3,
        retry_delay_seconds=[1, 5, 20],
        retry_jitter_factor=0.5,
        retry_condition_fn=_worth_another_try,
        persist_result=False,
    )
    result: T = decorate(stage)()
    return result


def serve(services: Services, drop: Path, *, once: bool, stop: threading.Event, watch: Watcher) -> Intake:
    """Run the intake as a flow; each batch, each delivery, clock, fixity and retraining is a flow run."""

    def file_one(tools: filing.Tools, batch: Batch) -> Batch:
        tools = replace(tools, run=as_task)

        @flow(name="file_batch", flow_run_name=f"batch {batch.pk} {batch.station}", persist_result=False)
        def file_batch(batch_id: int) -> None:
            filing.file_batch(tools, batch)

        file_batch(batch.pk)
        return batches.reload(batch)

    def deliver(services: Services, watch: Watcher) -> int:
        if not publishing.waiting(services):
            return 0

        @flow(name="publish", persist_result=False)
        def publish() -> int:
            return as_task("publish", lambda: publishing.deliver(services, watch))

        return publish()

    @flow(name="intake", persist_result=False)
    def intake(drop: str, once: bool) -> None:
        outcome.append(
            taking.intake(
                services,
                Path(drop),
                once=once,
                stop=stop,
                watch=watch,
                file_one=file_one,
                deliver=deliver,
                tick=clock_if_due,
                notify=notify_if_due,
            )
        )

    outcome: list[Intake] = []
    ended = threading.Event()
    # In a copy of this context, for Prefect keeps there which server it talks to.
    nights = threading.Thread(target=copy_context().run, args=(_each_night, services, ended))
    if not once:
        nights.start()
    try:
        intake(str(drop), once)
    finally:
        ended.set()
        if not once:
            nights.join()
    if once:
        take_heads_if_due(services, stop)
        check_if_due(services, stop)
    return outcome[0]


def clock_if_due(services: Services) -> None:
    """Look at the clocks if anything is due, or has happened that they depend on."""

    @flow(name="clock", persist_result=False)
    def clock() -> int:
        return len(ticking.tick(services).fired)

    if ticking.due(services):
        clock()


def notify_if_due(services: Services) -> int:
    """Send what is due, as a flow run where anything is; returns how many mails and webhooks went."""

    @flow(name="notify", persist_result=False)
    def notify() -> int:
        return notifying.notify(services)

    return notify() if notifying.anything_due(services) else 0


def _each_night(services: Services, ended: threading.Event) -> None:
    while True:
        take_heads_if_due(services, ended)
        check_if_due(services, ended)
        retrain_if_due(services, ended)
        if ended.wait(_LOOK):
            return


def retrain_if_due(services: Services, stop: threading.Event) -> None:
    """Train anew if enough was said of documents since the last time, or the night has come."""

    @flow(name="retrain", persist_result=False)
    def retrain() -> str:
        return retraining.retrain(services, by="postroom").state

    try:
        with borrowed():
            if not stop.is_set() and retraining.take_turn(services, datetime.now(UTC)):
                log.info("retrained", outcome=retrain())
    except Exception as error:
        log.error("retraining failed; the intake goes on", reason=str(error))


def take_heads_if_due(services: Services, stop: threading.Event) -> None:
    """Put today's heads of the audit chains into the archive, if that was not done."""

    @flow(name="heads", persist_result=False)
    def heads() -> str:
        return chains.export(services, datetime.now(UTC))[0].heads.day

    try:
        with borrowed():
            if not stop.is_set() and chains.due(services, datetime.now(UTC)):
                heads()
    except Exception as error:
        log.error("no heads of the audit chains today yet; the intake goes on", reason=str(error))


def check_if_due(services: Services, stop: threading.Event) -> None:
    """Check a thirtieth of the archive if that was not done since last night. What is wrong, the run says."""

    @flow(name="fixity", persist_result=False)
    def fixity() -> dict[str, Any]:
        return checking.counts(checking.check_share(services, checking.SHARE, stop))

    try:
        with borrowed():
            if not stop.is_set() and checking.due(services.settings.zone):
                fixity()
    except Exception as error:
        log.error("fixity failed; the intake goes on", reason=str(error))
