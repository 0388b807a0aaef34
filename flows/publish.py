"""Publish: what the register wrote goes to the archive as records, then to the index. Then release."""

import os
import shutil
import socket
import threading

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
_ROWS = 200  # changes delivered with one commit of the index


def publish(services: Services, watch: Watcher = unwatched) -> int:
    """Deliver all that waits in the outbox, then release what was delivered; returns the changes delivered.

    Another publisher at work is left to it. A change may be delivered twice; the second changes nothing.

    Raises:
        Unavailable: the archive or the index does not answer; what was not delivered stays in the outbox.
    """
    holder = f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"
    count = 0
    with outbox.lease(_LEASE, holder, _gone) as held:
        while held and outbox.renew(_LEASE, holder) and (rows := outbox.pending(_ROWS)):
            try:
                _deliver(services, rows, watch)
            except Unavailable as error:
                outbox.failed(rows, str(error))
                raise
            count += len(rows)
    for batch in batches.releasable():
        _release(services, batch)
        watch(Step("released", batch.pk))
    return count


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
