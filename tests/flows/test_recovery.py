"""What a run does that finds another's work half done, or things not as it left them."""

import errno
import shutil
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from domain.errors import Unavailable
from flows import file_batch
from flows.intake import intake
from flows.notes import Note, note
from flows.publish import publish
from flows.replay import replay
from flows.steps import Step
from flows.taking import take_files
from flows.verify import verify
from infra.wiring import Services
from register import problems, views
from register.models import Batch, Entry, Outbox
from register.numbers import format_number
from tests.flows.test_intake import labelled, station
from tests.small import small_page, small_tiff

BOOKS = ("unaccounted", "number_gaps", "mismatches", "history_breaks", "records_pending")


def run(office: tuple[Services, Path], stop_at: str = "") -> list[int]:
    stop = threading.Event()

    def watch(step: Step) -> None:
        if step.name == stop_at:
            stop.set()

    return intake(*office, once=True, stop=stop, watch=watch).batches


def test_a_file_that_its_writer_goes_on_with_is_filed_as_taken_and_comes_in_again(
    office: tuple[Services, Path],
) -> None:
    services, drop = office
    short = small_tiff(drop / "scan.tif", ["Page one", "Page two"]).read_bytes()
    run(office, stop_at="kept")
    (taken,) = services.spool.glob("*/000000.tif")
    longer = small_tiff(taken, ["Page one", "Page two", "Page three"]).read_bytes()
    run(office)
    assert [one.pages for one in views.filed_in([Batch.objects.get().pk])] == [2]
    with services.archive.open(Batch.objects.get().claims.get().original) as kept:
        assert kept.read() == short
    assert (drop / "scan.tif").read_bytes() == longer
    assert verify(services)["ok"]
    run(office)
    assert [one.pages for one in views.filed_in([*Batch.objects.values_list("pk", flat=True)])] == [2, 3]


def test_a_file_that_is_written_over_in_its_length_comes_in_again(office: tuple[Services, Path]) -> None:
    """As by a writer that made room for all of it first: the size says nothing, the time does."""
    services, drop = office
    path = small_tiff(drop / "scan.tif", ["Page one"])
    early = path.read_bytes()
    run(office, stop_at="kept")
    (taken,) = services.spool.glob("*/000000.tif")
    late = early[:-1] + bytes([early[-1] ^ 1])
    taken.write_bytes(late)
    run(office)
    with services.archive.open(Batch.objects.get().claims.get().original) as kept:
        assert kept.read() == early
    assert path.read_bytes() == late
    assert verify(services)["ok"]


def test_cuts_stay_when_the_readings_are_lost_half_way(office: tuple[Services, Path]) -> None:
    services, drop = office
    folder = station(drop, "counted", "[separation]\npages = 2\n")
    small_tiff(folder / "six.tif", [f"Counted {number}" for number in range(6)])
    run(office, stop_at="separated")
    batch = Batch.objects.get()
    plan = batch.plan
    assert plan
    assert len(plan["documents"]) == 3
    # The next run reads page 3 as refused, as if it had timed out: the cuts were made already.
    shutil.rmtree(services.work)
    out = services.work / batch.key / "000000"
    out.mkdir(parents=True)
    note(out / "notes-1.jsonl", Note(3, reason="took too long", fix="Scan it again."))
    Batch.objects.update(state=Batch.State.KEPT)
    run(office)
    assert verify(services)["ok"]
    assert Batch.objects.get().plan == plan


def test_a_cut_off_file_is_refused_wherever_it_was_cut(office: tuple[Services, Path]) -> None:
    services, drop = office
    whole = small_tiff(drop / "whole.tif", [f"Page {number}" for number in range(4)]).read_bytes()
    (drop / "whole.tif").unlink()
    for number, share in enumerate((0.3, 0.5, 0.7, 0.9, 0.97)):
        (drop / f"cut-{number}.tif").write_bytes(whole[: int(len(whole) * share)])
    with Image.open(drop / "cut-4.tif") as image:
        image.seek(1)  # some of its pages could be read
    done = run(office)
    assert views.filed_in(done) == []
    assert [one.reason for one in views.refused_in(done)] == ["the TIFF is cut off: its end is missing"] * 5
    assert verify(services)["ok"]


def test_a_refused_document_is_one_line_and_comes_back_whole(office: tuple[Services, Path]) -> None:
    services, drop = office
    folder = station(drop, "labels", "batch = 'folder'\n")
    (folder / "letter").mkdir()
    number = format_number("IN", datetime.now(UTC).year, 1)
    labelled(folder / "letter" / "1.png", number)
    small_page("Second sheet").save(folder / "letter" / "2.png", dpi=(100, 100))
    run(office)
    (waiting,) = problems.open_problems()
    assert waiting.also == [[0, 1], [1, 1]]
    small_tiff(drop / "first.tif", ["The first"])
    run(office)
    again = replay(services, [waiting.pk])
    (document,) = views.filed_in(again.batches)
    assert (document.entry.number, document.pages) == (number, 2)
    assert Entry.objects.count() == 1
    assert verify(services)["ok"]


def test_what_was_refused_is_no_receipt_and_is_read_again(office: tuple[Services, Path]) -> None:
    _, drop = office
    folder = station(drop, "small", 'duplicate = "link"\npage_limit = 1\n')
    data = small_tiff(folder / "two.tif", ["One", "Two"]).read_bytes()
    assert [one.page for one in views.refused_in(run(office))] == [None]
    (folder / "station.toml").write_text('quiet_seconds = 0.1\nduplicate = "link"\n')
    (folder / "two.tif").write_bytes(data)
    (document,) = views.filed_in(run(office))
    assert document.pages == 2


def test_a_change_that_cannot_be_delivered_holds_nothing_up(office: tuple[Services, Path]) -> None:
    services, drop = office
    for name in ("one", "two", "three"):
        small_tiff(drop / f"{name}.tif", [f"Letter {name}"])
    run(office, stop_at="closed")
    run(office)
    Outbox.objects.update(recorded_at=None, delivered_at=None)
    broken = Outbox.objects.exclude(entry=None).order_by("id")[1]
    assert broken.entry
    Outbox.objects.filter(pk=broken.pk).update(body=broken.body.replace("Letter", "Lettre") + " ")
    assert publish(services) == Outbox.objects.count() - 1
    (left,) = verify(services)["wrong"]["records_pending"]
    assert left["number"] == broken.entry.number
    assert left["error"].startswith("Conflict")


def test_an_archive_that_does_not_answer_only_delays(
    office: tuple[Services, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    services, drop = office
    small_tiff(drop / "a.tif", ["Patience"])
    put = type(services.archive).put
    calls = []

    def sometimes(self: object, key: str, content: object, **words: object) -> object:
        calls.append(key)
        if len(calls) in (1, 4):
            raise Unavailable("the disk is full")
        return put(self, key, content, **words)  # type: ignore[arg-type]

    monkeypatch.setattr(type(services.archive), "put", sometimes)
    done = run(office)
    assert len(views.filed_in(done)) == 1
    assert verify(services)["ok"]


def test_a_full_disk_only_delays(office: tuple[Services, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    services, drop = office
    small_tiff(drop / "a.tif", ["Patience"])
    taken: list[int] = []

    def full_at_first(*words: Any) -> None:
        taken.append(1)
        if len(taken) < 3:
            raise OSError(errno.ENOSPC, "No space left on device", "spool")
        take_files(*words)

    monkeypatch.setattr(file_batch, "take_files", full_at_first)
    stop = threading.Event()

    def watch(step: Step) -> None:
        if step.name == "released":
            stop.set()

    soon = replace(services, settings=services.settings.model_copy(update={"retry_after_seconds": 0.2}))
    done = intake(soon, drop, once=False, stop=stop, watch=watch)
    assert [one.reason for one in done.failures] == [
        "No space left on device: spool; free some, and it goes on"
    ] * 2
    assert Entry.objects.count() == 1
