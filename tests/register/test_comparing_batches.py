"""Batches beside their records: who writes past these is told, with the batch and the field."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archive.keys import batch_record_key
from domain.document import Fate, FateKind
from domain.errors import Usage
from register.comparing_batches import differing, must_agree
from register.filing import NewProblem, close
from register.models import Batch, Claim, Entry, Outbox, PageFate, Problem, StoredObject
from register.problems import dismiss
from register.records import read_record, write_record
from tests.register.filings import file_one, open_batch
from tests.register.officers import enter


@pytest.fixture
def ended(register: Path) -> Entry:
    """The entry of a batch that was closed, with a blank page, one that was refused, and another in work."""
    batch = open_batch(pages=3)
    entry = file_one(batch, 0, ((0, 1),)).entry
    fates = [Fate(0, 2, FateKind.BLANK), Fate(0, 3, FateKind.REFUSED, reason="torn")]
    close(batch, fates, [NewProblem(0, 3, "torn", "scan it again")])
    file_one(open_batch("in work"), 0, ((0, 1),))
    assert found() == []
    return entry


def found() -> list[str]:
    return [one["problem"] for one in differing(batch_record_key)]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda: Batch.objects.update(station="x", register="OUT"), "register, station"),
        (lambda: Batch.objects.update(records=0), "records"),
        (lambda: Claim.objects.update(sha256="0" * 64, media="x"), "files[0].media, files[0].sha256"),
        (lambda: PageFate.objects.filter(page=3).update(reason="x"), "fates[2].reason"),
        (lambda: Problem.objects.update(state="dismissed"), "problems[0].state"),
    ],
)
def test_each_part_of_a_batch_is_compared(ended: Entry, change: Callable[[], Any], problem: str) -> None:
    change()
    batch = ended.documents.get().batch
    said = f"not as its last record left it: {problem}"
    assert list(differing(batch_record_key)) == [
        {"batch": batch.pk, "source": batch.source, "sequence": batch.records, "problem": said}
    ]
    with pytest.raises(
        Usage, match=f"batch .* of {ended.number} is not as its last record .*postroom verify"
    ):
        must_agree(ended, batch_record_key)
    must_agree(enter(), batch_record_key)


def test_what_becomes_of_a_batch_agrees(ended: Entry) -> None:
    dismiss(Problem.objects.get().pk)
    Batch.objects.filter(state="done").update(state="released")
    assert found() == []


def test_a_record_that_was_made_anew_is_told(ended: Entry) -> None:
    batch = ended.documents.get().batch
    row = Outbox.objects.get(batch=batch, sequence=batch.records)
    key = batch_record_key(batch.key, batch.records)
    StoredObject.objects.create(key=key, sha256="0" * 64, size=1, role="record")
    assert found() == ["without its last record, which was altered"]
    StoredObject.objects.filter(key=key).delete()
    for body in ("{", write_record({"batch": 1})):
        Outbox.objects.filter(pk=row.pk).update(body=body)
        assert found() == ["without its last record, which is gone or cannot be read"]
    record = read_record(row.body.encode())
    record["batch"]["files"] = []
    Outbox.objects.filter(pk=row.pk).update(body=write_record(record))
    assert found() == ["not as its last record left it: files"]
    Outbox.objects.filter(batch=batch).delete()
    assert found() == ["without its last record, which is gone or cannot be read"]
