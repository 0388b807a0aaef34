"""Batches beside their records: what of files, pages and exceptions is not as the last one left it.

The archive holds the record, and says what its hash is.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from domain.errors import Usage
from register.comparing import Key, differences, named
from register.models import Batch, Entry, Outbox, StoredObject
from register.records import batch_as_it_stands

_ENDED = (Batch.State.DONE, Batch.State.RELEASED)
_TRIES = 5  # looks at a batch that others change meanwhile
_MOVES_ON = ("event", "rendition_size")  # without a new record
_UNTOLD = {"state": "", "host": ""}  # so do its release, and whose spool holds its files


def differing(key: Key) -> Iterator[dict[str, Any]]:
    """Each batch that has ended and is not as its last record says: batch, source, sequence, problem.

    ``key`` says where the record lies in the archive, by key of the batch and sequence.
    """
    for batch in Batch.objects.filter(state__in=_ENDED).order_by("id").iterator():
        if problem := _problem(batch, key):
            yield {"batch": batch.pk, "source": batch.source, "sequence": batch.records, "problem": problem}


def must_agree(entry: Entry, key: Key) -> None:
    """See that the batches of an entry's documents are as their last records say.

    Raises:
        Usage: one is not.
    """
    batches = Batch.objects.filter(documents__entry=entry, state__in=_ENDED).distinct()
    for batch in batches.order_by("id"):
        if problem := _problem(batch, key):
            raise Usage(
                f"batch {batch.pk} of {entry.number} is {problem}: nothing is certified of it. "
                "Find out who wrote to the database: postroom verify"
            )


def _problem(batch: Batch, key: Key) -> str:
    """What is wrong with it; others may write meanwhile: then it is looked at again."""
    for _ in range(_TRIES):
        problem = _wrong(batch, key)
        now = Batch.objects.get(pk=batch.pk)
        if not problem or (now.records, now.state) == (batch.records, batch.state):
            return problem
        if now.state not in _ENDED:
            return ""
        batch = now
    return ""


def _wrong(batch: Batch, key: Key) -> str:
    row = Outbox.objects.filter(batch=batch).order_by("-sequence").first()
    if row is None and not batch.records:
        return ""  # of before there were records, or they are lost: a rebuild tells
    body, sequence = (row.body, row.sequence) if row else ("", 0)
    try:
        was = json.loads(body)["batch"]
        kept = StoredObject.objects.filter(key=key(batch.key, sequence)).values_list("sha256", flat=True)
        whole = kept.first() in (None, hashlib.sha256(body.encode()).hexdigest())
        found = differences({**batch_as_it_stands(batch), **_UNTOLD}, {**was, **_UNTOLD})
    except (ValueError, KeyError, TypeError, AttributeError):
        return "without its last record, which is gone or cannot be read"
    if not whole:
        return "without its last record, which was altered"
    found = [one for one in found if one.rpartition(".")[2] not in _MOVES_ON]
    found += ["records"] if batch.records != sequence else []
    return f"not as its last record left it: {named(found)}" if found else ""
