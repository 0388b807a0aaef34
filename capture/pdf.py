"""Pages of PDF files: copied as they are; what they show, and whether their text is their own."""

import ctypes
import io
import math
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from capture.barcode_passes import READING_DPI
from capture.digital import own_text
from capture.loaded import Loaded, Pixels, check_pixels
from capture.settings import CaptureSettings
from domain.errors import Refused

_SCAN_SHARE = 0.5  # a page half covered by images is a scan unless it has real text besides
_SCAN_CHARACTERS = 200  # fax headers and stamps a scanner adds have fewer
_INVISIBLE = 3  # text rendering mode of OCR layers
_WHOLE = 0.01
_WHITE = 240  # a page without a darker dot shows nothing
_FINEST = 400.0  # dots per inch that a scan is rendered at; no barcode needs more
_STRIP = 0.02  # of the page; a smaller image is a stamp or a logo on a scan, not a part of it
_DROPPED = (
    "/CropBox",
    "/TrimBox",
    "/BleedBox",
    "/ArtBox",
    "/Thumb",
    "/PieceInfo",
    "/StructParents",
    "/B",
    "/AA",
)


@dataclass(frozen=True, slots=True)
class _Content:
    """What is on a page: visible text, its images' share of it and finest dpi, whether one image is all."""

    text: str
    hidden: bool
    image_share: float
    image_dpi: float
    only_image: bool


class _Held:
    """The file last read in this process, kept open: opening means parsing all of its object table."""

    def __init__(self) -> None:
        self.key: tuple[Path, int, int] | None = None
        self.pdf: pikepdf.Pdf | None = None

    def damaged(self, number: int) -> bool:
        """Whether the file had to be mended to be opened, or the page's own content cannot be decoded.

        The page is looked at in the file opened anew: what was read before must not count.
        """
        assert self.key is not None
        with pikepdf.open(self.key[0], suppress_warnings=True) as pdf:
            try:
                page = pdf.pages[number - 1]
                page.contents_coalesce()
                contents = page.obj.get("/Contents")
                if isinstance(contents, pikepdf.Stream):
                    contents.read_bytes()
            except (pikepdf.PdfError, ValueError, RuntimeError):
                return True
            return bool(pdf.get_warnings())

    def open(self, path: Path) -> pikepdf.Pdf:
        stat = path.stat()
        key = (path, stat.st_size, stat.st_mtime_ns)
        if self.pdf is None or key != self.key:
            self.close()
            self.pdf, self.key = pikepdf.open(path, suppress_warnings=True), key
            _flatten_forms(self.pdf)
        return self.pdf

    def close(self) -> None:
        if self.pdf is not None:
            self.pdf.close()
        self.pdf = self.key = None


held = _Held()


def load_pdf(path: Path, number: int, settings: CaptureSettings) -> Loaded:
    """Page ``number`` of a PDF.

    Raises:
        Refused: the page is missing, or too large.
        Exception: whatever the PDF libraries raise on damaged data (``capture.pages.refusing``).
    """
    try:
        one = _single(held.open(path), number)
    except BaseException:
        held.close()
        raise
    with one:
        page = one.pages[0]
        size, unit = _size(page), float(page.obj.get("/UserUnit", 1))
        rotate = _rotation(page)
        plain = _bytes(one)
        document = pdfium.PdfDocument(plain)
        try:
            shown = document[0]
            content = _look(shown, size)
            if content.hidden:
                _strip_hidden(one)
            own = own_text(plain) if _is_digital(content) else None
            words = own.words or None if own else None
            plainly = words is None and content.only_image and not _annotated(page)
            stored = _whole_image(page, settings, number) if plainly else None
            dpi = _dpi(content, unit, settings) if words is None else READING_DPI
            view = (
                _turned(stored, rotate)
                if stored is not None
                else _render(shown, size, unit, dpi, settings, number)
            )
        finally:
            document.close()
        bodies = _bytes(one) if content.hidden else plain
    if not words and int(view.min()) > _WHITE and held.damaged(number):
        # What cannot be shown is not a blank page: a person must look.
        raise Refused("its content is damaged: nothing of it can be shown", "scan or send it again", number)
    points = (size[0] * unit, size[1] * unit)
    if rotate in (90, 270):
        points = points[::-1]
    height, width = view.shape[:2]
    across = (width * 72 / points[0], height * 72 / points[1])
    if words is not None:
        scan = 0.0  # its pictures are not scans of the page
    else:
        scan = max(across) if stored is not None else (dpi if content.image_share > 0 else 0.0)

    def make(turn: int) -> bytes:
        if turn == rotate:
            return bodies
        with pikepdf.open(io.BytesIO(bodies)) as pdf:
            pdf.pages[0].Rotate = turn
            return _bytes(pdf)

    return Loaded(
        view, across, points, round(scan, 2), rotate, make, words, own.lines if own and words else ()
    )


def _flatten_forms(pdf: pikepdf.Pdf) -> None:
    """Make what is filled into a form part of its pages: fields live outside them."""
    form = pdf.Root.get("/AcroForm")
    if isinstance(form, pikepdf.Dictionary) and len(form.get("/Fields", [])) > 0:
        pdf.generate_appearance_streams()
        pdf.flatten_annotations("all")
        for page in pdf.pages:
            # What is left of fields, such as an invisible signature, shows nothing and is not for PDF/A.
            for at in reversed(range(len(page.obj.get("/Annots", ())))):
                note = page.obj["/Annots"][at]
                if isinstance(note, pikepdf.Dictionary) and note.get("/Subtype") == "/Widget":
                    del page.obj["/Annots"][at]


def _single(pdf: pikepdf.Pdf, number: int) -> pikepdf.Pdf:
    if number > len(pdf.pages):
        raise Refused("the page is missing from the file", "scan or send it again", number)
    source = pdf.pages[number - 1]
    if len(_xobjects(source)) > 1:
        # Where all pages share one list of images, each would carry those of all others.
        source.remove_unreferenced_resources()
    one = pikepdf.new()
    one.pages.append(source)
    page = one.pages[0]
    media = _box(page.mediabox)
    crop = _box(page.cropbox)
    box = (max(media[0], crop[0]), max(media[1], crop[1]), min(media[2], crop[2]), min(media[3], crop[3]))
    if box[2] - box[0] < 3 or box[3] - box[1] < 3:
        box = media
    if box[2] - box[0] < 3 or box[3] - box[1] < 3:
        raise Refused("the page has no area", "print it to PDF again", number)
    for name in _DROPPED:
        if name in page.obj:
            del page.obj[name]
    page.mediabox = pikepdf.Array(list(box))
    return one


def _xobjects(page: pikepdf.Page) -> Any:
    resources: Any = page.obj.get("/Resources", {})
    return resources.get("/XObject", {}) if isinstance(resources, pikepdf.Dictionary) else {}


def _annotated(page: pikepdf.Page) -> bool:
    """Whether a stamp, a drawing or a note lies on the page: only rendering shows it."""
    notes = page.obj.get("/Annots", ())
    kinds = [note.get("/Subtype") for note in notes if isinstance(note, pikepdf.Dictionary)]
    return any(kind not in ("/Link", "/Popup") for kind in kinds)


def _box(values: Any) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (float(value) for value in values)
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _size(page: pikepdf.Page) -> tuple[float, float]:
    x0, y0, x1, y1 = _box(page.mediabox)
    return x1 - x0, y1 - y0


def _rotation(page: pikepdf.Page) -> int:
    turn = round(float(page.obj.get("/Rotate", 0))) % 360
    if turn % 90:
        turn = 0
        page.obj["/Rotate"] = 0
    return turn


def _bytes(pdf: pikepdf.Pdf) -> bytes:
    out = io.BytesIO()
    pdf.save(out, deterministic_id=True, fix_metadata_version=False)
    return out.getvalue()


def _look(page: pdfium.PdfPage, size: tuple[float, float]) -> _Content:
    """Walk what the page draws, in order: an image over most of the page hides the text drawn before it."""
    text_page = page.get_textpage()
    try:
        area = size[0] * size[1]
        visible: list[str] = []
        hidden = False
        shares: list[float] = []
        finest = 0.0
        paths = 0
        for item in page.get_objects(max_depth=5):
            if item.type == pdfium_c.FPDF_PAGEOBJ_TEXT:
                if pdfium_c.FPDFTextObj_GetTextRenderMode(item.raw) == _INVISIBLE:
                    hidden = True
                else:
                    visible.append(_text(item.raw, text_page))
            elif item.type == pdfium_c.FPDF_PAGEOBJ_IMAGE:
                left, bottom, right, top = item.get_bounds()
                share = max(0.0, right - left) * max(0.0, top - bottom) / area
                if share > 0.8 and visible:
                    visible = []
                shares.append(min(1.0, share))
                if share > _STRIP:
                    across, down = item.get_px_size()
                    finest = max(finest, 72 * math.sqrt(across * down / (share * area)))
            elif item.type in (pdfium_c.FPDF_PAGEOBJ_PATH, pdfium_c.FPDF_PAGEOBJ_SHADING):
                paths += 1
        text = "".join(visible)
        only = len(shares) == 1 and shares[0] > 1 - 3 * _WHOLE and not text.strip() and not paths
        return _Content(text, hidden, min(1.0, sum(shares)), finest, only)
    finally:
        text_page.close()


def _text(item: Any, text_page: pdfium.PdfTextPage) -> str:
    length = pdfium_c.FPDFTextObj_GetText(item, text_page.raw, None, 0)
    if length <= 2:
        return ""
    buffer = (ctypes.c_ushort * ((length + 1) // 2))()
    pdfium_c.FPDFTextObj_GetText(item, text_page.raw, buffer, length)
    return bytes(buffer).decode("utf-16-le", "replace").rstrip("\0")


def _is_digital(content: _Content) -> bool:
    text = [character for character in content.text if not character.isspace()]
    if not text:
        return False
    real = sum(
        unicodedata.category(character) not in ("Co", "Cc", "Cn", "Cs") and character != "\ufffd"
        for character in text
    )
    if real < 0.8 * len(text):
        return False
    return content.image_share < _SCAN_SHARE or real >= _SCAN_CHARACTERS


def _dpi(content: _Content, unit: float, settings: CaptureSettings) -> float:
    """What to render a page at that has no text of its own: a scan in strips or layers as it was scanned."""
    scanned = content.image_dpi / unit if content.image_share >= _SCAN_SHARE else 0.0
    return max(float(settings.ocr_dpi), min(scanned, _FINEST))


def _strip_hidden(pdf: pikepdf.Pdf) -> None:
    from ocrmypdf._graft import strip_invisible_text

    strip_invisible_text(pdf, pdf.pages[0])


def _whole_image(page: pikepdf.Page, settings: CaptureSettings, number: int) -> Pixels | None:
    """The page's one image as stored, if it is all of the page, upright and plain; else None."""
    images = list(page.get_images().values())
    if len(images) != 1:
        return None
    image = images[0]
    assert isinstance(image, pikepdf.Stream)
    if any(name in image for name in ("/SMask", "/Mask", "/ImageMask", "/Decode")):
        return None
    if not _fills(page):
        return None
    check_pixels(int(image.Width), int(image.Height), settings.page_pixels, number)
    try:
        picture = pikepdf.PdfImage(image).as_pil_image()
    except (pikepdf.PdfError, NotImplementedError, pikepdf.models.image.UnsupportedImageTypeError):
        return None  # the renderer may know how
    except pikepdf.DependencyError:
        return None  # JBIG2 without its decoder
    if picture.mode == "1":
        return np.asarray(picture, np.uint8) * np.uint8(255)
    return np.asarray(picture if picture.mode in ("L", "RGB") else picture.convert("RGB"), np.uint8)


def _fills(page: pikepdf.Page) -> bool:
    """Whether the page's image is drawn once, upright, edge to edge."""
    x0, y0, x1, y1 = _box(page.mediabox)
    matrix, seen = pikepdf.Matrix(), 0
    stack: list[pikepdf.Matrix] = []
    for step in pikepdf.parse_content_stream(page, "q Q cm Do"):
        match str(step.operator):
            case "q":
                stack.append(matrix)
            case "Q":
                matrix = stack.pop() if stack else pikepdf.Matrix()
            case "cm":
                matrix = pikepdf.Matrix(*(float(value) for value in step.operands)) @ matrix
            case "Do":
                seen += 1
                width, height = x1 - x0, y1 - y0
                wanted = (width, 0, 0, height, x0, y0)
                slack = (width, width, height, height, width, height)
                drawn = (matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f)
                if any(abs(a - b) > _WHOLE * c for a, b, c in zip(drawn, wanted, slack, strict=True)):
                    return False
    return seen == 1


def _turned(view: Pixels, degrees: int) -> Pixels:
    return np.ascontiguousarray(np.rot90(view, -degrees // 90))


def _render(
    page: pdfium.PdfPage,
    size: tuple[float, float],
    unit: float,
    dpi: float,
    settings: CaptureSettings,
    number: int,
) -> Pixels:
    scale = dpi / 72 * unit
    check_pixels(round(size[0] * scale) or 1, round(size[1] * scale) or 1, settings.page_pixels, number)
    bitmap = page.render(scale=scale, rev_byteorder=True)
    try:
        pixels = np.array(bitmap.to_numpy(), np.uint8)
    finally:
        bitmap.close()
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        return np.ascontiguousarray(pixels[:, :, 0])
    return np.ascontiguousarray(pixels[:, :, :3])
