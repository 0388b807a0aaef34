#!/usr/bin/env bash
# Set-up of a distributed Postroom: tables, grants, index, classifier, work pools, deployments. Run it once before the
# first start and at every upgrade; a second time changes nothing. It needs the database as its owner in
# POSTROOM_DATABASE__URL, POSTROOM_PREFECT_API_URL with POSTROOM_PREFECT_AUTH, and, where POSTROOM_INDEX__URL
# names a search server, a user of it with the role migrator. In S3 it needs what a worker may do.
set -euo pipefail
cd "$(dirname "$0")/../.."

# Pool and how many flow runs it may have at a time; ocr: what the largest set of workers can do.
export POOLS="intake=20 ocr=800 index=8 mail=8"

: "${POSTROOM_DATABASE__URL:?the database, as its owner}"
: "${POSTROOM_PREFECT_API_URL:?the Prefect server}"
export PREFECT_CLI_PROMPT=false

exec .venv/bin/python - <<'LAY_DOWN'
import os, runpy, sys
from pathlib import Path

import psycopg

from domain.errors import Unavailable
from infra.classifier import champion
from infra.prefect import use_prefect
from infra.settings import find_home
from infra.wiring import open_services

services = open_services(find_home(None))  # the first to open the register makes or upgrades its tables
with psycopg.connect(services.settings.database.url.get_secret_value()) as connection:
    connection.execute(Path("infra/deploy/access/postgresql/grants.sql").read_text("utf-8"))

if services.settings.index.url:
    from index import elastic_indexes

    try:
        elastic_indexes.check(services.index.server, services.index.alias, make_it=True)
    except Unavailable as error:  # of an older mapping: searches go on, entries wait for the migration
        print(error, file=sys.stderr)

services.archive.ready()
champion(services)  # trained on sample mail where the archive has none, so that not every worker does

use_prefect(services)
from prefect import get_client
from prefect.client.schemas.actions import WorkPoolUpdate

from flows.worker import register_flows

register_flows()
with get_client(sync_client=True) as client:
    for name, limit in (pool.split("=") for pool in os.environ["POOLS"].split()):
        client.update_work_pool(name, WorkPoolUpdate(concurrency_limit=int(limit)))

# Its command line, but in this process: the flows can be imported once the register is open.
sys.argv = ["prefect", "--no-prompt", "deploy", "--all", "--prefect-file", "infra/deploy/prefect.yaml"]
runpy.run_module("prefect", run_name="__main__")
LAY_DOWN
