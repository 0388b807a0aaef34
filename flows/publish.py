"""Publish: what the register wrote goes to the archive as records, then to the index. Then release."""

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import TypeVar

import structlog

from archive.keys import batch_record_key, decision_key, party_record_key, record_key
from archive.port import Damaged
from capture.claim import give_back, release
from domain.entry import IndexEntry
from domain.errors import Denied, Unavailable
from flows.follow import follow
from flows.leases import only_one, taken
from flows.steps import Step, Watcher, unwatched
from flows.taking import spooled, went_on
from flows.texts import pages_of
from index.port import Rejected
from infra.wiring import Services
from register import batches, outbox
from register.contents import object_keys, opened_of, originals_of, texts_of
from register.indexing import index_entry, is_void
from register.models import Batch, Outbox, StoredObject

log = structlog.get_logger()
T = TypeVar("T")
R = TypeVar("R")
_LEASE = "publish"
_AT_ONCE = 16  # requests to the archive
_NEW_DOCUMENTS = ("registered", "attached")
_ROWS = 200  # changes delivered with one commit of the index
_TEXTS = 64 << 20  # bytes of text in the archive that are read for one commit, unless one change has more
_TURN = 30.0  # seconds until the lease is let go


@contextmanager
def publishing() -> Iterator[tuple[bool, Callable[[], bool]]]:
    """Be the one publisher: whether that was free, and what prolongs it during long work."""
    with only_one(_LEASE) as turn:
        yield turn


def publish(services: Services, watch: Watcher = unwatched) -> int:
    """Deliver what waits in the outbox, to the archive and then to the index; returns the changes delivered.

    Another publisher at work is left to it, and the lease is let go after half a minute, for whoever waits
    for it. A change may be delivered twice; the second changes nothing. An index that does not answer holds
    no record up. A change that cannot be delivered for itself stays in the outbox with the reason, is tried
    again after growing pauses, and holds nothing else up.

    Raises:
        Unavailable: the archive or the index does not answer; what was not delivered stays in the outbox.
        Denied: the archive refuses us.
    """
    count = 0
    until = time.monotonic() + _TURN
    silent: Unavailable | None = None
    with publishing() as (held, renew):
        while held and renew() and time.monotonic() < until:
            rows = outbox.unrecorded(_ROWS)
            count += _apart(rows, partial(_to_archive, services, watch), renew)
            found = len(rows)
            for some in () if silent else _readable(outbox.unindexed(_ROWS)):
                found += len(some)
                try:
                    count += _apart(some, partial(_to_index, services, watch), renew)
                except Unavailable as error:
                    silent = error
                    break
            if not found:
                break
    if silent:
        raise silent
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
    """Do what follows from what happened, publish it, then release; returns the changes delivered.

    What is left to workers (setting ``leaves_to_workers``) waits for them.
    """
    follow(services)
    count = 0 if services.settings.leaves_to_workers else publish(services, watch)
    release_done(services, watch)
    return count


def quietly(services: Services) -> str:
    """Do what follows and publish, for somebody who has just changed something; why it must wait, or ""."""
    try:
        follow(services)
        if not services.settings.leaves_to_workers:
            publish(services)
    except Unavailable as error:
        return str(error)
    return ""


def _apart(
    rows: Sequence[Outbox], deliver: Callable[[Sequence[Outbox]], int], renew: Callable[[], bool]
) -> int:
    """Deliver the rows together, or in parts when that fails; how many changes are through with it."""
    if not rows or not renew():
        return 0
    try:
        return deliver(rows)
    except Exception as error:
        if isinstance(error, Unavailable | Denied) and not isinstance(error, Damaged):
            outbox.failed(rows, str(error))
            raise
        if len(rows) > 1:
            return sum(_apart(some, deliver, renew) for some in _divided(rows, error))
        log.exception("a change cannot be delivered", of=outbox.waits_for(rows[0]))
        outbox.set_aside(rows[0], f"{type(error).__name__}: {error}")
        return 0


def _divided(rows: Sequence[Outbox], error: Exception) -> list[list[Outbox]]:
    """Each row that the index turned away alone, the others together; all alone if none is known."""
    if not isinstance(error, Rejected):
        return [[row] for row in rows]
    taken = [row for row in rows if not row.entry or row.entry.number not in error.reasons]
    alone = [[row] for row in rows if row not in taken]
    return [taken, *alone] if taken else alone


def waiting(services: Services) -> bool:
    """Whether there is anything to deliver that nobody is at, or to release here."""
    return publishable() or bool(batches.releasable(services.host))


def publishable() -> bool:
    """Whether a change may be delivered now, and no other publisher is at work."""
    return outbox.due() and not taken(_LEASE)


def _to_archive(services: Services, watch: Watcher, rows: Sequence[Outbox]) -> int:
    kept = _each(lambda one: services.archive.put(*one, media_type="application/json"), [*map(_record, rows)])
    if services.settings.archive.retention_days:
        _lock(services, rows, [one.key for one in kept])
    outbox.recorded(
        rows, [StoredObject(key=one.key, sha256=one.sha256, size=one.size, role="record") for one in kept]
    )
    watch(Step("recorded"))
    return sum(not row.entry for row in rows)


def _to_index(services: Services, watch: Watcher, rows: Sequence[Outbox]) -> int:
    void = {row.entry_id for row in rows if is_void(row)}
    last = list({row.entry_id: row for row in rows if row.entry_id not in void}.values())
    texts = texts_of(last)
    keys = {one.key: one for some in texts.values() for one in some}
    pages = dict(zip(keys, _each(partial(pages_of, services), keys.values()), strict=True))
    services.index.put(
        [_entry(services, row, [page for one in texts[row.pk] for page in pages[one.key]]) for row in last]
    )
    _forget(services, [row for row in rows if is_void(row)])
    watch(Step("indexed"))
    outbox.delivered(rows)
    watch(Step("published"))
    return len(rows)


def _forget(services: Services, rows: Sequence[Outbox]) -> None:
    """Take void entries out of the index; what a straggler still puts of them from before stays away."""
    entries = [_entry(services, row, ()) for row in rows]
    services.index.put(entries)
    services.index.remove([one.number for one in entries])


def _readable(rows: Sequence[Outbox]) -> Iterator[list[Outbox]]:
    """The rows in runs whose texts fit into memory together."""
    texts = texts_of(rows)
    some: list[Outbox] = []
    total = 0
    for row in rows:
        size = sum(one.size for one in texts[row.pk])
        if some and total + size > _TEXTS:
            yield some
            some, total = [], 0
        some, total = [*some, row], total + size
    if some:
        yield some


def _lock(services: Services, rows: Sequence[Outbox], records: list[str]) -> None:
    """Nobody removes these entries and batches, or what they are made of, before their retention ends."""
    until = max(row.created_at for row in rows) + timedelta(days=services.settings.archive.retention_days)
    new = {row.entry_id for row in rows if row.event and row.event.kind in _NEW_DOCUMENTS}
    kept = {row.batch_id for row in rows if row.batch_id and row.sequence == 1}
    looked_at = {row.batch_id for row in rows if row.batch_id and row.sequence > 1}
    keys = {*records, *object_keys(new), *originals_of(kept), *opened_of(looked_at)}
    _each(lambda key: services.archive.lock(key, until), keys)


def _each(function: Callable[[T], R], of: Iterable[T]) -> list[R]:
    """Results in order, several at a time: what is far away answers slowly, not rarely."""
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return list(threads.map(function, of))


def _record(row: Outbox) -> tuple[str, bytes]:
    if row.entry:
        return record_key(row.entry.number, row.sequence), row.body.encode()
    if row.batch:
        return batch_record_key(row.batch.key, row.sequence), row.body.encode()
    if row.party_event:
        return party_record_key(str(row.party_event.party.key), row.sequence), row.body.encode()
    return decision_key(row.sequence), row.body.encode()


def to_index(services: Services, row: Outbox) -> IndexEntry:
    """The entry as this change left it, with the texts of its documents from the archive.

    Raises:
        NotFound: the archive does not have a text any more.
        Damaged: a text in the archive is not the one that was put there.
    """
    return _entry(
        services, row, [page for one in texts_of([row])[row.pk] for page in pages_of(services, one)]
    )


def _entry(services: Services, row: Outbox, pages: Sequence[str]) -> IndexEntry:
    return index_entry(row, tuple(pages), services.settings.zone)


def _release(services: Services, batch: Batch) -> None:
    """Let go of the batch's files in the spool: their originals and entries are safe in the archive."""
    for one in batches.claims_of(batch):
        path = spooled(services, batch, one)
        if not path.exists():
            continue
        source = batches.path_of(one)
        if went_on(path, one):
            # Its writer had it open all the time and went on: what it is now comes in as another file.
            log.warning("a file was written to after it was taken; it is taken again", file=one.source)
            give_back(path, source, batches.folder_of(batch))
            continue
        release(path, source, batches.folder_of(batch), batch.profile["after"])
    shutil.rmtree(services.spool / batch.key, ignore_errors=True)
    batches.release(batch)
