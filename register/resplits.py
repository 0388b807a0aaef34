"""Resplits: pages of a batch that is done are filed otherwise, as an operator says; all of it or nothing.

What is asked for is written down with the next attempt, so that whoever finds the batch carries it on.
``register.refiling`` does it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.document import FateKind
from domain.errors import Usage
from domain.layout import Change, Place, StandingPage
from domain.wire import to_plain
from register import standing
from register.models import Batch, Document, Entry, PageFate
from register.numbering import stored
from register.records import record_batch
from register.session import write
from register.texts import fit

_ENDED = (Batch.State.DONE, Batch.State.RELEASED)


@dataclass(frozen=True, slots=True)
class Order:
    """Who wants it, why, and what was ``said``; ``attempt`` of the batch that was looked at."""

    said: str
    reason: str
    actor: str
    at: datetime
    attempt: int


def find(name: str) -> Batch:
    """The batch of this id, or the one that the documents of a register number came in.

    Raises:
        Usage: there is none, or there are several.
    """
    if name.isdigit():
        if batch := Batch.objects.filter(pk=int(name)).first():
            return batch
        raise Usage(f"There is no batch {name}. An entry's is named by: postroom show NUMBER")
    found = list(Batch.objects.filter(documents__entry__number=stored(name)).distinct().order_by("id"))
    if not found:
        raise Usage(
            f"There is no batch of {name}. Name a batch, or a register number of one of its documents."
        )
    if len(found) > 1:
        ids = ", ".join(str(one.pk) for one in found)
        raise Usage(f"The documents of {name} came in the batches {ids}. Name one of them.")
    return found[0]


def pages(batch: Batch) -> list[StandingPage]:
    """Every page of the batch in the order they were scanned; rotations only where an operator said so."""
    said = rotations(batch)
    labels = {standing.label_place(one): one.barcode for one in documents(batch) if one.barcode}
    fates = PageFate.objects.filter(claim__batch=batch).select_related("claim", "document__entry")
    return [
        StandingPage(
            (fate.claim.ordinal, fate.page),
            FateKind(fate.kind),
            fate.reason,
            fate.document.key if fate.document else None,
            fate.position,
            fate.document.entry.number if fate.document else None,
            labels.get((fate.claim.ordinal, fate.page), ""),
            said.get((fate.claim.ordinal, fate.page)),
        )
        for fate in fates.order_by("claim__ordinal", "page")
    ]


def documents(batch: Batch) -> list[Document]:
    """The batch's documents that have their pages."""
    return list(standing.documents().filter(batch=batch).select_related("entry").order_by("id"))


def rotations(batch: Batch) -> dict[Place, int]:
    """The rotation of the pages that operators turned, the last word of each."""
    turned = (one for edit in batch.edits if not edit["refused"] for one in edit["rotations"])
    return {(file, page): degrees for file, page, degrees in turned}


def under_way(batch: Batch) -> bool:
    """Whether the attempt in work is a resplit."""
    return (
        batch.state == Batch.State.KEPT
        and bool(batch.edits)
        and bool(batch.edits[-1]["attempt"] == batch.attempt and not batch.edits[-1]["refused"])
    )


def must_stand(batch: Batch, attempt: int | None = None) -> None:
    """See that the batch is done, and as it was looked at in this ``attempt``.

    Raises:
        Usage: it is in work, or somebody changed it meanwhile; says who and how.
    """
    last = batch.edits[-1] if batch.edits else None
    if under_way(batch) and last:
        raise Usage(
            f"Batch {batch.pk} is being filed anew for {_told(last)}. Wait for it; if that was stopped, it "
            f"goes on with: postroom intake --once"
        )
    if batch.state not in _ENDED:
        raise Usage(f"Batch {batch.pk} is still in work. Try again when it is done: postroom status")
    if attempt not in (None, batch.attempt):
        by = f"filed anew for {_told(last)}" if last and last["attempt"] > (attempt or 0) else "tried again"
        raise Usage(f"Batch {batch.pk} was {by} meanwhile. Look again: postroom resplit {batch.pk}")


def _told(edit: dict[str, Any]) -> str:
    return f"{edit['actor']} since {edit['at'][:16]} UTC ({edit['said']}; {edit['reason']})"


def begin(batch: Batch, change: Change, order: Order) -> Batch:
    """Write down what is wanted, as the batch's next attempt; the caller carries it out.

    Raises:
        Usage: no reason, or the batch is not as it was looked at.
    """
    order = fit(order)
    if not order.reason.strip():
        raise Usage("Say why, for the history: --reason TEXT")
    with write():
        now = Batch.objects.select_for_update().get(pk=batch.pk)
        must_stand(now, order.attempt)
        if now.state == Batch.State.RELEASED:
            now.host = ""  # no spool has its files: whoever finds it may go on with it
        now.attempt, now.state = now.attempt + 1, Batch.State.KEPT
        now.plan = fit(to_plain(change.separation))
        now.pages_done = now.pages_known - len(change.separation.fates)
        now.edits = [
            *now.edits,
            {
                "attempt": now.attempt,
                "actor": order.actor,
                "at": order.at.isoformat(),
                "reason": order.reason,
                "said": order.said,
                "rotations": [[*place, degrees] for place, degrees in change.rotations],
                "replaces": [
                    {
                        "document": one.key,
                        "number": one.entry.number,
                        "pages": [list(place) for place in standing.places(one)],
                    }
                    for one in named(change.replaced)
                ],
                "refused": "",
            },
        ]
        now.save()
        record_batch(now)
    return now


def abandon(batch: Batch, why: str) -> None:
    """Leave everything as it stands, because a page or document could not be made; an alarm tells of it."""
    with write():
        now = Batch.objects.select_for_update().get(pk=batch.pk)
        if not under_way(now):
            return
        edit = now.edits[-1]
        now.edits = [*now.edits[:-1], {**edit, "refused": fit(why)}]
        now.alarms = [*now.alarms, f"not filed anew as {edit['actor']} asked ({edit['said']}): {fit(why)}"]
        now.plan = None
        end(now)


def end(batch: Batch) -> None:
    """Every page has its fate; within a transaction that has locked the batch."""
    batch.pages_done = batch.pages_known
    batch.state = Batch.State.DONE
    batch.save()
    record_batch(batch)


def named(keys: Sequence[str], *, lock: bool = False) -> list[Document]:
    """These documents, the oldest first; with ``lock`` nobody else changes their entries meanwhile."""
    found = Document.objects.filter(key__in=keys)
    if lock:
        entries = Entry.objects.select_for_update().filter(documents__in=found).order_by("number")
        list(entries.values_list("pk"))
    return list(found.select_related("entry", "batch").order_by("id"))
