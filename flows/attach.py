"""Attach: files that somebody adds to an entry, read and kept as scanned ones are."""

import os
import shutil
import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from capture.pool import Pool
from capture.station import SeparationPolicy, Station
from domain.attachment import Attachment
from domain.errors import Usage
from domain.wire import to_plain
from flows.file_batch import Tools
from flows.intake import Intake
from flows.replay import deliver_into, file_into
from flows.taking import keep_originals, local_name
from infra.classifier import lazy_champion
from infra.wiring import Services, sole_worker
from register import batches, chunks
from register.acts import Act
from register.attaching import STATION, must_attach, with_attachment
from register.models import Batch, Chunk
from register.numbering import stored
from register.session import write

_WHOLE = Station(
    duplicate="file", separation=SeparationPolicy(barcode="", drop_blank=False, expects_code="no", longest=0)
)


def attach(services: Services, number: str, files: Sequence[Path], act: Act, replaces: str = "") -> Intake:
    """Add files to an entry; each is a document of it, or several if others lie in it.

    A copy goes through capture; the file itself stays where it is. Killed half-way, the next intake carries
    it on. What cannot be read is refused as a scanned file is, and waits in the exceptions queue.

    Args:
        services: of the instance.
        number: of the entry.
        files: to be added.
        act: who adds them, and why.
        replaces: id of the document of which the only file is a new version.

    Raises:
        Missing, Forbidden, Usage: it cannot be; nothing was added.
        Unavailable: a service does not answer.
    """
    if replaces and len(files) != 1:
        raise Usage("A new version is one file: give one")
    for file in files:
        if not file.is_file():
            raise Usage(f"{file} is no file: name the file that is to be added")
    handed = (hand_in(services, number, file, act, replaces, file.resolve()) for file in files)
    return carry_on(services, handed)


def hand_in(
    services: Services, number: str, file: Path, act: Act, replaces: str = "", source: Path | None = None
) -> Batch:
    """Take a copy of a file that is to be added to an entry; ``carry_on``, or the next intake, does the rest.

    Raises:
        Missing, Forbidden, Usage: it cannot be; nothing was added.
    """
    number = stored(number)
    register = must_attach(number, act, replaces)
    said = Attachment(number, act.actor, act.reason, replaces)
    return _handed_in(services, register, file, source or Path(file.name), said)


def hand_over(
    services: Services, number: str, file: Path, act: Act, replaces: str = "", source: Path | None = None
) -> Batch:
    """Take a file that is to be added to an entry into the archive; from there workers go on with it.

    Nothing is left of it here: its batch is in no home's spool.

    Raises:
        Missing, Forbidden, Usage: it cannot be; nothing was added.
        Unavailable: the archive does not answer; nothing was added.
    """
    with write():
        batch = hand_in(services, number, file, act, replaces, source)
        try:
            batch = keep_originals(services, batch)
        finally:
            shutil.rmtree(services.spool / batch.key, ignore_errors=True)
        batches.let_go(batch)
        chunks.open_chunks(batch, Chunk.Stage.BATCH, [chunks.Share(0)])
    return batch


def carry_on(services: Services, handed: Iterable[Batch]) -> Intake:
    """Read and file what was handed in, and publish what comes of it."""
    done = Intake()
    with Pool(services.settings.processes, services.settings.capture) as pool:
        tools = Tools(services, pool, lazy_champion(services))
        for batch in handed:
            done.batches.append(batch.pk)
            with sole_worker(services, batch.key) as free:
                if free:  # else an intake that has just started has it
                    file_into(done, tools, batch)
    deliver_into(done, services)
    return done


def _handed_in(services: Services, register: str, file: Path, source: Path, said: Attachment) -> Batch:
    """A batch of a copy of the file that lies in the spool already."""
    key = uuid.uuid4().hex
    target = services.spool / key / local_name(0, file.name)
    try:
        target.parent.mkdir(parents=True)
        shutil.copyfile(file, target)
        with target.open("rb") as copy:
            os.fsync(copy.fileno())
        stat = target.stat()
        return batches.open_batch(
            key=key,
            host=services.host,
            station=STATION,
            register=register,
            source=source,
            folder=source.parent,
            # Nothing lies at that path: the file itself stays where it is, whatever becomes of the copy.
            files=[batches.NewFile(target.parent / "copied", stat.st_size, stat.st_mtime_ns, source)],
            received_at=datetime.now(UTC),
            profile=with_attachment(to_plain(_WHOLE), said),
        )
    except OSError as error:
        shutil.rmtree(target.parent, ignore_errors=True)
        raise Usage(f"{file} cannot be copied: {error.strerror}") from error
