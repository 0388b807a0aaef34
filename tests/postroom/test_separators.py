"""Separator sheets as printed are read back by the capture stage, whichever way they are fed."""

import json
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from capture.barcodes import BarcodeOptions, read_barcodes
from capture.cover import HEAD, read
from capture.separate import separate
from capture.station import SeparationPolicy, Station
from domain.document import Cover, Cut
from domain.errors import Usage
from domain.page import Barcode, Page, Sheet, Word
from postroom.main import app

Gray = NDArray[np.uint8]
SAID = Cover("official_notice", "Bürgeramt & Archiv, Außenstelle am Großen Markt, 2. Obergeschoss", "OUT")


def printed(folder: Path, *options: str) -> Path:
    path = folder / "sheets.pdf"
    done = CliRunner().invoke(app, ["separators", "-o", str(path), *options, "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    with pypdfium2.PdfDocument(path) as document:
        assert len(document) == told["pages"]
    return path


def scanned(path: Path, dpi: int, lean: float) -> Gray:
    with pypdfium2.PdfDocument(path) as document:
        page = document[0].render(scale=dpi / 72, grayscale=True).to_numpy()
    page = page.reshape(page.shape[:2])
    height, width = page.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), lean, 1)
    page = cv2.warpAffine(np.ascontiguousarray(page), turn, (width, height), borderValue=255)
    chance = np.random.default_rng(7)
    noisy = 255 - (255 - page.astype(np.float64)) * 0.7 + chance.normal(0, 20, page.shape)
    return noisy.clip(0, 255).astype(np.uint8)


def faxed(page: Gray, dpi: int) -> Gray:
    """As a fax in normal resolution: 204 by 98 dots an inch, black and white."""
    height, width = page.shape
    size = (round(width * 204 / dpi), round(height * 98 / dpi))
    dots = np.where(cv2.resize(page, size, interpolation=cv2.INTER_AREA) > 128, 255, 0).astype(np.uint8)
    taller = cv2.resize(dots, (size[0], round(size[1] * 204 / 98)), interpolation=cv2.INTER_NEAREST)
    return np.asarray(taller, np.uint8)


def codes(page: Gray, dpi: float) -> set[tuple[str, str]]:
    found = read_barcodes(
        np.ascontiguousarray(page), dpi, BarcodeOptions(patch=("1", "2", "3", "4", "6", "T"))
    )
    return {(code.format, code.text) for code in found}


@pytest.mark.parametrize(
    ("paper", "patch", "dpi", "lean"),
    [("a4", "T", 200, 4.0), ("letter", "T", 300, -3.0), ("a4", "1", 200, 0.0)],
)
def test_sheets_are_read_back_in_every_direction(
    tmp_path: Path, paper: str, patch: str, dpi: int, lean: float
) -> None:
    path = printed(
        tmp_path, "--paper", paper, "--patch", patch,
        "--class", SAID.name, "--department", SAID.department, "--register", SAID.register,
    )  # fmt: skip
    page = scanned(path, dpi, lean)
    for quarter in range(4):
        found = codes(np.rot90(page, quarter), dpi)
        (code,) = (text for form, text in found if form == "QRCode")
        assert read(code) == SAID
        assert found == {("QRCode", code), ("Code128", HEAD), (f"Patch{patch}", patch)}


def test_a_faxed_sheet_is_read_back(tmp_path: Path) -> None:
    page = faxed(scanned(printed(tmp_path, "--class", "form"), 200, 1.0), 200)
    found = codes(page, 204)
    assert {form for form, _ in found} == {"QRCode", "Code128", "PatchT"}


def test_sheets_printed_on_both_sides_separate_once(tmp_path: Path) -> None:
    path = printed(tmp_path, "--both-sides", "-n", "2", "--class", "form")
    with pypdfium2.PdfDocument(path) as document:
        texts = [page.get_textpage().get_text_bounded() for page in document]
    assert len(texts) == 4
    assert len(set(texts)) == 1
    assert "A new document begins behind this sheet." in texts[0]
    page = scanned(path, 200, 0.0)
    read_as = read_barcodes(page, 200, BarcodeOptions(patch=("T",)))
    sides = [Sheet(0, Page(number, 595, 842, 200, barcodes=read_as)) for number in (1, 2)]
    letter = Sheet(0, Page(3, 595, 842, 200))
    profile = Station(duplex=True, separation=SeparationPolicy(patch=("T",)))
    found = separate([*sides, letter], {}, profile, lambda _: False)
    assert (found.documents, found.alarms) == ((Cut(((0, 3),), cover=Cover("form")),), ())


@pytest.mark.parametrize("department", ["", "Amt für Öl, Gas und Bau im Süden und Osten der Stadt am Meer"])
def test_a_printed_sheet_is_never_taken_for_a_letter(tmp_path: Path, department: str) -> None:
    with pypdfium2.PdfDocument(printed(tmp_path, "--department", department)) as document:
        text = document[0].get_textpage().get_text_bounded()
    words = tuple(Word(word, (0.1, 0.1, 0.2, 0.12), 1.0, 0) for word in text.split())
    code = Barcode("Code128", HEAD, (0.0, 0.0, 0.1, 0.1), "test")
    pages = [Page(1, 595, 842, 0, words=words, barcodes=(code,)), Page(2, 595, 842, 0)]
    assert separate([Sheet(0, page) for page in pages], {}, Station(), lambda _: False).alarms == ()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--class", "bill"], "There is no class 'bill'. The classes are: "),
        (["--register", "in"], "'in' is no register. It must be capital letters and digits, for example IN"),
        (["--department", "D" * 65], "A department's name has at most 64 signs."),
        ([], "exists already. Name another file, or add --force."),
    ],
)
def test_what_cannot_be_printed_is_told(tmp_path: Path, options: list[str], reason: str) -> None:
    path = tmp_path / "sheets.pdf"
    if not options:
        path.touch()
    done = CliRunner().invoke(app, ["separators", "-o", str(path), *options])
    assert isinstance(done.exception, Usage)
    assert reason in str(done.exception)
    assert not path.exists() or path.stat().st_size == 0
