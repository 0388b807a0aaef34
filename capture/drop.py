"""Watches the drop folders: which files stand still, are complete, and form a batch.

Only the file system is looked at; claims and their rows are the caller's. What makes a batch and
what is left alone is told to operators in ``docs/stations.md``.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from threading import Event

import watchfiles

from capture.claim import ReadyFile
from capture.endings import ends_properly
from capture.folders import StationFolder, by_name, complaint, inside, listed, station_folders
from capture.station import load_station
from capture.writers import open_for_writing
from domain.errors import Usage

_UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart")
_TICK_MS = 1000  # between listings of a network folder
_LOOK_MS = 250  # between looks where the kernel reports changes; files become ready by time alone


@dataclass(frozen=True, slots=True)
class Ready:
    """A batch to claim.

    Attributes:
        station: whose it is.
        name: of the batch: the file's or folder's path in the station's folder, or of its first
            file.
        files: in natural order of their names (``2.tif`` before ``10.tif``).
        markers: done-marker and marker files, to be removed once all files are claimed.
    """

    station: StationFolder
    name: str
    files: tuple[ReadyFile, ...]
    markers: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """Something that is not taken yet, and why. ``settles`` when time alone will change that."""

    path: Path
    why: str
    settles: bool


@dataclass(slots=True)
class _Seen:
    """A file's state when last looked at, and since when it has been so."""

    state: tuple[int, int, int]  # size, mtime_ns, inode
    since: float
    complete: bool | None = None  # None: not looked into yet


@dataclass(slots=True)
class Tracker:
    """Remembers what it saw, to tell which files have stood still. Give it one look a second.

    Attributes:
        drop: the drop folder; new station folders and changed profiles are noticed.
        patience: seconds after which an incomplete file is taken nevertheless, in place of the
            station's ``patience_seconds``; 0 when nothing more is going to come.
        close_gaps: a ``gap`` batch is closed as soon as its files stand still.
        held: after ``observe``: what is not ready, and why.
        complaints: after ``observe``: folders left out because of a wrong profile, or because they
            cannot be read, with what to do. The others go on.
    """

    drop: Path
    patience: float | None = None
    close_gaps: bool = False
    held: tuple[Held, ...] = ()
    complaints: dict[Path, str] = field(default_factory=dict)
    _seen: dict[Path, _Seen] = field(default_factory=dict)

    @property
    def settling(self) -> bool:
        """Whether something held back will become ready by time alone."""
        return any(held.settles for held in self.held)

    def observe(self, now: float) -> tuple[Ready, ...]:
        """The batches that can be claimed now; those not claimed are given again next time.

        Args:
            now: seconds on a clock that never goes back (``time.monotonic``).

        Raises:
            Usage: there is no such drop folder.
        """
        self.complaints = {}
        ready: list[Ready] = []
        held: list[Held] = []
        present: set[Path] = set()
        for name, folder in station_folders(self.drop):
            try:
                look = _Look(self, StationFolder(name, load_station(folder), folder), now, held, present)
                ready.extend(look.batches())
            except Usage as why:
                self.complaints[folder] = str(why)
            except OSError as why:
                self.complaints[folder] = complaint(folder, why)
        self._seen = {path: seen for path, seen in self._seen.items() if path in present}
        self.held = tuple(held)
        return tuple(ready)

    def look_at(self, path: Path, now: float) -> _Seen:
        """What is known of a file, brought up to date."""
        info = path.lstat()
        state = (info.st_size, info.st_mtime_ns, info.st_ino)
        seen = self._seen.get(path)
        if seen is None or seen.state != state:
            seen = self._seen[path] = _Seen(state, now)
        return seen


@dataclass(slots=True)
class _Look:
    """One look at one station."""

    tracker: Tracker
    at: StationFolder
    now: float
    held: list[Held]
    present: set[Path]

    def batches(self) -> Iterator[Ready]:
        station, folder = self.at.station, self.at.folder
        loose = folder == self.tracker.drop
        files = list(self._files(folder, deep=not loose))
        mail = [path for path in files if not self._marker(path)]
        if station.batch in ("file", "marker"):
            mail = [path for path in mail if not _unfinished(path)]
        if station.batch == "marker":
            yield from self._marked(mail, [path for path in files if self._ends_batch(path)])
        elif station.batch == "gap":
            yield from self._batch(mail, since=station.gap_seconds)
        else:
            whole = station.batch == "folder"
            groups: dict[Path, list[Path]] = {}
            for path in mail:
                top = folder / path.relative_to(folder).parts[0]
                groups.setdefault(top if whole else path, []).append(path)
            for place, paths in groups.items():
                yield from self._batch(paths, place=place)

    def _files(self, folder: Path, deep: bool) -> Iterator[Path]:
        """The station's mail; a folder in its own that cannot be looked through is left out whole."""
        for path, is_folder in listed(folder, top=True):
            if not is_folder:
                yield path
            elif deep:
                try:
                    yield from list(inside(path))
                except OSError as why:
                    self.tracker.complaints[path] = complaint(path, why)

    def _marked(self, mail: list[Path], markers: list[Path]) -> Iterator[Ready]:
        """Each marker closes a batch of the files that are no younger than it."""
        left = dict.fromkeys(mail)
        ages = {}
        for path in (*mail, *markers):
            try:
                ages[path] = path.lstat().st_mtime_ns
            except FileNotFoundError:
                left.pop(path, None)
        for marker in sorted((m for m in markers if m in ages), key=lambda path: ages[path]):
            batch = [path for path in left if ages[path] <= ages[marker]]
            for path in batch:
                del left[path]
            yield from self._batch(batch, marker=marker)
        for path in left:
            self.present.add(path)
            self._hold(path, f"waits for a marker file {self.at.station.marker}", settles=False)

    def _batch(
        self,
        paths: list[Path],
        place: Path | None = None,
        marker: Path | None = None,
        since: float = 0.0,
    ) -> Iterator[Ready]:
        """The batch of these files, if all of it can be taken."""
        station = self.at.station
        wait = station.quiet_seconds if self.tracker.close_gaps else max(station.quiet_seconds, since)
        # All files are looked at, for the clock of each to start, before any holds the batch back.
        sending = [self._sending(path) for path in paths if _unfinished(path)]
        paths = [path for path in paths if not _unfinished(path)]
        found = [self._file(path, wait) for path in sorted(paths, key=by_name)]
        done = self._done_markers(paths, place)
        files = tuple(file for file in found if file is not None)
        if not files or len(files) < len(found) or any(sending) or done is None:
            return
        name = str((place or files[0].path).relative_to(self.at.folder))
        yield Ready(self.at, name, files, (*done, *([marker] if marker else [])))

    def _file(self, path: Path, wait: float) -> ReadyFile | None:
        """The file, if it stands still and is complete, or has been incomplete for too long."""
        self.present.add(path)
        try:
            seen = self.tracker.look_at(path, self.now)
            still = self.now - seen.since
            if still < wait:
                self._hold(path, f"has stood still for {still:.0f} of {wait:g} seconds")
                return None
            station, patience = self.at.station, self.tracker.patience
            if still < max(station.patience_seconds, wait) and open_for_writing(path):
                self._hold(path, "is still open: its writer has not let go of it", settles=False)
                return None
            if seen.complete is None:
                seen.complete = ends_properly(path)
        except FileNotFoundError:
            return None
        except PermissionError:
            self._hold(path, "no permission to read it; correct that", settles=False)
            return None
        if not seen.complete and still < (station.patience_seconds if patience is None else patience):
            self._hold(path, "has no proper end yet: its writer has stopped or is slow")
            return None
        return ReadyFile(path, seen.state[0], seen.state[1], not seen.complete)

    def _sending(self, path: Path) -> bool:
        """Whether an unfinished file of a batch is still awaited; a forgotten one is not for ever."""
        self.present.add(path)
        try:
            still = self.now - self.tracker.look_at(path, self.now).since
        except FileNotFoundError:
            return False
        station, patience = self.at.station, self.tracker.patience
        limit = station.patience_seconds if patience is None else patience
        if still >= max(limit, station.quiet_seconds):
            return False
        self._hold(path, "is still being sent, by its name")
        return True

    def _done_markers(self, paths: list[Path], place: Path | None) -> tuple[Path, ...] | None:
        """The done-marker files of a batch; None when one is missing."""
        ending = self.at.station.done_marker
        if not ending:
            return ()
        # A folder batch has one, beside the folder; other files have one each.
        owners = [place] if place is not None else paths
        markers = tuple(owner.with_name(owner.name + ending) for owner in owners)
        missing = [marker for marker in markers if not marker.exists()]
        for marker in missing:
            self._hold(
                marker.with_name(marker.name.removesuffix(ending)), f"waits for {marker.name}", settles=False
            )
        return None if missing else markers

    def _marker(self, path: Path) -> bool:
        """Whether this file only says something about others."""
        ending = self.at.station.done_marker
        return bool(ending and path.name.endswith(ending)) or self._ends_batch(path)

    def _ends_batch(self, path: Path) -> bool:
        station = self.at.station
        return station.batch == "marker" and fnmatch(path.name.lower(), station.marker.lower())

    def _hold(self, path: Path, why: str, settles: bool = True) -> None:
        self.held.append(Held(path, why, settles))


def changes(drop: Path, stop: Event, poll: bool) -> Iterator[None]:
    """Yields when something under the drop folder may have changed, and about once a second.

    Ends when ``stop`` is set.

    Args:
        drop: the drop folder.
        stop: ends the watching.
        poll: compare listings in place of asking the kernel, for network folders, which report
            nothing.
    """
    watching = watchfiles.watch(
        drop,
        watch_filter=None,
        debounce=400,
        stop_event=stop,
        rust_timeout=_LOOK_MS,
        yield_on_timeout=True,
        raise_interrupt=True,
        force_polling=poll,
        poll_delay_ms=_TICK_MS,
        ignore_permission_denied=True,
    )
    for _ in watching:
        yield


def _unfinished(path: Path) -> bool:
    return path.name.lower().endswith(_UNFINISHED)
