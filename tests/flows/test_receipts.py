"""Receipts: given, noted, and told apart from what somebody made of them."""

import hashlib
import io
import json
import threading
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pikepdf
import pytest

from domain.correspondence import Details, Direction
from domain.errors import Missing, Usage
from domain.receipt import MEDIA_TYPE, NAME, Receipt
from domain.wire import from_json, to_json
from flows.intake import intake
from flows.publish import deliver
from flows.receipts import Checked, check, issue
from flows.verify import verify
from infra.database import disconnect
from infra.settings import OfficeSettings
from infra.wiring import Services, open_services
from letters.receipt import Letterhead, receipt_pdf
from register import history, views
from register.acts import Act
from register.contents import object_key
from register.entries import enter, move, strike
from register.models import Claim, Entry, EventContent
from tests.register.tampering import past_the_guards
from tests.small import small_tiff, train_small

ACT = Act("eva", datetime(2026, 3, 4, 9, 7, tzinfo=UTC))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """An office that has taken in a letter of two pages."""
    home, drop = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("drop")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POSTROOM_PROCESSES", "1")
        services = open_services(home)
        train_small(home)
        small_tiff(drop / "letter.tif", ["A letter", "its second page"])
        assert intake(services, drop, once=True, stop=threading.Event()).failures == []
        yield services
    disconnect()


def scanned() -> str:
    return Entry.objects.get(register="IN", sequence=1).number


def typed(services: Services) -> str:
    details = Details(subject="Noise", senders=("Ada",))
    return enter(Direction.INCOMING, details, ACT, zone=services.settings.zone, register="DESK").number


def written(folder: Path, content: bytes) -> Path:
    path = folder / "shown.pdf"
    path.write_bytes(content)
    return path


def inside(pdf: bytes) -> Receipt:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return from_json(Receipt, document.attachments[NAME].get_file().read_bytes())


def forged(pdf: bytes, said: bytes) -> bytes:
    """The receipt with something else inside."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        del document.attachments[NAME]
        document.attachments[NAME] = pikepdf.AttachedFileSpec(
            document, said, filename=NAME, description="", mime_type=MEDIA_TYPE, creation_date="", mod_date=""
        )
        document.save(out)
    return out.getvalue()


def test_nothing_is_certified_of_an_entry_that_was_altered(office: Services) -> None:
    number = typed(office)
    Entry.objects.filter(number=number).update(subject="forged")
    problem = "not as its last event left it: subject"
    with pytest.raises(Usage, match=f"{number} is not as its history says .{problem}.*postroom verify"):
        issue(office, number, ACT)
    told = verify(office)
    assert (told["ok"], told["entries_differing"]) == (False, 1)
    assert told["wrong"]["entries_differing"] == [
        {"register": "DESK", "sequence": 1, "number": number, "problem": problem}
    ]
    Entry.objects.filter(number=number).update(subject="Noise")
    assert verify(office)["entries_differing"] == 0
    assert issue(office, number, ACT)


def test_no_other_files_than_those_received_are_certified(office: Services) -> None:
    number = scanned()
    claim = Claim.objects.filter(fates__document__entry__number=number).first()
    assert claim is not None
    Claim.objects.filter(pk=claim.pk).update(source="other.pdf", sha256="0" * 64)
    problem = r"documents\[0\]\.files\[0\]\.name, documents\[0\]\.files\[0\]\.sha256"
    with pytest.raises(Usage, match=f"{number} is not as its history says .*{problem}.*postroom verify"):
        issue(office, number, ACT)
    claim.save()
    assert issue(office, number, ACT)


def test_nothing_is_said_by_a_history_that_was_altered(office: Services, tmp_path: Path) -> None:
    """Who has the database's password makes the register say that their own file was given."""
    number = typed(office)
    forged = written(tmp_path, issue(office, number, ACT) + b"%")
    deliver(office)
    content = EventContent.objects.get(event__entry__number=number, event__kind="receipt issued")
    said = {**json.loads(content.body), "sha256": hashlib.sha256(forged.read_bytes()).hexdigest()}
    with past_the_guards():
        EventContent.objects.filter(pk=content.pk).update(body=json.dumps(said))
        problem = rf"event {content.event.sequence}: the event's content was altered"
        with pytest.raises(Usage, match=f"receipts of {number} is not to be trusted .{problem}.*verify"):
            check(office, forged)
        with pytest.raises(Usage, match=f"{number} is not as its history says .{problem}"):
            issue(office, number, ACT)
        EventContent.objects.filter(pk=content.pk).update(body="{")
        told = verify(office)
        assert [one["problem"] for one in told["wrong"]["history_breaks"]] == [
            "the event's content was altered"
        ]
        assert told["first_altered"][0]["problem"].startswith("the event was altered: its content differs")
        content.save()
    assert not check(office, forged).genuine
    assert verify(office)["history_breaks"] == 0


def test_it_certifies_what_was_received(office: Services, tmp_path: Path) -> None:
    number = scanned()
    pdf = issue(office, number, ACT)
    receipt = inside(pdf)
    shown = views.show(number)
    original = next(one for one in shown["documents"][0]["objects"] if one["role"] == "original")
    first, *_, last = shown["history"]
    assert (receipt.number, receipt.pages) == (number, 2)
    ((file),) = receipt.files
    assert (file.name, file.sha256, file.size, file.pages) == (
        "letter.tif", original["sha256"], original["size"], 2,
    )  # fmt: skip
    assert (receipt.sequence, receipt.hash) == (first["sequence"], first["hash"])
    assert receipt.received_at == datetime.fromisoformat(shown["received_at"]).isoformat(timespec="seconds")
    assert receipt.issued_at == "2026-03-04T09:07:00+00:00"
    assert (last["kind"], last["actor"]) == ("receipt issued", "eva")
    assert last["content"]["sha256"] == hashlib.sha256(pdf).hexdigest()
    assert last["content"]["receipt"] == json.loads(to_json(receipt))
    assert list(history.breaks()) == []
    assert check(office, written(tmp_path, pdf)) == Checked(
        True, "receipt", number, f"Genuine: given for {number}", finding="genuine", known=True
    )
    deliver(office)


def test_one_that_says_something_else_is_told_with_what_differs(office: Services, tmp_path: Path) -> None:
    number = typed(office)
    pdf = issue(office, number, ACT)
    other = replace(inside(pdf), senders=("Eve",), pages=9)
    for made in (forged(pdf, to_json(other)), receipt_pdf(other, Letterhead("Registry"))):
        found = check(office, written(tmp_path, made))
        assert (found.genuine, found.what, found.number) == (False, "receipt", number)
        assert found.says == f"Altered: it does not say what was certified of {number}"
        assert found.differs == (("senders", "Eve", "Ada"), ("pages", "9", "0"))


def test_no_byte_can_be_changed(office: Services, tmp_path: Path) -> None:
    number = typed(office)
    pdf = issue(office, number, ACT)
    chance = Random(1)
    for _ in range(150):
        spoiled = bytearray(pdf)
        spoiled[chance.randrange(len(pdf))] ^= 1 << chance.randrange(8)
        assert not check(office, written(tmp_path, bytes(spoiled))).genuine
    for other in (pdf + b"\n", pdf[:-1], pdf[:999], b""):
        assert not check(office, written(tmp_path, other)).genuine
    drawn_over = forged(pdf, to_json(inside(pdf)))
    assert "do not trust what its pages show" in check(office, written(tmp_path, drawn_over)).says


def test_one_that_was_never_given_is_made_up(office: Services, tmp_path: Path) -> None:
    pdf = issue(office, typed(office), ACT)
    never = typed(office)
    for number in (never, "IN-1999-000001-1"):
        made = receipt_pdf(replace(inside(pdf), number=number), Letterhead("Registry"))
        found = check(office, written(tmp_path, made))
        assert (found.genuine, found.what, found.number) == (False, "receipt", number)
        assert "No receipt was given" in found.says


def test_each_receipt_of_an_entry_stays_genuine(office: Services, tmp_path: Path) -> None:
    number = typed(office)
    pdfs = [issue(office, number, ACT, language) for language in ("en", "de", "")]
    assert [check(office, written(tmp_path, one)).genuine for one in pdfs] == [True, True, True]
    assert len(set(pdfs)) == 2  # "" is the first language
    strike(number, replace(ACT, reason="typed twice"))
    found = check(office, written(tmp_path, pdfs[0]))
    assert found.genuine
    assert found.says.endswith(f"{number} is void since 2026-03-04: typed twice")
    with pytest.raises(Usage, match=r"is void.*No receipt is given"):
        issue(office, number, ACT)


def test_documents_of_the_archive_are_known_by_their_bytes(office: Services, tmp_path: Path) -> None:
    number = scanned()
    for role in ("pdfa", "original", "text"):
        (one,) = [one for one in views.show(number)["documents"][0]["objects"] if one["role"] == role]
        content = office.archive.read(one["key"])
        found = check(office, written(tmp_path, content))
        assert (found.genuine, found.what, found.number) == (True, "document", number)
        assert f"the {role} of {number}" in found.says
        found = check(office, written(tmp_path, content + b"\n"))
        assert (found.genuine, found.what, found.number) == (False, "unknown", "")
    with pytest.raises(Usage, match="cannot be read: No such file"):
        check(office, tmp_path / "none.pdf")
    with pytest.raises(Usage, match="cannot be read"):
        check(office, tmp_path)


def test_what_lies_inside_may_be_anything(office: Services, tmp_path: Path) -> None:
    pdf = issue(office, typed(office), ACT)
    for said in (b"", b"{}", b"[]", b"\xff", b'{"version": 1}', b"[" * 100_000, b"null"):
        assert check(office, written(tmp_path, forged(pdf, said))).what == "unknown"
    # A bomb: a gigabyte of blanks in a megabyte.
    packer, bomb = zlib.compressobj(9), bytearray()
    for _ in range(256):
        bomb += packer.compress(b" " * (4 << 20))
    bomb += packer.flush()
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(forged(pdf, b"x"))) as document:
        stream = document.attachments[NAME].obj.EF.F
        stream.write(bytes(bomb), filter=pikepdf.Name.FlateDecode)
        document.save(out, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    assert check(office, written(tmp_path, out.getvalue())).what == "unknown"


def test_the_offices_look(office: Services, tmp_path: Path) -> None:
    number = typed(office)

    def with_logo(path: Path) -> Services:
        look = OfficeSettings(name="Town Hall", address="Main Street 1", logo=str(path))
        return replace(office, settings=office.settings.model_copy(update={"office": look}))

    logo = tmp_path / "logo.svg"
    with pytest.raises(Usage, match=r"office\.logo is .*cannot be read"):
        issue(with_logo(logo), number, ACT)
    with pytest.raises(Usage, match=r"office\.logo is .*give a PNG, JPEG or SVG"):
        issue(with_logo(tmp_path / "logo.bmp"), number, ACT)
    logo.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
    )
    assert inside(issue(with_logo(logo), number, ACT)).office == "Town Hall"


def test_dispatch_is_certified_once_it_has_been(office: Services, tmp_path: Path) -> None:
    letter = Details(subject="Our answer", recipients=("Ada",))
    number = enter(Direction.OUTGOING, letter, ACT, zone=office.settings.zone).number
    with pytest.raises(Usage, match="is draft: a receipt is given once it was dispatched"):
        issue(office, number, ACT)
    for state in ("for approval", "approved", "signed"):
        move(number, state, ACT)
    sent = replace(ACT, at=ACT.at + timedelta(hours=3))
    move(number, "dispatched", sent)
    receipt = inside(pdf := issue(office, number, sent))
    event = next(one for one in views.show(number)["history"] if one["content"].get("to") == "dispatched")
    assert (receipt.sequence, receipt.hash) == (event["sequence"], event["hash"])
    assert datetime.fromisoformat(receipt.received_at) == sent.at.replace(microsecond=0)
    assert views.show(number)["dispatched_at"] == sent.at.isoformat()
    assert check(office, written(tmp_path, pdf)).genuine


def test_it_says_when_what_came_before_was_entered(office: Services) -> None:
    details = Details(subject="Noise", senders=("Ada",))
    before = replace(ACT, reason="the office was shut")
    late = enter(Direction.INCOMING, details, before, zone=office.settings.zone,
                 received_at=ACT.at - timedelta(days=3)).number  # fmt: skip
    receipt = inside(issue(office, late, ACT))
    assert receipt.entered_at == ACT.at.isoformat(timespec="seconds")
    assert receipt.received_at == (ACT.at - timedelta(days=3)).isoformat(timespec="seconds")
    assert inside(issue(office, typed(office), ACT)).entered_at == ""


def test_a_document_that_was_altered_is_told_with_what_differs(office: Services, tmp_path: Path) -> None:
    number = scanned()
    held = office.archive.read(object_key(Entry.objects.get(number=number), ("pdfa",)))
    whole = tmp_path / "shown.pdf"
    whole.write_bytes(held)
    assert check(office, whole).genuine
    longer = tmp_path / f"{number}.pdf"
    longer.write_bytes(held + b"\n")
    found = check(office, longer)
    assert (found.genuine, found.what, found.number) == (False, "document", number)
    assert [name for name, *_ in found.differs] == ["sha256", "size", "first byte that differs"]
    assert found.differs[1] == ("size", str(len(held) + 1), str(len(held)))
    with pikepdf.open(io.BytesIO(held)) as pdf:
        pdf.add_blank_page()
        pdf.save(whole)
    assert check(office, whole).what == "unknown"
    told = check(office, whole, of=number)
    assert ("pages", "3", "2") in told.differs
    assert f"Not what the archive holds of {number}" in told.says
    with pytest.raises(Missing):
        check(office, whole, of="IN-2026-000099-9")
    picture = tmp_path / "a.png"
    picture.write_bytes(b"none")
    assert check(office, picture, of=number).what == "unknown"
