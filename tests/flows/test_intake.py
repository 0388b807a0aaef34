"""Intake runs over small pages: what stations, duplicates, labels, odd names and broken pages lead to."""

import io
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import zxingcpp
from PIL import Image

from domain.entry import Query
from flows.intake import Intake, intake
from flows.replay import replay
from flows.verify import verify
from infra.wiring import Services
from register import problems, views
from register.models import Batch, Document, Entry, PageFate
from register.numbers import format_number
from tests.small import small_page, small_tiff

FAST = "quiet_seconds = 0.1\n"


def station(drop: Path, name: str, profile: str = "") -> Path:
    folder = drop / name
    folder.mkdir()
    (folder / "station.toml").write_text(FAST + profile)
    return folder


def run(office: tuple[Services, Path]) -> Intake:
    services, drop = office
    done = intake(services, drop, once=True, stop=threading.Event())
    assert done.failures == []
    return done


def labelled(path: Path, text: str) -> Path:
    """A page with a Code 128 label and a word."""
    page = small_page("Labelled\nletter", 1000, 600).convert("L")
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.Code128)
    bars = Image.fromarray(zxingcpp.write_barcode_to_image(code, scale=2)).convert("L")
    page.paste(bars.resize((bars.width, 120)), (60, 400))
    page.save(path, dpi=(100, 100))
    return path


def test_stations_file_as_their_profiles_say(office: tuple[Services, Path]) -> None:
    services, drop = office
    counted = station(drop, "counted", "[separation]\npages = 2\n")
    small_tiff(counted / "five.tif", [f"Counted {number}" for number in range(5)])
    folders = station(drop, "folders", 'batch = "folder"\nafter = "done"\nregister = "OUT"\n')
    (folders / "job").mkdir()
    for number in (10, 9, 1):
        small_page(f"Series {number}").convert("L").save(folders / "job" / f"{number}.jpg", dpi=(100, 100))
    marked = station(drop, "marked", 'batch = "marker"\nmarker = "*.end"\n')
    small_tiff(marked / "a.tif", ["Marked letter"])
    (marked / "job.end").touch()
    waits = station(drop, "waits", 'done_marker = ".ok"\n')
    small_tiff(waits / "held.tif", ["Held back"])
    small_tiff(drop / "loose.tif", ["Loose file"])

    done = run(office)

    found = {
        (Path(views.source_range(one)[0]).relative_to(drop).as_posix(), *views.source_range(one)[1])
        for one in views.filed_in(done.batches)
    }
    assert found == {
        ("counted/five.tif", 1, 2), ("counted/five.tif", 3, 4), ("counted/five.tif", 5, 5),
        ("folders/job", 1, 3), ("marked/a.tif", 1, 1), ("loose.tif", 1, 1),
    }  # fmt: skip
    assert [Path(source).name for source, _ in done.held] == ["held.tif"]
    left = sorted(
        path.relative_to(drop).as_posix()
        for path in drop.rglob("*")
        if path.suffix != ".toml" and path.is_file()
    )
    assert left == [
        "folders/done/job/1.jpg",
        "folders/done/job/10.jpg",
        "folders/done/job/9.jpg",
        "waits/held.tif",
    ]
    assert sorted(Entry.objects.filter(register="OUT").values_list("sequence", flat=True)) == [1]
    series = Document.objects.get(batch__station="folders")
    order = series.fates.order_by("position").values_list("claim__source", flat=True)
    assert [Path(source).name for source in order] == ["1.jpg", "9.jpg", "10.jpg"]
    assert verify(services)["wrong"] == {name: [] for name in verify(services)["wrong"]}


def test_equal_bytes_meet_the_stations_policy(office: tuple[Services, Path]) -> None:
    services, drop = office
    page = small_tiff(drop / "first.tif", ["The very same"]).read_bytes()
    (first,) = views.filed_in(run(office).batches)
    for policy in ("review", "file", "link"):
        folder = station(drop, policy, f'duplicate = "{policy}"\n')
        (folder / "again.tif").write_bytes(page)

    done = run(office)

    assert [one.batch.station for one in views.filed_in(done.batches)] == ["file"]
    assert {one["of"] for one in views.duplicates_in(done.batches)} == {first.entry.number}
    (waiting,) = problems.open_problems()
    assert waiting.batch.station == "review"
    assert [one["kind"] for one in views.show(first.entry.number)["history"]] == [
        "registered",
        "received again",
    ]
    again = replay(services, [waiting.pk])
    assert again.failures == []
    assert [one.batch.station for one in views.filed_in(again.batches)] == ["review"]
    assert problems.open_problems() == []
    assert verify(services)["ok"]


def test_a_label_attaches_or_waits_for_its_entry(office: tuple[Services, Path]) -> None:
    services, drop = office
    year = datetime.now(UTC).year
    first, second = format_number("IN", year, 1), format_number("IN", year, 2)
    labelled(drop / "early.png", second)
    assert views.filed_in(run(office).batches) == []
    (waiting,) = problems.open_problems()
    assert second in waiting.reason
    small_tiff(drop / "one.tif", ["Number one"])
    run(office)
    labelled(drop / "late.png", first)
    (attached,) = views.filed_in(run(office).batches)
    assert (attached.entry.number, attached.barcode) == (first, first)
    assert len(views.show(first)["documents"]) == 2
    assert services.index.search(Query("Labelled")).total == 1
    small_tiff(drop / "two.tif", ["Number two"])
    run(office)
    replay(services, [waiting.pk])
    assert len(views.show(second)["documents"]) == 2
    assert verify(services)["ok"]


def test_odd_names_and_wrong_types_are_filed_or_named(office: tuple[Services, Path]) -> None:
    services, drop = office
    page = small_tiff(drop / "plain.tif", ["Odd names"]).read_bytes()
    names = [
        "new\nline.tif",
        "quote'\".tif",
        "émoji 📬.tif",
        "[bold]x[b].tif",
        "a" * 251 + ".tif",
        "lies.pdf",
    ]
    for number, name in enumerate(names):
        (drop / name).write_bytes(page + bytes([number]))
    with open(os.path.join(os.fsencode(drop), b"not\xffutf8.tif"), "wb") as odd:  # noqa: PTH118, PTH123
        odd.write(page + b"\xff")
    (drop / "empty.pdf").touch()
    (drop / "notes.csv").write_text("a,b\n1,2\n")

    done = run(office)

    assert len(views.filed_in(done.batches)) == len(names) + 2
    refused = {Path(one.claim.source).name: (one.page, one.reason) for one in views.refused_in(done.batches)}
    assert set(refused) == {"empty.pdf", "notes.csv"}
    assert "csv" in refused["notes.csv"][1]
    assert [path.name for path in drop.iterdir()] == []
    assert verify(services)["ok"]


def test_a_broken_page_is_refused_and_the_rest_is_filed(office: tuple[Services, Path]) -> None:
    services, drop = office
    with pikepdf.new() as pdf:
        for number in (1, 2, 3):
            jpeg = io.BytesIO()
            small_page(f"Sound {number}").convert("L").save(jpeg, "JPEG")
            data = jpeg.getvalue() if number != 2 else b"no jpeg at all"
            pdf.add_blank_page(page_size=(360, 160))
            image = pikepdf.Stream(
                pdf, data, Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, Width=500, Height=220,
                ColorSpace=pikepdf.Name.DeviceGray, BitsPerComponent=8, Filter=pikepdf.Name.DCTDecode,
            )  # fmt: skip
            page = pdf.pages[-1]
            page.Contents = pdf.make_stream(b"360 0 0 160 0 0 cm /I Do")
            page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(I=image))
        pdf.save(drop / "three.pdf")

    done = run(office)

    (document,) = views.filed_in(done.batches)
    assert list(document.fates.order_by("position").values_list("page", flat=True)) == [1, 3]
    (refused,) = views.refused_in(done.batches)
    assert (Path(refused.claim.source).name, refused.page) == ("three.pdf", 2)
    assert refused.reason
    again = replay(services, [problems.open_problems()[0].pk])
    assert [(one.page, one.attempt) for one in views.refused_in(again.batches)] == [(2, 2)]
    assert PageFate.objects.count() == 3
    assert verify(services)["ok"]


def test_a_stopped_intake_goes_on_at_the_next_start(office: tuple[Services, Path]) -> None:
    services, drop = office
    small_tiff(drop / "long.tif", [f"Page {number}" for number in range(30)])
    stop = threading.Event()
    first = intake(
        services,
        drop,
        once=True,
        stop=stop,
        watch=lambda step: stop.set() if step.name == "inspected" else None,
    )
    assert first.failures == []
    assert views.filed_in(first.batches) == []
    (document,) = views.filed_in(run(office).batches)
    assert document.pages == 30
    assert Batch.objects.count() == 1
    assert verify(services)["ok"]


def test_a_wrong_profile_stops_only_its_own_station(office: tuple[Services, Path]) -> None:
    services, drop = office
    small_tiff(drop / "fine.tif", ["All is fine"])
    folder = drop / "wrong"
    folder.mkdir()
    (folder / "station.toml").write_text("quiet_second = 1\n")
    small_tiff(folder / "waiting.tif", ["Waiting"])
    done = intake(services, drop, once=True, stop=threading.Event())
    assert len(views.filed_in(done.batches)) == 1
    (failure,) = done.failures
    assert "quiet_second" in failure.reason
    assert (folder / "waiting.tif").exists()
