"""Claim and keep: a file leaves the drop folder for the spool, its original goes to the archive first."""

import hashlib
import json
import os
import threading
import time
import uuid
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path, PurePath

from archive.keys import original_key
from capture.claim import StillWriting, differs, resume_claim
from capture.drop import Ready
from capture.endings import ends_properly
from capture.media import is_taken, media_type, sniff
from capture.station import Station
from capture.writers import open_for_writing
from domain.errors import PostroomError, Refused, Unavailable
from domain.wire import from_json, to_plain
from flows.steps import Stopped
from infra.wiring import Services
from register import batches
from register.attaching import of_station
from register.models import Batch, Claim

_LOOK = 0.2  # seconds
_SUFFIX = 10


def spooled(services: Services, batch: Batch, one: Claim) -> Path:
    """Where a claimed file lies while its batch is in work."""
    return services.spool / batch.key / local_name(one.ordinal, one.source)


def original_place(services: Services, batch: Batch, one: Claim) -> Path:
    """Where a file lies that is not in the spool while its batch is in work: fetched, or out of another."""
    return services.work / batch.key / "originals" / local_name(one.ordinal, one.source)


def local_name(ordinal: int, source: str) -> str:
    """The name of a batch's file in the spool. Its ending is kept, for naming odd files."""
    suffix = PurePath(source).suffix
    plain = suffix if len(suffix) <= _SUFFIX and suffix.isascii() and suffix[1:].isalnum() else ""
    return f"{ordinal:06}{plain}"


def kept_inside(one: Claim, takes: Collection[str]) -> bool:
    """Whether a file is no more than part of the PDF that it is attached to: it has no pages of its own.

    Invoices carry their figures as XML, for example; nobody need look at those.
    """
    attached = one.inside is not None and one.inside.media == "pdf"
    return attached and not is_taken(one.media, takes) and one.media != "locked office file"


def station_of(batch: Batch) -> Station:
    """The station's profile as it was when the batch was claimed."""
    return from_json(Station, json.dumps(of_station(batch.profile)))


def claim(services: Services, ready: Ready) -> Batch:
    """Write the claim of these files down. Nothing is moved yet."""
    return batches.open_batch(
        host=services.host,
        station=ready.station.name,
        register=ready.station.station.register,
        source=ready.station.folder / ready.name,
        folder=ready.station.folder,
        files=[batches.NewFile(one.path, one.size, one.mtime_ns) for one in ready.files],
        markers=ready.markers,
        received_at=datetime.now(UTC),
        profile=to_plain(ready.station.station),
    )


def take_files(services: Services, batch: Batch, stop: threading.Event) -> None:
    """Move the batch's files into the spool, then take away the markers that went with them.

    A run that was killed half-way is carried on; a file that is gone is refused when it is read. A
    writer that still held a file open is waited for.
    """
    station = station_of(batch)
    for one in batches.claims_of(batch):
        target = spooled(services, batch, one)
        while True:
            try:
                resume_claim(batches.path_of(one), target, one.size, one.mtime_ns)
                break
            except StillWriting as error:
                try:
                    stat = _still(error.path, station, stop)
                except FileNotFoundError:
                    continue  # its writer took it away
                one.size, one.mtime_ns = stat.st_size, stat.st_mtime_ns
                one.save()
    for marker in batches.markers_of(batch):
        marker.unlink(missing_ok=True)


def _still(path: Path, station: Station, stop: threading.Event) -> os.stat_result:
    """The file's state once it has stood still and has ended, or the station's patience has."""
    began = still = time.monotonic()
    before, ended = path.stat(), None
    while True:
        if stop.wait(_LOOK):
            raise Stopped
        now = path.stat()
        if (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            before, still, ended = now, time.monotonic(), None
        if time.monotonic() - still < station.quiet_seconds:
            continue
        if time.monotonic() - began >= station.patience_seconds:
            return before
        if ended is None:
            ended = ends_properly(path)
        if ended and not open_for_writing(path):
            return before


def went_on(path: Path, one: Claim) -> bool:
    """Whether its writer went on with a file since it was claimed."""
    # A claim that was made anew from the archive knows no time.
    return one.inside_id is None and differs(path, one.size, one.mtime_ns or path.stat().st_mtime_ns)


def keep_originals(services: Services, batch: Batch) -> Batch:
    """Put each original into the archive under the hash of its bytes, read back, and note duplicates."""
    digest = hashlib.sha256()
    for one in batches.claims_of(batch):
        path = spooled(services, batch, one)
        if path.exists():
            one.media = sniff(path)
            with path.open("rb") as stream:
                one.sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            one.original = original_key(one.sha256)
            stored = services.archive.put(one.original, path, media_type=media_type(one.media))
            if stored.sha256 != one.sha256:
                with suppress(PostroomError):  # roles that may not remove leave an orphan
                    services.archive.delete(one.original)
            if stored.sha256 != one.sha256 or went_on(path, one):
                raise Unavailable(f"{one.source} changed while it was archived; it is tried again")
        one.save(update_fields=["media", "sha256", "original"])
        digest.update(one.sha256.encode() or one.source.encode())
    return batches.keep(batch, digest.hexdigest(), str(batch.profile["duplicate"]))


def local_file(services: Services, batch: Batch, one: Claim) -> Path:
    """What is read of a file, locally: its rendition, if it has one, or else the original.

    Raises:
        Refused: the file vanished before it could be taken.
    """
    if not one.rendition:
        return local_original(services, batch, one)
    fetched = services.work / batch.key / "renditions" / f"{one.ordinal:06}-{PurePath(one.rendition).name}"
    if not fetched.exists():
        fetched.parent.mkdir(parents=True, exist_ok=True)
        fetch(services, one.rendition, fetched, one.rendition_sha256)
    return fetched


def local_original(services: Services, batch: Batch, one: Claim) -> Path:
    """The original's bytes as a local file: in the spool, or fetched again from the archive.

    Raises:
        Refused: the file vanished before it could be taken.
    """
    path = spooled(services, batch, one)
    # One that its writer went on with is not what the archive holds.
    if path.exists() and not went_on(path, one):
        return path
    if not one.original:
        raise Refused("the file vanished before it could be taken", "Scan it again.")
    fetched = original_place(services, batch, one)
    if not fetched.exists():
        fetched.parent.mkdir(parents=True, exist_ok=True)
        fetch(services, one.original, fetched, one.sha256)
    return fetched


def fetch(services: Services, key: str, path: Path, sha256: str = "") -> None:
    """Bring an object into a file, whole or not at all, also when several do so at a time.

    Raises:
        Unavailable: the archive does not answer, or gave other bytes than those of ``sha256``.
    """
    digest = hashlib.sha256()
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with services.archive.open(key) as stored, partial.open("wb") as copy:
            while piece := stored.read(1 << 20):
                digest.update(piece)
                copy.write(piece)
        if sha256 and digest.hexdigest() != sha256:
            raise Unavailable(
                f"the archive gave other bytes for {key} than were put there; run: postroom verify"
            )
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)
