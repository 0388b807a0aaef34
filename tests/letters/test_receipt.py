"""Receipts as people hold them: what is on the page, and that the page is PDF/A."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
import zxingcpp

from domain.receipt import NAME, Receipt, ReceivedFile
from domain.wire import from_json
from letters.receipt import CHANNELS, WORDS, Letterhead, code_text, receipt_pdf
from tests.verapdf import verapdf

RECEIPT = Receipt(
    version=1,
    office="Town Hall",
    number="IN-2026-000001-7",
    direction="incoming",
    received_at="2026-03-04T10:06:07+01:00",
    channel="hand",
    senders=("Ada Ltd", "Bob & Söhne"),
    recipients=("The mayor",),
    subject='The noise #at *night*, "again" \\ and again <x>',
    reference="A_17$",
    pages=5,
    files=(
        ReceivedFile("scan 1.pdf", "ab" * 32, 1234567, 3),
        ReceivedFile("a@b.example #2.tif", "cd" * 32, 99, 2),
    ),
    sequence=12,
    hash="ef" * 32,
    issued_at="2026-03-04T10:07:00+01:00",
)
HEAD = Letterhead("Ayuntamiento de Villanueva", "Plaza Mayor 1\n28000 Villanueva")
LOGO = b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20"/></svg>'


def text_of(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        return " ".join(page.get_textpage().get_text_bounded() for page in document)


def test_it_is_pdf_a_in_every_language(tmp_path: Path) -> None:
    files = {}
    for language in WORDS:
        files[language] = tmp_path / f"{language}.pdf"
        files[language].write_bytes(receipt_pdf(RECEIPT, replace(HEAD, logo=LOGO, form="svg"), language))
    assert verapdf(*files.values(), flavour="3b") == dict.fromkeys(files.values(), True)
    for language, path in files.items():
        told = " ".join(text_of(path.read_bytes()).split())
        assert WORDS[language]["title"] in told
        assert CHANNELS.get(language, {}).get("hand", "hand") in told


def test_all_that_is_certified_stands_on_the_page() -> None:
    told = " ".join(text_of(receipt_pdf(RECEIPT, HEAD)).split())
    for word in (
        "Ayuntamiento de Villanueva", "28000 Villanueva", RECEIPT.number, "2026-03-04 10:06:07+01:00", "hand",
        *RECEIPT.senders, *RECEIPT.recipients, RECEIPT.subject, RECEIPT.reference, "scan 1.pdf", "ab" * 32,
        "a@b.example #2.tif", "cd" * 32, "event 12", RECEIPT.hash, "2026-03-04 10:07:00+01:00",
    ):  # fmt: skip
        assert word in told, word


def test_the_codes_on_it_are_read(tmp_path: Path) -> None:
    with pypdfium2.PdfDocument(receipt_pdf(RECEIPT, HEAD)) as document:
        picture = document[0].render(scale=200 / 72).to_pil().convert("L")
    found = {one.format.name: one.text for one in zxingcpp.read_barcodes(picture)}
    assert found == {"QRCode": code_text(RECEIPT), "Code128": RECEIPT.number}
    assert code_text(RECEIPT) == f"POSTROOM-RECEIPT;1;IN-2026-000001-7;12;{'ef' * 32}"


def test_it_holds_for_machines_what_it_says() -> None:
    pdf = receipt_pdf(RECEIPT, HEAD)
    assert pdf == receipt_pdf(RECEIPT, HEAD)
    with pikepdf.open(io.BytesIO(pdf)) as document:
        inside = document.attachments[NAME].get_file().read_bytes()
    assert from_json(Receipt, inside) == RECEIPT
    assert json.loads(inside)["senders"] == ["Ada Ltd", "Bob & Söhne"]


def test_a_long_list_of_files_stays_on_paper_that_people_read() -> None:
    many = tuple(ReceivedFile(f"scan {at}.pdf", f"{at:064}", 9, 1) for at in range(400))
    pdf = receipt_pdf(replace(RECEIPT, files=many, subject="long " * 80), HEAD)
    told = text_of(pdf)
    assert "scan 11.pdf" in told
    assert "scan 12.pdf" not in told
    assert "+ 388" in told
    with pypdfium2.PdfDocument(pdf) as document:
        assert len(document) <= 2


@pytest.mark.parametrize("language", ["", "xx", "pt"])
def test_a_language_that_there_is_not_is_answered_in_english(language: str) -> None:
    assert receipt_pdf(RECEIPT, HEAD, language) == receipt_pdf(RECEIPT, HEAD, "en")


def test_each_language_says_all() -> None:
    assert {frozenset(words) for words in WORDS.values()} == {frozenset(WORDS["en"])}


@pytest.mark.parametrize("name", ["山田太郎 Ltd", "\U000c49e9", "Ivan \U0001f600"])
def test_signs_that_no_font_has_are_told_inside(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(receipt_pdf(replace(RECEIPT, senders=(name, "Θεόδωρος Ж")), HEAD))
    assert verapdf(path, flavour="3b") == {path: True}
    told = " ".join(text_of(path.read_bytes()).split())
    assert "?" in told
    assert "Θεόδωρος Ж" in told
    with pikepdf.open(path) as document:
        inside = from_json(Receipt, document.attachments[NAME].get_file().read_bytes())
    assert inside.senders[0] == name
