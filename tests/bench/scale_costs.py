"""What the simulation of many machines must know: ``python -m tests.bench.scale_costs [--documents 100]``.

Counts the statements and requests that our own code makes, and times them on real servers on loopback:
PostgreSQL with its safe defaults, MinIO, Elasticsearch, Prefect on PostgreSQL. About three minutes.
Counts hold anywhere; times of this machine say what the servers' own work costs, without a network.
"""

import argparse
import json
import os
import statistics
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import psutil
from django.db import connection

from archive.keys import document_key
from archive.s3 import S3Archive
from archive.s3_bucket import make_bucket
from domain.document import DocumentText
from domain.page import Page, Word
from domain.wire import to_json
from infra.database import disconnect, prepare
from infra.logs import to_stderr
from infra.services import elasticsearch, minio, postgresql, prefect_server, tools
from infra.wiring import Services, open_services

_PAGES = 3  # of a document
_WORDS = 150  # of a page


class Statements:
    """Counts what goes to the database, and from when on the counters' rows are locked."""

    def __init__(self) -> None:
        self.total = 0
        self.locked = 0
        self.since: float | None = None

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self.total += 1
        if self.since is not None:
            self.locked += 1
        answer = execute(sql, params, many, context)
        if self.since is None and sql.startswith("UPDATE") and "register_counter" in sql:
            self.since = time.perf_counter()
        return answer


@contextmanager
def counted() -> Iterator[Statements]:
    """Counts while the block runs."""
    statements = Statements()
    with connection.execute_wrapper(statements):
        yield statements


def filing(services: Services, documents: int) -> dict[str, float]:
    """The transaction that makes a document an entry, and the statements of a batch and a chunk."""
    from domain.document import Fate, FateKind, Separation
    from register import batches, chunks
    from register.filing import close
    from register.models import Chunk
    from tests.register.filings import filing as letter
    from tests.register.filings import open_batch

    services.archive.put("originals/ab/x/original", b"what open_batch names")
    with counted() as opened:
        batch = open_batch(pages=_PAGES * documents + 1)
    with counted() as planned:
        batches.plan(batch, Separation((), (), ()))
    whole, held = [], []
    for ordinal in range(documents):
        pages = tuple((0, ordinal * _PAGES + page + 1) for page in range(_PAGES))
        made = _objects(services, batch.key, ordinal)
        ready = letter(
            batch, ordinal, pages, key=str(uuid.uuid4()), objects=made, sender=f"Sender {ordinal % 20}"
        )
        start = time.perf_counter()
        with counted() as last:
            _file(batch, ready)
        whole.append(time.perf_counter() - start)
        assert last.since is not None
        held.append(time.perf_counter() - last.since)
    with counted() as closed:
        close(batch, [Fate(0, _PAGES * documents + 1, FateKind.BLANK)], [])
    with counted() as chunk:
        (one,) = chunks.open_chunks(batch, Chunk.Stage.BATCH, [chunks.Share(0)])
        chunks.asked(one)
        taken = chunks.take(one.pk, "bench", 45.0)
        assert taken
        chunks.beat(taken)
        chunks.done(taken)
    return {
        "statements_document": last.total,
        "statements_document_locked": last.locked,
        "document_ms": _ms(whole),
        "document_locked_ms": _ms(held),
        "statements_batch": opened.total + planned.total + closed.total,
        "statements_chunk": chunk.total,
    }


def _file(batch: Any, ready: Any) -> None:
    from zoneinfo import ZoneInfo

    from register.filing import file_document

    file_document(batch, ready, zone=ZoneInfo("UTC"), actor="bench", at=datetime.now(UTC))


def _objects(services: Services, batch: str, ordinal: int) -> tuple[Any, ...]:
    """A document's objects; its text is really there, for the index."""
    from register.filing import Kept

    words = tuple(
        Word(f"word{ordinal}x{place}", (0.1, 0.1, 0.2, 0.2), 0.9, place // 10) for place in range(_WORDS)
    )
    pages = tuple(Page(number, 595, 842, 200, language="en", words=words) for number in range(1, _PAGES + 1))
    text = to_json(DocumentText(1, pages))
    document, kept = f"{batch}-{ordinal}", []
    for name, role in (
        ("document.pdf", "pdfa"),
        ("text.json", "text"),
        ("page.jpg", "thumbnail"),
        ("manifest.json", "manifest"),
    ):
        content = text if role == "text" else f"{name} of {document}".encode()
        key = document_key(document, name, sha256(content).hexdigest())
        stored = services.archive.put(key, content)
        kept.append(Kept(stored.key, stored.sha256, stored.size, role))
    return tuple(kept)


def requests(services: Services) -> dict[str, int]:
    """The S3 requests of each operation of the archive, once it knows the store."""
    seen = _count_requests(services.archive)
    key = document_key("costs", "document.pdf", sha256(b"x").hexdigest())
    operations: dict[str, Callable[[], Any]] = {
        "put": lambda: services.archive.put(key, b"x"),
        "put_again": lambda: services.archive.put(key, b"x"),
        "read": lambda: services.archive.read(key),
        "lock": lambda: services.archive.lock(
            key, datetime.now(UTC).replace(year=datetime.now(UTC).year + 1)
        ),
        "put_scratch": lambda: services.archive.put("work/costs/x", b"x"),
        "delete_scratch": lambda: services.archive.delete("work/costs/x"),
    }
    found = {}
    for name, operation in operations.items():
        seen.clear()
        operation()
        found[name] = seen.total()
    return found


def request_cpu(services: Services, turns: int = 100) -> dict[str, float]:
    """Milliseconds of our own processor for one S3 request, by the operation that makes it."""
    seen = _count_requests(services.archive)
    key = document_key("costs", "document.pdf", sha256(b"x").hexdigest())
    until = datetime.now(UTC) + timedelta(days=365)
    operations: dict[str, Callable[[int], Any]] = {
        "put": lambda turn: services.archive.put(f"work/cpu/{turn}", f"{turn}".encode()),
        "lock": lambda turn: services.archive.lock(key, until + timedelta(days=turn)),
        "read": lambda turn: services.archive.read(f"work/cpu/{turn}"),
    }
    found = {}
    for name, operation in operations.items():
        seen.clear()
        start = time.process_time()
        for turn in range(turns):
            operation(turn)
        found[name] = round((time.process_time() - start) * 1000 / seen.total(), 2)
    return found


def _count_requests(archive: Any) -> Counter[str]:
    assert isinstance(archive, S3Archive)
    seen: Counter[str] = Counter()
    events = archive._bucket.client.meta.events
    events.register("before-send.s3", lambda event_name, **_: seen.update([event_name.rsplit(".", 1)[-1]]))
    return seen


def delivery(services: Services) -> dict[str, Any]:
    """Publishing what ``filing`` wrote: seconds and requests of a change, with locks set."""
    from flows.publish import publish

    seen = _count_requests(services.archive)
    rows, seconds = 0, 0.0
    with counted() as statements:
        start, used = time.perf_counter(), time.process_time()
        rows = publish(services)
        seconds, used = time.perf_counter() - start, time.process_time() - used
    return {
        "changes": rows,
        "change_ms": round(seconds / rows * 1000, 2),
        "change_cpu_ms": round(used / rows * 1000, 2),
        "requests_change": {name: round(count / rows, 2) for name, count in sorted(seen.items())},
        "statements_change": round(statements.total / rows, 2),
    }


def indexing(services: Services) -> dict[str, float]:
    """One bulk of 50 entries of three pages."""
    from tests.contracts.mail import entry

    page = " ".join(f"word{place}" for place in range(_WORDS))
    times = []
    for turn in range(6):
        some = [entry(f"IN-2026-{turn:03}{place:03}-0", *[page] * _PAGES) for place in range(50)]
        start = time.perf_counter()
        services.index.put(some)
        times.append(time.perf_counter() - start)
    return {"bulk_50_ms": _ms(times[1:])}


def orchestration(services: Services, server: prefect_server.PrefectServer, runs: int) -> dict[str, float]:
    """Flow runs with nothing to do, by a real worker: CPU of server and worker; what an idle worker costs."""
    from flows import worker
    from flows.deployed import ask
    from register import chunks
    from register.models import Chunk
    from tests.register.filings import open_batch

    worker.register_flows()
    batch = open_batch("prefect.pdf")
    shares = [chunks.Share(place) for place in range(runs)]
    waiting = chunks.open_chunks(batch, Chunk.Stage.READ, shares)
    Chunk.objects.filter(batch=batch).update(state=Chunk.State.DONE)  # a worker finds nothing to do
    ours, theirs = psutil.Process(), psutil.Process(server.running.pid)
    start, asked = time.perf_counter(), _cpu(theirs)
    for one in waiting:
        ask(one)
    asking, asked = time.perf_counter() - start, _cpu(theirs) - asked
    alone = _idle(theirs)
    stop = threading.Event()
    thread = threading.Thread(target=worker.work, args=(services, "ocr", 3, stop))
    before = _cpu(theirs), _cpu(ours)
    thread.start()
    started = time.perf_counter()
    while _completed(server) < runs and time.perf_counter() - started < 240 and thread.is_alive():
        time.sleep(1)
    took = time.perf_counter() - started
    after = _cpu(theirs), _cpu(ours)
    completed = _completed(server)
    idle = _idle(theirs)
    stop.set()
    thread.join()
    return {
        "runs": completed,
        "ask_ms": round(asking / runs * 1000, 1),
        "ask_server_cpu_ms": round(asked / runs * 1000, 1),
        "run_server_cpu_ms": round(((after[0] - before[0]) - idle * took) / runs * 1000, 1),
        "run_worker_cpu_ms": round((after[1] - before[1]) / runs * 1000, 1),
        "alone_server_cpu_ms_per_s": round(alone * 1000, 1),
        "idle_server_cpu_ms_per_s": round(idle * 1000, 1),
        "runs_per_s": round(runs / took, 2),
    }


def _completed(server: prefect_server.PrefectServer) -> int:
    import urllib.request

    body = json.dumps({"flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}}).encode()
    request = urllib.request.Request(
        f"{prefect_server.api_url(server)}/flow_runs/count",
        data=body,
        headers={"Content-Type": "application/json", **server.headers},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return int(json.load(answer))


def _idle(server: psutil.Process, seconds: float = 30.0) -> float:
    """The share of a processor that it takes while nothing is asked for."""
    before = _cpu(server)
    time.sleep(seconds)
    return (_cpu(server) - before) / seconds


def _cpu(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)


def _ms(times: list[float]) -> float:
    return round(statistics.median(times) * 1000, 2)


def run(documents: int = 100, runs: int = 40) -> dict[str, Any]:
    """All costs, on servers of their own."""
    prepare()
    to_stderr()
    tools.install("minio", "elasticsearch")
    with tempfile.TemporaryDirectory(prefix="postroom-costs-", dir="/tmp") as scratch:
        base = Path(scratch)
        base.chmod(0o755)
        with (
            postgresql.start(base / "postgresql") as database,
            minio.start(base / "minio") as objects,
            elasticsearch.start(base / "elasticsearch") as search,
            prefect_server.start(
                base / "prefect", database_url=database.create_database("prefect")
            ) as prefect,
        ):
            os.environ.update(objects.environment())
            os.environ.update(
                POSTROOM_DATABASE__URL=database.create_database("postroom"),
                POSTROOM_ARCHIVE__BUCKET="archive",
                POSTROOM_ARCHIVE__ENDPOINT=objects.url,
                POSTROOM_ARCHIVE__REGION=objects.region,
                POSTROOM_ARCHIVE__RETENTION_DAYS="10",
                POSTROOM_INDEX__URL=search.url,
                POSTROOM_PREFECT_API_URL=prefect_server.api_url(prefect),
                POSTROOM_PREFECT_AUTH=prefect.auth,
            )
            services = open_services(base / "home")
            make_bucket(services.settings.archive, lock=True)
            from infra.prefect import use_prefect

            use_prefect(services)
            found = {
                "documents": documents,
                "filing": filing(services, documents),
                "s3_requests": requests(services),
                "s3_request_cpu_ms": request_cpu(services),
                "delivery": delivery(services),
                "index": indexing(services),
                "prefect": orchestration(services, prefect, runs),
            }
            disconnect()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--documents", type=int, default=100)
    parser.add_argument("--runs", type=int, default=40)
    asked = parser.parse_args()
    print(json.dumps(run(asked.documents, asked.runs), indent=1))


if __name__ == "__main__":
    main()
