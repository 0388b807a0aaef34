"""When it is time to train anew, and the flow runs that do it."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient
from structlog.testing import capture_logs

from flows import deployed, retrain
from flows.file_batch import Tools
from flows.publish import deliver
from flows.serve import retrain_if_due, serve
from flows.steps import unwatched
from infra import classes
from infra.classifier import champion_version, promotions
from infra.services.process import until
from infra.wiring import Services
from register import marks
from register.models import Batch, Correction
from tests.flows.labelled import UNSURE, file_as, file_texts, say, texts, with_settings

Office = tuple[Services, Path]
NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)


def tried(at: datetime) -> None:
    marks.note(retrain.MARK, at)


def due(services: Services, now: datetime) -> bool:
    return retrain.due(services, now, marks.last(retrain.MARK))


def said(services: Services, number: int, at: datetime) -> None:
    """So many corrections at this moment."""
    documents = file_texts(services, texts("letter", number, Correction.objects.count()), verdict=UNSURE)
    say(services, documents, "letter")
    Correction.objects.filter(document__in=documents).update(at=at)


def test_enough_corrections(office: Office) -> None:
    services = with_settings(office[0], retrain_after=3, retrain_hour=-1)
    tried(NOON)
    said(services, 5, NOON - timedelta(minutes=1))
    said(services, 2, NOON + timedelta(minutes=1))
    assert not due(services, NOON + timedelta(minutes=5))
    said(services, 1, NOON + timedelta(minutes=2))
    assert due(services, NOON + timedelta(minutes=5))
    assert not due(with_settings(services, retrain_after=0), NOON + timedelta(days=5))
    tried(NOON + timedelta(minutes=6))
    assert not due(services, NOON + timedelta(days=5))


def test_each_change_of_mind_counts(office: Office) -> None:
    services = with_settings(office[0], retrain_after=3, retrain_hour=-1)
    (document,) = file_texts(services, texts("letter", 1))
    for name in ("invoice", "letter"):
        say(services, [document], name)
    assert not due(services, datetime.now(UTC))
    say(services, [document], "form")
    assert due(services, datetime.now(UTC))


@pytest.mark.parametrize(
    ("last", "now", "expected"),
    [
        # Madrid is two hours ahead of UTC in June: two o'clock is midnight.
        ("2026-06-09T20:00", "2026-06-09T23:59", False),
        ("2026-06-09T20:00", "2026-06-10T00:00", True),
        ("2026-06-09T20:00", "2026-06-10T20:00", True),
        ("2026-06-10T00:00", "2026-06-10T23:59", False),
        ("2026-06-10T00:30", "2026-06-11T00:01", True),
        # One hour ahead in January.
        ("2026-01-09T20:00", "2026-01-10T00:59", False),
        ("2026-01-09T20:00", "2026-01-10T01:00", True),
        # There is no two o'clock in the night to summer time.
        ("2026-03-28T20:00", "2026-03-29T00:59", False),
        ("2026-03-28T20:00", "2026-03-29T01:00", True),
        # Never before.
        ("", "2026-06-09T23:59", True),
    ],
)
def test_once_a_night_by_the_offices_clock(office: Office, last: str, now: str, expected: bool) -> None:
    services, _ = office
    services = replace(services, settings=services.settings.model_copy(update={"timezone": "Europe/Madrid"}))
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    if last:
        tried(datetime.fromisoformat(last).replace(tzinfo=UTC))
    assert not due(services, at)
    said(services, 1, at)
    assert due(services, at) is expected
    assert not due(with_settings(services, retrain_hour=-1), at)


def test_nothing_said_is_nothing_to_learn(office: Office) -> None:
    services, _ = office
    file_texts(services, texts("letter", 2))
    assert not due(services, NOON)
    said(services, 2, NOON)
    tried(NOON + timedelta(hours=1))
    assert not due(services, NOON + timedelta(days=9))
    said(services, 1, NOON + timedelta(days=9))
    assert due(services, NOON + timedelta(days=9))


def test_of_many_machines_one_trains(office: Office, tmp_path: Path) -> None:
    services, _ = office
    another = replace(services, home=tmp_path / "another")
    assert not retrain.take_turn(services, NOON)
    said(services, 1, NOON)
    assert [retrain.take_turn(one, NOON) for one in (services, another)] == [True, False]
    # Both had looked before either began.
    seen = marks.last(retrain.MARK)
    later = NOON + timedelta(days=1)
    assert [marks.take(retrain.MARK, later, seen) for _ in range(2)] == [True, False]
    assert marks.last(retrain.MARK) == later


def runs(prefect: SyncPrefectClient) -> list[str]:
    """How the runs of the flow ended."""
    flows = {one.id for one in prefect.read_flows() if one.name == "retrain"}
    return sorted(
        str(one.state.name) for one in prefect.read_flow_runs() if one.state and one.flow_id in flows
    )


def test_the_intake_trains_when_it_is_due(office: Office, prefect: SyncPrefectClient) -> None:
    services, _ = office
    first, before = champion_version(services), runs(prefect)
    retrain_if_due(services, threading.Event())
    file_as(services, "invoice", 3)
    stopped = threading.Event()
    stopped.set()
    retrain_if_due(services, stopped)
    assert (champion_version(services), runs(prefect)) == (first, before)
    with capture_logs() as logs:
        for _ in range(2):
            retrain_if_due(services, threading.Event())
    assert [(one["event"], one["outcome"]) for one in logs] == [("retrained", "promoted")]
    assert runs(prefect) == sorted([*before, "Completed"])
    assert promotions(services)[-1].by == "postroom"
    assert champion_version(services) != first


def test_the_intake_goes_on_when_training_fails(office: Office, prefect: SyncPrefectClient) -> None:
    services, _ = office
    first, before = champion_version(services), runs(prefect)
    file_as(services, "letter", 3)
    classes.merge(services, "invoice", "letter", by="eva")  # a single class is left
    with capture_logs() as logs:
        retrain_if_due(services, threading.Event())
    (alarm,) = [one for one in logs if one["log_level"] == "error"]
    assert alarm["event"] == "retraining failed; the intake goes on"
    assert "at least two classes" in alarm["reason"]
    assert runs(prefect) == sorted([*before, "Failed"])
    assert champion_version(services) == first
    # Not again before somebody said something new.
    retrain_if_due(services, threading.Event())
    assert runs(prefect) == sorted([*before, "Failed"])


def test_up_trains_while_it_takes_mail_in(office: Office, prefect: SyncPrefectClient) -> None:
    services, drop = office
    first = champion_version(services)
    file_as(services, "invoice", 3)
    deliver(services)
    Batch.objects.update(received_at=datetime.now(UTC))  # so that no fixity is due
    stop = threading.Event()

    def stop_when_trained() -> None:
        until(lambda: champion_version(services) != first, 60)
        stop.set()

    watcher = threading.Thread(target=stop_when_trained)
    watcher.start()
    done = serve(services, drop, once=False, stop=stop, watch=unwatched)
    watcher.join()
    assert done.failures == []
    assert champion_version(services) != first
    assert promotions(services)[-1].by == "postroom"


def test_the_flow_of_the_workers(office: Office, prefect: SyncPrefectClient) -> None:
    services, _ = office
    broken: Any = None
    with deployed.working_with(Tools(services, broken, broken)):
        assert deployed.retrain() == "not due"
        assert deployed.retrain(always=True) == "nothing new"
        file_as(services, "invoice", 3)
        assert deployed.retrain() == "not due"  # it was done a moment ago, and three are few
        tried(datetime.now(UTC) - timedelta(days=2))
        assert deployed.retrain() == "promoted"
        assert deployed.retrain() == "not due"
        file_as(services, "letter", 1)
        assert deployed.retrain(always=True) == "promoted"
    with deployed.working_with(Tools(with_settings(services, promotion="approved"), broken, broken)):
        file_as(services, "letter", 1)
        assert deployed.retrain(always=True) == "waits for approval"
    assert deployed.DEPLOYMENTS["retrain"] == (deployed.retrain, "index")
    assert "retrain" in deployed.CRON
