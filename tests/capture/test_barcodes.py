from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp
from numpy.typing import NDArray

from capture.barcode_engines import BarcodeEngine, ZbarEngine, ZxingEngine, zbar_missing
from capture.barcode_windows import code_windows
from capture.barcodes import FORMATS, BarcodeOptions, read_barcodes
from domain.page import Barcode, Box
from tests.capture.test_patch import leaning, sheet
from tests.data import shared

Gray = NDArray[np.uint8]
NUMBER = "IN-2026-000123-7"


def code(kind: str, text: str, module: int) -> Gray:
    made = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, kind))
    return np.array(zxingcpp.write_barcode_to_image(made, scale=module, add_quiet_zones=False))


def page(*codes: tuple[Gray, int, int], dpi: int = 200) -> Gray:
    """An A4 page of text lines with codes at (x, y)."""
    paper = np.full((round(11.69 * dpi), round(8.27 * dpi)), 255, np.uint8)
    for line in range(12):
        cv2.putText(
            paper, "The quick brown fox jumps over", (dpi, (5 + line // 2) * dpi + line % 2 * dpi // 2),
            cv2.FONT_HERSHEY_SIMPLEX, dpi / 200, 0, 2,
        )  # fmt: skip
    for picture, x, y in codes:
        paper[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
    return paper


def brief(codes: tuple[Barcode, ...]) -> list[tuple[str, str]]:
    return [(one.format, one.text) for one in codes]


def covers(box: Box, x: float, y: float) -> bool:
    return box[0] < x < box[2] and box[1] < y < box[3]


SAMPLES = {
    "Code128": NUMBER,
    "Code39": "ABC-123",
    "ITF": "12345678901234",
    "EAN13": "4006381333931",
    "QRCode": "https://example.org/brief/17",
    "DataMatrix": "DV01 0,85",
    "PDF417": "some longer text, 42",
}


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize("quarter", range(4))
def test_every_format_is_read_in_every_rotation(kind: str, quarter: int) -> None:
    picture = code(kind, SAMPLES[kind], 3)
    if picture.shape[0] < 40:
        picture = np.repeat(picture, 3, axis=0)
    height, width = picture.shape
    scan = page((picture, 300, 200))
    (found,) = read_barcodes(np.rot90(scan, quarter), 200)
    assert (found.format, found.text) == (kind, SAMPLES[kind])
    x, y = (300 + width / 2) / scan.shape[1], (200 + height / 2) / scan.shape[0]
    for _ in range(quarter):
        x, y = y, 1 - x
    assert covers(found.box, x, y)


@pytest.mark.parametrize("dpi", [150, 300, 600])
def test_resolution_and_lean_make_no_difference(dpi: int) -> None:
    label = np.repeat(code("Code128", NUMBER, dpi // 75)[:1], dpi // 2, axis=0)
    scan = leaning(page((label, dpi, dpi), dpi=dpi), 3)
    assert brief(read_barcodes(scan, dpi)) == [("Code128", NUMBER)]
    assert brief(read_barcodes(scan, 0)) == [("Code128", NUMBER)]


def test_several_codes_come_once_each_from_top_to_bottom() -> None:
    one, two = code("QRCode", "one", 5), code("QRCode", "two", 5)
    scan = page((two, 300, 500), (one, 300, 100), (two, 900, 500))
    assert brief(read_barcodes(scan, 200)) == [("QRCode", text) for text in ("one", "two", "two")]


def test_only_wanted_formats_are_read() -> None:
    scan = page((code("QRCode", "one", 5), 300, 100))
    assert read_barcodes(scan, 200, BarcodeOptions(formats=("Code128",))) == ()
    assert read_barcodes(scan, 200, BarcodeOptions(formats=())) == ()


def test_patch_codes_come_with_the_barcodes() -> None:
    scan = sheet("T", 200)
    picture = code("QRCode", "POSTROOM-SEPARATOR", 5)
    scan[1500 : 1500 + picture.shape[0], 300 : 300 + picture.shape[1]] = picture
    assert brief(read_barcodes(scan, 200, BarcodeOptions(patch=("T",)))) == [
        ("PatchT", "T"),
        ("QRCode", "POSTROOM-SEPARATOR"),
    ]
    assert brief(read_barcodes(scan, 200)) == [("QRCode", "POSTROOM-SEPARATOR")]


def test_small_code_of_a_fine_scan_is_found_at_the_second_look() -> None:
    label = np.repeat(code("Code128", NUMBER, 2)[:1], 120, axis=0)
    scan = page((label, 800, 700), dpi=600)
    assert read_barcodes(scan, 600, BarcodeOptions(second_look=False)) == ()
    (found,) = read_barcodes(scan, 600)
    assert (found.format, found.text) == ("Code128", NUMBER)
    assert covers(found.box, (800 + label.shape[1] / 2) / scan.shape[1], 760 / scan.shape[0])


@pytest.mark.parametrize("kind", ["Code128", "QRCode", "DataMatrix", "PDF417"])
def test_windows_cover_codes_and_little_else(kind: str) -> None:
    picture = code(kind, SAMPLES[kind], 4)
    if picture.shape[0] < 60:
        picture = np.repeat(picture, 3, axis=0)
    scan = page((picture, 700, 300))
    windows = code_windows(scan)
    x, y = (700 + picture.shape[1] / 2) / scan.shape[1], (300 + picture.shape[0] / 2) / scan.shape[0]
    assert [covers(window, x, y) for window in windows] == [True]
    assert code_windows(page()) == ()


ENGINES: list[BarcodeEngine] = [ZxingEngine(thorough=False), ZxingEngine(thorough=True), ZbarEngine()]


@pytest.mark.parametrize("engine", ENGINES)
def test_both_engines_keep_the_contract(engine: BarcodeEngine, capfd: pytest.CaptureFixture[str]) -> None:
    assert zbar_missing() == ""
    picture = np.repeat(code("Code128", NUMBER, 3)[:1], 90, axis=0)
    scan = np.full((300, picture.shape[1] + 200), 255, np.uint8)
    scan[100:190, 100:-100] = picture
    (found,) = engine.read(scan, FORMATS)
    assert replace(found, box=(0, 0, 0, 0)) == Barcode("Code128", NUMBER, (0, 0, 0, 0), engine.name)
    assert covers(found.box, 0.5, 0.5)
    assert engine.read(scan, ("QRCode",)) == ()
    assert engine.read(scan, ()) == ()
    assert engine.read(np.full((50, 50), 255, np.uint8), FORMATS) == ()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (40, 40), (79, 81)])
def test_tiny_pictures_hold_nothing(size: tuple[int, int]) -> None:
    assert read_barcodes(np.zeros(size, np.uint8), 0, BarcodeOptions(patch=("T",))) == ()
    assert read_barcodes(np.zeros(size, np.uint8), 300, BarcodeOptions(patch=("T",))) == ()


def pictures(folder: str) -> list[Path]:
    kinds = {".png", ".webp", ".jpg", ".tif"}
    return [path for path in sorted(shared(folder).iterdir()) if path.suffix in kinds]


def answer(picture: Path) -> Path:
    return picture.with_suffix(".txt")


def image(path: Path) -> Gray:
    read = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert read is not None
    return np.asarray(read, np.uint8)


@pytest.mark.parametrize(
    ("folder", "share"),
    [
        ("code128-1", 1), ("code128-2", 1), ("code128-3", 1), ("code39-1", 1), ("code39-3", 1),
        ("code93-1", 1), ("itf-1", 1), ("itf-2", 1), ("ean8-1", 1), ("ean13-1", 0.87),
        ("qrcode-2", 0.9), ("qrcode-5", 1), ("datamatrix-1", 1), ("datamatrix-3", 0.95),
        ("pdf417-1", 1), ("pdf417-3", 1),
    ],
)  # fmt: skip
def test_share_of_real_codes_read(folder: str, share: float) -> None:
    files = [path for path in pictures(f"barcodes/zxing-cpp/{folder}") if answer(path).exists()]
    read = 0
    for path in files:
        expected = answer(path).read_text(encoding="utf-8", errors="replace")
        texts = {code.text.replace("\r\n", "\n").strip() for code in read_barcodes(image(path), 0)}
        read += expected.replace("\r\n", "\n").strip() in texts
    assert read >= share * len(files)


def test_zbar_reads_what_the_first_engine_leaves() -> None:
    by_zbar = 0
    for path in pictures("barcodes/zxing-cpp/qrcode-4"):
        for found in read_barcodes(image(path), 0):
            assert found.text == answer(path).read_text(encoding="utf-8").strip()
            by_zbar += found.engine == "zbar"
    assert by_zbar >= 1


@pytest.mark.parametrize(
    "folder",
    ["barcodes/zxing-cpp/falsepositives-1", "barcodes/zxing-cpp/falsepositives-2",
     "ocr/unlv_business_letters/images"],
)  # fmt: skip
def test_nothing_is_read_where_nothing_is(folder: str) -> None:
    for path in [path for path in pictures(folder) if path.stem != "1x1"][:10]:
        found = read_barcodes(image(path), 300, BarcodeOptions(patch=("2", "3", "T")))
        assert (path.name, found) == (path.name, ())
