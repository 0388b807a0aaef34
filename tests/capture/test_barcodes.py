from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import zxingcpp
from numpy.typing import NDArray
from PIL import Image

from capture.barcode_engines import BarcodeEngine, ZbarEngine, ZxingEngine, zbar_missing
from capture.barcode_passes import scaled
from capture.barcode_windows import code_windows
from capture.barcodes import BarcodeOptions, read_barcodes
from capture.read import ReadOptions, read_page
from capture.settings import CaptureSettings
from capture.station import FORMATS
from capture.tools.tesseract import find_tessdata
from domain.page import Barcode, Box
from letters.typeset import compile_pdf
from tests.bench.coded_letters import CODES, drawn, letter
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


QR = "barcodes/zxing-cpp/qrcode"
SAMPLES = {
    "Code128": NUMBER,
    "Code39": "ABC-123",
    "ITF": "12345678901234",
    "EAN13": "4006381333931",
    "QRCode": "https://example.org/brief/17",
    "DataMatrix": "DV01 0,85",
    "PDF417": "some longer text, 42",
    "Code93": "IN-2026-123",
    "Codabar": "A40156B",
    "Aztec": NUMBER,
    "MicroPDF417": NUMBER,
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


def test_code_too_small_for_the_first_scale_is_found_at_a_finer_one() -> None:
    label = np.repeat(code("Code128", NUMBER, 2)[:1], 120, axis=0)
    scan = page((label, 800, 700), dpi=600)
    assert ZxingEngine(thorough=False).read(scaled(scan, 600, 200), FORMATS) == ()
    (found,) = read_barcodes(scan, 600, BarcodeOptions(expected=True))
    assert (found.format, found.text) == ("Code128", NUMBER)
    assert covers(found.box, (800 + label.shape[1] / 2) / scan.shape[1], 760 / scan.shape[0])


@pytest.mark.parametrize("kind", ["Code128", "QRCode", "DataMatrix", "PDF417"])
def test_windows_cover_codes_and_little_else(kind: str) -> None:
    picture = code(kind, SAMPLES[kind], 4)
    if picture.shape[0] < 60:
        picture = np.repeat(picture, 3, axis=0)
    scan = page((picture, 700, 300))
    windows = code_windows(scan, 200)
    x, y = (700 + picture.shape[1] / 2) / scan.shape[1], (300 + picture.shape[0] / 2) / scan.shape[0]
    assert sum(covers(window, x, y) for window in windows) == 1
    assert sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in windows) < 0.15
    assert code_windows(letter(0, 200), 200) == code_windows(letter(0, 300), 0) == ()


@pytest.mark.parametrize("lean", [-3, 0, 3])
def test_a_code_that_is_expected_is_looked_for_in_every_way(lean: float) -> None:
    """White on black: what the first look leaves."""
    picture = code("Code128", NUMBER, 3)
    label = 255 - np.pad(np.repeat(picture[:1], 90, axis=0), 40, constant_values=255)
    scan = leaning(page((label, 700, 300)), lean)
    assert read_barcodes(scan, 200) == ()
    assert brief(read_barcodes(scan, 200, BarcodeOptions(expected=True))) == [("Code128", NUMBER)]
    nothing = leaning(page(), lean)
    assert read_barcodes(nothing, 200, BarcodeOptions(expected=True)) == ()


def test_a_payment_code_does_not_end_the_search_for_the_label() -> None:
    picture = code("Code128", "SCAN-0042", 3)
    label = 255 - np.pad(np.repeat(picture[:1], 90, axis=0), 40, constant_values=255)
    scan = page((label, 700, 300), (code("QRCode", "pay 12 euros", 6), 200, 600))
    payment = ("QRCode", "pay 12 euros")
    assert brief(read_barcodes(scan, 200, BarcodeOptions(expected=True))) == [payment]
    wanted = BarcodeOptions(expected=True, label=r"SCAN-\d{4}")
    assert brief(read_barcodes(scan, 200, wanted)) == [("Code128", "SCAN-0042"), payment]


def test_which_code_ends_the_search() -> None:
    options = BarcodeOptions(label=r"SCAN-\d{4}", label_formats=("Code128",), separator="NEXT")
    ends = {
        (kind, text): options.wanted(Barcode(kind, text, (0.1, 0.1, 0.2, 0.2), "zxing-cpp"))
        for kind in ("Code128", "QRCode")
        for text in (
            "SCAN-0042",
            "NEXT",
            NUMBER,
            "POSTROOM-SEPARATOR;1;class=invoice;9F2A61",
            "4006381333931",
        )
    }
    of_another_format = [("QRCode", "SCAN-0042")]
    foreign = [(kind, "4006381333931") for kind in ("Code128", "QRCode")]
    assert [code for code, end in ends.items() if not end] == [foreign[0], *of_another_format, foreign[1]]
    only_separators = BarcodeOptions(separator="NEXT")
    assert not only_separators.wanted(Barcode("Code128", "SCAN-0042", (0.1, 0.1, 0.2, 0.2), "zxing-cpp"))


@pytest.mark.parametrize("dpi", [200, 300])
@pytest.mark.parametrize("module", [0.25, 0.33, 3.0])
def test_codes_on_stickers_and_on_whole_sheets(module: float, dpi: int) -> None:
    """paperless-ngx #6394, #3655: small stickers. #2385: large codes on separator sheets."""
    picture = drawn("QRCode", dpi, module)
    scan = page((picture, dpi // 2, dpi // 2), dpi=dpi)
    scan = np.asarray(cv2.GaussianBlur(leaning(scan, 2), (0, 0), 0.6), np.uint8)
    assert brief(read_barcodes(scan, dpi)) == [("QRCode", CODES["QRCode"][0])]


def test_code_cut_into_strips_is_read(tmp_path: Path) -> None:
    """paperless-ngx #2516: a code whose scan lies in the PDF as several images."""
    picture = np.pad(code("QRCode", NUMBER, 8), 40, constant_values=255)
    strips: list[Path] = []
    for part in np.array_split(picture, 3):
        image = Image.fromarray(np.ascontiguousarray(part))
        image.save(tmp_path / f"{len(strips)}.png", dpi=(200, 200))
        strips.append(tmp_path / f"{len(strips)}.png")
    markup = "".join(
        f"image(bytes(({','.join(map(str, strip.read_bytes()))},)), width: 40mm)," for strip in strips
    )
    pdf = tmp_path / "strips.pdf"
    pdf.write_bytes(compile_pdf(f"#stack(dir: ttb, {markup})").pdf)
    read = read_page(pdf, 1, ReadOptions(languages=()), CaptureSettings(tessdata=find_tessdata()), tmp_path)
    assert brief(read.page.barcodes) == [("QRCode", NUMBER)]


def test_a_decoder_that_fails_on_one_code_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """paperless-ngx #12816: an odd DataMatrix took the codes of all pages with it."""
    whole: Any = zxingcpp.read_barcodes

    def failing(image: Any, formats: Any, **ways: Any) -> Any:
        if zxingcpp.BarcodeFormat.DataMatrix in formats:
            raise RuntimeError("BitSource::readBits: out of range")
        return whole(image, formats=formats, **ways)

    monkeypatch.setattr(zxingcpp, "read_barcodes", failing)
    scan = page((code("QRCode", "one", 5), 300, 100), (code("DataMatrix", "two", 5), 900, 100))
    assert brief(read_barcodes(scan, 200)) == [("QRCode", "one")]


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
        codes = read_barcodes(image(path), 0, BarcodeOptions(expected=True))
        texts = {code.text.replace("\r\n", "\n").strip() for code in codes}
        read += expected.replace("\r\n", "\n").strip() in texts
    assert read >= share * len(files)


def test_what_the_first_look_leaves_is_read_where_a_code_is_expected() -> None:
    counts = []
    for expected in (False, True):
        options = BarcodeOptions(expected=expected)
        found = [(path, read_barcodes(image(path), 0, options)) for path in pictures(f"{QR}-4")]
        for path, codes in found:
            for one in codes:
                assert one.text == answer(path).read_text(encoding="utf-8").strip()
        counts.append(sum(bool(codes) for _, codes in found))
    assert counts[0] < counts[1] >= 18  # 15 zxing-cpp alone, 15 zbar alone, 18 the two together


@pytest.mark.parametrize(
    "folder",
    ["barcodes/zxing-cpp/falsepositives-1", "barcodes/zxing-cpp/falsepositives-2",
     "ocr/unlv_business_letters/images"],
)  # fmt: skip
def test_nothing_is_read_where_nothing_is(folder: str) -> None:
    for path in [path for path in pictures(folder) if path.stem != "1x1"][:5]:
        found = read_barcodes(image(path), 300, BarcodeOptions(patch=("2", "3", "T"), expected=True))
        assert (path.name, found) == (path.name, ())
