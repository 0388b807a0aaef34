from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from domain.document import Fate, FateKind
from domain.errors import Usage
from register import batches, outbox, problems, review, views
from register.filing import NewProblem, close
from register.models import Batch, Correction, Event, Lease, Outbox, PageFate
from tests.register.filings import AT, file_one, open_batch


def _refused_batch() -> Batch:
    batch = open_batch(pages=3)
    file_one(batch, 0, ((0, 1),))
    fates = [Fate(0, page, FateKind.REFUSED, reason="torn") for page in (2, 3)]
    close(batch, fates, [NewProblem(0, page, "torn", "Scan again.") for page in (2, 3)], ("no separator",))
    return batch


def test_retry_opens_the_batch_for_the_refused_page_alone(register: Path) -> None:
    batch = _refused_batch()
    again = problems.retry(problems.open_problems()[0].pk)
    assert (again.pk, again.attempt, again.state) == (batch.pk, 2, Batch.State.KEPT)
    assert batches.settled(again) == {(0, 1), (0, 3)}
    assert again.pages_done == 2
    assert [one.page for one in problems.open_problems()] == [3]
    file_one(again, 0, ((0, 2),))
    close(again, [], [], ("far too long", "no separator"))
    assert PageFate.objects.filter(kind="document").count() == 2
    assert batches.reload(again).alarms == ["far too long", "no separator"]


def test_pace_counts_from_when_reading_began(register: Path) -> None:
    batch = open_batch(pages=10)
    now = timezone.now()
    assert batches.pace(batch, now) == (None, None)
    batches.begin(batch, 2)
    began = batches.reload(batch).begun_at
    assert began
    assert batches.pace(batches.reload(batch), began + timedelta(seconds=30)) == (None, None)
    for done in (6, 4, 5):  # workers that know less of the others
        batches.progress(batch, done)
    batch = batches.reload(batch)
    assert (batch.pages_done, batch.begun_pages) == (6, 2)
    assert batches.pace(batch, began + timedelta(seconds=30)) == (8.0, 30.0)
    batches.progress(batch, 99)
    (one,) = views.status(began + timedelta(seconds=60), 900)["batches"]
    told = {name: one[name] for name in ("pages_done", "pages_known", "pages_per_minute", "seconds_left")}
    assert told == {"pages_done": 10, "pages_known": 10, "pages_per_minute": 8.0, "seconds_left": 0.0}


def test_a_line_is_dealt_with_once(register: Path) -> None:
    _refused_batch()
    first = problems.open_problems()[0].pk
    problems.dismiss(first)
    with pytest.raises(Usage, match="was dismissed already"):
        problems.retry(first)
    with pytest.raises(Usage, match="There is no exception 999"):
        problems.dismiss(999)


def test_a_line_that_was_retried_tells_of_the_one_that_came_of_it(register: Path) -> None:
    _refused_batch()
    first, other = (one.pk for one in problems.open_problems())
    again = problems.retry(first)
    with pytest.raises(Usage, match=rf"^Exception {first} was retried already\.$"):
        problems.waiting(first)
    close(again, [Fate(0, 2, FateKind.REFUSED, reason="torn")], [NewProblem(0, 2, "torn", "Scan again.")])
    (new,) = (one.pk for one in problems.open_problems() if one.pk != other)
    told = rf"^Exception {first} was retried already\. It was refused again: now it is exception {new}\.$"
    with pytest.raises(Usage, match=told):
        problems.retry(first)


def test_a_batch_in_work_is_not_retried(register: Path) -> None:
    _refused_batch()
    first, second = (one.pk for one in problems.open_problems())
    problems.retry(first)
    with pytest.raises(Usage, match="still in work"):
        problems.retry(second)
    assert [one.pk for one in problems.open_problems()] == [second]


def test_a_label_is_a_correction_and_an_event(register: Path) -> None:
    document = file_one(open_batch(), 0, ((0, 1),))
    review.label(document.entry.number, "invoice", actor="eva", at=AT)
    review.label(document.key, "complaint", actor="eva", at=AT)
    assert list(Correction.objects.order_by("id").values_list("before", "after", "actor")) == [
        ("letter", "invoice", "eva"),
        ("invoice", "complaint", "eva"),
    ]
    assert [event.kind for event in Event.objects.order_by("sequence")] == [
        "registered",
        "labelled",
        "labelled",
    ]


def test_unknown_classes_and_documents_are_named(register: Path) -> None:
    document = file_one(open_batch(), 0, ((0, 1),))
    with pytest.raises(Usage, match="no class 'novel'"):
        review.label(document.key, "novel", actor="eva", at=AT)
    with pytest.raises(Usage, match="no document nowhere"):
        review.label("nowhere", "letter", actor="eva", at=AT)


def test_one_publisher_at_a_time(register: Path) -> None:
    with outbox.lease("publish", "a:1:1", lambda holder: False) as first:
        with outbox.lease("publish", "b:1:1", lambda holder: False) as second:
            assert (first, second) == (True, False)
        assert outbox.renew("publish", "a:1:1")
    assert outbox.renew("publish", "b:1:1")


def test_a_dead_or_expired_holder_loses_the_lease(register: Path) -> None:
    assert outbox.renew("publish", "a:1:1")
    with outbox.lease("publish", "b:1:1", lambda holder: holder == "a:1:1") as held:
        assert held
    assert outbox.renew("publish", "a:1:1")
    Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert outbox.renew("publish", "c:1:1")


def test_only_delivered_batches_are_releasable(register: Path) -> None:
    batch = open_batch(pages=1)
    file_one(batch, 0, ((0, 1),))
    close(batch, [], [])
    assert batches.releasable() == []
    outbox.recorded(outbox.pending(10), [])
    assert batches.releasable() == [batch]
    outbox.delivered(outbox.pending(10))
    batches.release(batch)
    assert batches.reload(batch).state == Batch.State.RELEASED
    assert Outbox.objects.filter(delivered_at=None).count() == 0
