"""Resplit: how a batch stands, what an operator's edits would make of it, and doing that."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from archive import manifest
from archive.port import Damaged, NotFound
from capture.edits import Edits, apply
from capture.pool import Pool
from domain.errors import Unavailable
from domain.layout import Change, StandingPage
from flows.file_batch import Tools, file_batch
from flows.publish import deliver
from flows.records import ahead
from flows.steps import Watcher, unwatched
from infra.classifier import lazy_champion
from infra.wiring import Services, sole_worker
from register import batches, resplits
from register.models import Batch
from register.refiling import Outcome, foresee
from register.resplits import Order


@dataclass(frozen=True, slots=True)
class Done:
    """What became of it.

    Attributes:
        attempt: of the batch, that did it.
        resumed: what an earlier run had begun was carried out instead.
        refused: why all was left as it stood; "" if it was done.
        pending: why not everything could be published yet; "" if it was.
    """

    attempt: int
    resumed: bool = False
    refused: str = ""
    pending: str = ""


def look(services: Services, batch: Batch) -> list[StandingPage]:
    """Every page of the batch as it stands, with the rotations that the documents' manifests tell."""
    documents = resplits.documents(batch)
    turned: dict[tuple[str | None, int | None], int] = {}
    for document, told in ahead(lambda one: services.archive.read(one.manifest), documents):
        if not isinstance(told, NotFound | Damaged):
            rotations = [one for run in manifest.from_json(told).lineage for one in run.rotations]
            turned |= {(document.key, position): one for position, one in enumerate(rotations, start=1)}
    return [
        replace(page, rotation=turned.get((page.document, page.position))) if page.document else page
        for page in resplits.pages(batch)
    ]


def plan(pages: Sequence[StandingPage], edits: Edits) -> tuple[Change, Outcome]:
    """What the edits make of a batch that stands like this.

    Raises:
        Usage: they cannot be, or change nothing.
    """
    change = apply(pages, edits)
    return change, foresee(change)


def resplit(
    services: Services,
    batch: Batch,
    edits: Edits,
    *,
    reason: str,
    actor: str,
    attempt: int | None = None,
    watch: Watcher = unwatched,
) -> Done:
    """File the batch anew as the edits say, and publish what comes of it.

    Where an earlier run was stopped half-way, that one is carried out instead: what is left to change then,
    a person must see first. With ``attempt`` only if the batch is still in this one.

    Raises:
        Usage: the edits cannot be, the batch is in work, or somebody changed it meanwhile.
        Unavailable: another process is at the batch, or a service does not answer; what was begun goes on at
            the next intake.
    """
    with sole_worker(services, batch.key) as free:
        batch = batches.reload(batch)
        resumed = free and resplits.under_way(batch)
        if not resumed:
            resplits.must_stand(batch, attempt)
            if not free:
                raise Unavailable(f"Another process is at batch {batch.pk}. Try again in a moment.")
            change, _ = plan(look(services, batch), edits)
            # Readings of another attempt would be taken for those of this one.
            shutil.rmtree(services.work / batch.key, ignore_errors=True)
            order = Order(str(edits), reason, actor, datetime.now(UTC), batch.attempt)
            batch = resplits.begin(batch, change, order)
        with Pool(services.settings.processes, services.settings.capture) as pool:
            batch = file_batch(Tools(services, pool, lazy_champion(services), watch=watch), batch)
    done = Done(batch.attempt, resumed, batch.edits[-1]["refused"])
    try:
        deliver(services, watch)
    except Unavailable as error:
        return replace(done, pending=str(error))
    return done
