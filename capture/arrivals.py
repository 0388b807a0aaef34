"""What must be done with a file before its pages can be read: take it apart, print it, open it, check it.

Runs in the reading processes; what comes out is left in a folder.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pikepdf

from capture.containers import WRONG_PASSWORD, Member, Room, unpack_attachments, unpack_zip
from capture.media import OFFICE, is_taken
from capture.pages import check, refusing
from capture.photos import flattened, may_be_photo
from capture.settings import CaptureSettings
from capture.signatures import signatures
from capture.tools.libreoffice import to_pdf
from domain.document import Signature
from domain.errors import Refused

DEEPEST = 2
"""Containers in which a file may lie: what is in a ZIP in a ZIP is taken, no deeper one is opened."""

_TOO_DEEP = Refused("lies too deep: a file in a file in a file in another", "send it by itself")


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of a file.

    Attributes:
        members: files that were found in it.
        rendition: what is read in its place, a PDF or a JPEG; None: it is read as it is.
        signatures: the electronic signatures that it bears.
    """

    members: tuple[Member, ...] = ()
    rendition: Path | None = None
    signatures: tuple[Signature, ...] = ()


def needs_opening(path: Path, media: str) -> bool:
    """Whether ``open_file`` may have anything to do with a file of this kind."""
    return media in ("pdf", "zip", "heic", *OFFICE) or (media == "jpeg" and may_be_photo(path))


def open_file(
    path: Path,
    takes: tuple[str, ...],
    depth: int,
    room: Room,
    settings: CaptureSettings,
    out: Path,
    rendered: bool = False,
) -> Opened:
    """Open a file as its kind needs it; the same file gives the same.

    Args:
        path: the file, or its rendition.
        takes: the kinds the station takes.
        depth: containers in which it lies itself.
        room: what may come out of it.
        settings: limits.
        out: folder for what comes out; made anew.
        rendered: ``path`` is what an earlier opening made.

    Raises:
        Refused: it cannot be taken, or not be opened.
    """
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    media = check(path, ("pdf", "jpeg") if rendered else takes)
    if media == "zip":
        if depth >= DEEPEST:
            raise _TOO_DEEP
        return Opened(members=unpack_zip(path, room, out))
    if media == "pdf":
        members = unpack_attachments(path, room, out)
        if depth >= DEEPEST and any(is_taken(one.media, takes) for one in members):
            raise _TOO_DEEP
        return Opened(members, None, () if rendered else signatures(path, settings.certificates))
    if media in OFFICE:
        seconds = 0.9 * settings.page_seconds  # so that it tells by itself, and leaves nothing behind
        return Opened(rendition=to_pdf(path, media, out, seconds=seconds, memory_mb=settings.page_memory_mb))
    if media in ("heic", "jpeg") and not rendered:
        return Opened(rendition=flattened(path, media, settings, out))
    return Opened()


def unlock(path: Path, media: str, password: str, room: Room, settings: CaptureSettings, out: Path) -> Opened:
    """Open a file that needs a password; as ``open_file``, and a PDF's rendition is itself without one.

    Raises:
        Refused: the password is wrong, the file has none, or is not of a kind that has.
    """
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    if media == "zip":
        return Opened(members=unpack_zip(path, room, out, password))
    if media != "pdf":
        raise Refused(f"no password opens a file of this kind here: {media}", "send it without one")
    target = out / "rendition.pdf"
    try:
        with pikepdf.open(path, password=password, suppress_warnings=True) as pdf:
            pdf.save(target, deterministic_id=True)
    except pikepdf.PasswordError as error:
        raise Refused(WRONG_PASSWORD, "give the right one") from error
    except pikepdf.PdfError as error:
        with refusing("PDF"):
            raise error
    return Opened(rendition=target, signatures=signatures(path, settings.certificates, password))
