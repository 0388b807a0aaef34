"""Chunks: a batch done by workers on any machine, from the archive and the database alone.

A small batch is one chunk. A large one is read in chunks of pages, cut once all are read, filed in chunks
of documents and closed. Doing a chunk twice is harmless; one that ends its workers again and again is set
aside, and its pages go to the exceptions queue.
"""

import json
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import structlog

from domain.document import Cut, Fate, FateKind, Separation
from domain.errors import Denied, PostroomError, Refused, Unavailable
from domain.page import Sheet
from domain.wire import from_json, to_plain
from flows import scratch
from flows.file_batch import Tools, cut, file_anew, file_pages, keep_batch, look_at, settle
from flows.filing import document_id, file_documents
from flows.reading import Readings, machine_trouble, read_pages
from flows.reading import chunks as runs
from flows.steps import Stopped
from flows.sweep import sweep_work
from flows.taking import local_file
from infra.wiring import Services
from register import batches, chunks
from register.chunks import Share
from register.filing import NewProblem, close, document_filed
from register.models import Batch, Chunk
from register.resplits import abandon, under_way
from register.session import asking, borrowed

log = structlog.get_logger()
_DOCUMENTS = 20  # filed by one chunk, at most; fewer where they have many pages
_TICK = 0.5  # seconds
_LIGHT = (Chunk.Stage.CUT, Chunk.Stage.CLOSE)
_BEATS = 4.5  # signs of life that a holder may miss
_WAITING = 3  # times as long as a silent holder is waited for, until a worker is asked for again
_UNOWNED = 7  # times as long, until a batch that nobody asked for is taken on

Ask = Callable[[Chunk], None]
"""Asks for a worker that does the chunk. May raise ``Unavailable``; the chunk is then asked for later."""


def hand_over(tools: Tools, batch: Batch, ask: Ask) -> Batch:
    """Put the batch's originals into the archive; from there any worker goes on with it."""
    batch = keep_batch(tools, batch)
    if batch.state == Batch.State.KEPT:
        for chunk in chunks.open_chunks(batch, Chunk.Stage.BATCH, [Share(0)]):
            _ask(ask, chunk)
    return batch


def work(tools: Tools, chunk_id: int, holder: str, ask: Ask) -> str:
    """Do the chunk, if it is to be had, and ask for workers for what comes next. Says how it went.

    Raises:
        Unavailable: a service or this machine cannot now; the chunk waits for another try.
        Denied: a service refuses this worker; the chunk waits for one that is not refused.
    """
    chunk = chunks.take(chunk_id, holder, tools.services.settings.stale_after_seconds)
    if chunk is None:
        return "somebody else has it, or it is done"
    with _beating(chunk, tools) as halt:
        try:
            result = asking(_STAGES[chunk.stage], replace(tools, stop=halt), chunk)
        except Stopped:
            chunks.give_back(chunk, "stopped", at_once=True)
            return "stopped"
        except (Unavailable, Denied) as error:
            chunks.give_back(chunk, str(error))
            raise
        except Exception as error:
            if trouble := machine_trouble(error, f"chunk {chunk.pk}"):
                chunks.give_back(chunk, str(trouble))
                raise trouble from error
            chunks.give_back(chunk, f"{type(error).__name__}: {error}", crashed=True)
            raise
    if not chunks.done(chunk, result):
        return "another worker took it over"
    if chunk.stage == Chunk.Stage.READ:
        batches.progress(chunk.batch, _read_before(chunk.batch))
    # What is quickly done is not worth another worker's coming.
    for light in go_on(tools.services, chunk.batch, ask, but=_LIGHT):
        work(tools, light.pk, holder, ask)
    sweep_work(tools.services)
    return "done"


def go_on(services: Services, batch: Batch, ask: Ask, but: Collection[str] = ()) -> list[Chunk]:
    """Open the batch's next stage when the last one has ended, and ask for workers. Safe to repeat.

    Returns the chunks of the stages ``but`` which nobody was asked for.
    """
    batch = batches.reload(batch)
    if batch.state != Batch.State.KEPT:
        _clean(services, batch)
        return []
    # Not before the first look is written down too: it says which files and pages were refused.
    if all(chunks.ended(batch, stage) for stage in (Chunk.Stage.READ, Chunk.Stage.BATCH)):
        chunks.open_chunks(batch, Chunk.Stage.CUT, [Share(0)])
    given_up = any(_set_aside(batch, stage) for stage in (Chunk.Stage.BATCH, Chunk.Stage.CUT))
    if given_up or chunks.ended(batch, Chunk.Stage.FILE):
        chunks.open_chunks(batch, Chunk.Stage.CLOSE, [Share(0)])
    unasked = chunks.unasked(batch)
    for chunk in unasked:
        if chunk.stage not in but:
            _ask(ask, chunk)
    return [chunk for chunk in unasked if chunk.stage in but]


def reconcile(services: Services, ask: Ask, ask_anew: Ask) -> int:
    """Ask again for what no worker is at, set poison aside, open stages left shut; returns how many chunks.

    ``ask_anew`` is for a chunk whose worker, or the request for one, is lost.
    """
    for batch in chunks.unowned(_UNOWNED * services.settings.stale_after_seconds):
        chunks.open_chunks(batch, Chunk.Stage.BATCH, [Share(0)])
    count = 0
    for chunk in _silent(services):
        if not chunks.set_aside(chunk, services.settings.stale_after_seconds):
            _ask(ask_anew if chunk.calls else ask, chunk)
        count += 1
    for batch in chunks.in_work():
        try:
            go_on(services, batch, ask)
        except PostroomError as error:  # the others are not held up
            log.warning("this batch cannot go on now", batch=batch.pk, reason=str(error))
    return count


def left_alone(services: Services) -> bool:
    """Whether there is anything to reconcile."""
    unowned = chunks.unowned(_UNOWNED * services.settings.stale_after_seconds)
    return bool(_silent(services) or chunks.in_work() or unowned)


def _silent(services: Services) -> list[Chunk]:
    stale = services.settings.stale_after_seconds
    return chunks.silent(stale, max(stale, services.settings.retry_after_seconds), _WAITING * stale)


def _ask(ask: Ask, chunk: Chunk) -> None:
    try:
        ask(chunk)
    except Unavailable as error:
        # The chunk stands in the database: the next reconciliation asks for it.
        log.warning("no worker could be asked for now", batch=chunk.batch_id, reason=str(error))
        return
    chunks.asked(chunk)


@contextmanager
def _beating(chunk: Chunk, tools: Tools) -> Iterator[threading.Event]:
    """Says that the holder lives while the block runs; yields what is set when it must stop."""
    ended, halt = threading.Event(), threading.Event()
    if tools.stop.is_set():
        halt.set()
    pause = tools.services.settings.stale_after_seconds / _BEATS

    def beat() -> None:
        ticks = 0
        with borrowed():
            while not ended.wait(_TICK):
                ticks += 1
                if tools.stop.is_set():
                    halt.set()
                if ticks * _TICK >= pause:
                    ticks = 0
                    try:
                        if not asking(chunks.beat, chunk):
                            halt.set()
                    except Exception as error:  # without this thread nothing would stop the work
                        log.warning("cannot say that the work goes on", chunk=chunk.pk, reason=str(error))

    thread = threading.Thread(target=beat, name=f"beat-{chunk.pk}", daemon=True)
    thread.start()
    try:
        yield halt
    finally:
        ended.set()
        thread.join()


def _batch(tools: Tools, chunk: Chunk) -> Any:
    """A small batch, whole; a large one is given out in runs of pages."""
    batch = batches.reload(chunk.batch)
    if batch.state != Batch.State.KEPT:
        return None  # somebody else ended it
    if under_way(batch):
        file_anew(tools, batch)
        return None
    readings = look_at(tools, batch)
    size = tools.services.settings.chunk_pages
    pages = [place for place in readings.pages if place[0] in readings.files]
    if batch.duplicate_of or len(pages) <= size:
        file_pages(tools, batch, readings)
        return None
    shares = [Share(ordinal, part) for ordinal, part in enumerate(runs(pages, size))]
    chunks.open_chunks(batch, Chunk.Stage.READ, shares)
    return {"problems": _plain(readings)}


def _read(tools: Tools, chunk: Chunk) -> Any:
    """Read these pages and leave the readings where the others find them."""
    services, batch = tools.services, chunk.batch
    pages = _places(chunk.items)
    claims = {one.ordinal: one for one in batches.claims_of(batch)}
    readings = Readings(pages=pages, settled=_read_before(batch))
    readings.files = {
        source: local_file(services, batch, claims[source]) for source in {place[0] for place in pages}
    }
    read_pages(services, batch, tools.pool, readings, pages, tools.stop)
    key = scratch.leave(services, batch, f"read-{chunk.ordinal}-{chunk.takes}.zip", pages)
    return {
        "left": key,
        "sheets": [to_plain(readings.sheets[place]) for place in sorted(readings.sheets)],
        "problems": _plain(readings),
    }


def _cut(tools: Tools, chunk: Chunk) -> Any:
    """Cut the batch into documents and give them out."""
    batch = batches.reload(chunk.batch)
    cuts, _, _ = cut(tools.services, batch, _gathered(batch))
    if cuts:
        chunks.open_chunks(batch, Chunk.Stage.FILE, _shares(cuts, tools.services.settings.chunk_pages))
    else:
        chunks.open_chunks(batch, Chunk.Stage.CLOSE, [Share(0)])


def _shares(cuts: Sequence[tuple[int, Cut]], pages: int) -> Iterator[Share]:
    """Runs of documents with about so many pages together, in order."""
    some: list[int] = []
    total = ordinal = 0
    for document, one in cuts:
        if some and (total + len(one.pages) > pages or len(some) == _DOCUMENTS):
            yield Share(ordinal, some)
            some, total, ordinal = [], 0, ordinal + 1
        some, total = [*some, document], total + len(one.pages)
    if some:
        yield Share(ordinal, some)


def _file(tools: Tools, chunk: Chunk) -> Any:
    """File these documents from the readings that others left."""
    batch = batches.reload(chunk.batch)
    plan = batches.planned(batch)
    assert plan is not None
    cuts = [(ordinal, plan.documents[ordinal]) for ordinal in chunk.items]
    needed = {
        place
        for ordinal, one in cuts
        if not document_filed(document_id(batch, ordinal))
        for place in one.pages
    }
    for reading in chunks.of_stage(batch, Chunk.Stage.READ).filter(state=Chunk.State.DONE):
        if some := needed.intersection(_places(reading.items)):
            scratch.fetch(tools.services, batch, reading.result["left"], some)
    readings = Readings()
    file_documents(tools.services, batch, tools.pool, tools.model, readings, cuts)
    return {"problems": _plain(readings)}


def _close(tools: Tools, chunk: Chunk) -> Any:
    """Give the pages that are in no document their fate, and end the batch."""
    batch = batches.reload(chunk.batch)
    if under_way(batch):
        poison = batch.chunks.filter(attempt=batch.attempt, state=Chunk.State.SET_ASIDE).order_by("id")
        abandon(batch, "; ".join(_poison(one).reason for one in poison))
        return
    readings = _gathered(batch)
    plan = batches.planned(batch)
    if plan is None:
        fates: tuple[Fate, ...] = tuple(_all_refused(batch, readings))
        alarms: tuple[str, ...] = ()
    else:
        _, fates, alarms = cut(tools.services, batch, readings)
        for one in batch.chunks.filter(attempt=batch.attempt, state=Chunk.State.SET_ASIDE).order_by("id"):
            for ordinal in _documents_of(one, len(plan.documents)):
                if not document_filed(document_id(batch, ordinal)):
                    readings.refuse_document(plan.documents[ordinal].pages, _poison(one))
        fates = (*fates, *_forgotten(plan, readings))
    close(batch, settle(fates, readings), list(readings.problems.values()), alarms)


def _forgotten(plan: Separation, readings: Readings) -> Iterator[Fate]:
    """Refused pages that the cuts do not know of: their refusal was written down after the batch was cut."""
    known = {(fate.source, fate.page) for fate in plan.fates}
    for source, page in sorted(readings.refused.keys() - known):
        yield Fate(source, page, FateKind.REFUSED, reason=readings.refused[source, page])


def _documents_of(chunk: Chunk, documents: int) -> Sequence[int]:
    """The documents that are not filed because this chunk was set aside; reading comes before the cuts."""
    if chunk.stage == Chunk.Stage.FILE:
        return list(chunk.items)
    return range(documents) if chunk.stage in (Chunk.Stage.BATCH, Chunk.Stage.CUT) else ()


def _read_before(batch: Batch) -> int:
    """Pages that were done when reading began, and those of the chunks that are read."""
    done = chunks.of_stage(batch, Chunk.Stage.READ).filter(state=Chunk.State.DONE)
    return batch.begun_pages + sum(len(items) for items in done.values_list("items", flat=True))


def _all_refused(batch: Batch, readings: Readings) -> Iterator[Fate]:
    """The fates of a batch that could not even be cut: one line for a person for each file."""
    stage = Chunk.Stage.BATCH if _set_aside(batch, Chunk.Stage.BATCH) else Chunk.Stage.CUT
    refusal = _poison(chunks.of_stage(batch, stage).first())
    settled = batches.settled(batch)
    for one in batches.claims_of(batch):
        if not one.pages:
            one.pages = 1
            one.save()
        pages = [(one.ordinal, page) for page in range(1, one.pages + 1)]
        for place in pages:
            if place not in settled:
                readings.refused.setdefault(place, refusal.reason)
                yield Fate(*place, FateKind.REFUSED, reason=refusal.reason)
        readings.problems[one.ordinal, None] = NewProblem(one.ordinal, None, refusal.reason, refusal.fix)
    batches.count_pages(batch)


def _gathered(batch: Batch) -> Readings:
    """What the chunks of the batch have brought, put together."""
    readings = Readings()
    results = chunks.of_stage(batch, Chunk.Stage.BATCH).values_list("result", flat=True)
    for result in results:
        _note(readings, result or {})
    for stage in (Chunk.Stage.READ, Chunk.Stage.FILE):
        for one in chunks.of_stage(batch, stage).order_by("ordinal"):
            if one.state == Chunk.State.DONE:
                _note(readings, one.result)
            elif stage == Chunk.Stage.READ:
                readings.refuse_document(_places(one.items), _poison(one))
    return readings


def _note(readings: Readings, result: dict[str, Any]) -> None:
    for plain in result.get("sheets", ()):
        sheet = from_json(Sheet, json.dumps(plain))
        readings.sheets[sheet.source, sheet.page.number] = sheet
    for plain in result.get("problems", ()):
        problem = from_json(NewProblem, json.dumps(plain))
        readings.problems[problem.source, problem.page] = problem
        pages = problem.also or [(problem.source, problem.page or 1)]
        readings.refused.update(dict.fromkeys(pages, problem.reason))


def _plain(readings: Readings) -> list[Any]:
    return [to_plain(problem) for problem in readings.problems.values()]


def _places(items: Sequence[Any]) -> list[tuple[int, int]]:
    return [(source, page) for source, page in items]


def _set_aside(batch: Batch, stage: str) -> bool:
    return bool(chunks.of_stage(batch, stage).filter(state=Chunk.State.SET_ASIDE).exists())


def _poison(chunk: Chunk) -> Refused:
    why = f" ({chunk.error})" if chunk.error else ""
    return Refused(
        f"this part of the batch ended {chunk.crashes} workers{why}",
        "The original is safe. Look at the pages, report it with the workers' logs, retry after an update.",
    )


def _clean(services: Services, batch: Batch) -> None:
    """Remove what the workers left each other; only batches that were given out in pages have such."""
    if chunks.given_out(batch):
        scratch.remove(services, batch.key)
    chunks.forget(batch)


_STAGES: dict[str, Callable[[Tools, Chunk], Any]] = {
    Chunk.Stage.BATCH: _batch,
    Chunk.Stage.READ: _read,
    Chunk.Stage.CUT: _cut,
    Chunk.Stage.FILE: _file,
    Chunk.Stage.CLOSE: _close,
}
