"""Files copied with their hashes, and compared with them."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from domain.errors import Unavailable, Usage

_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Item:
    """A file below a folder: its path with ``/``, SHA-256, size in bytes."""

    path: str
    sha256: str
    size: int


def copy(source: Path, target: Path) -> None:
    """Copy a file with its mode and times, into a folder that is made. A source that is gone is left out."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        shutil.copy2(source, target, follow_symlinks=False)


def link(source: Path, target: Path) -> None:
    """As ``copy``, but a second name of the same file where that can be: for files that never change."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target, follow_symlinks=False)
    except FileNotFoundError:
        return
    except OSError:
        copy(source, target)


def files(folder: Path) -> Iterator[Path]:
    """The files below a folder, which need not be there; no symbolic links, nothing that goes meanwhile."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            if path.is_file() and not path.is_symlink():
                yield path


def seal(folder: Path, about: dict[str, Any]) -> list[Item]:
    """Write ``manifest.json`` with ``about`` and the hashes of all files there; all of it is on disk then."""
    items = [_item(folder, path) for path in files(folder)]
    manifest = {**about, "files": [asdict(one) for one in items]}
    # In ASCII: a name that is not UTF-8 keeps its bytes as escaped surrogates.
    (folder / _MANIFEST).write_text(json.dumps(manifest, indent=1), "ascii")
    os.sync()
    return items


def read(folder: Path) -> dict[str, Any]:
    """What ``seal`` was told, with ``files`` as items.

    Raises:
        Usage: nothing that it wrote.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / _MANIFEST).read_text("ascii"))
        manifest["files"] = [Item(**one) for one in manifest["files"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Usage(f"{folder} is no backup: its {_MANIFEST} is missing or damaged ({error})") from error
    for one in manifest["files"]:
        path = PurePosixPath(one.path)
        if path.is_absolute() or ".." in path.parts:
            raise Usage(f"{folder} is no backup of ours: it names {one.path}")
    return manifest


def compare(folder: Path, items: Iterable[Item]) -> None:
    """See that each file is there with its hash.

    Raises:
        Unavailable: one is not; says which.
    """
    for one in items:
        try:
            found = _item(folder, folder / one.path)
        except OSError as error:
            raise Unavailable(f"the backup is damaged: {one.path}: {error.strerror}") from error
        if found != one:
            raise Unavailable(f"the backup is damaged: {one.path} was altered. Nothing was restored.")


def _item(folder: Path, path: Path) -> Item:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        size = stream.tell()
    return Item(path.relative_to(folder).as_posix(), digest, size)
