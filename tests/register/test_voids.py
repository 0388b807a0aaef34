"""Void entries keep their number, are told of, and count nowhere else."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.document import Verdict
from domain.errors import Refused, Usage
from register import account, history, outbox, review, standing, views
from register.models import Entry, Event
from register.session import write
from register.standing import Void
from register.voids import void
from tests.register.filings import AT, file_one, open_batch

UNSURE = Verdict(None, "letter", 0.4, (("letter", 0.4),), "v1")


def make_void(number: str, reason: str = "filed twice", replaced_by: tuple[str, ...] = ()) -> None:
    with write():
        entry = Entry.objects.select_for_update().get(number=number)
        void(entry, reason, actor="eva", at=AT, replaced_by=replaced_by)


def test_a_void_entry_keeps_its_number_and_says_why(register: Path) -> None:
    batch = open_batch(pages=3)
    first, second = file_one(batch, 0, ((0, 1), (0, 2))), file_one(batch, 1, ((0, 3),))
    number, other = first.entry.number, second.entry.number
    make_void(number, replaced_by=(other,))
    assert standing.told([other, number]) == [Void(number, AT, "filed twice", (other,))]
    assert (
        str(standing.told([number])[0])
        == f"{number} is void since 2026-03-04: filed twice; replaced by {other}"
    )
    shown = views.show(number)
    assert (shown["voided_at"], shown["void_reason"], shown["replaced_by"]) == (
        "2026-03-04T05:06:07+00:00",
        "filed twice",
        [other],
    )
    assert [(one["kind"], one["actor"], one["content"]) for one in shown["history"]][1:] == [
        ("voided", "eva", {"reason": "filed twice", "replaced_by": [other], "batch": None})
    ]
    # Made void by itself its document keeps the pages.
    assert [one["position"] for one in shown["documents"][0]["page_account"]] == [1, 2]
    assert views.show(other)["voided_at"] is None
    assert list(account.number_gaps()) == []
    assert list(history.breaks()) == []


def test_the_next_number_is_another_one(register: Path) -> None:
    batch = open_batch(pages=2)
    number = file_one(batch, 0, ((0, 1),)).entry.number
    make_void(number)
    assert file_one(batch, 1, ((0, 2),)).entry.sequence == 2
    assert list(account.number_gaps()) == []


def test_it_counts_nowhere(register: Path) -> None:
    batch = open_batch("same", pages=1)
    document = file_one(batch, 0, ((0, 1),), verdict=UNSURE)
    now = datetime.now(UTC)
    assert (len(review.waiting()), views.first_number(batch)) == (1, document.entry.number)
    make_void(document.entry.number)
    status = views.status(now + timedelta(seconds=1), 60)
    assert (status["entries"], status["void"], status["queues"]["review"]["length"]) == (1, 1, 0)
    assert (review.waiting(), views.first_number(batch)) == ([], None)
    rows = outbox.unrecorded(10)
    outbox.delivered(rows)
    assert account.index_should_hold() == {}
    assert list(outbox.latest(10)) == []


def test_until_it_is_delivered_the_index_holds_it(register: Path) -> None:
    document = file_one(open_batch(pages=1), 0, ((0, 1),))
    outbox.delivered(outbox.unrecorded(10))
    make_void(document.entry.number)
    assert account.index_should_hold() == {document.entry.number: 1}


def test_nobody_makes_it_void_twice_labels_it_or_adds_to_it(register: Path) -> None:
    document = file_one(open_batch(pages=1), 0, ((0, 1),))
    number = document.entry.number
    with pytest.raises(Usage, match=f"Say why {number} is to be void"):
        make_void(number, " ")
    make_void(number)
    told = f"{number} is void since 2026-03-04: filed twice"
    with pytest.raises(Usage, match=told):
        make_void(number)
    for name in (number, document.key):
        with pytest.raises(Usage, match=told):
            review.label(name, "invoice", actor="eva", at=AT)
    with pytest.raises(Refused, match=f"the label names a void entry: {told}"):
        file_one(open_batch("b"), 0, ((0, 1),), attach_to=number)
    assert Event.objects.count() == 2
