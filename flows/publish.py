"""Publish: what the register wrote goes to the archive as records, then to the index. Then release."""

import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import psutil
import structlog

from archive.keys import record_key
from capture.claim import release
from domain.document import DocumentText
from domain.entry import IndexEntry
from domain.errors import Unavailable
from domain.wire import from_json
from flows.steps import Step, Watcher, unwatched
from flows.taking import spooled
from infra.wiring import Services
from register import batches, outbox
from register.indexing import index_entry
from register.models import Batch, Outbox
from register.views import text_keys

log = structlog.get_logger()
_LEASE = "publish"
_ROWS = 50  # changes delivered with one commit of the index


@contextmanager
def publishing() -> Iterator[tuple[bool, Callable[[], bool]]]:
    """Be the one publisher: whether that was free, and what prolongs it during long work."""
    holder = f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"
    with outbox.lease(_LEASE, holder, _gone) as held:
        yield held, partial(outbox.renew, _LEASE, holder)


def publish(services: Services, watch: Watcher = unwatched) -> int:
    """Deliver all that waits in the outbox, then release what was delivered; returns the changes delivered.

    Another publisher at work is left to it. A change may be delivered twice; the second changes nothing.
    A change that cannot be delivered, other than by a service that does not answer, stays in the outbox
    with the reason and holds nothing else up.

    Raises:
        Unavailable: the archive or the index does not answer; what was not delivered stays in the outbox.
    """
    count = 0
    broken: set[int] = set()
    with publishing() as (held, renew):
        while held and renew() and (rows := outbox.pending(_ROWS, broken)):
            delivered = _deliver_each(services, rows, watch)
            broken.update(row.pk for row in rows if row.pk not in delivered)
            count += len(delivered)
        for batch in batches.releasable() if held else ():
            try:
                _release(services, batch)
            except OSError as error:
                log.warning("the spool keeps a batch for now", batch=batch.pk, reason=str(error))
                continue
            watch(Step("released", batch.pk))
    return count


def _deliver_each(services: Services, rows: list[Outbox], watch: Watcher) -> set[int]:
    """Deliver the rows together, or one by one when that fails; ids of those delivered."""
    try:
        _deliver(services, rows, watch)
        return {row.pk for row in rows}
    except Unavailable as error:
        outbox.failed(rows, str(error))
        raise
    except Exception as error:
        if len(rows) > 1:
            return set().union(*(_deliver_each(services, [row], watch) for row in rows))
        log.exception("a change cannot be delivered", number=rows[0].entry.number)
        outbox.failed(rows, f"{type(error).__name__}: {error}")
        return set()


def waiting() -> bool:
    """Whether there is anything to deliver or to release."""
    return bool(outbox.pending(1) or batches.releasable())


def _gone(holder: str) -> bool:
    host, process, _ = holder.rsplit(":", 2)
    return host == socket.gethostname() and not psutil.pid_exists(int(process))


def _deliver(services: Services, rows: list[Outbox], watch: Watcher) -> None:
    for row in rows:
        key = record_key(row.entry.number, row.event.sequence)
        services.archive.put(key, row.body.encode(), media_type="application/json")
    watch(Step("recorded"))
    last = {row.entry_id: row for row in rows}
    services.index.put([to_index(services, row) for row in last.values()])
    watch(Step("indexed"))
    outbox.delivered(rows)
    watch(Step("published"))


def to_index(services: Services, row: Outbox) -> IndexEntry:
    """The entry as the index holds it, with the texts of its documents from the archive."""
    pages: list[str] = []
    for key in text_keys(row.entry):
        pages += [page.text for page in from_json(DocumentText, services.archive.read(key)).pages]
    return index_entry(row, tuple(pages), services.settings.zone)


def _release(services: Services, batch: Batch) -> None:
    """Let go of the batch's files in the spool: their originals and entries are safe in the archive."""
    for one in batches.claims_of(batch):
        path = spooled(services, batch, one)
        if path.exists():
            release(path, batches.path_of(one), batches.folder_of(batch), batch.profile["after"])
    shutil.rmtree(services.spool / batch.key, ignore_errors=True)
    batches.release(batch)
