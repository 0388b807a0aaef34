"""What goes wrong around a chunk and is not its fault: the worker, its machine, the services, the others."""

import errno
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models.functions import Now

from archive.keys import WORK, work_key
from domain.document import FateKind
from domain.errors import Denied, Unavailable
from flows import chunks as flow
from flows import deployed, reading, scratch, steps
from flows.notes import Note
from flows.publish import deliver
from flows.steps import Stopped
from flows.verify import verify
from infra.wiring import Services
from register import chunks
from register.models import Batch, Chunk, Entry, PageFate
from tests.flows.floor import Floor, accounted, eight_pages, hand_over, on_both
from tests.small import small_tiff

Office = tuple[Services, Path]


@contextmanager
def failing(error: Exception) -> Iterator[None]:
    """What a worker meets when it asks for an original."""

    def fail(*_: object, **__: object) -> Any:
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flow, "look_at", fail)
        yield


def waiting() -> tuple[str, int]:
    chunk = Chunk.objects.get()
    return chunk.state, chunk.crashes


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), Unavailable),
        (OperationalError("the connection is lost"), Unavailable),
        (Denied("AccessDenied"), Denied),
    ],
)
def test_what_is_the_workers_own_trouble_is_no_crash(
    office: Office, floor: Floor, error: Exception, raised: type[Exception]
) -> None:
    small_tiff(office[1] / "two.tif", ["Letter", "two"])
    hand_over(office, floor)
    (chunk,) = floor.asked
    with failing(error):
        for _ in range(chunks.CRASHES + 1):
            with pytest.raises(raised):
                flow.work(floor.tools, chunk.pk, "unlucky", floor.ask)
    assert waiting() == ("ready", 0)
    floor.run()
    assert Entry.objects.count() == 1


def test_a_fault_of_ours_is_a_crash(office: Office, floor: Floor) -> None:
    small_tiff(office[1] / "two.tif", ["Letter", "two"])
    hand_over(office, floor)
    (chunk,) = floor.asked
    with failing(ZeroDivisionError()), pytest.raises(ZeroDivisionError):
        flow.work(floor.tools, chunk.pk, "unlucky", floor.ask)
    assert waiting() == ("ready", 1)


def test_a_worker_that_is_refused_takes_no_more(office: Office, floor: Floor) -> None:
    small_tiff(office[1] / "two.tif", ["Letter", "two"])
    hand_over(office, floor)
    (chunk,) = floor.asked
    told = pytest.raises(Denied, match="ExpiredToken")
    with told, deployed.working_with(floor.tools), failing(Denied("ExpiredToken")), suppress(Denied):
        deployed.chunk.fn(chunk.pk)
    assert floor.tools.stop.is_set()
    with deployed.working_with(floor.tools):
        pass  # it is told once
    assert waiting() == ("ready", 0)


def test_a_run_tries_again_what_may_pass(
    office: Office, floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_tiff(office[1] / "two.tif", ["Letter", "two"])
    hand_over(office, floor)
    (chunk,) = floor.asked
    pauses: list[float] = []
    monkeypatch.setattr(steps, "sleep_using_event", lambda stop: pauses.append)
    with deployed.working_with(floor.tools), failing(Unavailable("S3 is down")), pytest.raises(Unavailable):
        deployed.chunk.fn(chunk.pk)
    assert [5 <= pause <= 15 for pause in pauses] == [True, True]
    assert waiting() == ("ready", 0)


@on_both
def test_what_a_stopped_worker_gives_back_is_asked_for_at_once(office: Office, floor: Floor) -> None:
    services, drop = office
    eight_pages(drop)
    hand_over(office, floor)
    floor.run(until=lambda chunk: chunk.stage == "read")
    (chunk, *_) = floor.asked
    stop = threading.Event()
    stop.set()
    assert flow.work(replace(floor.tools, stop=stop), chunk.pk, "told to stop", floor.ask) == "stopped"
    anew: list[int] = []
    flow.reconcile(services, floor.ask, lambda one: anew.append(one.pk))
    assert anew == [chunk.pk]


def test_a_holder_is_heard_of_while_it_works_and_stops_when_it_lost_its_chunk(
    office: Office, floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_tiff(office[1] / "two.tif", ["Letter", "two"])
    hand_over(office, floor)
    (chunk,) = floor.asked
    tools = replace(
        floor.tools,
        services=replace(
            floor.tools.services,
            settings=floor.tools.services.settings.model_copy(update={"stale_after_seconds": 2.0}),
        ),
    )
    monkeypatch.setattr(flow, "_TICK", 0.05)
    seen: list[Any] = []

    def slow(tools: Any, _: object) -> Any:
        first = Chunk.objects.get().beat_at
        until(lambda: Chunk.objects.get().beat_at > first)
        seen.append(chunks.take(chunk.pk, "eager", 2.0))
        Chunk.objects.update(holder="another", takes=9)
        assert tools.stop.wait(20)
        raise Stopped

    monkeypatch.setattr(flow, "look_at", slow)
    assert flow.work(tools, chunk.pk, "slow", floor.ask) == "stopped"
    assert seen == [None]
    assert [(one.state, one.holder) for one in Chunk.objects.all()] == [("held", "another")]


def test_a_sign_of_life_that_fails_is_not_the_last(
    office: Office, floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_tiff(office[1] / "two.tif", ["Letter", "two"])
    hand_over(office, floor)
    (chunk,) = floor.asked
    beats: list[int] = []

    def sometimes(_: Chunk) -> bool:
        beats.append(1)
        if len(beats) == 1:
            raise ZeroDivisionError
        return True

    monkeypatch.setattr(flow, "_TICK", 0.02)
    monkeypatch.setattr(flow, "_BEATS", 2000.0)
    monkeypatch.setattr(chunks, "beat", sometimes)

    def slow(*_: object) -> None:
        until(lambda: len(beats) > 2)
        raise Stopped

    monkeypatch.setattr(flow, "look_at", slow)
    assert flow.work(floor.tools, chunk.pk, "shaky", floor.ask) == "stopped"


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_cut_waits_for_what_the_first_look_found(office: Office, floor: Floor) -> None:
    """The first look opens the reading, and may die before it has said which files were refused."""
    services, drop = office
    eight_pages(drop)
    hand_over(office, floor)
    (first,) = list(floor.asked)
    floor.run(until=lambda chunk: chunk.stage == "read")
    Chunk.objects.filter(pk=first.pk).update(state=Chunk.State.READY, result=None)
    floor.run()
    assert set(Chunk.objects.values_list("stage", flat=True)) == {"batch", "read"}
    floor.asked.append(Chunk.objects.get(pk=first.pk))
    floor.run()
    deliver(services)
    assert verify(services)["ok"]
    assert Entry.objects.count() == 4


@on_both
def test_closing_is_never_given_up(office: Office, floor: Floor) -> None:
    services, drop = office
    eight_pages(drop)
    batch = hand_over(office, floor)
    floor.run(until=lambda chunk: chunk.stage == "file")
    for chunk in list(floor.asked)[1:]:
        flow.work(floor.tools, chunk.pk, "another", floor.ask)
    last = floor.asked[0]
    Chunk.objects.filter(pk=last.pk).update(state=Chunk.State.SET_ASIDE, crashes=3)
    (closing,) = chunks.open_chunks(batch, Chunk.Stage.CLOSE, [chunks.Share(0)])
    Chunk.objects.filter(pk=closing.pk).update(crashes=9, calls=1)
    assert not chunks.set_aside(closing, 45)
    flow.work(floor.tools, closing.pk, "one more", floor.ask)
    deliver(services)
    assert verify(services)["ok"]
    kinds = [kind for _, _, kind, _ in accounted()]
    assert (kinds.count("document"), kinds.count("refused")) == (6, 2)


def test_a_refusal_that_the_cuts_do_not_know_has_its_fate(office: Office, floor: Floor) -> None:
    services, drop = office
    eight_pages(drop)
    hand_over(office, floor)
    floor.run(until=lambda chunk: chunk.stage == "file")
    # As if pages 7 and 8 had come into the account after the batch was cut.
    plan = Batch.objects.get().plan
    assert plan
    fates = [one for one in plan["fates"] if one["page"] < 7]
    Batch.objects.update(plan={**plan, "fates": fates, "documents": plan["documents"][:3]})
    first = Chunk.objects.get(stage="batch")
    told = [
        {"source": 0, "page": page, "reason": "late", "fix": "Scan it again.", "also": []} for page in (7, 8)
    ]
    Chunk.objects.filter(pk=first.pk).update(result={"problems": told})
    Chunk.objects.filter(stage="file", ordinal=3).delete()
    floor.asked.pop()
    floor.run()
    deliver(services)
    assert verify(services)["ok"]
    refused = PageFate.objects.filter(kind=FateKind.REFUSED).order_by("page")
    assert list(refused.values_list("page", "reason")) == [(7, "late"), (8, "late")]


@on_both
def test_a_kept_batch_that_nobody_asked_for_is_taken_on(office: Office, floor: Floor) -> None:
    services, drop = office
    small_tiff(drop / "two.tif", ["Letter", "two"])
    hand_over(office, floor)
    Chunk.objects.all().delete()
    floor.asked.clear()
    assert not flow.left_alone(services)
    flow.reconcile(services, floor.ask, floor.ask)
    assert not floor.asked  # its station may be about to
    Batch.objects.update(changed_at=Now() - timedelta(hours=1))
    assert flow.left_alone(services)
    flow.reconcile(services, floor.ask, floor.ask)
    floor.run()
    assert Entry.objects.count() == 1


def test_scratch_that_cannot_be_removed_is_removed_later(
    office: Office, floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, drop = office
    eight_pages(drop)
    hand_over(office, floor)

    def down(*_: object) -> None:
        raise Unavailable("S3 is down")

    with monkeypatch.context() as patch:
        patch.setattr(type(services.archive), "delete", down)
        with pytest.raises(Unavailable):
            floor.run()
    assert Batch.objects.get().state == Batch.State.DONE
    assert list(services.archive.list(WORK)) != []
    flow.reconcile(services, floor.ask, floor.ask)
    assert list(services.archive.list(WORK)) == []
    assert not Chunk.objects.exists()


def test_what_a_straggler_leaves_is_swept(office: Office, floor: Floor) -> None:
    services, drop = office
    eight_pages(drop)
    batch = hand_over(office, floor)
    floor.run(until=lambda chunk: chunk.stage == "file")
    services.archive.put(work_key("0" * 32, "read-0-1.zip"), b"late")
    before = len(list(services.archive.list(WORK)))
    scratch.sweep(services)
    left = list(services.archive.list(WORK))
    assert len(left) == before - 1
    assert {key.split("/")[1] for key in left} == {batch.key}
    floor.run()
    assert Entry.objects.count() == 4


def test_one_batch_that_cannot_go_on_holds_no_other_up(
    office: Office, floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, drop = office
    for name in ("one", "two"):
        small_tiff(drop / f"{name}.tif", [name])
        hand_over(office, floor)
    seen: list[int] = []

    def first_fails(_: object, batch: Batch, *__: object) -> list[Chunk]:
        seen.append(batch.pk)
        if len(seen) == 1:
            raise Unavailable("not now")
        return []

    monkeypatch.setattr(flow, "go_on", first_fails)
    flow.reconcile(services, floor.ask, floor.ask)
    assert seen == [1, 2]


def test_setting_aside_what_is_gone_is_nothing(office: Office, floor: Floor) -> None:
    small_tiff(office[1] / "two.tif", ["Letter", "two"])
    hand_over(office, floor)
    (chunk,) = floor.asked
    floor.run()
    assert not chunks.set_aside(chunk, 45)


def test_a_new_attempt_does_not_know_the_refusals_of_the_last(office: Office, floor: Floor) -> None:
    services, drop = office
    small_tiff(drop / "two.tif", ["Letter", "two"])
    batch = hand_over(office, floor)
    reading.page_folder(services, batch, 0).mkdir(parents=True)
    refused = Note(1, reason="took too long", fix="Scan it again.")
    reading.Notes(services, batch).add(0, refused)
    assert reading.Notes(services, batch).of(0, 1) == refused
    batch.attempt = 2
    assert reading.Notes(services, batch).of(0, 1) is None
