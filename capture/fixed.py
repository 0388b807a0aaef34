"""The same document, the same bytes: names and dates that change from run to run are set."""

from datetime import datetime
from pathlib import Path

import pikepdf
from pikepdf.models.metadata import encode_pdf_date
from pikepdf.pdfa import resolve_save_kwargs

_RANDOM = "/OCR-"


def make_fixed(source: Path, target: Path, created: datetime) -> None:
    """Copy a PDF that OCRmyPDF made to ``target``, dated ``created``, with counted names and a fixed id.

    A file that declares PDF/A-2b is saved as such.
    """
    with pikepdf.open(source) as pdf:
        _name(pdf)
        date_document(pdf, created)
        pdf.save(target, **resolve_save_kwargs("2b", deterministic_id=True))


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
            forms["/PostroomText"] = forms[name]
            del forms[name]
            contents = page.Contents
            for stream in contents if isinstance(contents, pikepdf.Array) else [contents]:
                data = stream.read_bytes()
                if name.encode() in data:
                    stream.write(data.replace(name.encode(), b"/PostroomText"))
