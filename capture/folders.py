"""The stations' folders in a drop folder, and the files in them: listing only, in the order people give."""

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from capture.names import natural
from capture.station import PROFILE, Station, load_station
from domain.errors import Usage
from domain.paths import readable

LOOSE = "drop"
"""Name of the station that files lying directly in the drop folder belong to."""


_NOT_MAIL = {PROFILE, "truth.jsonl", "thumbs.db", "desktop.ini"}
_DEEPEST = 100  # folders in folders


@dataclass(frozen=True, slots=True)
class StationFolder:
    """A station and the folder that its scanner writes to."""

    name: str
    station: Station
    folder: Path


def scan(drop: Path) -> tuple[StationFolder, ...]:
    """The station folders of a drop folder, by name; the drop folder itself is the last one.

    Raises:
        Usage: a profile is wrong, or there is no such folder.
    """
    return tuple(StationFolder(name, load_station(folder), folder) for name, folder in station_folders(drop))


def polls(drop: Path) -> bool:
    """Whether a station of the drop folder asks to be polled; one with a wrong profile does not."""
    return any(station.poll for station in _right(drop))


def registers(drop: Path) -> set[str]:
    """The registers that the stations of the drop folder file into; one with a wrong profile has none."""
    return {station.register for station in _right(drop)}


def _right(drop: Path) -> Iterator[Station]:
    for _, folder in station_folders(drop):
        try:
            yield load_station(folder)
        except (Usage, OSError):
            continue


def station_folders(drop: Path) -> list[tuple[str, Path]]:
    """Name and folder of each station; the drop folder itself, for loose files, last.

    Raises:
        Usage: there is no such folder.
        OSError: it cannot be read.
    """
    try:
        found = sorted(drop.iterdir(), key=by_name)
    except (FileNotFoundError, NotADirectoryError) as why:
        raise Usage(f"{drop}: there is no such drop folder; make it or name another") from why
    stations = [path for path in found if not _passed_over(path.name, top=True) and _is_folder(path)]
    return [*((path.name, path) for path in stations), (LOOSE, drop)]


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # as of a share whose server is gone: the look into it says so
        return True


def listed(folder: Path, top: bool = False) -> Iterator[tuple[Path, bool]]:
    """What may be mail in a folder, and whether it is a folder; links and special files are none."""
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: natural(entry.name))
    except FileNotFoundError:
        return
    for entry in found:
        if not _passed_over(entry.name, top):
            if entry.is_file(follow_symlinks=False):
                yield folder / entry.name, False
            elif entry.is_dir(follow_symlinks=False):
                yield folder / entry.name, True


def inside(folder: Path, depth: int = 1) -> Iterator[Path]:
    """The mail in a folder and all folders in it, unfinished files too.

    Raises:
        OSError: one of them cannot be read, or lies too deep.
    """
    if depth > _DEEPEST:
        raise OSError(errno.ELOOP, f"more than {_DEEPEST} folders deep", folder)
    for path, is_folder in listed(folder):
        if is_folder:
            yield from inside(path, depth + 1)
        else:
            yield path


def complaint(folder: Path, why: OSError) -> str:
    """What is wrong with a folder that could not be looked through, and what to do."""
    if why.errno in (errno.ENAMETOOLONG, errno.ELOOP):  # its name would fill the screen
        return f"{readable(folder)}: too deep or too long a path; move what it holds further up"
    where = readable(Path(why.filename or folder))
    if isinstance(why, PermissionError):
        return f"{where}: no permission to read it; correct that"
    return f"{where}: cannot be read ({why.strerror}); its files are taken once it can be"


def by_name(path: Path) -> Any:
    """To sort by, as people count: ``2`` before ``10``."""
    return natural(str(path))


def _passed_over(name: str, top: bool) -> bool:
    low = name.lower()
    return low.startswith((".", "~$")) or low in _NOT_MAIL or (top and low == "done")
