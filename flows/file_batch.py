"""One batch, from the claim to a closed page account. Run it again after a crash: nothing is done twice."""

import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from capture.media import OFFICE
from capture.pool import Pool
from capture.separate import separate
from domain.document import Cut, Fate, FateKind
from domain.errors import Refused
from flows.filing import file_documents
from flows.opening import open_files
from flows.reading import Readings, chunks, inspect_files, read_pages
from flows.refile import refile
from flows.steps import Runner, Step, Stopped, Watcher, plainly, unwatched
from flows.taking import keep_originals, station_of, take_files
from infra.classes import today
from infra.wiring import Services
from models.classify import Classifier
from register import batches
from register.filing import NewProblem, attachment_of, close
from register.models import Batch
from register.numbering import is_own
from register.resplits import under_way
from register.views import first_number

_PAGES_A_TASK = 50
_DOCUMENTS_A_TASK = 20


@dataclass(frozen=True, slots=True)
class Tools:
    """What filing a batch needs: services, reading processes, classifier, runner, watcher, sign to stop."""

    services: Services
    pool: Pool
    model: Callable[[], Classifier]
    stop: threading.Event = field(default_factory=threading.Event)
    run: Runner = plainly
    watch: Watcher = unwatched


def file_batch(tools: Tools, batch: Batch) -> Batch:
    """Carry the batch on from where it stands until each of its pages has its fate."""
    batch = keep_batch(tools, batch)
    if under_way(batch):
        return file_anew(tools, batch)
    return file_pages(tools, batch, look_at(tools, batch)) if batch.state == Batch.State.KEPT else batch


def file_anew(tools: Tools, batch: Batch) -> Batch:
    """Carry out what an operator wants of a batch that was filed before."""
    refile(tools, batch)
    return _swept(tools, batch)


def keep_batch(tools: Tools, batch: Batch) -> Batch:
    """Take the batch's files and put the originals into the archive, if that is still to be done."""
    batch = batches.reload(batch)  # it may have waited in line
    if batch.state == Batch.State.CLAIMED:
        _reached(tools, batch, "claimed")
        tools.run("take", partial(take_files, tools.services, batch, tools.stop))
        _reached(tools, batch, "taken")
        batch = tools.run("keep", partial(keep_originals, tools.services, batch))
        _reached(tools, batch, "kept")
    return batch


def look_at(tools: Tools, batch: Batch) -> Readings:
    """Open the files of a kept batch that need it, and count the pages."""
    unopened = tools.run("open", partial(open_files, tools.services, batch, tools.pool, tools.stop))
    _reached(tools, batch, "opened")
    readings = tools.run("inspect", partial(inspect_files, tools.services, batch, tools.pool, unopened))
    _reached(tools, batch, "inspected", readings.before, len(readings.pages))
    return readings


def file_pages(tools: Tools, batch: Batch, readings: Readings) -> Batch:
    """Read, cut and file the pages of a batch that was looked at, and end it."""
    services, pool, run = tools.services, tools.pool, tools.run
    reached = partial(_reached, tools, batch)
    if batch.duplicate_of:
        run("set aside", partial(_set_aside, batch, readings))
    else:
        for part in chunks(readings.pages, _PAGES_A_TASK):
            read = partial(read_pages, services, batch, pool, readings, part, tools.stop)
            done = run("read", partial(read, partial(reached, "page", 1)))
            reached("read", done, len(readings.pages))
        cuts, fates, alarms = run("separate", partial(cut, tools.services, batch, readings))
        reached("separated")
        for some in chunks(cuts, _DOCUMENTS_A_TASK):
            if tools.stop.is_set():
                raise Stopped
            run("file", partial(file_documents, services, batch, pool, tools.model, readings, some))
            reached("filed")
        run("close", partial(close, batch, settle(fates, readings), list(readings.problems.values()), alarms))
    reached("closed")
    ended = _swept(tools, batch)
    for alarm in ended.alarms:
        tools.watch(Step("alarm", batch.pk, text=f"{batch.source}: {alarm}"))
    return ended


def _swept(tools: Tools, batch: Batch) -> Batch:
    # Everything is in the archive and the register now; the readings were only scaffolding.
    shutil.rmtree(tools.services.work / batch.key, ignore_errors=True)
    return batches.reload(batch)


def _reached(tools: Tools, batch: Batch, name: str, pages: int = 0, known: int = 0) -> None:
    tools.watch(Step(name, batch.pk, pages, known, batch.source))


def cut(
    services: Services, batch: Batch, readings: Readings
) -> tuple[list[tuple[int, Cut]], tuple[Fate, ...], tuple[str, ...]]:
    """The cuts of this attempt. A run that was killed wrote them down, and documents may be filed by them."""
    result = batches.planned(batch)
    if result is None:
        sheets = [readings.sheets[place] for place in sorted(readings.sheets)]
        apart = batches.by_themselves(batch, OFFICE)
        pages = {one.ordinal: one.pages for one in batches.claims_of(batch)}
        # A file for an entry stays whole: a number on one of its pages is only spoken of.
        label = is_own if attachment_of(batch) is None else _no_label
        found = separate(sheets, readings.refused, station_of(batch), label, apart, pages, today(services))
        result = batches.plan(batch, found)
    for fate in result.fates:
        if fate.kind is FateKind.REFUSED and (fate.source, fate.page) not in readings.refused:
            # It was refused before and reads well now: a person may ask for it, the cuts stay.
            again = Refused(fate.reason, "Try it again: postroom exceptions retry")
            readings.refuse(fate.source, fate.page, again)
    return list(enumerate(result.documents)), result.fates, result.alarms


def _no_label(text: str) -> bool:
    return False


def settle(fates: tuple[Fate, ...], readings: Readings) -> list[Fate]:
    """The fates as separated, but for pages of documents that turned out to be refused."""
    return [
        Fate(fate.source, fate.page, FateKind.REFUSED, reason=readings.refused[fate.source, fate.page])
        if (fate.source, fate.page) in readings.refused
        else fate
        for fate in fates
    ]


def _set_aside(batch: Batch, readings: Readings) -> None:
    """Give the pages of a duplicate their fate, and a person the decision unless the station links it."""
    earlier = batch.duplicate_of
    assert earlier is not None
    of = first_number(earlier) or earlier.source
    fates = [
        Fate(source, page, FateKind.DUPLICATE, reason=f"the same bytes as {of}")
        for source, page in readings.pages
    ]
    if batch.profile["duplicate"] == "link" and first_number(earlier):
        close(batch, fates, (), received_again=earlier)
        return
    fix = "File it all the same: postroom exceptions retry. Or leave it out: postroom exceptions dismiss."
    close(batch, fates, [NewProblem(0, None, f"the same bytes were received before, as {of}", fix)])
