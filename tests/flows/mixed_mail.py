"""A small office's mail with a bit of everything that a register can tell of."""

import io
import threading
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pillow_heif
import zxingcpp
from PIL import Image

from capture.cover import write
from capture.edits import Edits
from domain.correspondence import Channel, Direction, Relation
from domain.document import Cover
from domain.office import CustomField, Department, FieldKind, Post, Role, User
from domain.party import PartyDetails, PartyKind
from flows.intake import Intake, intake
from flows.publish import deliver
from flows.replay import replay
from flows.resplit import resplit
from flows.steps import Step
from infra.wiring import Services
from letters.patch import bars
from register import printing, problems, ranges, review, views
from register.acts import Act
from register.entries import amend, enter, move, strike
from register.holding import assign
from register.models import Document, Entry, Party, Problem
from register.numbering import set_form
from register.numbers import format_number
from register.office import put
from register.party_acts import change, merge, new, separate, split
from register.relations import relate
from register.sharing import share
from tests.capture.signed import authority, letter, signed
from tests.flows.rich_page import rich_pdf
from tests.flows.test_intake import labelled, station
from tests.register.filings import ALL
from tests.small import small_page, small_tiff

WORDS = (
    "letter", "Patch", "Series", "mail", "Labelled", "first", "IN", "OUT", "invoice", "", "-letter",
    "Contract", "Complaint", "N-17",
    "chairs", "BW-2026/0417-A", "DE89 3704 0044 0532 0130 00", "1234.50", "2026-04-02", "Brightwater",
)  # fmt: skip
BOARD = "board"  # the label of those who may see the entry of the register OUT, beside its owner


def take_in(services: Services, drop: Path, fail_at: str = "") -> Intake:
    """Take in what lies in the drop folder; each batch fails when it comes to this step."""

    def watch(step: Step) -> None:
        if step.name == fail_at:
            raise RuntimeError("this batch goes no further")

    return intake(services, drop, once=True, stop=threading.Event(), watch=watch)


def next_number() -> str:
    """The number that the next entry of the register IN gets."""
    last = Entry.objects.filter(register="IN").order_by("sequence").last()
    return format_number("IN", datetime.now(UTC).year, last.sequence + 1 if last else 1)


def _patch_sheet(says: str = "") -> Image.Image:
    canvas = np.full((440, 500), 255, np.uint8)
    for offset, width in bars("T"):
        top = 60 + round(offset * 100)
        cv2.rectangle(canvas, (40, top), (460, top + round(width * 100) - 1), 0, -1)
    cv2.putText(canvas, "Patch T", (60, 300), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 0, 3)
    if says:
        code = zxingcpp.create_barcode(says, zxingcpp.BarcodeFormat.QRCode)
        square = np.asarray(zxingcpp.write_barcode_to_image(code, scale=3))
        canvas[180 : 180 + len(square), 300 : 300 + len(square)] = square
    return Image.fromarray(canvas).convert("1")


def _patched_tiff(path: Path) -> None:
    blank = Image.new("1", (500, 220), 1)
    sheet = _patch_sheet(write(Cover(department="Board")))
    first, *rest = (
        small_page("Patched letter"), sheet, small_page("Patched mail"), blank, small_page("Last"),
    )  # fmt: skip
    first.save(path, save_all=True, append_images=rest, compression="group4", dpi=(100, 100))


def _signed_and_photo(folder: Path) -> bytes:
    """A ZIP with a signed PDF and a photo."""
    photo, packed = io.BytesIO(), io.BytesIO()
    pillow_heif.from_pillow(small_page("Photo").convert("RGB")).save(photo)
    certificate = authority(folder)[0].issue_cert("ana@office.example", common_name="Ana Notary")
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("contract.pdf", signed(letter("Contract"), certificate, folder))
        archive.writestr("photo.heic", photo.getvalue())
    return packed.getvalue()


def _cut_again(services: Services) -> None:
    """A page that stood the wrong way up is a letter of its own, the class of the other stays."""
    document = Document.objects.get(batch__station="cut")
    Entry.objects.filter(pk=document.entry_id).update(department="legal")
    review.label(document.key, "letter", actor="Zoë", at=datetime.now(UTC))
    edits = Edits(("2-3",), rotate=("1=180",))
    resplit(services, document.batch, edits, reason="two letters", actor="Ada")


def _enter_by_hand() -> None:
    """A complaint with its answer, as clerks write them; one that was typed twice is void."""
    zone, act = ZoneInfo("UTC"), Act("Zoë", datetime.now(UTC), "at the counter", source="192.0.2.7")
    details = replace(ALL, subject="Complaint of the neighbours", channel=Channel.HAND, reference="N-17")
    made, twice = (enter(Direction.INCOMING, details, act, zone=zone, register="DESK") for _ in range(2))
    answer = enter(Direction.OUTGOING, replace(details, location=""), act, zone=zone, register="REPLY")
    assign(made.number, act, department="works", person="ben")
    relate(answer.number, Relation.ANSWERS, made.number, act)
    for state in ("for approval", "approved", "signed", "dispatched"):
        move(answer.number, state, act)
    move(made.number, "answered", act)
    amend(made.number, lambda one: replace(one, recipients=(), senders=("Carl", "Bob")), act, zone=zone)
    strike(twice.number, act, replaced_by=[made.number])
    put("department", Department("works", "Public works"), act)
    put("department", Department("roads", parent="works"), act)
    put("user", User("ben", posts=(Post(Role.CASE_HANDLER, "roads"),)), act)
    put("field", CustomField("plot", FieldKind.NUMBER), act)
    share(answer.number, "ben", act)
    amend(answer.number, lambda one: replace(one, custom={"plot": "12"}), act, zone=zone)


def _print_ahead(services: Services, drop: Path) -> None:
    """Labels for papers to come, of which one comes; numbers for a counter, of which the rest is void.

    Numbers look otherwise from then on.
    """
    act, zone = Act("Zoë", datetime.now(UTC), "the counter closed"), services.settings.zone
    set_form("{year}/{register}/{sequence}-{check}", act, "LABEL")
    ahead = ranges.reserve("LABEL", 4, act, zone=zone, place="counter 2", printed=True)
    labelled(drop / "ahead.png", ahead.number(3))
    offline = ranges.reserve("LABEL", 3, act, zone=zone)
    enter(Direction.INCOMING, ALL, act, zone=zone, number=offline.number(6))
    ranges.void_rest(offline.name, act)
    printing.note([offline.number(6)], act, "zpl")
    ranges.reserve("LABEL", 2, act, zone=zone)


def _keep_parties() -> None:
    """Two that are one, two that are two, one that was merged and is itself again, one that is only alike."""
    act = Act("Zoë", datetime.now(UTC), "so they say")
    made = [
        str(new(PartyDetails(f"Neighbours {name}", emails=(f"{at}@example.org",)), act).key)
        for at, name in enumerate(("Club", "Club Ltd", "Club e.V.", "Club S.L.", "Clubb"))
    ]
    first, second, third, fourth, _ = made
    change(
        first, lambda one: replace(one, kind=PartyKind.ORGANISATION, identifiers=("vat:GB980780684",)), act
    )
    merge(first, second, act)
    separate(first, third, act)
    merge(third, fourth, act)
    split(fourth, act)
    merge(str(Party.objects.get(name="Carl").key), str(Party.objects.get(name="Bob").key), act)


def take_in_all(services: Services, drop: Path) -> None:
    """All fields, separators, blanks, duplicates, labels, refusals, corrections, attempts, a resplit, alarms.

    All is published.

    What stays in the exceptions queue is a page whose label bears the number of the next entry.
    """
    same = small_tiff(drop / "first.tif", ["The first letter", "its second page"]).read_bytes()
    take_in(services, drop, fail_at="separated")  # the next run finds its pages read
    take_in(services, drop)
    _patched_tiff(station(drop, "patched", '[separation]\npatch = ["T"]\n') / "batch.tif")
    job = station(drop, "folders", 'batch = "folder"\nafter = "done"\nregister = "OUT"\n') / "job"
    job.mkdir()
    for number in (10, 9, 1):
        small_page(f"Series {number}").convert("L").save(job / f"{number}.jpg", dpi=(100, 100))
    (job / "mail.zip").write_bytes(_signed_and_photo(drop.parent))
    for policy in ("review", "link"):
        (station(drop, policy, f'duplicate = "{policy}"\n') / "again.tif").write_bytes(same)
    profile = 'batch = "marker"\nmarker = "*.end"\n[separation]\npatch = ["T"]\n'
    marked = station(drop, "marked", profile)
    rich_pdf(marked / "chairs.pdf")
    (marked / "chairs.xyz").write_text("of a type that is not taken")
    sheet = _patch_sheet()
    sheet.save(
        marked / "sheets.tif", save_all=True, append_images=[sheet], compression="group4", dpi=(100, 100)
    )
    (marked / "job.end").touch()
    cut = station(drop, "cut", 'register = "CUT"\n')
    small_tiff(cut / "three.tif", ["Cut", "otherwise", "in the end"])
    (drop / "empty.pdf").touch()
    (drop / "notes.csv").write_text("a,b\n1,2\n")
    (first,) = Entry.objects.all()
    labelled(drop / "late.png", first.number)
    take_in(services, drop)

    lines = {Path(one.claim.source).name: one.pk for one in problems.open_problems()}
    assert set(lines) == {"again.tif", "empty.pdf", "notes.csv", "chairs.xyz"}
    problems.dismiss(lines["empty.pdf"])
    assert replay(services, [lines["again.tif"], lines["notes.csv"]]).failures == []
    document = Document.objects.get(batch__station="folders")
    Entry.objects.filter(pk=document.entry_id).update(access=[BOARD])
    Document.objects.filter(pk=document.pk).update(
        blind=[{"answer": "", "actor": "", "at": ""}], forgotten=True
    )
    for label in ("letter", "invoice"):
        review.label(document.key, label, actor="Zoë", at=datetime.now(UTC), reason="so it says")
    _cut_again(services)
    _enter_by_hand()
    _print_ahead(services, drop)
    _keep_parties()
    labelled(drop / "early.png", next_number())
    take_in(services, drop)
    deliver(services)
    assert len(views.show(first.number)["documents"]) == 2
    assert Problem.objects.filter(state="open").count() == 3
