"""What separator sheets say and what an operator is told, from the drop folder to the register."""

from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from capture.cover import write
from capture.edits import Edits
from domain.document import Cover
from flows.publish import deliver
from flows.resplit import resplit
from flows.verify import verify
from infra.wiring import Services
from letters.typeset import compile_pdf
from register import batches, problems, views
from register.models import Batch, Document, Entry
from tests.flows.floor import Floor, accounted, hand_over
from tests.flows.mixed_mail import take_in
from tests.flows.test_intake import station
from tests.small import small_page, small_tiff

FINANCE = Cover("invoice", "Finance & Süd", "OUT")


def sheet(text: str) -> Image.Image:
    """A small separator sheet with a QR code."""
    page = small_page("Separator", 500, 500).convert("L")
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    page.paste(Image.fromarray(zxingcpp.write_barcode_to_image(code, scale=4)).convert("L"), (100, 130))
    return page.convert("1")


def tiff(path: Path, pages: list[Image.Image]) -> None:
    first, *rest = pages
    first.save(path, save_all=True, append_images=rest, compression="group4", dpi=(100, 100))


def letters(path: Path, names: list[str]) -> None:
    """A born-digital PDF: a letter of one page to each of these people."""
    head = '#set page(paper: "a4", margin: 2.5cm)\n#set text(size: 11pt, font: "Lato", lang: "en")\n'
    body = "14 Harbour Road\n\n3 March 2026\n\nDear Ms {name},\n\nplease send us the chairs for {name}.\n"
    path.write_bytes(compile_pdf(head + "#pagebreak()\n".join(body.format(name=name) for name in names)).pdf)


@pytest.mark.parametrize("chunks", [False, True])
def test_what_a_batch_carries_reaches_each_document_cut_from_it(
    office: tuple[Services, Path], floor: Floor, chunks: bool
) -> None:
    """And what a sheet says the one behind it, and no other (paperless-ngx issues 4959, 6800)."""
    services, drop = office
    folder = station(drop, "lobby", 'register = "MAIL"\n')
    tiff(
        folder / "stack.tif",
        [
            sheet(write(FINANCE)), small_page("First letter"), small_page("its end"),
            sheet("POSTROOM-SEPARATOR"), small_page("Second letter"),
            sheet(write(Cover(department="Sales"))), small_page("Third letter"),
        ],
    )  # fmt: skip
    if chunks:
        hand_over(office, floor)
        floor.run()
        assert "read" in floor.log
        deliver(services)
    else:
        assert take_in(services, drop).failures == []
    (batch,) = Batch.objects.all()
    assert batch.alarms == []
    filed = [
        (
            one.entry.register, one.entry.department, one.pages, one.entry.received_at == batch.received_at,
            one.batch.station, views.source_range(one)[0],
        )
        for one in Document.objects.order_by("ordinal").select_related("entry", "batch")
    ]  # fmt: skip
    source = str(folder / "stack.tif")
    assert filed == [
        ("OUT", "Finance & Süd", 2, True, "lobby", source),
        ("MAIL", "", 1, True, "lobby", source),
        ("MAIL", "Sales", 1, True, "lobby", source),
    ]
    first = Document.objects.get(ordinal=0)
    assert (first.label, first.guess in ("letter", "invoice")) == ("invoice", True)
    contents = [event["content"] for event in views.show(first.entry.number)["history"]]
    assert [one["class_from"] for one in contents] == ["separator sheet"]
    assert verify(services)["ok"]


def test_what_a_sheet_says_outlives_a_resplit(office: tuple[Services, Path]) -> None:
    services, drop = office
    pages = [small_page(f"Page {number}") for number in (2, 3)]
    tiff(drop / "stack.tif", [sheet(write(FINANCE)), *pages, sheet("POSTROOM-SEPARATOR"), small_page("Last")])
    take_in(services, drop)
    (batch,) = Batch.objects.all()
    done = resplit(services, batch, Edits(("2-3,5",)), reason="one letter", actor="Zoë")
    assert (done.refused, done.pending) == ("", "")
    (document,) = Document.objects.filter(attempt=2).select_related("entry")
    said = [(one.after, one.actor) for one in document.corrections.all()]
    assert (document.label, document.pages, said) == ("invoice", 3, [("invoice", "separator sheet")])
    assert (document.entry.register, document.entry.department) == ("OUT", "Finance & Süd")
    for cut, lengths in (("2-3", [1, 2]), ("3", [1, 1, 1])):
        resplit(services, batch, Edits((cut,)), reason="several letters", actor="Zoë")
        counting = Document.objects.filter(entry__voided_at=None)
        assert sorted(one.pages for one in counting) == lengths
        assert {one.label for one in counting} == {"invoice"}
    assert verify(services)["ok"]


def test_a_first_page_in_the_middle_raises_an_alarm(office: tuple[Services, Path], floor: Floor) -> None:
    services, drop = office
    letters(drop / "four.pdf", ["Miller", "Jones", "Brown", "Young"])
    hand_over(office, floor)
    floor.run()
    assert "read" in floor.log  # on other machines
    deliver(services)
    assert Batch.objects.get().alarms == [
        f"page {page} looks like the first page of another document: check that no separator is missing"
        for page in (2, 3, 4)
    ]
    assert accounted() == [(0, page, "document", page) for page in (1, 2, 3, 4)]


def test_a_long_document_raises_an_alarm(office: tuple[Services, Path]) -> None:
    services, drop = office
    for limit in (5, 6):
        folder = station(drop, f"limit{limit}", f"[separation]\nlongest = {limit}\n")
        small_tiff(folder / "six.tif", [f"Page {limit} {number}" for number in range(6)])
    assert take_in(services, drop).failures == []
    told = (
        "the document from page 1 on has 6 pages, more than the 5 that the station's profile takes for "
        "long: check that no separator is missing"
    )
    assert dict(Batch.objects.values_list("station", "alarms")) == {"limit5": [told], "limit6": []}


COLLATES = 'duplex = "collate"\nbatch = "folder"\n'


def test_fronts_and_backs_are_collated(office: tuple[Services, Path]) -> None:
    services, drop = office
    job = station(drop, "flatbed", COLLATES + "[separation]\npages = 4\n") / "job"
    job.mkdir()
    small_tiff(job / "1.tif", ["Front A", "Front B", "Front C"])
    small_tiff(job / "2.tif", ["Back C", "Back B", "Back A"])
    assert take_in(services, drop).failures == []
    assert accounted() == [
        (0, 1, "document", 1), (0, 2, "document", 3), (0, 3, "document", 1),
        (1, 1, "document", 2), (1, 2, "document", 4), (1, 3, "document", 2),
    ]  # fmt: skip
    documents = Document.objects.order_by("ordinal")
    assert [views.source_range(one) for one in documents] == [(str(job), (1, 4)), (str(job), (5, 6))]
    shown = views.show(documents[0].entry.number)["documents"][0]["page_account"]
    assert shown == [
        {"position": 1, "source": str(job / "1.tif"), "page": 1},
        {"position": 2, "source": str(job / "2.tif"), "page": 3},
        {"position": 3, "source": str(job / "1.tif"), "page": 2},
        {"position": 4, "source": str(job / "2.tif"), "page": 2},
    ]
    assert verify(services)["ok"]


def test_sides_that_do_not_match_are_refused(office: tuple[Services, Path]) -> None:
    services, drop = office
    folder = station(drop, "flatbed", COLLATES)
    for name in ("uneven", "broken", "single"):
        (folder / name).mkdir()
        small_tiff(folder / name / "1.tif", [f"{name} front", "Front B"])
    small_tiff(folder / "uneven" / "2.tif", ["Back B"])
    (folder / "broken" / "2.tif").write_bytes(b"II*\0broken")
    assert take_in(services, drop).failures == []
    assert Entry.objects.count() == 0
    lines = {Path(one.batch.source).name: one for one in problems.open_problems()}
    put = "the two sides of the sheets cannot be put together: "
    assert lines["uneven"].reason == (
        put + "file 1 has 2 fronts, file 2 1 back: which belongs to which cannot be told"
    )
    assert lines["single"].reason == put + "fronts and backs come in files of two, but there is 1 file"
    assert lines["broken"].reason.startswith(put + "file 2: ")
    assert lines["uneven"].also == [[0, 1], [0, 2], [1, 1]]
    assert {one.page for one in lines.values()} == {None}  # none is about one page
    assert len(lines) == len(problems.open_problems())
    assert verify(services)["ok"]
    for name in ("broken", "uneven"):  # both files are tried again, though one of them could be opened
        batch = batches.reload(problems.retry(lines[name].pk))
        assert (batch.state, batch.pages_known - batch.pages_done) == (Batch.State.KEPT, 3)
    assert take_in(services, drop).failures == []
    assert [one.reason for one in problems.open_problems() if one.batch_id == batch.pk] == [
        lines["uneven"].reason
    ]
    assert verify(services)["ok"]
