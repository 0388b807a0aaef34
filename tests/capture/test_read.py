import io
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from capture import clean
from capture.read import ReadOptions, read_page
from domain.errors import Refused, Usage
from domain.page import Barcode, Page, PageFile
from domain.wire import from_json, to_json
from tests.capture.sheets import LETTER, saved, settings, sheet
from tests.data import shared

ENGLISH = ReadOptions(("en",))
TEXT = "\n".join(LETTER)


def read(path: Path, out: Path, number: int = 1, options: ReadOptions = ENGLISH) -> Page:
    out.mkdir(exist_ok=True)
    return read_page(path, number, options, settings(), out).page


def first_box(page: Page) -> list[float]:
    return [round(value, 2) for value in page.words[0].box]


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_page_any_way_up(tmp_path: Path, turn: int) -> None:
    page = sheet().rotate(turn, expand=True)  # Pillow turns counter-clockwise
    read_ = read(saved(page, tmp_path / "a.png"), tmp_path / "out")
    assert (read_.text, read_.rotation, read_.skew, read_.blank) == (TEXT, turn, 0.0, False)
    assert (round(read_.width), round(read_.height), read_.dpi, read_.language) == (595, 842, 200, "en")
    assert first_box(read_) == [0.12, 0.09, 0.21, 0.1]
    with pikepdf.open(tmp_path / "out" / "000001.pdf") as pdf:
        assert int(pdf.pages[0].obj.get("/Rotate", 0)) == turn
    with Image.open(tmp_path / "out" / "000001.jpg") as thumbnail:
        assert thumbnail.size == (360, 509)


@pytest.mark.parametrize("lean", [-2.0, 1.5])
def test_a_leaning_page(tmp_path: Path, lean: float) -> None:
    page = read(saved(sheet(lean=lean), tmp_path / "a.png"), tmp_path / "out")
    assert page.text == TEXT
    assert page.skew == pytest.approx(lean, abs=0.2)
    plain = read(saved(sheet(), tmp_path / "b.png"), tmp_path / "plain")
    middle = [
        (word.box[0] + word.box[2], word.box[1] + word.box[3]) for word in (page.words[0], plain.words[0])
    ]
    assert middle[0] != pytest.approx(middle[1], abs=0.005)  # boxes are on the page as it is archived


def test_files_are_whole_or_absent_and_made_once(tmp_path: Path) -> None:
    path, out = saved(sheet(), tmp_path / "a.png"), tmp_path / "out"
    out.mkdir()
    result = read_page(path, 1, ENGLISH, settings(), out)
    names = ["000001.jpg", "000001.json", "000001.pdf"]
    assert sorted(path.name for path in out.iterdir()) == names
    assert result == PageFile(result.page, str(out / "000001.pdf"), str(out / "000001.jpg"))
    assert from_json(PageFile, (out / "000001.json").read_bytes()) == result
    first = [(out / name).read_bytes() for name in names]
    path.unlink()
    assert read_page(path, 1, ENGLISH, settings(), out) == result  # nothing is read again
    saved(sheet(), path)
    (out / "000001.json").unlink()
    read_page(path, 1, ENGLISH, settings(), out)
    assert [(out / name).read_bytes() for name in names] == first


def test_a_page_is_turned_as_a_person_says(tmp_path: Path) -> None:
    """Also where it reads well as it stands, and whatever stands in the work folder already."""
    path, out = saved(sheet(dpi=100), tmp_path / "a.png", dpi=100), tmp_path / "out"
    assert read(path, out).rotation == 0
    turned = read(path, out, options=ReadOptions(("en",), rotation=90))
    assert (turned.rotation, round(turned.width), round(turned.height)) == (90, 842, 595)
    with pikepdf.open(out / "000001.pdf") as pdf:
        assert int(pdf.pages[0].obj.get("/Rotate", 0)) == 90
    assert read(path, out) == turned
    empty = read(saved(sheet([]), tmp_path / "b.png"), tmp_path / "b", options=ReadOptions(rotation=180))
    assert (empty.blank, empty.rotation) == (True, 180)


def test_words_of_a_born_digital_page_turn_with_it(tmp_path: Path) -> None:
    path = shared("invoices/invoice2data/compare/AzureInterior.pdf")
    plain = read(path, tmp_path / "out")
    turned = read(path, tmp_path / "turned", options=ReadOptions(rotation=270))
    assert (turned.width, turned.height, turned.rotation) == (plain.height, plain.width, 270)
    assert turned.text == plain.text
    left, top, right, bottom = plain.words[0].box
    assert turned.words[0].box == pytest.approx((top, 1 - right, bottom, 1 - left), abs=2e-6)


def test_a_blank_page(tmp_path: Path) -> None:
    page = read(saved(sheet([]), tmp_path / "a.png"), tmp_path / "out")
    assert page == Page(number=1, width=595.441, height=841.682, dpi=200, blank=True)


@pytest.mark.parametrize("thin", [False, True])
@pytest.mark.parametrize("turn", [0, 90])
def test_what_is_read_in_a_barcode_is_no_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, thin: bool, turn: int
) -> None:
    """Bars are read as "DLL LULU LL" now and then. Of a linear code the box may be one line of dots."""
    path = saved(sheet().rotate(turn, expand=True), tmp_path / "a.png")
    bare = read(path, tmp_path / "bare")
    first = [word for word in bare.words if word.line == bare.words[0].line]
    left, top, right, bottom = first[0].box[0], first[0].box[1], first[-1].box[2], first[0].box[3]
    if thin:
        top = bottom = (top + bottom) / 2
    box = clean.turned_box((left - 0.01, top, right + 0.01, bottom), -turn % 360)
    monkeypatch.setattr(
        "capture.read.read_barcodes", lambda *_: (Barcode("Code128", "DOC-2025-875956", box, "zxing-cpp"),)
    )
    coded = read(path, tmp_path / "coded")
    assert coded.text.splitlines() == bare.text.splitlines()[1:]


def test_the_language_is_found(tmp_path: Path) -> None:
    lines = ["Sehr geehrte Damen und Herren", "wir danken Ihnen herzlich", "und warten auf Ihre Antwort"]
    page = read(saved(sheet(lines), tmp_path / "a.png"), tmp_path / "out", options=ReadOptions(("en", "de")))
    assert (page.language, page.text) == ("de", "\n".join(lines))


def test_what_cannot_be_read_names_its_page(tmp_path: Path) -> None:
    frames = [sheet(dpi=50), sheet(dpi=50)]
    path = tmp_path / "a.tif"
    frames[0].save(path, save_all=True, append_images=frames[1:], compression="tiff_lzw")
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(Refused) as refused:
        read(path, tmp_path / "out", 2)
    assert refused.value.page == 2
    assert list((tmp_path / "out").iterdir()) == []
    with pytest.raises(Usage, match="apt-get install tesseract-ocr-ita"):
        read(saved(sheet(), tmp_path / "b.png"), tmp_path / "out", options=ReadOptions(("it",)))


def image_pdf(path: Path, page: Image.Image, rotate: int = 0, hidden: str = "", stamp: str = "") -> Path:
    """A scan in a PDF, with an OCR layer of ``hidden`` text and a visible ``stamp`` on top."""
    data = io.BytesIO()
    page.save(data, "JPEG", quality=90)
    with pikepdf.new() as pdf:
        new = pdf.add_blank_page(page_size=(595.44, 841.68))
        image = pdf.make_stream(data.getvalue(), Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image)
        image.Width, image.Height, image.BitsPerComponent = page.width, page.height, 8
        image.ColorSpace, image.Filter = pikepdf.Name.DeviceGray, pikepdf.Name.DCTDecode
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
        new.Resources = pikepdf.Dictionary(XObject={"/Im": image}, Font={"/F": pdf.make_indirect(font)})
        text = f"BT /F 12 Tf 3 Tr 90 700 Td ({hidden}) Tj ET " if hidden else ""
        text += f"BT /F 8 Tf 0 Tr 300 820 Td ({stamp}) Tj ET " if stamp else ""
        new.Contents = pdf.make_stream(f"q 595.44 0 0 841.68 0 0 cm /Im Do Q {text}".encode())
        if rotate:
            new.Rotate = rotate
        pdf.save(path)
    return path


@pytest.mark.parametrize("rotate", [0, 90])
def test_a_scan_in_a_pdf_keeps_its_data(tmp_path: Path, rotate: int) -> None:
    path = image_pdf(tmp_path / "a.pdf", sheet(), rotate)
    page = read(path, tmp_path / "out")
    assert (page.text, page.rotation, page.dpi, page.born_digital) == (TEXT, 0, 200, False)
    with pikepdf.open(path) as old, pikepdf.open(tmp_path / "out" / "000001.pdf") as new:
        data = [pdf.pages[0].obj.Resources.XObject.Im.read_raw_bytes() for pdf in (old, new)]
    assert data[0] == data[1]


def test_a_page_takes_only_its_own_of_the_images_that_all_pages_share(tmp_path: Path) -> None:
    """paperless-ngx #7467: each page with the images of all others makes 40 GB of 300 pages."""
    path = tmp_path / "shared.pdf"
    with pikepdf.new() as pdf:
        resources = pdf.make_indirect(pikepdf.Dictionary(XObject={}))
        for number in range(6):
            name = f"{number}.pdf"
            with pikepdf.open(image_pdf(tmp_path / name, sheet([f"Page {number}", *LETTER]))) as one:
                pdf.pages.append(one.pages[0])
            side = pdf.pages[number]
            resources.XObject[f"/Im{number}"] = side.obj.Resources.XObject.Im
            side.Resources = resources
            side.Contents = pdf.make_stream(f"q 595.44 0 0 841.68 0 0 cm /Im{number} Do Q".encode())
        pdf.save(path)
    for number in (1, 6):
        page = read(path, tmp_path / "out", number)
        assert (page.text.splitlines()[0], page.dpi) == (f"Page {number - 1}", 200)
        with pikepdf.open(tmp_path / "out" / f"{number:06}.pdf") as new:
            assert list(new.pages[0].obj.Resources.XObject) == [f"/Im{number - 1}"]


def test_a_note_on_an_empty_scan_is_no_blank_page(tmp_path: Path) -> None:
    path = image_pdf(tmp_path / "a.pdf", sheet([]))
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        drawn = pdf.make_stream(b"BT /F 24 Tf 0 10 Td (Call back on Monday) Tj ET", BBox=[0, 0, 300, 40])
        drawn.Type, drawn.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
        drawn.Resources = pikepdf.Dictionary(Font=pdf.pages[0].obj.Resources.Font)
        note = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.FreeText, Rect=[100, 500, 400, 540], F=4,
            DA=b"/F 24 Tf", Contents="Call back on Monday", AP={"/N": drawn},
        )  # fmt: skip
        pdf.pages[0].Annots = [pdf.make_indirect(note)]
        pdf.save()
    page = read(path, tmp_path / "out")
    assert (page.blank, page.text) == (False, "Call back on Monday")


def test_a_scan_in_strips_is_looked_at_as_finely_as_it_was_scanned(tmp_path: Path) -> None:
    page = sheet(dpi=300)
    width, height, half = 595, 842, page.height // 2
    strips = {"/Top": page.crop((0, 0, page.width, half)), "/End": page.crop((0, half, page.width, 2 * half))}
    with pikepdf.new() as pdf:
        new = pdf.add_blank_page(page_size=(width, height))
        images = {}
        for name, strip in strips.items():
            image = pdf.make_stream(strip.tobytes(), Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image)
            image.Width, image.Height, image.BitsPerComponent = strip.width, strip.height, 8
            image.ColorSpace = pikepdf.Name.DeviceGray
            images[name] = image
        new.Resources = pikepdf.Dictionary(XObject=images)
        drawn = [(width, 0, 0, height / 2, 0, y, name) for name, y in (("/Top", height / 2), ("/End", 0))]
        steps = ("q {} {} {} {} {} {} cm {} Do Q\n".format(*one) for one in drawn)
        new.Contents = pdf.make_stream("".join(steps).encode())
        pdf.save(tmp_path / "a.pdf")
    read_ = read(tmp_path / "a.pdf", tmp_path / "out")
    assert (round(read_.dpi), read_.text) == (300, TEXT)


def test_an_old_text_layer_is_replaced(tmp_path: Path) -> None:
    page = read(image_pdf(tmp_path / "a.pdf", sheet(), hidden="misread " * 60), tmp_path / "out")
    assert (page.text, page.born_digital) == (TEXT, False)
    with pikepdf.open(tmp_path / "out" / "000001.pdf") as pdf:
        assert b"misread" not in pdf.pages[0].obj.Contents.read_bytes()


def test_a_scanners_stamp_does_not_make_a_scan_digital(tmp_path: Path) -> None:
    page = read(image_pdf(tmp_path / "a.pdf", sheet(), stamp="SCANNED 2026-01-02"), tmp_path / "out")
    assert not page.born_digital
    assert TEXT in page.text


def test_born_digital_pages_keep_their_words(tmp_path: Path) -> None:
    page = read(shared("invoices/invoice2data/compare/AzureInterior.pdf"), tmp_path / "out")
    assert page.born_digital
    assert (page.language, page.dpi, page.rotation, len(page.words)) == ("en", 0, 0, 162)
    assert page.mean_confidence == 1
    assert page.text.startswith("Global Wholesaler")


def test_page_boxes_are_respected(tmp_path: Path) -> None:
    source = image_pdf(tmp_path / "a.pdf", sheet())
    with pikepdf.open(source, allow_overwriting_input=True) as pdf:
        pdf.pages[0].obj.CropBox = pikepdf.Array([0, 441.68, 595.44, 841.68])
        pdf.save()
    page = read(source, tmp_path / "out")
    assert (page.width, page.height) == (595.44, 400)
    assert page.text == TEXT
    assert to_json(page)
