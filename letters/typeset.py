"""Typesets drafts with Typst: a PDF per document, and the text of its pages."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pypdfium2
import typst
import zxingcpp
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

FONT_PACKAGES = (
    "font_caladea",
    "font_intuitive",
    "font_lato",
    "font_source_sans_pro",
    "font_source_serif_pro",
)
ADDRESS = re.compile(r"([^\s<>]+@[^\s<>]+)")
_FONTS = (".ttf", ".otf")
STAMP = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Typeset:
    """A typeset document: the PDF and the text of each page."""

    pdf: bytes
    texts: tuple[str, ...]


@cache
def _compiler() -> typst.Compiler:
    # System fonts differ between machines and would change the bytes.
    return typst.Compiler(b"", font_paths=typst.Fonts(include_system_fonts=False, font_paths=_folders()))


def _folders() -> list[Path]:
    folders: list[Path] = []
    for package in FONT_PACKAGES:
        spec = find_spec(package)
        assert spec is not None
        assert spec.origin is not None, f"the font package {package} is not installed: run make setup"
        folders.append(Path(spec.origin).parent / "files")
    return folders


@cache
def _signs() -> frozenset[int]:
    """All that our fonts can show."""
    files = (file for folder in _folders() for file in sorted(folder.iterdir()) if file.suffix in _FONTS)
    found: set[int] = set()
    for file in files:
        with TTFont(file, lazy=True) as font:
            found |= set(font.getBestCmap())
    return frozenset(found)


def compile_pdf(source: str) -> Typeset:
    """``source`` (Typst markup) as PDF; the same source gives the same bytes."""
    pdf = _compiler().compile(input=source.encode(), format="pdf", timestamp=int(STAMP.timestamp()))
    assert isinstance(pdf, bytes)
    document = pypdfium2.PdfDocument(pdf)
    try:
        texts = tuple(_text(page) for page in document)
    finally:
        document.close()
    return Typeset(pdf, texts)


def archived_pdf(source: str, name: str, content: bytes, media_type: str, at: datetime) -> bytes:
    """``source`` as PDF/A-3b with a file inside that says the same for machines; made ``at`` this moment.

    Signs that no font of ours has stand as "?" on its pages, and as they are in the file inside. The same
    arguments give the same bytes.
    """
    attached = (
        f"#pdf.attach({json.dumps(name)}, bytes({json.dumps(content.decode(), ensure_ascii=False)}), "
        f'relationship: "data", mime-type: {json.dumps(media_type)}, description: {json.dumps(name)})\n'
    )
    try:
        return _archived(attached + source, at)
    except typst.TypstError as error:
        if "could not be displayed" not in str(error):
            raise
    shown = "".join(sign if sign.isascii() or ord(sign) in _signs() else "?" for sign in source)
    return _archived(attached + shown, at)


def _archived(source: str, at: datetime) -> bytes:
    pdf = _compiler().compile(
        input=source.encode(), format="pdf", pdf_standards=["a-3b"], timestamp=int(at.timestamp())
    )
    assert isinstance(pdf, bytes)
    return pdf


def _text(page: pypdfium2.PdfPage) -> str:
    text = page.get_textpage().get_text_bounded()
    # PDFium marks a hyphen at the end of a line so and joins the lines.
    lines = (
        " ".join(line.split())
        for line in re.split(r"[\r\n]+", text.replace("\x02", "-\n").replace("\ufffe", "-\n"))
    )
    return "\n".join(line for line in lines if line)


def quote(text: str) -> str:
    """``text`` as Typst content, whatever signs it holds; mail addresses are never broken."""
    return "#linebreak();".join("".join(_pieces(line)) for line in text.split("\n"))


def _pieces(line: str) -> Iterator[str]:
    for piece in ADDRESS.split(line):
        literal = json.dumps(piece, ensure_ascii=False)
        if piece:
            yield f"#box({literal});" if "@" in piece else f"#{literal};"


def barcode_image(text: str, form: str, width: str, height: str) -> str:
    """Typst markup of a barcode as vector image; ``form`` is a zxing-cpp format name."""
    code = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, form))
    svg = zxingcpp.write_barcode_to_svg(code, add_hrt=False, add_quiet_zones=False)
    data = json.dumps(svg, ensure_ascii=False)
    return f'#image(bytes({data}), format: "svg", width: {width}, height: {height}, fit: "stretch")'
