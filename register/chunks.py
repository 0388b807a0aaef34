"""Chunks: the shares of batches that workers on many machines do, and who is at which.

Times are the database's own, so that the clocks of the machines need not agree.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now

from register.models import Batch, Chunk
from register.session import write
from register.texts import fit

CRASHES = 5
"""A chunk whose holder ended so often without a word is set aside.

A page that kills only its reading process never comes to this; power cuts and machines that are taken away
hit whichever chunks are at work, so a few must be no verdict.
"""

_ENDED = (Chunk.State.DONE, Chunk.State.SET_ASIDE)
_LONG_AGO = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Share:
    """What a stage is cut into: the pages or documents of one chunk, by its place."""

    ordinal: int
    items: Sequence[Any] = ()


def open_chunks(batch: Batch, stage: str, shares: Iterable[Share]) -> list[Chunk]:
    """Make the chunks of a stage of this attempt; those that are there stay. Returns those not ended."""
    with write():
        Chunk.objects.bulk_create(
            (
                Chunk(
                    batch=batch,
                    attempt=batch.attempt,
                    stage=stage,
                    ordinal=share.ordinal,
                    items=list(share.items),
                    beat_at=Now(),
                )
                for share in shares
            ),
            ignore_conflicts=True,
        )
    return list(of_stage(batch, stage).exclude(state__in=_ENDED).order_by("ordinal"))


def of_stage(batch: Batch, stage: str) -> Any:
    """The chunks of a stage of the batch's attempt, as a query."""
    return Chunk.objects.filter(batch=batch, attempt=batch.attempt, stage=stage)


def ended(batch: Batch, stage: str) -> bool:
    """Whether the stage has chunks and all of them are done or set aside."""
    chunks = of_stage(batch, stage)
    return chunks.exists() and not chunks.exclude(state__in=_ENDED).exists()


def key(chunk: Chunk) -> str:
    """The key under which a worker is asked for, so that asking twice brings one."""
    return f"{chunk.batch.key}-{chunk.attempt}-{chunk.stage}-{chunk.ordinal}-{max(chunk.calls, 1)}"


def asked(chunk: Chunk) -> None:
    """Note that a worker was asked for just now, so that nobody asks again for a while."""
    Chunk.objects.filter(pk=chunk.pk, calls=0).update(calls=1)
    Chunk.objects.filter(pk=chunk.pk, state=Chunk.State.READY).update(beat_at=Now())


def ask_anew(chunk: Chunk) -> bool:
    """Give the next worker that is asked for another ``key``; False when somebody else just did."""
    calls = max(chunk.calls, 1)
    if not Chunk.objects.filter(pk=chunk.pk, calls__lte=calls).update(calls=calls + 1):
        return False
    chunk.calls = calls + 1
    return True


def take(chunk_id: int, holder: str, stale_seconds: float) -> Chunk | None:
    """Hold a chunk that waits, or whose holder was not heard of for so long; None when it is not to be had.

    A chunk that has ended too many holders is not given out again; ``reconcile`` sets it aside.
    """
    with write():
        chunk = Chunk.objects.select_for_update().filter(pk=chunk_id).first()
        if chunk is None:  # its batch is done, and this request comes late
            return None
        lost = _silent(stale_seconds).filter(pk=chunk_id).exists()
        if not (lost or chunk.state == Chunk.State.READY) or _poisonous(chunk, lost):
            return None
        chunk.crashes += lost
        chunk.takes += 1
        chunk.state, chunk.holder = Chunk.State.HELD, holder
        chunk.save(update_fields=["crashes", "takes", "state", "holder"])
        Chunk.objects.filter(pk=chunk_id).update(beat_at=Now())
    return chunk


def beat(chunk: Chunk) -> bool:
    """Note that the holder lives; False when the chunk is not its any more."""
    return bool(_held(chunk).update(beat_at=Now()))


def done(chunk: Chunk, result: Any = None) -> bool:
    """End the chunk with what the next stage needs; False when another holds it by now."""
    return bool(_held(chunk).update(state=Chunk.State.DONE, result=fit(result), error=""))


def give_back(chunk: Chunk, error: str, *, crashed: bool = False, at_once: bool = False) -> None:
    """Let another worker have it: a service did not answer, or with ``crashed`` a fault of ours.

    ``at_once``: nothing is amiss, its worker stops; the next ``silent`` names it.
    """
    _held(chunk).update(
        state=Chunk.State.READY,
        holder="",
        error=fit(error),
        beat_at=Now() - _LONG_AGO if at_once else Now(),
        crashes=F("crashes") + int(crashed),
    )


def silent(stale_seconds: float, retry_seconds: float, waiting_seconds: float) -> list[Chunk]:
    """Chunks whose holder is not heard of any more, and those that wait and were never asked for.

    Also those that were given back so long ago, or that stand in line for longer than is usual.
    """
    ready = Chunk.objects.filter(state=Chunk.State.READY)
    given_back = ready.filter(takes__gt=0, beat_at__lt=Now() - timedelta(seconds=retry_seconds))
    in_line = ready.filter(Q(calls=0) | Q(beat_at__lt=Now() - timedelta(seconds=waiting_seconds)))
    found = _silent(stale_seconds) | given_back | in_line
    return list(found.select_related("batch").order_by("id"))


def unasked(batch: Batch) -> list[Chunk]:
    """Chunks of the batch that wait and that no worker was asked for yet."""
    return list(batch.chunks.filter(state=Chunk.State.READY, calls=0).select_related("batch").order_by("id"))


def in_work() -> list[Batch]:
    """Batches that have chunks."""
    return list(Batch.objects.filter(pk__in=Chunk.objects.values("batch")).order_by("id"))


def set_aside(chunk: Chunk, stale_seconds: float) -> bool:
    """End a chunk that nobody may try again, if it has ended too many workers; whether it was so."""
    with write():
        now = Chunk.objects.select_for_update().filter(pk=chunk.pk).first()
        lost = _silent(stale_seconds).filter(pk=chunk.pk).exists()
        if now is None or now.state in _ENDED or not _poisonous(now, lost):
            return False
        now.state, now.holder, now.crashes = Chunk.State.SET_ASIDE, "", now.crashes + lost
        now.save(update_fields=["state", "holder", "crashes"])
    return True


def unowned(seconds: float) -> list[Batch]:
    """Batches whose originals are kept, unchanged for so long, and that have no chunk in their attempt.

    Whoever was to go on with them, a station or a person's retry, died before it asked.
    """
    kept = Batch.objects.filter(state=Batch.State.KEPT, changed_at__lt=Now() - timedelta(seconds=seconds))
    chunks = Chunk.objects.filter(batch=OuterRef("pk"), attempt=OuterRef("attempt"))
    return list(kept.exclude(Exists(chunks)).order_by("id"))


def given_out(batch: Batch) -> bool:
    """Whether the batch was given out in pages, in whichever attempt."""
    return batch.chunks.filter(stage=Chunk.Stage.READ).exists()


def forget(batch: Batch) -> None:
    """Remove the chunks of a batch that is done, unless a person had it tried again meanwhile."""
    with write():
        now = Batch.objects.select_for_update().get(pk=batch.pk)
        if now.state != Batch.State.KEPT:
            Chunk.objects.filter(batch=now).delete()


def _poisonous(chunk: Chunk, lost: bool) -> bool:
    """Whether it has ended too many workers. Closing is never given up: without it a batch has no end."""
    return chunk.crashes + lost >= CRASHES and chunk.stage != Chunk.Stage.CLOSE


def _held(chunk: Chunk) -> Any:
    return Chunk.objects.filter(pk=chunk.pk, state=Chunk.State.HELD, holder=chunk.holder, takes=chunk.takes)


def _silent(stale_seconds: float) -> Any:
    return Chunk.objects.filter(state=Chunk.State.HELD, beat_at__lt=Now() - timedelta(seconds=stale_seconds))
