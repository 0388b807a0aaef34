"""Where notices go out by themselves: beside the intake, under Prefect, and from the indexer."""

import threading
import time
from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient

from domain.errors import Unavailable
from domain.office import Department, Post, Role, User
from flows import deployed, serve, worker
from flows.file_batch import Tools
from flows.intake import intake
from infra.classifier import lazy_champion
from infra.wiring import Services
from register.models import Entry, Notice
from tests.register.officers import decide
from tests.small import small_tiff

Office = tuple[Services, Path]


@pytest.fixture
def told(office: Office) -> Office:
    """An office where a mailbox hears of each letter for works."""
    decide(Department("works", email="works@example.org"))
    decide(User("ben", email="ben@example.org", posts=(Post(Role.CASE_HANDLER, "works"),)))
    services, drop = office
    station = drop / "works"
    station.mkdir()
    (station / "station.toml").write_text('[separation]\npatch = ["T"]\n')
    small_tiff(station / "one.tif", ["Letter"])
    return services, drop


def give(services: Services) -> None:
    """Give all entries to works, as a person does."""
    from register import holding
    from tests.register.officers import ACT

    for entry in Entry.objects.all():
        holding.assign(entry.number, ACT, department="works")


def mails(services: Services) -> int:
    folder = services.home / "mail"
    return len(list(folder.glob("*.eml"))) if folder.exists() else 0


def test_an_intake_sends_what_is_due_and_goes_on_when_that_fails(told: Office) -> None:
    services, drop = told
    assert intake(services, drop, once=True, stop=threading.Event()).failures == []
    give(services)
    assert mails(services) == 0

    def broken(_: Services) -> int:
        raise Unavailable("the database does not answer")

    assert intake(services, drop, once=True, stop=threading.Event(), notify=broken).failures == []
    assert mails(services) == 0
    assert intake(services, drop, once=True, stop=threading.Event()).failures == []
    assert mails(services) == 1
    assert Notice.objects.get(way="mail").sent_at is not None


def test_an_intake_that_watches_sends_beside_its_work(told: Office) -> None:
    services, drop = told
    stop = threading.Event()
    runs = threading.Thread(target=lambda: intake(services, drop, once=False, stop=stop))
    runs.start()
    try:
        until = time.monotonic() + 60
        while not Entry.objects.exists() and time.monotonic() < until:
            time.sleep(0.2)
        give(services)
        while not mails(services) and time.monotonic() < until:
            time.sleep(0.2)
    finally:
        stop.set()
        runs.join()
    assert mails(services) == 1


def test_as_flow_runs(told: Office, prefect: SyncPrefectClient) -> None:
    services, drop = told
    assert serve.notify_if_due(services) == 0
    intake(services, drop, once=True, stop=threading.Event(), notify=lambda services: 0)
    give(services)
    deployed_tools = Tools(services, None, lazy_champion(services))  # type: ignore[arg-type]
    with deployed.working_with(deployed_tools):
        worker._run_if(lambda: True, "publish")  # of workers the indexer follows
        assert Notice.objects.filter(way="mail", sent_at=None).count() == 1
        assert deployed.notify() == 1
    give_back_all(services)
    assert serve.notify_if_due(services) == 1
    names = {prefect.read_flow(run.flow_id).name for run in prefect.read_flow_runs()}
    assert {"notify", "publish"} <= names
    assert mails(services) == 2


def give_back_all(services: Services) -> None:
    from flows.follow import follow
    from register import holding
    from tests.register.officers import ACT

    for entry in Entry.objects.all():
        holding.assign(entry.number, ACT, department="works", person="ben")
    follow(services)
