"""``prefect.yaml`` and ``setup.sh``: read by Prefect's own classes, then laid down for real."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import psycopg
from prefect.cli.deploy._models import PrefectYamlModel
from prefect.flows import load_flow_from_entrypoint

from archive.local import LocalArchive
from infra.services import prefect_server
from infra.services.postgresql import PostgreSQL
from infra.services.prefect_server import PrefectServer
from tests.infra.deploy_files import DEPLOY, ROOT, document
from tests.servers import fresh_database

FILE = document(DEPLOY / "prefect.yaml")
MODEL = PrefectYamlModel.model_validate(FILE)
POOLS = dict(
    pool.split("=")
    for pool in re.findall(r'(?m)^export POOLS="(.+)"$', (DEPLOY / "setup.sh").read_text())[0].split()
)
WORKER_STARTS = """
from infra.prefect import use_prefect
from infra.settings import find_home
from infra.wiring import open_services

use_prefect(open_services(find_home(None)))
from flows.worker import register_flows

register_flows()
"""


def test_prefect_reads_it_as_it_is_meant() -> None:
    from importlib.metadata import version

    assert MODEL.prefect_version == version("prefect")
    # Prefect ignores keys that it does not know; nothing of ours may be ignored.
    for given, read in zip(FILE["deployments"], MODEL.deployments, strict=True):
        assert set(given) <= read.model_fields_set
        assert set(given) <= set(type(read).model_fields)


def test_every_entrypoint_is_a_flow() -> None:
    from flows.deployed import DEPLOYMENTS

    listed = {}
    for one in MODEL.deployments:
        assert one.entrypoint
        assert one.work_pool
        flow: Any = load_flow_from_entrypoint(one.entrypoint, use_placeholder_flow=False)
        listed[one.name] = (flow, one.work_pool.name)
    assert listed == DEPLOYMENTS


def test_the_pools_are_those_of_the_workers() -> None:
    from flows.deployed import POOLS as KNOWN

    assert set(POOLS) == set(KNOWN)
    assert all(int(limit) > 0 for limit in POOLS.values())


def ask(server: PrefectServer, path: str) -> dict[str, Any]:
    """What the server has there, by name."""
    request = urllib.request.Request(
        f"{prefect_server.api_url(server)}{path}",
        data=b"{}",
        headers={"Content-Type": "application/json", **server.headers},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return {one["name"]: one for one in json.load(answer)}


def test_it_is_laid_down(postgresql: PostgreSQL, tmp_path: Path) -> None:
    database = fresh_database(postgresql)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute((DEPLOY / "access" / "postgresql" / "roles.sql").read_bytes())
    with prefect_server.start(tmp_path / "prefect") as server:
        env = {
            **os.environ,
            "POSTROOM_HOME": str(tmp_path / "home"),
            "POSTROOM_DATABASE__URL": database,
            "POSTROOM_PREFECT_API_URL": prefect_server.api_url(server),
            "POSTROOM_PREFECT_AUTH": server.auth,
        }
        for _ in range(2):
            done = subprocess.run([DEPLOY / "setup.sh"], env=env, capture_output=True, text=True, cwd="/")
            assert done.returncode == 0, done.stdout + done.stderr
            kept = LocalArchive(tmp_path / "home" / "archive")
            assert list(kept.list("champions/")) == ["champions/000000001.json"]
            # A worker that starts later leaves schedules and limits as they are.
            subprocess.run([sys.executable, "-c", WORKER_STARTS], env=env, cwd=ROOT, check=True)
            pools = {
                name: one["concurrency_limit"] for name, one in ask(server, "/work_pools/filter").items()
            }
            assert {name: pools[name] for name in POOLS} == {
                name: int(limit) for name, limit in POOLS.items()
            }
            found = ask(server, "/deployments/filter")
            assert {name: one["work_pool_name"] for name, one in found.items()} == {
                one["name"]: one["work_pool"]["name"] for one in FILE["deployments"]
            }
            schedules = {
                name: [schedule["schedule"]["cron"] for schedule in one["schedules"]]
                for name, one in found.items()
            }
            assert schedules == {
                "chunk": [],
                "publish": [],
                "clock": [],
                "notify": [],
                "reconcile": [],
                "fixity": ["30 2 * * *"],
                "heads": ["20 * * * *"],
                "retrain": ["40 * * * *"],
            }
            limits = {
                name: (one["global_concurrency_limit"] or {}).get("limit") for name, one in found.items()
            }
            assert limits == {"chunk": None} | dict.fromkeys(
                ("publish", "clock", "notify", "reconcile", "fixity", "heads", "retrain"), 1
            )
    with psycopg.connect(database) as connection:
        asked = "SELECT has_table_privilege('postroom_worker', 'register_event', %s)"
        rights = {right: connection.execute(asked, [right]).fetchone() for right in ("INSERT", "UPDATE")}
    assert rights == {"INSERT": (True,), "UPDATE": (False,)}
