import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pdfplumber
import pikepdf
import pytest

from capture.assemble import Rendition, assemble
from capture.read import ReadOptions, read_page
from domain.page import Page, PageFile, Word
from tests.capture.sheets import saved, settings, sheet
from tests.data import shared
from tests.verapdf import verapdf

CREATED = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[PageFile]:
    """Scans as they come: bilevel, grey, colour; upside down, on its side, leaning; and a blank."""
    folder = tmp_path_factory.mktemp("pages")
    scans = [
        saved(sheet(mode="1"), folder / "a.tif", compression="group4"),
        saved(sheet().rotate(180), folder / "b.png"),
        saved(sheet(mode="RGB").rotate(90, expand=True), folder / "c.jpg"),
        saved(sheet(lean=2), folder / "d.png"),
        saved(sheet(lean=-2), folder / "e.png"),
        saved(sheet([]), folder / "f.png"),
    ]
    made = []
    for number, scan in enumerate(scans):
        out = folder / str(number)
        out.mkdir()
        made.append(read_page(scan, 1, ReadOptions(("en",)), settings(), out))
    return made


def make(pages: list[PageFile], out: Path, title: str = "Ä letter") -> Rendition:
    return assemble(pages, out, title=title, created=CREATED, settings=settings())


def found(path: Path) -> list[list[tuple[str, float, float]]]:
    """Words of each page of a PDF with their middles, as shares of the page."""
    with pdfplumber.open(path) as pdf:
        return [[_found(word, page) for word in page.extract_words()] for page in pdf.pages]


def _found(word: dict[str, Any], page: Any) -> tuple[str, float, float]:
    x, y = (word["x0"] + word["x1"]) / 2, (word["top"] + word["bottom"]) / 2
    return word["text"], float(x / page.width), float(y / page.height)


def middles(page: Page) -> list[tuple[str, float, float]]:
    return [
        (word.text, (word.box[0] + word.box[2]) / 2, (word.box[1] + word.box[3]) / 2) for word in page.words
    ]


def nearest(word: tuple[str, float, float], words: list[tuple[str, float, float]]) -> float:
    return min(
        (max(abs(x - word[1]), abs(y - word[2])) for text, x, y in words if text == word[0]), default=1
    )


def test_scans_become_searchable_archive_pdfs(pages: list[PageFile], tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    assert make(pages, path) == Rendition(path, True, "")
    alone = tmp_path / "blank.pdf"
    assert make(pages[-1:], alone) == Rendition(alone, True, "")
    assert verapdf(path, alone) == {path: True, alone: True}
    read = found(path)
    for page, words in zip(pages, read, strict=True):
        assert sorted(text for text, _, _ in words) == sorted(word.text for word in page.page.words)
        assert all(nearest(word, words) < 0.01 for word in middles(page.page))
    with pikepdf.open(path) as pdf:
        assert [int(page.obj.get("/Rotate", 0)) for page in pdf.pages] == [0, 180, 90, 0, 0, 0]
        assert (str(pdf.docinfo.Title), str(pdf.docinfo.CreationDate), str(pdf.docinfo.ModDate)) == (
            "Ä letter",
            "D:20260304050607+00'00",
            "D:20260304050607+00'00",
        )


def test_image_data_stays_as_it_was(pages: list[PageFile], tmp_path: Path) -> None:
    make(pages[:3], tmp_path / "a.pdf")

    def images(path: Path | str) -> list[bytes]:
        with pikepdf.open(path) as pdf:
            return [
                image.read_raw_bytes()
                for page in pdf.pages
                for image in page.get_images(recursive=True).values()
            ]

    assert images(tmp_path / "a.pdf") == [data for page in pages[:3] for data in images(page.image)]


def test_same_pages_same_bytes(pages: list[PageFile], tmp_path: Path) -> None:
    make(pages, tmp_path / "a.pdf")
    (tmp_path / "else").mkdir()
    make(pages, tmp_path / "else" / "b.pdf")
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "else" / "b.pdf").read_bytes()
    make(pages, tmp_path / "c.pdf", title="Other")
    assert (tmp_path / "a.pdf").read_bytes() != (tmp_path / "c.pdf").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pdf", "c.pdf", "else"]


def test_words_of_any_script_pass(pages: list[PageFile], tmp_path: Path) -> None:
    words = tuple(
        Word(text, (0.1, 0.1 + 0.05 * line, 0.6, 0.13 + 0.05 * line), 0.9, line)
        for line, text in enumerate(
            ["Größe", "naïve—“x”", "Ελλάδα", "Москва", "שלום", "中文", "☒", "\u200b", "a\tb", "~|}"]
        )
    )
    page = Page(number=1, width=595.44, height=841.68, dpi=200, words=words)
    path = tmp_path / "a.pdf"
    assert make([PageFile(page, pages[0].image, pages[0].thumbnail)], path) == Rendition(path, True, "")
    assert verapdf(path) == {path: True}
    assert {"Größe", "Москва", "Ελλάδα"} <= {text for text, _, _ in found(path)[0]}


def test_born_digital_pages_stay_as_they_are(pages: list[PageFile], tmp_path: Path) -> None:
    made = {}
    for name in ("AzureInterior", "FlipkartInvoice"):
        source = shared(f"invoices/invoice2data/compare/{name}.pdf")
        (tmp_path / name).mkdir()
        page = read_page(source, 1, ReadOptions(("en",)), settings(), tmp_path / name)
        assert page.page.born_digital
        path = tmp_path / f"{name}.pdf"
        made[path] = make([page], path)
        assert bool(made[path].reason) is not made[path].pdfa
        words = found(path)[0]
        assert [
            word.text for word in page.page.words if nearest((word.text, *_middle(word)), words) > 0.01
        ] == []
        mixed = tmp_path / f"{name}-mixed.pdf"
        made[mixed] = make([page, pages[0]], mixed)
        assert [len(words) > 20 for words in found(mixed)] == [True, True]
    # what claims to be PDF/A is; what does not says why
    claimed = [path for path, rendition in made.items() if rendition.pdfa]
    if claimed:
        assert all(verapdf(*claimed).values())


def _middle(word: Word) -> tuple[float, float]:
    return (word.box[0] + word.box[2]) / 2, (word.box[1] + word.box[3]) / 2


def test_wrong_calls(pages: list[PageFile], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one page"):
        make([], tmp_path / "a.pdf")
    with pytest.raises(ValueError, match="time zone"):
        assemble(pages, tmp_path / "a.pdf", title="", created=datetime(2026, 1, 1), settings=settings())
    assert not list(tmp_path.iterdir())


def test_a_page_file_gone_is_loud(pages: list[PageFile], tmp_path: Path) -> None:
    shutil.copy(pages[0].image, tmp_path / "x.pdf")
    gone = PageFile(pages[0].page, str(tmp_path / "y.pdf"), pages[0].thumbnail)
    with pytest.raises(FileNotFoundError):
        make([gone], tmp_path / "a.pdf")
