"""What a run costs that does nothing, in three ways that Prefect offers: ``postroom bench orchestration``.

- ``process``: a flow run of a work pool, started as a process of its own by Prefect's process worker;
- ``task``: a background task (``delay``), taken by a long-lived task worker;
- ``in_process``: a flow run of a work pool, taken by our long-lived worker and run in it.

Each does so many runs, one after the other and all asked for at once. CPU seconds are those of the worker
and all its children; latency is from asking until the end of the run, one at a time. Then, as nothing but our
way can do it by itself, a worker that holds a chunk is killed, and the time taken until another has it.
"""

import os
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil

from infra.services import postgresql, prefect_server
from infra.services.prefect_server import PrefectServer
from tests.bench.office import Campaign
from tests.cluster import Cluster

_ROOT = Path(__file__).resolve().parents[2]
_COMMON = """
import os, sys
from prefect import flow, task

@flow(name="nothing", persist_result=False)
def nothing(number: int) -> int:
    return number

@task(name="ticket", persist_result=False)
def ticket() -> None:
    pass
"""
_PROCESS = """
from prefect.cli import app
sys.argv = ["prefect", "worker", "start", "--pool", "process", "--type", "process", "--limit", "1"]
app()
"""
_TASK = """
from prefect.task_worker import serve
serve(ticket, limit=1)
"""
_IN_PROCESS = """
import asyncio
from infra.database import prepare
prepare()
from flows import worker
worker.DEPLOYMENTS["nothing-in_process"] = (nothing, "in_process")
asyncio.run(worker.InProcess(work_pool_name="in_process", limit=1).start(printer=lambda text: None))
"""
_REGISTER = """
for pool in ("process", "in_process"):
    nothing.from_source(source=os.getcwd(), entrypoint="nothing.py:nothing").deploy(
        name=f"nothing-{pool}", work_pool_name=pool, build=False, push=False, print_next_steps=False)
"""
_ASK_TASK = """
for _ in range(int(sys.argv[1])):
    ticket.delay()
"""
_FINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


def run(runs: int) -> dict[str, Any]:
    """CPU seconds and seconds of latency a run, of each way; seconds until a chunk is taken over."""
    return {"runs": runs, **_overheads(runs), "take_over_s": round(_take_over(), 1)}


def _overheads(runs: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="postroom-bench-", dir="/tmp") as scratch:
        work = Path(scratch).resolve()
        work.chmod(0o755)
        with (
            postgresql.start(work / "postgresql") as database,
            prefect_server.start(
                work / "prefect", database_url=database.create_database("prefect")
            ) as server,
        ):
            bench = _Bench(work, server)
            return {
                "process": bench.flows("process", _PROCESS, runs),
                "task": bench.tasks(runs),
                "in_process": bench.flows("in_process", _IN_PROCESS, runs),
            }


def _take_over() -> float:
    """Seconds from SIGKILL of a worker that holds a chunk until another holds it; default settings."""
    with Cluster({"POSTROOM_CHUNK_PAGES": "10"}, embedded_index=True) as cluster:
        campaign = Campaign(cluster)
        campaign.open()
        _, taken_over = campaign.caught("read", cluster.kill, cluster.revive)
        killed = time.perf_counter()
        cluster.wait(taken_over, "another worker's taking over", pause=0.1)
        return time.perf_counter() - killed


class _Bench:
    def __init__(self, work: Path, server: PrefectServer) -> None:
        self.work, self.server = work, server
        self.api = httpx.Client(base_url=f"{server.url}/api", headers=server.headers, timeout=30)
        told = prefect_server.environment(work / "client", prefect_server.api_url(server), server.auth)
        self.env = {
            **os.environ, **told, "PYTHONPATH": f"{_ROOT}:{work}", "PREFECT_WORKER_QUERY_SECONDS": "2",
            "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
        }  # fmt: skip
        (work / "nothing.py").write_text(_COMMON)
        for pool in ("process", "in_process"):
            kind = {"process": "process", "in_process": "postroom"}[pool]
            self.api.post("/work_pools/", json={"name": pool, "type": kind}).raise_for_status()
        self._python(_REGISTER)

    def flows(self, pool: str, code: str, runs: int) -> dict[str, float]:
        deployment = self.api.get(f"/deployments/name/nothing/nothing-{pool}").raise_for_status().json()["id"]

        def ask(count: int) -> None:
            for number in range(count):
                body = {"parameters": {"number": number}, "state": {"type": "SCHEDULED"}}
                self.api.post(f"/deployments/{deployment}/create_flow_run", json=body).raise_for_status()

        def ended() -> int:
            body = {"deployments": {"id": {"any_": [deployment]}}, "limit": 200}
            found = self.api.post("/flow_runs/filter", json=body).raise_for_status().json()
            return sum(one["state_type"] in _FINAL for one in found)

        return self._measured(code, ask, ended, runs)

    def tasks(self, runs: int) -> dict[str, float]:
        def ended() -> int:
            body = {"task_runs": {"name": {"like_": "ticket"}}, "limit": 200}
            found = self.api.post("/task_runs/filter", json=body).raise_for_status().json()
            return sum(one["state_type"] in _FINAL for one in found)

        return self._measured(_TASK, lambda count: self._python(_ASK_TASK, str(count)), ended, runs)

    def _measured(
        self, code: str, ask: Callable[[int], None], ended: Callable[[], int], runs: int
    ) -> dict[str, float]:
        (self.work / "worker.py").write_text(f"from nothing import *\nimport sys\n{code}")
        with (self.work / "worker.log").open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "worker.py"], cwd=self.work, env=self.env, stdout=log, stderr=log
            )
        try:
            self._until(ended, ask, 1)
            before, start = _cpu(worker.pid), time.perf_counter()
            self._until(ended, ask, runs)
            together = time.perf_counter() - start
            cpu = _cpu(worker.pid) - before
            latencies = [self._until(ended, ask, 1) for _ in range(3)]
        finally:
            worker.terminate()
            try:
                worker.wait(20)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
        return {
            "cpu_s": round(cpu / runs, 3),
            "wall_s": round(together / runs, 3),
            "latency_s": round(sorted(latencies)[1], 3),
        }

    def _until(self, ended: Callable[[], int], ask: Callable[[int], None], count: int) -> float:
        wanted = ended() + count
        ask(count)
        start = time.perf_counter()
        while ended() < wanted:
            if time.perf_counter() - start > 60 + 30 * count:
                raise RuntimeError((self.work / "worker.log").read_text()[-3000:])
            time.sleep(0.1)
        return time.perf_counter() - start

    def _python(self, code: str, *arguments: str) -> None:
        text = f"from nothing import *\nimport os, sys\n{textwrap.dedent(code)}"
        ran = subprocess.run(
            [sys.executable, "-c", text, *arguments],
            cwd=self.work,
            env=self.env,
            capture_output=True,
            text=True,
        )
        if ran.returncode:
            raise RuntimeError(ran.stderr[-3000:])


def _cpu(pid: int) -> float:
    """CPU seconds of a process and of its children, those that have ended included."""
    total = 0.0
    for one in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
        times = one.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
    return total
