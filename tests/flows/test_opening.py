"""Files in files, renditions, signatures, passwords: from the drop folder to entries, whatever is killed."""

import io
import os
import shutil
import threading
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pillow_heif
import pytest

from archive.keys import ORIGINALS, RENDITIONS
from archive.manifest import from_json
from capture.tools import libreoffice
from domain.errors import Usage
from flows import opening
from flows.intake import intake
from flows.publish import deliver
from flows.rebuild import rebuild
from flows.replay import replay
from flows.verify import verify
from infra.database import disconnect
from infra.wiring import Services, open_services, sole_worker
from register import batches, contents, problems, views
from register.models import Batch, Claim, Document, Entry, PageFate, StoredObject
from tests.capture.office_files import RTF, opened_without
from tests.capture.signed import authority, encrypted, letter, signed
from tests.flows.floor import Floor, hand_over, on_both
from tests.flows.test_intake import run, station
from tests.register.dump import dump
from tests.small import small_page

Office = tuple[Services, Path]


def png(text: str) -> bytes:
    out = io.BytesIO()
    small_page(text).save(out, "PNG", dpi=(100, 100))
    return out.getvalue()


def heic(text: str) -> bytes:
    out = io.BytesIO()
    pillow_heif.from_pillow(small_page(text).convert("RGB")).save(out, quality=90)
    return out.getvalue()


def packed(*files: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return out.getvalue()


def with_attachments(pdf: bytes, **files: bytes) -> bytes:
    import pikepdf

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        for name, data in files.items():
            opened.attachments[name.replace("_", ".")] = data
        opened.save(out)
    return out.getvalue()


def claims(drop: Path) -> list[tuple[str, str, int]]:
    """Path below the drop folder, kind and pages of each file, in order."""
    rows = Claim.objects.order_by("batch_id", "ordinal")
    return [(one.source.removeprefix(f"{drop}/"), one.media, one.pages) for one in rows]


def cuts(batch: Batch) -> list[list[tuple[int, int]]]:
    """``(file, page)`` of each document of the batch."""
    return [
        [(fate.claim.ordinal, fate.page) for fate in one.fates.order_by("position")]
        for one in Document.objects.filter(batch=batch).order_by("attempt", "ordinal")
    ]


def refusals() -> list[tuple[str, int | None, str, str]]:
    return [
        (one.claim.source.rpartition("drop/")[2], one.page, one.reason, one.fix)
        for one in problems.open_problems()
    ]


def a_zip_in_a_zip() -> bytes:
    inner = packed(("3.png", png("Third")), ("deepest.zip", packed(("4.png", png("Fourth")))))
    return packed(
        ("10.png", png("Tenth")), ("../2.png", png("Second")), ("__MACOSX/._2.png", b"x"), ("in.zip", inner),
        ("notes.csv", b"a,b\n"),
    )  # fmt: skip


A_ZIP = [
    ("scans.zip", "zip", 0),
    ("scans.zip/10.png", "png", 1),
    ("scans.zip/../2.png", "png", 1),
    ("scans.zip/in.zip", "zip", 0),
    ("scans.zip/notes.csv", "csv", 1),
    ("scans.zip/in.zip/3.png", "png", 1),
    ("scans.zip/in.zip/deepest.zip", "zip", 1),
]
A_ZIP_REFUSED = [
    (
        "scans.zip/notes.csv", None, "type not taken here: csv",
        "send it as pdf, tiff, jpeg, png, heic, office file, zip",
    ),
    (
        "scans.zip/in.zip/deepest.zip", None, "lies too deep: a file in a file in a file in another",
        "send it by itself",
    ),
]  # fmt: skip


def test_a_zip_of_scans(office: Office) -> None:
    services, drop = office
    (drop / "scans.zip").write_bytes(a_zip_in_a_zip())
    assert run(office).failures == []
    assert claims(drop) == A_ZIP
    assert refusals() == A_ZIP_REFUSED
    assert cuts(Batch.objects.get()) == [[(1, 1), (2, 1), (5, 1)]]  # a series of pages
    assert list(drop.iterdir()) == []
    kept = {services.archive.read(one.original) for one in Claim.objects.all()}
    assert png("Third") in kept
    assert verify(services)["ok"]


@on_both
def test_workers_elsewhere_open_it_too(office: Office, floor: Floor) -> None:
    _, drop = office
    (drop / "scans.zip").write_bytes(packed(*((f"{number}.png", png(f"No {number}")) for number in range(5))))
    batch = hand_over(office, floor)
    shutil.rmtree(office[0].spool, ignore_errors=True)
    floor.run()
    assert floor.log == ["batch", "read", "read", "file"]
    assert cuts(batch) == [[(number, 1) for number in range(1, 6)]]


@pytest.mark.parametrize("after", [2, 4, 6])
def test_a_run_that_is_killed_in_between_is_carried_on(
    office: Office, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """After so many writes of what came out, members and rows alike, nothing goes on."""
    services, drop = office
    (drop / "scans.zip").write_bytes(a_zip_in_a_zip())
    left = [after]

    def stopping(inner: Any) -> Any:
        def call(*values: Any) -> Any:
            if left[0] == 0:
                raise RuntimeError("the machine stopped here")
            left[0] -= 1
            return inner(*values)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(opening, "_keep_member", stopping(opening._keep_member))
        patch.setattr(batches, "add_members", stopping(batches.add_members))
        patch.setattr(opening, "_AT_ONCE", 1)
        done = intake(services, drop, once=True, stop=threading.Event())
        assert ["the machine stopped here" in one.reason for one in done.failures] == [True]
    assert run(office).failures == []
    assert claims(drop) == A_ZIP
    assert refusals() == A_ZIP_REFUSED
    assert PageFate.objects.count() == 5
    assert verify(services)["ok"]


def test_attachments_are_documents_of_their_own(office: Office) -> None:
    services, drop = office
    xml = b"<?xml version='1.0'?><rsm:CrossIndustryInvoice/>"
    inner = with_attachments(letter("Inner"), last_png=png("Last"))
    cover = with_attachments(letter("Cover"), factur_x_xml=xml, inner_pdf=inner, page_png=png("Page"))
    (drop / "portfolio.pdf").write_bytes(cover)
    assert run(office).failures == []
    assert claims(drop) == [
        ("portfolio.pdf", "pdf", 1),
        ("portfolio.pdf/factur.x.xml", "xml", 0),
        ("portfolio.pdf/inner.pdf", "pdf", 1),
        ("portfolio.pdf/page.png", "png", 1),
        ("portfolio.pdf/inner.pdf/last.png", "png", 1),
    ]
    assert refusals() == []
    assert cuts(Batch.objects.get()) == [[(0, 1)], [(2, 1)], [(3, 1)], [(4, 1)]]
    (shown,) = views.show(Entry.objects.first().number)["documents"]  # type: ignore[union-attr]
    (attachment,) = shown["attachments"]
    assert (attachment["source"], services.archive.read(attachment["key"])) == (
        f"{drop}/portfolio.pdf/factur.x.xml",
        xml,
    )
    inside = from_json(services.archive.read(Document.objects.order_by("ordinal")[3].manifest)).originals[0]
    assert (inside.name, inside.inside) == (
        f"{drop}/portfolio.pdf/inner.pdf/last.png",
        Claim.objects.get(ordinal=2).original,
    )
    assert verify(services)["ok"]


def test_a_zip_with_more_files_than_the_stations_pages(office: Office) -> None:
    _, drop = office
    folder = station(drop, "small", "page_limit = 3\n")
    inner = packed(("3.png", png("C")), ("4.png", png("D")))
    (folder / "a.zip").write_bytes(packed(("1.png", png("A")), ("2.zip", inner)))
    (folder / "b.zip").write_bytes(packed(*((str(number), b"x") for number in range(4))))
    run(office)
    fix = "split it, or raise the station's page limit"
    assert sorted(refusals()) == [
        ("small/a.zip/2.zip", None, "holds more than 3 files", fix),
        ("small/b.zip", None, "holds more than 3 files", fix),
    ]


def test_an_office_file_waits_for_libreoffice(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    services, drop = office
    (drop / "letter.rtf").write_bytes(RTF)
    with monkeypatch.context() as patch:
        patch.setattr(opening, "open_file", opened_without)
        run(office)
    (refused,) = refusals()
    assert refused == (
        "letter.rtf", None, "LibreOffice is not installed here, and office files need it",
        f"{libreoffice.INSTALL}; then: postroom exceptions retry ID",
    )  # fmt: skip
    assert replay(services, [problems.open_problems()[0].pk]).failures == []
    assert claims(drop) == [("letter.rtf", "rtf", 1)]
    (document,) = Document.objects.all()
    assert "Invoice" in services.archive.read(contents.texts(document.entry)[0].key).decode()
    claim = Claim.objects.get()
    (original,) = from_json(services.archive.read(document.manifest)).originals
    made = original.rendition
    assert made is not None
    assert (original.key, original.media_type) == (claim.original, "application/rtf")
    assert (made.key, made.sha256, made.media_type) == (
        claim.rendition, claim.rendition_sha256, "application/pdf",
    )  # fmt: skip
    assert services.archive.read(claim.original) == RTF
    assert verify(services)["ok"]


def test_a_password_is_asked_for_in_the_queue(office: Office) -> None:
    services, drop = office
    secret = encrypted(with_attachments(letter("Locked"), page_png=png("Attached")), "open sesame")
    (drop / "locked.pdf").write_bytes(secret)
    run(office)
    assert refusals() == [
        (
            "locked.pdf", None, "the PDF is encrypted with a password",
            "give it: postroom exceptions retry ID --password",
        )
    ]  # fmt: skip
    (waiting,) = problems.open_problems()
    before, objects = dump(), list(services.archive.list())
    with sole_worker(services, waiting.batch.key):
        other = replay(services, [waiting.pk], "open sesame")
    assert [one.reason for one in other.failures] == [
        "Another process is at its batch. Nothing was changed; try again in a moment."
    ]
    assert (dump(), list(services.archive.list())) == (before, objects)
    wrong = replay(services, [waiting.pk], "sesame")
    assert [one.reason for one in wrong.failures] == [
        f"{drop}/locked.pdf: the password does not open it; give the right one. Nothing was changed."
    ]
    with pytest.raises(Usage, match="A password is needed"):
        problems.check_passwords([waiting.pk])
    assert (dump(), list(services.archive.list())) == (before, objects)

    assert replay(services, [waiting.pk], "open sesame").failures == []
    assert claims(drop) == [("locked.pdf", "pdf", 1), ("locked.pdf/page.png", "png", 1)]
    assert refusals() == []
    assert cuts(Batch.objects.get()) == [[(0, 1)], [(1, 1)]]
    claim = Claim.objects.get(ordinal=0)
    assert services.archive.read(claim.original) == secret
    assert b"/Encrypt" not in services.archive.read(claim.rendition)
    everything = (services.home / "register.sqlite3").read_bytes()
    for key in services.archive.list():
        everything += services.archive.read(key)
    assert b"sesame" not in everything
    assert verify(services)["ok"]


def test_a_large_file_has_time_to_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.zip"
    monkeypatch.setattr(opening, "_PAGE_WORTH", 1 << 20)
    for size, pages in ((0, 1), (1000, 1), (4_200_000, 5)):
        path.write_bytes(os.urandom(size))
        assert opening.pages_worth(path) == pages
    with path.open("wb") as file:
        file.truncate(10 << 30)
    assert opening.pages_worth(path) == 1  # a hole


def test_only_what_asks_for_a_password_gets_one(office: Office) -> None:
    services, drop = office
    (drop / "empty.pdf").touch()
    run(office)
    (waiting,) = problems.open_problems()
    (failure,) = replay(services, [waiting.pk], "x").failures
    assert failure.reason == (
        f"Exception {waiting.pk} does not ask for a password. "
        f"Without one: postroom exceptions retry {waiting.pk}"
    )
    assert [one.pk for one in problems.open_problems()] == [waiting.pk]


def test_the_same_zip_again_is_a_duplicate(office: Office) -> None:
    services, drop = office
    scans = packed(("1.png", png("First")), ("photo.heic", heic("Photo")))
    for _ in range(2):
        (drop / "scans.zip").write_bytes(scans)
        run(office)
    first, second = Batch.objects.order_by("id")
    assert second.duplicate_of == first
    kinds = PageFate.objects.filter(claim__batch=second).values_list("kind", flat=True)
    assert list(kinds) == ["duplicate"] * 2
    assert replay(services, [problems.open_problems()[0].pk]).failures == []
    assert cuts(second) == cuts(first) == [[(1, 1), (2, 1)]]
    assert StoredObject.objects.filter(role="rendition").count() == 1
    assert verify(services)["ok"]


def test_a_signature_goes_with_its_document_and_comes_back(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also the rest: what a rebuild makes of the archive alone is what was there."""
    services, drop = office
    ca, trusted = authority(tmp_path)
    capture = replace(services.settings.capture, certificates=trusted)
    services = replace(services, settings=services.settings.model_copy(update={"capture": capture}))
    contract = signed(letter("Signed"), ca.issue_cert("ana@office.example", common_name="Ana"), tmp_path)
    (drop / "mail.zip").write_bytes(packed(("contract.pdf", contract), ("photo.heic", heic("Photo"))))
    (drop / "locked.pdf").write_bytes(encrypted(letter("Locked"), "x"))
    intake(services, drop, once=True, stop=threading.Event())
    replay(services, [problems.open_problems()[0].pk], "x")
    entry = Entry.objects.get(documents__signatures__0__signer="Ana")
    (shown,) = views.show(entry.number)["documents"]
    (one,) = shown["signatures"]
    assert shown["pdfa"]
    assert {name: one[name] for name in one if name != "signed_at"} == {
        "source": f"{drop}/mail.zip/contract.pdf", "name": "Signature1", "signer": "Ana", "stamped": False,
        "intact": True, "trusted": True, "whole": True, "altered": False, "problem": "",
    }  # fmt: skip
    assert {row["role"] for row in shown["objects"]} >= {"original", "rendition"}
    assert contract in [services.archive.read(key) for key in services.archive.list(ORIGINALS)]
    assert len(list(services.archive.list(RENDITIONS))) == 2
    deliver(services)
    before = dump()
    disconnect()
    shutil.copytree(services.home / "archive", tmp_path / "new" / "archive")
    anew = open_services(tmp_path / "new")
    found = rebuild(anew)
    assert (found["ok"], found["orphans"]) == (True, 0)
    assert dump() == before
    assert verify(anew)["ok"]
    disconnect()
