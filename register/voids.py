"""Voids: an entry is made void, or goes on without a document. Nothing is removed, no number given again.

Search does not find a void entry; whoever asks for its number is told (``register.standing.told``).
"""

from collections.abc import Sequence
from datetime import datetime

from domain.errors import Usage
from register.filing import record
from register.models import Batch, Document, Entry
from register.standing import VOIDED, told


def void(
    entry: Entry,
    reason: str,
    *,
    actor: str,
    at: datetime,
    replaced_by: Sequence[str] = (),
    batch: Batch | None = None,
    source: str = "",
) -> None:
    """Make the entry void, within a transaction that has locked its row; its number is never given again.

    Args:
        entry: that counts so far.
        reason: for whoever asks for the number.
        actor: who decided it.
        at: when.
        replaced_by: numbers of the entries that count in its place.
        batch: that was filed anew, where this comes of it.
        source: where it was asked for.

    Raises:
        Usage: it is void already, or there is no reason.
    """
    if entry.voided_at is not None:
        raise Usage(f"{told([entry.number])[0]}. A void entry stays as it is.")
    if not reason.strip():
        raise Usage(f"Say why {entry.number} is to be void.")
    entry.voided_at, entry.void_reason = at, reason
    Entry.objects.filter(pk=entry.pk).update(voided_at=at, void_reason=reason)
    content = {"reason": reason, "replaced_by": list(replaced_by), "batch": batch.key if batch else None}
    content |= {"source": source} if source else {}
    record(entry, VOIDED, content, actor=actor, at=at)


def withdraw(
    document: Document,
    reason: str,
    *,
    actor: str,
    at: datetime,
    replaced_by: Sequence[str] = (),
) -> None:
    """Note that the document's pages went to others while its entry goes on; within the caller's transaction.

    ``replaced_by`` are the numbers of the entries that have its pages now.
    """
    content = {
        "document": document.key,
        "reason": reason,
        "replaced_by": list(replaced_by),
        "batch": document.batch.key,
    }
    record(document.entry, "withdrawn", content, actor=actor, at=at)
