"""A batch done in chunks by workers with homes of their own, from the archive and the database alone."""

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now

from archive.keys import WORK
from domain.errors import Unavailable
from flows import chunks as flow
from flows.file_batch import Tools
from flows.intake import intake
from flows.publish import deliver
from flows.verify import verify
from infra.wiring import Services
from register import chunks, problems, views
from register.models import Batch, Chunk, Entry
from tests.flows.floor import Floor, accounted, eight_pages, hand_over, on_both
from tests.small import small_tiff


@on_both
def test_a_large_batch_is_read_and_filed_in_chunks(office: tuple[Services, Path], floor: Floor) -> None:
    services, drop = office
    eight_pages(drop)
    batch = hand_over(office, floor)
    assert batch.state == Batch.State.KEPT
    done = []
    while floor.asked:
        before = len(floor.log)
        floor.run(until=lambda _: len(floor.log) > before)  # noqa: B023 - called at once
        done.append(Batch.objects.get().pages_done)
    assert floor.log == ["batch", "read", "read", "read", "file", "file", "file", "file"]
    assert done == [0, 3, 6, 8, 8, 8, 8, 8]
    assert accounted() == [(0, page, "document", 2 - page % 2) for page in range(1, 9)]
    assert [one.subject for one in Entry.objects.order_by("sequence")] != []
    deliver(services)
    assert verify(services)["ok"]
    assert Batch.objects.get().state == Batch.State.RELEASED
    assert not Chunk.objects.exists()
    assert list(services.archive.list(WORK)) == []
    assert not (services.spool / batch.key).exists()


def test_a_small_batch_is_one_chunk(office: tuple[Services, Path], floor: Floor) -> None:
    services, drop = office
    small_tiff(drop / "two.tif", ["Letter", "two"])
    hand_over(office, floor)
    floor.run()
    assert floor.log == ["batch"]
    deliver(services)
    assert verify(services)["ok"]
    assert accounted() == [(0, 1, "document", 1), (0, 2, "document", 2)]


def test_doing_a_chunk_twice_changes_nothing(office: tuple[Services, Path], floor: Floor) -> None:
    services, drop = office
    eight_pages(drop)
    hand_over(office, floor)
    seen: list[int] = []
    while floor.asked:
        chunk = floor.asked.popleft()
        seen.append(chunk.pk)
        flow.work(floor.tools, chunk.pk, "first", floor.ask)
        # Its end was not written down: another worker does it all over again.
        again = Chunk.objects.filter(pk=chunk.pk)
        if again.exclude(stage="close").update(state=Chunk.State.READY):
            flow.work(floor.tools, chunk.pk, "second", floor.ask)
    deliver(services)
    assert verify(services)["ok"]
    assert Entry.objects.count() == 4
    assert [page for _, page, _, _ in accounted()] == list(range(1, 9))


@on_both
def test_a_silent_holder_loses_its_chunk(office: tuple[Services, Path], floor: Floor) -> None:
    services, drop = office
    eight_pages(drop)
    hand_over(office, floor)
    floor.run(until=lambda chunk: chunk.stage == "read")
    (lost, *_) = floor.asked
    held = chunks.take(lost.pk, "dies", 45)
    assert held
    assert chunks.take(lost.pk, "eager", 45) is None
    assert chunks.beat(held)
    Chunk.objects.filter(pk=lost.pk).update(beat_at=Now() - timedelta(seconds=46))
    anew: list[Chunk] = []
    flow.reconcile(services, floor.ask, anew.append)
    assert [chunk.pk for chunk in anew] == [lost.pk]
    floor.run()
    assert not chunks.beat(held)
    assert not chunks.done(held)
    deliver(services)
    assert verify(services)["ok"]
    assert Entry.objects.count() == 4


@pytest.mark.parametrize("stage", ["batch", "read", "file"])
def test_a_chunk_that_ends_its_workers_is_set_aside(
    office: tuple[Services, Path], floor: Floor, stage: str
) -> None:
    services, drop = office
    eight_pages(drop)
    hand_over(office, floor)
    floor.run(until=lambda chunk: chunk.stage == stage)
    poison = floor.asked.popleft()
    for attempt in range(chunks.CRASHES):
        assert chunks.take(poison.pk, f"victim {attempt}", 45)
        Chunk.objects.filter(pk=poison.pk).update(beat_at=Now() - timedelta(seconds=46))
    assert chunks.take(poison.pk, "one more", 45) is None
    flow.reconcile(services, floor.ask, floor.ask)
    floor.run()
    deliver(services)
    result = verify(services)
    assert result["ok"], result["wrong"]
    kinds = [kind for _, _, kind, _ in accounted()]
    lost = {"batch": 8, "read": 3, "file": 2}[stage]
    refused = [page for _, page, kind, _ in accounted() if kind == "refused"]
    assert len(refused) == (1 if stage == "batch" else lost)
    assert kinds.count("document") == (0 if stage == "batch" else 8 - lost)
    assert problems.open_problems()
    assert f"ended {chunks.CRASHES} workers" in problems.open_problems()[0].reason


def test_a_service_that_does_not_answer_is_no_crash(
    office: tuple[Services, Path], floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, drop = office
    small_tiff(drop / "two.tif", ["Letter", "two"])
    hand_over(office, floor)

    def down(*_: object, **__: object) -> Any:
        raise Unavailable("S3 is down")

    (chunk,) = floor.asked
    with monkeypatch.context() as patch:
        patch.setattr(type(services.archive), "open", down)
        for _ in range(5):
            with pytest.raises(Unavailable):
                flow.work(floor.tools, chunk.pk, "patient", floor.ask)
    waiting = Chunk.objects.get()
    assert (waiting.state, waiting.crashes, waiting.error) == ("ready", 0, "S3 is down")
    floor.run()
    assert views.status(waiting.beat_at, 900)["entries"] == 1


def test_prefect_down_only_delays(office: tuple[Services, Path], floor: Floor) -> None:
    services, drop = office
    small_tiff(drop / "two.tif", ["Letter", "two"])

    def down(chunk: Chunk) -> None:
        raise Unavailable("Prefect is down")

    def file_one(tools: Tools, batch: Batch) -> Batch:
        return flow.hand_over(tools, batch, down)

    intake(services, drop, once=True, stop=threading.Event(), file_one=file_one, deliver=deliver)
    assert not floor.asked
    flow.reconcile(services, floor.ask, floor.ask)
    assert len(floor.asked) == 1
    floor.run()
    assert Entry.objects.count() == 1


def test_a_worker_keeps_no_readings_of_batches_that_others_ended(
    office: tuple[Services, Path], floor: Floor
) -> None:
    services, drop = office
    eight_pages(drop)
    batch = hand_over(office, floor)
    left = floor.tools.services.work / batch.key / "000000" / "000001.json"
    floor.run(until=lambda chunk: chunk.stage == "file")
    assert left.exists()
    with pytest.MonkeyPatch.context() as patch:  # the rest is done by a worker in another home
        patch.setattr(floor, "tools", replace(floor.tools, services=services))
        floor.run()
    assert left.exists()
    assert Entry.objects.count() == 4
    small_tiff(drop / "two.tif", ["Letter", "two"])
    hand_over(office, floor, batch=2)
    floor.run()
    assert not left.exists()


def test_a_request_that_comes_late_finds_nothing_to_do(office: tuple[Services, Path], floor: Floor) -> None:
    _, drop = office
    small_tiff(drop / "two.tif", ["Letter", "two"])
    hand_over(office, floor)
    (chunk,) = floor.asked
    floor.run()
    assert not Chunk.objects.exists()
    assert flow.work(floor.tools, chunk.pk, "late", floor.ask) == "somebody else has it, or it is done"


def test_who_works_is_not_set_aside_for_the_crashes_of_others(
    office: tuple[Services, Path], floor: Floor
) -> None:
    _, drop = office
    small_tiff(drop / "two.tif", ["Letter", "two"])
    hand_over(office, floor)
    (chunk,) = floor.asked
    Chunk.objects.update(crashes=chunks.CRASHES - 1)
    assert chunks.take(chunk.pk, "alive", 45)
    assert not chunks.set_aside(chunk, 45)
    Chunk.objects.update(beat_at=Now() - timedelta(seconds=46))
    assert chunks.set_aside(chunk, 45)
