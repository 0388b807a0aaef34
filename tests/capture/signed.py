"""PDFs signed with certificates of our own."""

import io
from pathlib import Path

import pikepdf
import trustme
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers

from tests.small import small_page


def authority(folder: Path) -> tuple[trustme.CA, Path]:
    """An authority, and its certificate in a file."""
    ca = trustme.CA()
    path = folder / "authority.pem"
    ca.cert_pem.write_to_path(str(path))
    return ca, path


def letter(text: str = "Signed letter") -> bytes:
    """A PDF of one page that shows a picture of the text."""
    made, out = io.BytesIO(), io.BytesIO()
    small_page(text).convert("L").save(made, "PDF", resolution=100)
    with pikepdf.open(made) as pdf:  # written anew: pyHanko is stricter than Pillow
        pdf.save(out)
    return out.getvalue()


def signed(pdf: bytes, certificate: trustme.LeafCert, folder: Path, name: str = "Signature1") -> bytes:
    """The PDF with a signature added."""
    key, chain = folder / "key.pem", folder / "chain.pem"
    certificate.private_key_pem.write_to_path(str(key))
    certificate.cert_chain_pems[0].write_to_path(str(chain))
    signer = signers.SimpleSigner.load(str(key), str(chain))  # type: ignore[no-untyped-call]
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    out = signers.sign_pdf(writer, signers.PdfSignatureMetadata(field_name=name), signer=signer)
    return bytes(out.getvalue())


def turned(pdf: bytes) -> bytes:
    """The PDF with its page turned in a revision that was added: what was signed is still there."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    reference = writer.root["/Pages"]["/Kids"].raw_get(0)
    reference.get_object()["/Rotate"] = generic.NumberObject(180)  # type: ignore[no-untyped-call]
    writer.mark_update(reference)
    out = io.BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]
    return out.getvalue()


def encrypted(pdf: bytes, password: str) -> bytes:
    """The PDF with a password."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        opened.save(out, encryption=pikepdf.Encryption(user=password, owner=f"{password} owner"))
    return out.getvalue()
