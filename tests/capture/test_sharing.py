import io

import pikepdf
from pikepdf import Dictionary, Name

from capture.sharing import share_streams


def page(pdf: pikepdf.Pdf, font: bytes, picture: bytes) -> None:
    """A page with a font of its own, embedded, and a picture that has a mask of its own."""
    new = pdf.add_blank_page(page_size=(595, 842))
    file = pdf.make_stream(font, Length1=len(font))
    told = pdf.make_indirect(Dictionary(Type=Name.FontDescriptor, FontName=Name.Own, FontFile2=file))
    letter = pdf.make_indirect(Dictionary(Type=Name.Font, Subtype=Name.TrueType, FontDescriptor=told))
    mask = pdf.make_stream(picture[:1], Subtype=Name.Image)
    image = pdf.make_stream(picture, Subtype=Name.Image, SMask=mask)
    new.Resources = Dictionary(Font={"/F": letter}, XObject={"/I": image})


def test_equal_fonts_are_in_the_file_once_and_others_stay() -> None:
    with pikepdf.new() as pdf:
        page(pdf, b"one font" * 1000, b"1")
        page(pdf, b"one font" * 1000, b"2")
        page(pdf, b"another1" * 1000, b"2")
        before = [read(one) for one in pdf.pages]
        share_streams(pdf)
        saved = io.BytesIO()
        pdf.save(saved)
    with pikepdf.open(saved) as pdf:
        assert [read(one) for one in pdf.pages] == before
        fonts = [one for one in pdf.objects if isinstance(one, pikepdf.Stream) and "/Length1" in one]
        assert len(fonts) == 2


def read(page: pikepdf.Page) -> tuple[bytes, bytes, bytes]:
    found = page.obj.Resources
    image = found.XObject.I
    return found.Font.F.FontDescriptor.FontFile2.read_bytes(), image.read_bytes(), image.SMask.read_bytes()
