"""What two do at the same time. On SQLite one of them simply waits."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import IntegrityError

from domain.document import FateKind
from register import account, batches, history
from register.filing import close
from register.models import Batch, Claim, Entry, Event, PageFate
from register.session import borrowed, write
from tests.register.filings import AT, PROFILE, file_one, open_batch


def during(first: Callable[[], object], second: Callable[[], object]) -> None:
    """Let ``second`` begin while the transaction of ``first`` is open; raises what either raised."""
    begun = threading.Event()

    def open_long() -> None:
        with borrowed(), write():
            first()
            begun.set()
            time.sleep(0.5)

    def meanwhile() -> None:
        with borrowed():
            begun.wait()
            second()

    with ThreadPoolExecutor(2) as threads:
        futures: list[Future[None]] = [threads.submit(open_long), threads.submit(meanwhile)]
    for future in futures:
        future.result()


def end(batch: Batch) -> None:
    with write():
        Batch.objects.filter(pk=batch.pk).update(state=Batch.State.DONE)


def account_of(batch: Batch, pages: int = 2) -> None:
    PageFate.objects.bulk_create(
        PageFate(claim=batch.claims.get(), page=page, attempt=1, kind=FateKind.BLANK)
        for page in range(1, pages + 1)
    )


def test_a_fate_removed_while_its_batch_ends_keeps_it_open(register: Path) -> None:
    batch = open_batch(pages=2)
    account_of(batch)
    with pytest.raises(IntegrityError, match="do not add up"):
        during(PageFate.objects.filter(page=2).delete, lambda: end(batch))
    assert batches.reload(batch).state == Batch.State.KEPT


def test_a_fate_stays_while_its_batch_ends(register: Path) -> None:
    batch = open_batch(pages=2)
    account_of(batch)
    with pytest.raises(IntegrityError, match="keeps its fates"):
        during(lambda: end(batch), PageFate.objects.filter(page=2).delete)
    assert batches.reload(batch).state == Batch.State.DONE
    assert PageFate.objects.count() == 2


def test_pages_found_while_their_batch_ends_keep_it_open(register: Path) -> None:
    batch = open_batch(pages=2)
    account_of(batch)
    with pytest.raises(IntegrityError, match="do not add up"):
        during(lambda: Claim.objects.update(pages=3), lambda: end(batch))
    assert batches.reload(batch).state == Batch.State.KEPT


def test_of_two_batches_with_the_same_bytes_one_is_the_duplicate(register: Path) -> None:
    first, second = (
        batches.open_batch(
            station="a",
            register="IN",
            source=Path(name),
            files=[],
            received_at=AT,
            profile=PROFILE,
            folder=Path("/drop/a"),
        )
        for name in ("/drop/a/1", "/drop/a/2")
    )
    during(lambda: batches.keep(first, "same", "review"), lambda: batches.keep(second, "same", "review"))
    assert [batches.reload(one).duplicate_of for one in (first, second)] == [None, first]


def test_documents_of_many_batches_filed_at_once(register: Path) -> None:
    """From the same sender, in one register: each its number, the chain intact."""
    made = [open_batch(f"{number}", pages=2) for number in range(8)]
    together = threading.Barrier(8)

    def file_all(batch: Batch) -> None:
        with borrowed():
            together.wait()
            file_one(batch, 0, ((0, 1),))
            file_one(batch, 1, ((0, 2),))
            close(batch, [], [])

    with ThreadPoolExecutor(8) as threads:
        for future in [threads.submit(file_all, batch) for batch in made]:
            future.result()
    assert sorted(Entry.objects.values_list("sequence", flat=True)) == list(range(1, 17))
    assert Event.objects.count() == 16
    assert list(account.number_gaps()) == []
    assert list(account.unaccounted()) == []
    assert list(history.breaks()) == []
