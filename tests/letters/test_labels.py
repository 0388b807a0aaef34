"""Labels on sheets lie where Avery's do, and their codes can be read; what a label printer is told."""

import re
from typing import Any

import numpy as np
import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from pyzbar import pyzbar  # type: ignore[import-untyped]

from domain.errors import Usage
from domain.numbers import Place, written
from letters.labels import SIZES, Label, LabelSize, must_be_size, must_fit, sheet_pdf, zpl

OFFICE = "Registry of the Town"
CORNERS = {  # left and top of the first label in mm, as the makers of such sheets give them
    "L7159": (7.2, 12.9), "L7160": (7.2, 15.15), "L7161": (7.2, 8.7), "L7162": (4.65, 12.9),
    "L7163": (4.65, 15.15), "L7651": (4.75, 10.7), "L7654": (9.71, 21.5), "J8160": (7.2, 15.15),
    "5160": (4.76, 12.7), "5161": (3.97, 12.7), "5163": (3.97, 12.7),
}  # fmt: skip
COUNTS = {
    "L7159": 24, "L7160": 21, "L7161": 18, "L7162": 16, "L7163": 14, "L7651": 65, "L7654": 40, "J8160": 21,
    "5160": 30, "5161": 20, "5163": 10,
}  # fmt: skip


def labels(count: int, form: str = "{register}-{year}-{sequence:06}-{check}") -> list[Label]:
    return [Label(written(Place("IN", 2026, one), form), OFFICE) for one in range(1, count + 1)]


def pages(pdf: bytes, dpi: int) -> list[Image.Image]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.render(scale=dpi / 72, grayscale=True).to_pil() for page in document]
    finally:
        document.close()


def label_at(image: Image.Image, size: LabelSize, place: int, dpi: int) -> Image.Image:
    left, top = size.corner(place)
    box = (left, top, left + size.width, top + size.height)
    return image.crop(tuple(round(one / 25.4 * dpi) for one in box))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SIZES)
def test_every_label_lies_on_its_own_and_both_engines_read_it(name: str) -> None:
    size, dpi = SIZES[name], 300
    assert size.count == COUNTS[name]
    assert size.corner(0) == pytest.approx(CORNERS[name], abs=0.2)
    some = labels(size.count + 2)
    first, second = pages(sheet_pdf(some, size), dpi)
    shown = [label_at(first, size, at, dpi) for at in range(size.count)]
    shown += [label_at(second, size, at, dpi) for at in range(2)]
    for label, image in zip(some, shown, strict=True):
        found = {one.format: one.text for one in zxingcpp.read_barcodes(image)}
        both = {zxingcpp.BarcodeFormat.QRCode: label.number, zxingcpp.BarcodeFormat.Code128: label.number}
        if name in ("L7651", "L7654"):  # too narrow for bars that a scan still shows
            del both[zxingcpp.BarcodeFormat.Code128]
        assert found == both
    read = {one.data.decode() for at in (0, -1) for one in pyzbar.decode(shown[at])}
    assert read == {some[0].number, some[-1].number}
    # Nothing is printed between the labels, nor near their edges.
    ink = np.asarray(first) < 128
    for at in range(size.count):
        left, top = size.corner(at)
        x0, y0, x1, y1 = (
            round(one / 25.4 * dpi)
            for one in (left + 1.9, top + 1.9, left + size.width - 1.9, top + size.height - 1.9)
        )
        ink[y0:y1, x0:x1] = False
    assert not ink.any()


def test_a_sheet_in_part_used() -> None:
    size = SIZES["L7160"]
    first, second = pages(sheet_pdf(labels(4), size, start=19), 200)
    assert not np.any(np.asarray(first.crop((0, 0, first.width, round(243 / 25.4 * 200)))) < 128)
    texts = [zxingcpp.read_barcodes(label_at(first, size, at, 200))[0].text for at in (18, 19, 20)]
    texts.append(zxingcpp.read_barcodes(label_at(second, size, 0, 200))[0].text)
    assert texts == [one.number for one in labels(4)]
    for start in (0, 22):
        with pytest.raises(Usage, match=f"start is {start}: a sheet of this size has places 1 to 21"):
            sheet_pdf(labels(1), size, start)


def test_the_same_labels_give_the_same_bytes() -> None:
    assert sheet_pdf(labels(3), SIZES["5160"]) == sheet_pdf(labels(3), SIZES["5160"])


def test_sizes_have_names() -> None:
    assert must_be_size("l7160") == SIZES["L7160"]
    with pytest.raises(Usage, match=r"size is 'A5'\. Sheets of labels are: L7159, L7160"):
        must_be_size("A5")


@pytest.mark.parametrize("text", ["#panic()", '"; ]#[', "]\\ $x$ *a* _b_ @c <d> `e`", "a\nb"])
def test_what_an_office_is_called_is_printed_as_it_is(text: str) -> None:
    document = pypdfium2.PdfDocument(sheet_pdf([Label("IN-2026-000123-7", text)], SIZES["5163"]))
    shown = document[0].get_textpage().get_text_bounded().split()
    document.close()
    assert shown == [*text.split(), "IN-2026-000123-7"]


def test_what_a_label_printer_is_told() -> None:
    assert zpl([Label("IN-2026-000123-7", OFFICE)], 60, 30, 203) == (
        "^XA^CI28^PW480^LL240^LH0,0"
        "^FO16,16^A0N,18,18^FB298,2^FH_^FDRegistry of the Town^FS"
        "^FO16,70^A0N,30,30^FH_^FDIN-2026-000123-7^FS"
        "^FO338,6^BQN,2,6^FH_^FDMA,IN-2026-000123-7^FS"
        "^FO40,166^BY2^BCN,58,N,N,N,A^FH_^FDIN-2026-000123-7^FS"
        "^XZ\n"
    )
    assert zpl(labels(3), 60, 30, 300).count("^XA") == 3


def test_no_text_becomes_a_command() -> None:
    told = zpl([Label("IN-2026-000123-7", "a^XZ~JR_\\\n\x1b b é")], 60, 30, 203)
    assert "^FDa_5EXZ_7EJR_5F_5C b é^FS" in told
    assert (told.count("^XZ"), told.count("~")) == (1, 0)


def drawn(told: str, wide: int, high: int) -> np.ndarray[Any, Any]:
    """The codes of a label as the printer draws them: bars of a Code 128, dots of a QR code."""
    canvas = np.full((high, wide), 255, np.uint8)
    for across, down, rest, text in re.findall(r"\^FO(\d+),(\d+)((?:\^B[^F]+))\^FH_\^FD([^^]*)\^FS", told):
        if found := re.fullmatch(r"\^BY(\d+)\^BCN,(\d+),N,N,N,A", rest):
            code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.Code128)
            image = _image(code).repeat(int(found[1]), axis=1)[:1].repeat(int(found[2]), axis=0)
        else:
            dot = int(rest.split(",")[-1])
            code = zxingcpp.create_barcode(text.removeprefix("MA,"), zxingcpp.BarcodeFormat.QRCode)
            image = _image(code).repeat(dot, axis=0).repeat(dot, axis=1)
            down = str(int(down) + 10)
        y, x = int(down), int(across)
        assert y + image.shape[0] <= high
        assert x + image.shape[1] <= wide
        canvas[y : y + image.shape[0], x : x + image.shape[1]] = image
    return canvas


def _image(code: Any) -> np.ndarray[Any, Any]:
    image = zxingcpp.write_barcode_to_image(code, scale=1, add_hrt=False, add_quiet_zones=False)
    return np.asarray(image)


@pytest.mark.parametrize("dpi", [203, 300, 600])
@pytest.mark.parametrize(("width", "height", "bars"), [(60, 30, True), (100, 50, True), (38, 25, False)])
def test_what_it_draws_can_be_read(width: float, height: float, bars: bool, dpi: int) -> None:
    wide, high = (round(one * dpi / 25.4) for one in (width, height))
    found = zxingcpp.read_barcodes(drawn(zpl(labels(1), width, height, dpi), wide, high))
    assert {one.text for one in found} == {"IN-2026-000001-7"}
    assert len(found) == 1 + bars


def test_a_label_that_is_too_small_is_refused() -> None:
    with pytest.raises(Usage, match="a label of 20 x 10 mm is too small for IN-2026-000123-7"):
        must_fit("IN-2026-000123-7", 20, 10, 203)
