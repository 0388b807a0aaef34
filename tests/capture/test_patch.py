from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from capture.patch import PATTERNS, read_patches
from tests.data import shared

ALL = tuple(PATTERNS.values())
BARS = {letter: bars for bars, letter in PATTERNS.items()}
Gray = NDArray[np.uint8]


def sheet(letter: str, dpi: int, top: float = 0.5, length: float = 2.5) -> Gray:
    """An A4 sheet with the code ``top`` inches below its upper edge."""
    page = np.full((round(11.69 * dpi), round(8.27 * dpi)), 255, np.uint8)
    left, right = round((8.27 - length) / 2 * dpi), round((8.27 + length) / 2 * dpi)
    for bar in BARS[letter]:
        width = 0.2 if bar == "W" else 0.08
        page[round(top * dpi) : round((top + width) * dpi), left:right] = 0
        top += width + 0.08
    cv2.putText(page, "SEPARATOR", (dpi, 6 * dpi), cv2.FONT_HERSHEY_SIMPLEX, dpi / 60, 0, dpi // 30)
    return page


def leaning(page: Gray, degrees: float) -> Gray:
    height, width = page.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return np.asarray(cv2.warpAffine(page, turn, (width, height), borderValue=255), np.uint8)


def scanned(page: Gray) -> Gray:
    """Faded, noisy and speckled."""
    chance = np.random.default_rng(7)
    faded = 255 - (255 - page.astype(np.float64)) * 0.6 + chance.normal(0, 25, page.shape)
    faded[chance.random(page.shape) < 0.01] = 0
    return faded.clip(0, 255).astype(np.uint8)


def read(page: Gray, dpi: float, wanted: tuple[str, ...] = ALL) -> list[str]:
    return [code.text for code in read_patches(page, dpi, wanted)]


def test_patterns_have_the_published_edges() -> None:
    """Zones A to G of Kodak A-61599 for patches 1, 4 and 6, in hundredths of an inch."""
    assert {
        letter: np.cumsum([w for bar in BARS[letter] for w in (20 if bar == "W" else 8, 8)]).tolist()[:-1]
        for letter in "146"
    } == {
        "1": [20, 28, 48, 56, 64, 72, 80],
        "4": [8, 16, 36, 44, 64, 72, 80],
        "6": [8, 16, 24, 32, 52, 60, 80],
    }


def test_all_six_patterns_are_the_published_ones() -> None:
    """As listed in words in the article *Patch Code* of Wikipedia."""
    assert BARS == {"2": "WNNW", "3": "WNWN", "T": "NWNW", "1": "WWNN", "4": "NWWN", "6": "NNWW"}


@pytest.mark.parametrize("letter", ALL)
@pytest.mark.parametrize("quarter", range(4))
def test_every_code_is_read_in_every_rotation(letter: str, quarter: int) -> None:
    for dpi, lean, length in ((150, -5.0, 0.8), (200, 3.0, 2.5)):
        clean = leaning(sheet(letter, dpi, length=length), lean)
        for page in (clean, scanned(clean)):
            assert read(np.rot90(page, quarter), dpi) == [letter]
            assert read(np.rot90(page, quarter), 0) == [letter]


def test_box_and_names() -> None:
    (found,) = read_patches(sheet("T", 200), 200, ("T",))
    assert (found.format, found.text, found.engine) == ("PatchT", "T", "patch")
    expected = ((8.27 - 2.5) / 2 / 8.27, 0.5 / 11.69, (8.27 + 2.5) / 2 / 8.27, 1.3 / 11.69)
    assert np.allclose(found.box, expected, atol=0.015)


def test_only_wanted_letters_are_found() -> None:
    assert read(sheet("T", 200), 200, ("2", "3")) == []
    assert read_patches(sheet("T", 200), 200, ()) == ()


def test_sheet_with_a_code_along_each_edge_gives_one_letter() -> None:
    page = sheet("3", 200)[:1650]
    square = np.minimum(page[:, :1650], np.rot90(page[:, :1650], 2))
    assert read(square, 200) == ["3", "3"]


def test_code_in_the_middle_is_what_was_wanted() -> None:
    """T upside down is 3: only there the direction is open."""
    page = sheet("T", 200, top=5.4)
    for turned in (page, np.rot90(page, 2)):
        assert read(turned, 200, ("T",)) == ["T"]
        assert read(turned, 200, ("3",)) == ["3"]


def test_smaller_picture_of_unknown_resolution_is_no_sheet() -> None:
    assert read(sheet("T", 50), 0) == []


@pytest.mark.parametrize(
    "folder", ["ocr/unlv_business_letters/images", "ocr/unlv_doe_reports/images", "invoices"]
)
def test_no_code_is_read_from_real_scans(folder: str) -> None:
    files = sorted(p for p in shared(folder).rglob("*") if p.suffix in {".tif", ".png", ".jpg"})[:6]
    assert files
    for path in files:
        page = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        assert page is not None
        for dpi in (0.0, 300.0):
            assert (path.name, read(np.asarray(page, np.uint8), dpi)) == (path.name, [])


def one_d_pictures() -> list[Path]:
    folders = ("code128-1", "code128-2", "code39-1", "code39-3", "ean13-1", "itf-1", "upca-2")
    root = shared("barcodes/zxing-cpp")
    return [p for f in folders for p in sorted((root / f).iterdir()) if p.suffix in {".png", ".webp"}]


def test_no_code_is_read_from_barcodes() -> None:
    for path in one_d_pictures():
        page = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        assert page is not None
        for dpi in (0.0, 200.0, 300.0):
            assert (path.name, read(np.asarray(page, np.uint8), dpi)) == (path.name, [])
