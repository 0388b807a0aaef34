"""Publish: what the register wrote goes to the archive as records, then to the index. Then release."""

import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from types import MappingProxyType
from typing import TypeVar

import psutil
import structlog

from archive.keys import batch_record_key, record_key
from capture.claim import release
from domain.document import DocumentText
from domain.entry import IndexEntry
from domain.errors import Unavailable
from domain.wire import from_json
from flows.steps import Step, Watcher, unwatched
from flows.taking import spooled
from index.port import Rejected
from infra.wiring import Services
from register import batches, outbox
from register.indexing import index_entry
from register.models import Batch, Outbox, StoredObject
from register.views import object_keys, text_keys

log = structlog.get_logger()
T = TypeVar("T")
R = TypeVar("R")
_LEASE = "publish"
_AT_ONCE = 16  # requests to the archive
_NEW_DOCUMENTS = ("registered", "attached")
_ROWS = 200  # changes delivered with one commit of the index


@contextmanager
def publishing() -> Iterator[tuple[bool, Callable[[], bool]]]:
    """Be the one publisher: whether that was free, and what prolongs it during long work."""
    holder = f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"
    with outbox.lease(_LEASE, holder, _gone) as held:
        yield held, partial(outbox.renew, _LEASE, holder)


def publish(services: Services, watch: Watcher = unwatched) -> int:
    """Deliver all that waits in the outbox; returns the changes delivered.

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
    return count


def release_done(services: Services, watch: Watcher = unwatched) -> None:
    """Let the spool of this home go of the batches that are done and recorded in the archive."""
    for batch in batches.releasable(services.host):
        try:
            _release(services, batch)
        except OSError as error:
            log.warning("the spool keeps a batch for now", batch=batch.pk, reason=str(error))
            continue
        watch(Step("released", batch.pk))


def deliver(services: Services, watch: Watcher = unwatched) -> int:
    """Publish, then release; returns the changes delivered."""
    count = publish(services, watch)
    release_done(services, watch)
    return count


def _deliver_each(services: Services, rows: list[Outbox], watch: Watcher) -> set[int]:
    """Deliver the rows together, or in parts when that fails; ids of those delivered."""
    try:
        _deliver(services, rows, watch)
        return {row.pk for row in rows}
    except Unavailable as error:
        outbox.failed(rows, str(error))
        raise
    except Exception as error:
        if len(rows) > 1:
            return set().union(*(_deliver_each(services, some, watch) for some in _apart(rows, error)))
        log.exception("a change cannot be delivered", of=outbox.waits_for(rows[0]))
        outbox.failed(rows, f"{type(error).__name__}: {error}")
        return set()


def _apart(rows: list[Outbox], error: Exception) -> list[list[Outbox]]:
    """Each row that the index turned away alone, the others together; all alone if none is known."""
    if not isinstance(error, Rejected):
        return [[row] for row in rows]
    taken = [row for row in rows if not row.entry or row.entry.number not in error.reasons]
    alone = [[row] for row in rows if row not in taken]
    return [taken, *alone] if taken else alone


def waiting(services: Services) -> bool:
    """Whether there is anything to deliver, or to release here."""
    return bool(outbox.pending(1) or batches.releasable(services.host))


def _gone(holder: str) -> bool:
    host, process, _ = holder.rsplit(":", 2)
    return host == socket.gethostname() and not psutil.pid_exists(int(process))


def _deliver(services: Services, rows: list[Outbox], watch: Watcher) -> None:
    kept = _each(lambda one: services.archive.put(*one, media_type="application/json"), [*map(_record, rows)])
    watch(Step("recorded"))
    if services.settings.archive.retention_days:
        _lock(services, rows, [one.key for one in kept])
    last = {row.entry_id: row for row in rows if row.entry_id}
    keys = [key for row in last.values() if row.entry for key in text_keys(row.entry)]
    texts = dict(zip(keys, _each(services.archive.read, keys), strict=True))
    services.index.put([to_index(services, row, texts) for row in last.values()])
    watch(Step("indexed"))
    outbox.delivered(
        rows, [StoredObject(key=one.key, sha256=one.sha256, size=one.size, role="record") for one in kept]
    )
    watch(Step("published"))


def _lock(services: Services, rows: list[Outbox], records: list[str]) -> None:
    """Nobody removes these entries and batches, or what they are made of, before their retention ends."""
    until = max(row.created_at for row in rows) + timedelta(days=services.settings.archive.retention_days)
    new = {row.entry_id for row in rows if row.event and row.event.kind in _NEW_DOCUMENTS}
    _each(lambda key: services.archive.lock(key, until), {*records, *object_keys(new)})


def _each(function: Callable[[T], R], of: Iterable[T]) -> list[R]:
    """Results in order, several at a time: what is far away answers slowly, not rarely."""
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return list(threads.map(function, of))


def _record(row: Outbox) -> tuple[str, bytes]:
    if row.entry:
        return record_key(row.entry.number, row.sequence), row.body.encode()
    assert row.batch
    return batch_record_key(row.batch.key, row.sequence), row.body.encode()


def to_index(
    services: Services, row: Outbox, texts: Mapping[str, bytes] = MappingProxyType({})
) -> IndexEntry:
    """The entry as the index holds it, with the texts of its documents, as given or from the archive."""
    assert row.entry
    pages: list[str] = []
    for key in text_keys(row.entry):
        text = texts[key] if key in texts else services.archive.read(key)
        pages += [page.text for page in from_json(DocumentText, text).pages]
    return index_entry(row, tuple(pages), services.settings.zone)


def _release(services: Services, batch: Batch) -> None:
    """Let go of the batch's files in the spool: their originals and entries are safe in the archive."""
    for one in batches.claims_of(batch):
        path = spooled(services, batch, one)
        if path.exists():
            release(path, batches.path_of(one), batches.folder_of(batch), batch.profile["after"])
    shutil.rmtree(services.spool / batch.key, ignore_errors=True)
    batches.release(batch)
