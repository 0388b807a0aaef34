"""The same document, the same bytes: names and dates that change from run to run are set."""

from datetime import datetime

import pikepdf
from pikepdf.models.metadata import encode_pdf_date

from capture.textlayer import FONT

_RANDOM, _TEXT = "/OCR-", "/PostroomText"


def make_fixed(pdf: pikepdf.Pdf, created: datetime) -> None:
    """Date a PDF ``created`` and count the names that OCRmyPDF gave; its id is fixed by how it is saved."""
    _name(pdf)
    _share_font(pdf)
    date_document(pdf, created)


def date_document(pdf: pikepdf.Pdf, created: datetime) -> None:
    """Set all dates of a document, in both places where PDF keeps them."""
    stamp = created.astimezone(created.tzinfo)
    pdf.docinfo["/CreationDate"] = pdf.docinfo["/ModDate"] = encode_pdf_date(stamp)
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as meta:
        for key in ("xmp:CreateDate", "xmp:ModifyDate", "xmp:MetadataDate"):
            meta[key] = created.isoformat(timespec="seconds")


def _name(pdf: pikepdf.Pdf) -> None:
    """OCRmyPDF names the text layer of each page at random."""
    for page in pdf.pages:
        forms = page.obj.get("/Resources", pikepdf.Dictionary()).get("/XObject")
        if forms is None:
            continue
        for name in [name for name in dict(forms.items()) if name.startswith(_RANDOM)]:
            forms[_TEXT] = forms[name]
            del forms[name]
            contents = page.Contents
            for stream in contents if isinstance(contents, pikepdf.Array) else [contents]:
                data = stream.read_bytes()
                if name.encode() in data:
                    stream.write(data.replace(name.encode(), _TEXT.encode()))


def _share_font(pdf: pikepdf.Pdf) -> None:
    """Every page came with a font of its own; all have the first one's."""
    first: pikepdf.Object | None = None
    for page in pdf.pages:
        resources = page.obj.get("/Resources", pikepdf.Dictionary())
        form = resources.get("/XObject", pikepdf.Dictionary()).get(_TEXT)
        for holder in (form, page.obj) if form is not None else ():
            fonts = holder.get("/Resources", pikepdf.Dictionary()).get("/Font", pikepdf.Dictionary())
            if FONT in fonts:
                first = first if first is not None else fonts[FONT]
                fonts[FONT] = first
