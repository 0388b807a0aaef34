"""Station hosts and workers where a service is missing, silent, or refuses them."""

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from domain.errors import Denied, Unavailable
from flows import deployed, worker
from flows.worker import register_flows, station
from infra.services.object_store import ObjectStore
from infra.services.process import free_port
from infra.wiring import Services, open_services
from register.models import Batch, Chunk
from tests.archive import stores
from tests.cluster import POSTROOM
from tests.small import small_tiff, train_small


@contextmanager
def no_prefect() -> Iterator[None]:
    """For this thread; Prefect keeps its settings by thread."""
    with temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{free_port()}/api"}):
        yield


def test_a_station_takes_what_comes_while_prefect_is_down(
    office: tuple[Services, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    services, drop = office
    small_tiff(drop / "two.tif", ["Letter", "two"])
    ask = deployed.ask

    def unheard(chunk: Chunk) -> None:
        with no_prefect():
            ask(chunk)

    monkeypatch.setattr(deployed, "ask", unheard)
    with no_prefect():
        with pytest.raises(Unavailable):
            register_flows()
        done = station(services, drop, once=True, stop=threading.Event(), watch=lambda step: None)
    assert done.failures == []
    (chunk,) = Chunk.objects.select_related("batch")
    assert (chunk.batch.state, chunk.state, chunk.calls) == (Batch.State.KEPT, Chunk.State.READY, 0)


def test_a_worker_that_is_refused_does_not_begin(
    office: tuple[Services, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    services, _ = office

    def refused(_: object) -> None:
        raise Denied("AccessDenied")

    monkeypatch.setattr(type(services.archive), "ready", refused)
    with pytest.raises(Denied):
        worker.work(services, "ocr", 1, threading.Event())


def test_holders_are_heard_first_after_the_database_was_away(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []
    clock = [0.0]
    away = [False]

    def reachable() -> None:
        if away[0]:
            raise Unavailable("the database is away")

    monkeypatch.setattr(worker, "reachable", reachable)
    monkeypatch.setattr(worker, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    look = worker._Settled(lambda: looks.append(clock[0]), 45)
    for now, gone in (
        (0, False),
        (15, False),
        (30, True),
        (45, True),
        (60, False),
        (75, False),
        (105, False),
    ):
        clock[0], away[0] = now, gone
        if gone:
            with pytest.raises(Unavailable):
                look()
        else:
            look()
    assert looks == [0, 15, 105]


def test_a_store_that_ignores_encryption_ends_the_program(
    versitygw: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is claimed: the files stay with their scanner."""
    home, drop = tmp_path / "home", tmp_path / "drop"
    drop.mkdir()
    home.mkdir()
    train_small(home)
    file = small_tiff(drop / "two.tif", ["Letter", "two"])
    stores.use(versitygw, monkeypatch)
    settings = stores.bucket(versitygw)
    environment = {
        **os.environ,
        "POSTROOM_ARCHIVE__BUCKET": settings.bucket,
        "POSTROOM_ARCHIVE__ENDPOINT": settings.endpoint,
        "POSTROOM_ARCHIVE__ENCRYPTION": "AES256",
        "POSTROOM_PROCESSES": "1",
    }
    command = [str(one) for one in (POSTROOM, "--home", home, "intake", drop, "--once")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (2, "")
    assert "archive.encryption" in done.stderr
    assert "Traceback" not in done.stderr
    assert file.exists()
    assert not (home / "spool").exists()
    open_services(home)
    assert not Batch.objects.exists()


def test_a_refusal_in_the_midst_of_an_intake_ends_it(
    office: tuple[Services, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.intake import intake

    services, drop = office
    small_tiff(drop / "two.tif", ["Letter", "two"])

    def refused(*_: object, **__: object) -> Any:
        raise Denied("ExpiredToken")

    monkeypatch.setattr(type(services.archive), "put", refused)
    stop = threading.Event()
    with pytest.raises(Denied, match="ExpiredToken"):
        intake(services, drop, once=False, stop=stop)
    assert stop.is_set()
    assert Batch.objects.get().state == Batch.State.CLAIMED


def test_prefect_that_lost_its_database_is_told_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(deployed, "prefect_answers", lambda: True)
    monkeypatch.setattr(worker, "register_flows", lambda: done.append("flows"))
    monkeypatch.setattr(worker, "_run_if", lambda wanted, name: done.append(name))
    worker._reconcile_if(lambda: False)
    assert done == []
    worker._reconcile_if(lambda: True)
    assert done == ["flows", "reconcile"]
