"""Whether a file can be taken, and how many pages it has. Cheap: no page is decoded."""

import errno
import lzma
import warnings
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from PIL import Image, UnidentifiedImageError

from capture.endings import ends_properly
from capture.media import PAGED, is_taken, sniff
from domain.errors import MACHINE_TROUBLE, Refused

GIVE_PASSWORD = "give it: postroom exceptions retry ID --password"  # noqa: S105 - what to do
_AGAIN = "scan or send it again"


@dataclass(frozen=True, slots=True)
class Source:
    """A file that can be read: its kind (``pdf``, ``tiff``, ``jpeg``, ``png``) and its pages."""

    media: str
    pages: int


def check(path: Path, takes: Collection[str]) -> str:
    """The kind of a file that may be taken, by its first and last bytes.

    Args:
        path: the file.
        takes: the kinds the station takes.

    Raises:
        Refused: empty, of a kind not taken, an office file with a password, or truncated.
    """
    media = sniff(path)
    if media == "empty file":
        raise Refused("the file is empty (0 bytes)", _AGAIN)
    if media == "unknown":
        raise Refused("its content is of no known type, whatever its name says", "scan or send it again")
    if media == "locked office file" and "office" in takes:
        raise Refused("the office file is encrypted with a password", "send it without a password")
    if media == "ole" and "office" in takes and not ends_properly(path):
        raise Refused("the office file is cut off: its end is missing", _AGAIN)
    if not is_taken(media, takes):
        wanted = ", ".join("office file" if kind == "office" else kind for kind in takes)
        raise Refused(f"type not taken here: {media}", f"send it as {wanted}")
    if not ends_properly(path):
        # Counting would find the pages that are there, and nobody would miss the others.
        raise Refused(f"the {media.upper()} is cut off: its end is missing", _AGAIN)
    return media


def inspect(path: Path, takes: Collection[str], page_limit: int) -> Source:
    """Look at a file without reading its pages.

    Args:
        path: the file.
        takes: the kinds the station takes.
        page_limit: pages that a file may have.

    Raises:
        Refused: as ``check``; of a kind without pages, encrypted, unreadable, or with too many pages.
    """
    media = check(path, takes)
    if media not in PAGED:
        raise Refused(f"no page of it can be read as it is: {media}", "send it as pdf, tiff, jpeg or png")
    pages = _COUNT[media](path, page_limit)
    if pages > page_limit:
        raise Refused(f"more than {page_limit} pages", "split the batch, or raise the station's page limit")
    if pages == 0:
        raise Refused("the file has no pages", _AGAIN)
    return Source(media, pages)


@contextmanager
def refusing(kind: str, page: int | None = None) -> Iterator[None]:
    """Turn what the image libraries raise on bad data into ``Refused``, and keep their warnings quiet."""
    with within_memory(page), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except pikepdf.PasswordError as error:
            raise Refused("the PDF is encrypted with a password", GIVE_PASSWORD, page) from error
        except UnidentifiedImageError as error:
            reason = f"the {kind} is damaged, or of a kind that cannot be decoded"
            raise Refused(
                reason, "scan it again, or save it as 8-bit grey, colour, or bilevel", page
            ) from error
        except (RecursionError, *_BAD_DATA) as error:
            if isinstance(error, OSError) and error.errno in (*MACHINE_TROUBLE, errno.EFBIG):
                raise  # the disk's fault or a limit met, no damage of the file's
            raise Refused(f"the {kind} is damaged ({_first_line(error)})", _AGAIN, page) from error


@contextmanager
def within_memory(page: int | None = None) -> Iterator[None]:
    """Turn a lack of memory into ``Refused``: the process has a limit."""
    try:
        yield
    except MemoryError as error:
        raise Refused(
            "needs more memory than a page may use", "scan it at a lower resolution", page
        ) from error


_BAD_DATA = (
    pikepdf.PdfError,
    pikepdf.ForeignObjectError,
    Image.DecompressionBombError,
    OSError,
    SyntaxError,  # Pillow's PNG and TIFF readers
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    AssertionError,
    OverflowError,
    ZeroDivisionError,
    RuntimeError,
    EOFError,
    BufferError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)
"""What the libraries raise on hostile bytes: far from only their own error types."""


def _first_line(error: BaseException) -> str:
    text = str(error).strip().split("\n")[0][:160] or type(error).__name__
    return text.split(": ", 1)[1] if "/" in text.split(": ", 1)[0] and ": " in text else text


def _pdf_pages(path: Path, limit: int) -> int:
    with refusing("PDF"), pikepdf.open(path, suppress_warnings=True) as pdf:
        return len(pdf.pages)


def _tiff_pages(path: Path, limit: int) -> int:
    with refusing("TIFF"), Image.open(path, formats=["TIFF"]) as image:
        # one by one and no further than the limit: Pillow notices loops, but miscounts when it skips ahead
        pages = 0
        try:
            while pages <= limit:
                image.seek(pages)
                pages += 1
        except EOFError:
            pass
        return pages


def _image_pages(path: Path, limit: int) -> int:
    with refusing("image"), Image.open(path, formats=["JPEG", "PNG", "MPO"]):
        return 1


_COUNT = {"pdf": _pdf_pages, "tiff": _tiff_pages, "jpeg": _image_pages, "png": _image_pages}
