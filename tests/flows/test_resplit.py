"""A batch filed anew as an operator says, from the kept original: whole, or not at all."""

import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from archive.local import LocalArchive
from capture.edits import Edits
from domain.document import DocumentText
from domain.entry import Query
from domain.errors import Refused, Unavailable
from domain.wire import from_json
from flows import chunks as work
from flows.intake import intake
from flows.publish import deliver
from flows.reading import Readings
from flows.rebuild import rebuild, rebuild_index
from flows.resplit import Done, look, resplit
from flows.steps import Step, unwatched
from flows.verify import verify
from infra.database import disconnect
from infra.wiring import Services, open_services, sole_worker
from register import contents, resplits, standing, views
from register.models import Batch, Chunk, Document, Entry, Event
from register.numbers import format_number
from tests.flows.floor import Floor, on_both
from tests.flows.test_intake import labelled, station
from tests.register.dump import dump
from tests.small import small_page, small_tiff

WORDS = ("anchor", "birch", "cedar", "dolphin", "ember", "falcon")
PAIRS = "[separation]\npages = 2\n"


@pytest.fixture
def filed(office: tuple[Services, Path]) -> tuple[Services, Path, Batch]:
    """Six pages, filed by twos, in a batch that is released."""
    services, drop = office
    small_tiff(station(drop, "pairs", PAIRS) / "six.tif", list(WORDS))
    run(services, drop)
    return services, drop, Batch.objects.get()


def run(services: Services, drop: Path) -> None:
    assert intake(services, drop, once=True, stop=threading.Event()).failures == []


def again(services: Services, batch: Batch, *documents: str, watch: Any = unwatched, **options: str) -> Done:
    edits = Edits(documents, **{name: (text,) for name, text in options.items()})
    return resplit(services, batch, edits, reason="cut wrongly", actor="eva", watch=watch)


def layout(services: Services, batch: Batch) -> list[tuple[str, int | None, int | None, int | None]]:
    """Of each page its fate, the sequence of its number, its place there, and how it stands."""
    sequences = dict(Entry.objects.values_list("number", "sequence"))
    pages = look(services, Batch.objects.get(pk=batch.pk))
    return [
        (one.kind.value, sequences[one.number] if one.number else None, one.position, one.rotation)
        for one in pages
    ]


def found(services: Services) -> dict[str, list[tuple[int, int | None]]]:
    """By word, the sequence of each number that is found, and the page."""
    sequences = dict(Entry.objects.values_list("number", "sequence"))
    hits = {word: services.index.search(Query(word)).hits for word in WORDS}
    return {word: [(sequences[one.number], one.page) for one in some] for word, some in hits.items()}


def test_split_merged_ordered_turned_left_out_and_filed_after_all(
    filed: tuple[Services, Path, Batch], tmp_path: Path
) -> None:
    services, _, batch = filed
    assert again(services, batch, "1,4", "3", rotate="2=180", blank="6") == Done(2)
    assert layout(services, batch) == [
        ("document", 4, 1, 0),
        ("document", 5, 1, 180),
        ("document", 6, 1, 0),
        ("document", 4, 2, 0),
        ("document", 7, 1, 0),
        ("blank", None, None, None),
    ]
    assert again(services, batch, "6-5", "2") == Done(3)
    assert layout(services, batch)[4:] == [("document", 8, 2, 0), ("document", 8, 1, 0)]
    everything = found(services)
    del everything["birch"]  # it stands on its head
    assert everything == {
        "anchor": [(4, 1)], "cedar": [(6, 1)], "dolphin": [(4, 2)], "ember": [(8, 2)], "falcon": [(8, 1)],
    }  # fmt: skip
    # What the new documents hold is what they say.
    document = Document.objects.get(entry__sequence=8)
    text = from_json(DocumentText, services.archive.read(contents.object_key_of(document, ("text",))))
    assert [page.text for page in text.pages] == ["falcon", "ember"]
    numbers = {entry.sequence: entry.number for entry in Entry.objects.all()}
    assert {one.number: one.replaced_by for one in standing.told(list(numbers.values()))} == {
        numbers[1]: (numbers[4], numbers[5]),
        numbers[2]: (numbers[6], numbers[4]),
        numbers[3]: (numbers[7],),
        numbers[7]: (numbers[8],),
    }
    assert services.index.search(Query(numbers[1])).total == 0
    assert services.index.search(Query("")).total == 4
    assert verify(services)["ok"]
    # The index made anew knows nothing of void entries either, and the archive alone gives the same rows.
    assert rebuild_index(services) == 4
    assert verify(services)["ok"]
    tables = dump()
    disconnect()
    new = tmp_path / "new"
    for name in ("archive", "models"):
        shutil.copytree(services.home / name, new / name)
    fresh = open_services(new)
    assert rebuild(fresh)["differences"] == []
    assert dump() == tables
    everything["birch"] = found(fresh)["birch"]
    assert found(fresh) == everything
    assert verify(fresh)["ok"]
    assert again(fresh, Batch.objects.get(), "1-3") == Done(4)
    assert layout(fresh, batch)[:3] == [("document", 9, 1, 0), ("document", 9, 2, 180), ("document", 9, 3, 0)]
    assert verify(fresh)["ok"]


def test_whatever_step_it_is_killed_at_the_next_intake_ends_it(
    filed: tuple[Services, Path, Batch],
) -> None:
    services, drop, batch = filed
    for done, step in enumerate(("inspected", "read", "filed", "closed", "indexed")):

        def die(at: Step, step: str = step) -> None:
            if at.name == step:
                raise KeyboardInterrupt

        cut = ("1-2", "3-4") if done % 2 else ("1-4",)
        with pytest.raises(KeyboardInterrupt):
            again(services, batch, *cut, watch=die)
        run(services, drop)
        new = layout(services, batch)
        assert [position for _, _, position, _ in new] == (
            [1, 2, 1, 2, 1, 2] if done % 2 else [1, 2, 3, 4, 1, 2]
        )
        assert verify(services)["ok"]
        assert Batch.objects.get().attempt == done + 2
        assert not (services.work / batch.key).exists()
    # Each was done once: a merge makes one entry of two, a split two of one.
    assert Entry.objects.count() == 3 + 3 * 1 + 2 * 2
    assert Event.objects.filter(kind="voided").count() == 3 * 2 + 2 * 1


def test_one_that_was_stopped_is_ended_before_another_begins(filed: tuple[Services, Path, Batch]) -> None:
    services, _, batch = filed

    def die(step: Step) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        again(services, batch, "1-4", watch=die)
    assert again(services, batch, "1", rotate="1=90") == Done(2, resumed=True)
    assert layout(services, batch)[:4] == [("document", 4, place, 0) for place in (1, 2, 3, 4)]
    assert again(services, batch, "1", rotate="1=90") == Done(3)
    assert verify(services)["ok"]


def test_a_page_that_cannot_be_read_leaves_all_as_it_was(
    filed: tuple[Services, Path, Batch], monkeypatch: pytest.MonkeyPatch
) -> None:
    services, _, batch = filed
    before, hits = layout(services, batch), found(services)

    def unreadable(*words: Any) -> int:
        readings = next(one for one in words if isinstance(one, Readings))
        readings.refuse(0, 2, Refused("it took too long", "Scan it again"))
        return 1

    with monkeypatch.context() as patch:
        patch.setattr("flows.refile.read_pages", unreadable)
        done = again(services, batch, "2")
    source = batch.claims.get().source
    assert done == Done(2, refused=f"page 2 of {source}: it took too long. Scan it again")
    assert (layout(services, batch), found(services)) == (before, hits)
    assert [one["alarms"] for one in views.batches([batch.pk])] == [
        [f"not filed anew as eva asked (2): page 2 of {source}: it took too long. Scan it again"]
    ]
    assert Entry.objects.count() == 3
    assert verify(services)["ok"]
    assert again(services, batch, "2") == Done(3)


def test_a_blank_back_that_was_dropped_is_filed_after_all(office: tuple[Services, Path]) -> None:
    services, drop = office
    small_tiff(drop / "two.tif", ["anchor", ""])
    run(services, drop)
    batch = Batch.objects.get()
    assert layout(services, batch) == [("document", 1, 1, 0), ("blank", None, None, None)]
    assert again(services, batch, "1-2", rotate="2=180") == Done(2)
    assert layout(services, batch) == [("document", 2, 1, 0), ("document", 2, 2, 180)]
    assert verify(services)["ok"]


def test_a_batch_that_another_process_is_at_is_left_to_it(filed: tuple[Services, Path, Batch]) -> None:
    services, _, batch = filed
    with sole_worker(services, batch.key), pytest.raises(Unavailable, match="Another process is at batch 1"):
        again(services, batch, "2")
    assert Batch.objects.get().attempt == 1


def test_a_label_that_names_a_void_entry_waits_for_a_person(filed: tuple[Services, Path, Batch]) -> None:
    from register import problems

    services, drop, batch = filed
    number = Entry.objects.get(sequence=1).number
    again(services, batch, "2")
    labelled(drop / "late.png", number)
    run(services, drop)
    (waiting,) = problems.open_problems()
    four, five = (format_number("IN", Entry.objects.earliest("id").year, one) for one in (4, 5))
    assert waiting.reason.startswith(f"the label names a void entry: {number} is void since ")
    assert waiting.reason.endswith(f": cut wrongly; replaced by {four}, {five}")
    assert verify(services)["ok"]


def test_the_entry_goes_with_the_page_that_bears_its_number(office: tuple[Services, Path]) -> None:
    """Also after that page was put behind another; and what was found on the pages is kept."""
    services, drop = office
    small_tiff(station(drop, "pairs", PAIRS) / "first.tif", ["anchor", "birch"])
    run(services, drop)
    number = Entry.objects.get().number
    labelled(drop / "answer.png", number)
    with Image.open(drop / "answer.png") as bearing:
        pages = [bearing.convert("1"), small_page("cedar", 1000, 600), small_page("dolphin", 1000, 600)]
    (drop / "answer.png").unlink()
    pages[0].save(
        station(drop, "late", "") / "answer.tif", save_all=True, append_images=pages[1:], dpi=(100, 100)
    )
    run(services, drop)
    batch = Batch.objects.latest("id")
    assert [(one.position, one.number) for one in look(services, batch)] == [(at, number) for at in (1, 2, 3)]
    assert again(services, batch, "2,1", "3") == Done(2)
    (bearer,) = Document.objects.filter(batch=batch, attempt=2, barcode=number)
    chosen = [(one["text"], one["source"], one["page"], one["chosen"]) for one in bearer.candidates]
    assert (chosen, bearer.entry.number) == ([(number, 0, 1, True)], number)
    assert again(services, batch, "1", "2") == Done(3)
    assert [one.number == number for one in look(services, batch)] == [True, False, False]
    assert verify(services)["ok"]


@on_both
def test_a_worker_ends_what_a_command_began_elsewhere(
    filed: tuple[Services, Path, Batch], floor: Floor
) -> None:
    services, _, batch = filed

    def die(step: Step) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        again(services, batch, "2-5", watch=die)
    Batch.objects.update(changed_at="2026-01-01T00:00:00Z")
    assert work.reconcile(services, floor.ask, floor.ask) >= 1
    floor.run()
    assert floor.log == ["batch"]
    deliver(services)
    assert [position for _, _, position, _ in layout(services, batch)] == [1, 1, 2, 3, 4, 1]
    assert verify(services)["ok"]
    assert Batch.objects.get().state == Batch.State.RELEASED


def test_one_that_ends_its_workers_is_given_up(filed: tuple[Services, Path, Batch], floor: Floor) -> None:
    services, _, batch = filed
    before = layout(services, batch)

    def die(step: Step) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        again(services, batch, "2-5", watch=die)
    Batch.objects.update(changed_at="2026-01-01T00:00:00Z")
    work.reconcile(services, floor.ask, floor.ask)
    floor.asked.clear()
    Chunk.objects.update(state=Chunk.State.SET_ASIDE, crashes=5)
    work.reconcile(services, floor.ask, floor.ask)
    floor.run()
    assert floor.log == ["close"]
    deliver(services)
    assert "ended 5 workers" in Batch.objects.get().edits[0]["refused"]
    assert layout(services, batch) == before
    assert not resplits.under_way(Batch.objects.get())
    assert list(LocalArchive(services.home / "archive").list("work/")) == []
    assert verify(services)["ok"]
