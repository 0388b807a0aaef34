"""The flows that workers on many machines run, as Prefect deployments: see ``DEPLOYMENTS``.

A worker process sets ``working_with`` once and runs them in itself; a process that Prefect starts for one
run opens the instance of its environment. Parameters and results are JSON.
"""

import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import structlog
from prefect import Flow, flow, get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import State
from prefect.exceptions import ObjectNotFound, PrefectException
from prefect.states import Crashed
from tenacity import wait_random

from capture.pool import Pool
from domain.errors import Denied, Unavailable
from flows import chunks as bodies
from flows import clock as ticking
from flows import fixity as checking
from flows import heads as chains
from flows import notify as notifying
from flows import publish as publishing
from flows import retrain as retraining
from flows.file_batch import Tools
from flows.follow import follow
from flows.steps import patient
from infra.classifier import lazy_champion
from infra.settings import find_home
from infra.wiring import open_services
from register import chunks as rows
from register.models import Chunk
from register.session import borrowed

log = structlog.get_logger()
POOLS = {
    "intake": "light flows of the intake",
    "ocr": "chunks of batches: reading and filing",
    "index": "publishing, clocks, notices, reconciliation, fixity, retraining",
    "mail": "reserved for mail in",
}
_PAUSES = wait_random(5, 15)  # seconds until a chunk is tried again whose service did not answer
_tools: list[Tools] = []
_denied: list[Denied] = []


@contextmanager
def working_with(tools: Tools) -> Iterator[None]:
    """Flow runs of this process use these tools while the block runs.

    Raises:
        Denied: a service refused this process, which was then told to stop.
    """
    _tools.append(tools)
    try:
        yield
        if _denied:
            raise _denied[0]
    finally:
        _tools.clear()
        _denied.clear()


@contextmanager
def _at_work() -> Iterator[Tools]:
    with borrowed():
        if _tools:
            yield _tools[0]
            return
        services = open_services(find_home(None))
        with Pool(services.settings.processes, services.settings.capture) as pool:
            yield Tools(services, pool, lazy_champion(services))


@flow(name="chunk", flow_run_name="chunk {chunk_id}", persist_result=False)
def chunk(chunk_id: int) -> str:
    """Do a share of a batch; says how it went. A worker that a service refuses takes no more."""
    holder = f"{socket.gethostname()[:32]}:{os.getpid()}:{secrets.token_hex(6)}"
    with _at_work() as tools:
        try:
            # Only what may pass is tried again here: a fault of ours goes to another worker first.
            return patient(tools.stop, 3, _PAUSES)(bodies.work, tools, chunk_id, holder, ask)
        except Denied as error:
            _denied.append(error)
            tools.stop.set()
            raise


@flow(name="publish", persist_result=False)
def publish() -> int:
    """Do what follows from what happened, and deliver what waits; returns the changes delivered."""
    with _at_work() as tools:
        follow(tools.services)
        return publishing.publish(tools.services, tools.watch)


@flow(name="clock", persist_result=False)
def clock() -> int:
    """Bring about what is due of the clocks; returns how much there was."""
    with _at_work() as tools:
        return len(ticking.tick(tools.services).fired)


@flow(name="notify", persist_result=False)
def notify() -> int:
    """Send the mails and webhooks that are due; returns how many went."""
    with _at_work() as tools:
        return notifying.notify(tools.services)


@flow(name="reconcile", persist_result=False)
def reconcile() -> int:
    """Ask again for chunks that nobody is at; returns how many were looked after."""
    with _at_work() as tools:
        return bodies.reconcile(tools.services, ask, ask_anew)


@flow(name="fixity", persist_result=False)
def fixity(share: float = checking.SHARE) -> dict[str, Any]:
    """Check a share of the archive's objects, those longest unchecked first; returns the counts.

    Fails while something is damaged that could not be mended.
    """
    with _at_work() as tools:
        return checking.counts(checking.check_share(tools.services, share, tools.stop))


@flow(name="heads", persist_result=False)
def heads() -> str:
    """Put today's heads of the audit chains into the archive, unless they are there; returns the day."""
    with _at_work() as tools:
        return chains.export(tools.services, datetime.now(UTC))[0].heads.day


@flow(name="retrain", persist_result=False)
def retrain(always: bool = False) -> str:
    """Train anew where enough was said of documents since the last time, or the night has come."""
    with _at_work() as tools:
        if not always and not retraining.take_turn(tools.services, datetime.now(UTC)):
            return "not due"
        return retraining.retrain(tools.services, by="postroom").state


DEPLOYMENTS: dict[str, tuple[Flow[..., Any], str]] = {
    "chunk": (chunk, "ocr"),
    "publish": (publish, "index"),
    "clock": (clock, "index"),
    "notify": (notify, "index"),
    "reconcile": (reconcile, "index"),
    "fixity": (fixity, "index"),
    "heads": (heads, "index"),
    "retrain": (retrain, "index"),
}
"""Each flow with its pool. Deployments are named as their flows."""
CRON = {"fixity": "30 2 * * *", "heads": "20 * * * *", "retrain": "40 * * * *"}


def ask(one: Chunk) -> None:
    """Ask for a worker that does the chunk. The same request again brings no second run.

    Raises:
        Unavailable: Prefect does not answer, or does not know the flow yet.
    """
    with asking_prefect() as client:
        _request(client, one)


def ask_anew(one: Chunk) -> None:
    """Ask for another worker, unless the first request still waits in line; its run, if any, is crashed."""
    with asking_prefect() as client:
        run = _request(client, one)
        # One that began and waits for its own retry is scheduled too, but its worker may be gone.
        if run.state and run.state.is_scheduled() and not run.run_count:
            return
        if run.state and not run.state.is_final():
            lost: State[Any] = Crashed(message="its worker was not heard of any more")
            client.set_flow_run_state(run.id, lost, force=True)
        if rows.ask_anew(one):
            _request(client, one)


def _request(client: SyncPrefectClient, one: Chunk) -> Any:
    deployment = client.read_deployment_by_name("chunk/chunk")
    return client.create_flow_run_from_deployment(
        deployment.id,
        parameters={"chunk_id": one.pk},
        name=f"batch {one.batch_id} {one.stage} {one.ordinal}",
        idempotency_key=rows.key(one),
    )


@contextmanager
def asking_prefect() -> Iterator[SyncPrefectClient]:
    """A client of the Prefect server, whose silence within the block is ``Unavailable``."""
    try:
        with get_client(sync_client=True) as client:
            yield client
    except ObjectNotFound as error:
        raise Unavailable("Prefect does not know the flows yet. Start a worker: postroom work") from error
    except (httpx.HTTPError, PrefectException, RuntimeError) as error:
        raise Unavailable(f"the Prefect server does not answer: {error}") from error


def prefect_answers() -> bool:
    """Whether flow runs can be made now."""
    with get_client(sync_client=True) as client:
        return client.api_healthcheck() is None
