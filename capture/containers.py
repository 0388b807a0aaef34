"""Files in files: what lies in a ZIP or is attached to a PDF, taken out within bounds.

No name from inside ever becomes a path on our disk: members are written as ``000000``, ``000001`` …
"""

import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pikepdf

from capture.media import sniff
from capture.names import natural
from capture.pages import GIVE_PASSWORD, refusing
from domain.errors import Refused

WRONG_PASSWORD = "the password does not open it"  # noqa: S105 - a reason

_PIECE = 1 << 20
_SMALL = 100 << 20  # bytes; what comes to less than this may be packed as tightly as it likes
_RATIO = 100  # scans, PDFs and office files pack to a tenth at best
_LOCKED, _AES = 0x1, 99  # APPNOTE 4.4.4 and appendix E
_NO_MAIL = {"thumbs.db", "desktop.ini"}


@dataclass(frozen=True, slots=True)
class Room:
    """How much may come out of a container: files, and bytes of all of them together."""

    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Member:
    """A file taken out of another: its path there, where it lies now, its kind."""

    name: str
    path: Path
    media: str


def check_room(files: int, size: int, room: Room) -> None:
    """Refuse what is more than there is room for.

    Raises:
        Refused: so many files, or so many bytes of them.
    """
    if files > room.files:
        raise Refused(f"holds more than {room.files} files", "split it, or raise the station's page limit")
    if size > room.bytes:
        raise Refused(f"holds more than {room.bytes >> 20} MB of files", "split it, or raise container_mb")


def unpack_zip(path: Path, room: Room, out: Path, password: str | None = None) -> tuple[Member, ...]:
    """The files in a ZIP, in natural order of their names.

    Left out is what is nobody's mail: folders, links, hidden files and what systems leave beside others
    (``__MACOSX/``, ``.DS_Store``, ``thumbs.db``, ``desktop.ini``).

    Raises:
        Refused: encrypted, damaged, empty, a bomb, or more than there is room for.
    """
    with refusing("ZIP"), zipfile.ZipFile(path) as archive:
        infos = [info for info in archive.infolist() if _is_mail(info)]
        if not infos:
            raise Refused("the ZIP holds no file", "scan or send it again")
        total = sum(info.file_size for info in infos)
        check_room(len(infos), total, room)
        if total > max(_SMALL, _RATIO * path.stat().st_size):
            raise Refused(f"a bomb: it unpacks to more than {_RATIO} times its size", "send it unpacked")
        key = _key(infos, password)
        named = sorted(((_name(info), info) for info in infos), key=lambda one: natural(one[0]))
        return tuple(
            _unpacked(archive, info, name, out / f"{place:06}{_suffix(name)}", key)
            for place, (name, info) in enumerate(named)
        )


def _is_mail(info: zipfile.ZipInfo) -> bool:
    parts = info.filename.replace("\\", "/").split("/")
    name = parts[-1].lower()
    hidden = parts[0] == "__MACOSX" or name.startswith((".", "~$")) or name in _NO_MAIL
    return not (info.is_dir() or not name or hidden or stat.S_ISLNK(info.external_attr >> 16))


def _key(infos: Iterable[zipfile.ZipInfo], password: str | None) -> bytes | None:
    locked = [info for info in infos if info.flag_bits & _LOCKED]
    if not locked:
        return None
    if any(info.compress_type == _AES for info in locked):
        raise Refused("the ZIP is encrypted with AES, which nothing here opens", "send it unpacked")
    if password is None:
        raise Refused("the ZIP is encrypted with a password", GIVE_PASSWORD)
    return password.encode()


def _name(info: zipfile.ZipInfo) -> str:
    """The member's path. Where the ZIP does not say that it is UTF-8 it often is all the same."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _unpacked(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, target: Path, key: bytes | None
) -> Member:
    # No more than the size that was counted comes out, whatever is packed: zipfile sees to that.
    try:
        with archive.open(info, pwd=key) as packed, target.open("wb") as file:
            shutil.copyfileobj(packed, file, _PIECE)
    except (RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        unknown = isinstance(error, NotImplementedError)  # the way it is packed, not the password
        if unknown or key is None or not info.flag_bits & _LOCKED:
            raise
        # One wrong password in 256 is noticed by what comes out only.
        raise Refused(WRONG_PASSWORD, "give the right one") from error
    return Member(name, target, sniff(target))


def unpack_attachments(path: Path, room: Room, out: Path) -> tuple[Member, ...]:
    """The files attached to a PDF: those of the document, as in a portfolio, and those of its pages.

    Raises:
        Refused: the PDF needs a password or is damaged, or there is more than there is room for.
    """
    with refusing("PDF"), pikepdf.open(path, suppress_warnings=True) as pdf:
        found = sorted(_attached(pdf), key=lambda one: natural(one[0]))
        members, total = [], 0
        for place, (name, stream) in enumerate(found):
            check_room(place + 1, total, room)
            data = stream.read_bytes()
            total += len(data)
            check_room(place + 1, total, room)
            target = out / f"{place:06}{_suffix(name)}"
            target.write_bytes(data)
            members.append(Member(name, target, sniff(target)))
        return tuple(members)


def _attached(pdf: pikepdf.Pdf) -> Iterator[tuple[str, pikepdf.Stream]]:
    """Name and bytes of each attached file, once."""
    notes: list[Any] = [note for page in pdf.pages for note in page.obj.get("/Annots", ())]
    specs: list[Any] = [pdf.attachments[key].obj for key in pdf.attachments]
    specs += [
        note.get("/FS")
        for note in notes
        if isinstance(note, pikepdf.Dictionary) and note.get("/Subtype") == "/FileAttachment"
    ]
    seen = set()
    for spec in specs:
        if not isinstance(spec, pikepdf.Dictionary):
            continue
        embedded = spec.get("/EF")
        stream = embedded.get("/UF", embedded.get("/F")) if isinstance(embedded, pikepdf.Dictionary) else None
        if isinstance(stream, pikepdf.Stream) and stream.objgen not in seen:
            seen.add(stream.objgen)
            yield str(spec.get("/UF", spec.get("/F", "attachment"))), stream


def _suffix(name: str) -> str:
    """The name's ending, which names a kind that content does not tell, if it is a plain one."""
    ending = re.search(r"\.[A-Za-z0-9]{1,9}$", name)
    return ending.group().lower() if ending else ""
