"""Refile: what an operator wants of a batch is carried out, from the originals. All of it, or nothing."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from capture.labels import gathered
from domain.errors import Refused
from flows.filing import prepare_documents
from flows.reading import Readings, chunks, read_before, read_pages
from flows.steps import Step, Stopped
from flows.taking import local_file, station_of
from infra.wiring import Services
from register import batches, resplits
from register.filing import Filing
from register.models import Batch
from register.numbering import is_own
from register.refiling import finish

if TYPE_CHECKING:
    from flows.file_batch import Tools

_PAGES_A_TASK = 50
_DOCUMENTS_A_TASK = 20


def refile(tools: "Tools", batch: Batch) -> None:
    """Read the pages whose document changes, make the new documents, and put them in place of the old.

    A page that cannot be read, or a document that cannot be made, leaves all as it stood. Run again after a
    crash it goes on.
    """
    services, pool, run = tools.services, tools.pool, tools.run
    plan = batches.planned(batch)
    assert plan is not None
    pages = [place for cut in plan.documents for place in cut.pages]

    def reached(name: str, done: int = 0, known: int = 0) -> None:
        tools.watch(Step(name, batch.pk, done, known, batch.source))

    try:
        readings = run("inspect", partial(_originals, services, batch, pages))
        reached("inspected", readings.before, len(pages))
        for part in chunks(pages, _PAGES_A_TASK):
            read = partial(read_pages, services, batch, pool, readings, part, tools.stop)
            done = run("read", partial(read, partial(reached, "page", 1)))
            for problem in readings.problems.values():
                raise Refused(
                    f"page {problem.page} of {_name(batch, problem.source)}: {problem.reason}", problem.fix
                )
            reached("read", done, len(pages))
        filings: list[Filing] = []
        policy = station_of(batch).separation
        bearing = {key: sheet.page for key, sheet in readings.sheets.items()}
        cuts = [
            (ordinal, replace(cut, candidates=gathered(bearing, cut.pages, policy, is_own)))
            for ordinal, cut in enumerate(plan.documents)
        ]
        for some in chunks(cuts, _DOCUMENTS_A_TASK):
            if tools.stop.is_set():
                raise Stopped
            filings += run("file", partial(prepare_documents, services, batch, pool, tools.model, some))
            reached("filed")
        zone = services.settings.zone
        run("close", partial(finish, batch, filings, zone=zone, at=datetime.now(UTC)))
    except Refused as refusal:
        run("close", partial(resplits.abandon, batch, f"{refusal.reason}. {refusal.fix}"))
    reached("closed")


def _originals(services: Services, batch: Batch, pages: list[tuple[int, int]]) -> Readings:
    """The files that these pages are in, here or fetched from the archive."""
    claims = {one.ordinal: one for one in batches.claims_of(batch)}
    readings = Readings(pages=pages, settled=batch.pages_known - len(pages))
    for source in sorted({source for source, _ in pages}):
        readings.files[source] = local_file(services, batch, claims[source])
    readings.before = sum(read_before(services, batch, source) for source in readings.files)
    batches.begin(batch, readings.settled + readings.before)
    return readings


def _name(batch: Batch, source: int) -> str:
    return batches.claims_of(batch)[source].source
