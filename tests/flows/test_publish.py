"""Delivery: the archive first, then the index; what cannot be delivered holds nothing else up."""

import threading
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db.models.functions import Now

from archive.keys import BATCHES, REGISTER
from domain.entry import Query
from domain.errors import Denied, Unavailable
from flows import publish as flow
from flows.intake import intake
from flows.publish import deliver, publish, publishable, quietly
from flows.verify import verify
from infra.wiring import Services
from register import batches, following, outbox
from register.models import Batch, Entry, Lease, Outbox, StoredObject
from tests.small import small_tiff

WORDS = ("Anchor", "Birch", "Cedar", "Dolphin", "Ember")  # none is like another, for searches forgive


@pytest.fixture
def filed(office: tuple[Services, Path]) -> Services:
    """Five letters in the register, none of which the archive or the index has heard of."""
    services, drop = office
    for word in WORDS:
        small_tiff(drop / f"{word}.tif", [word])
    intake(services, drop, once=True, stop=threading.Event(), deliver=lambda *_: 0, drain=False)
    assert Entry.objects.count() == len(WORDS)
    return services


def spoil(services: Services, key: str) -> bytes:
    """Flip a bit of an object on the disk; gives the bytes as they were."""
    file = services.home / "archive" / key
    data = file.read_bytes()
    file.chmod(0o644)
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    return data


def found(services: Services) -> list[str]:
    return [word for word in WORDS if services.index.search(Query(word)).total]


def records(services: Services) -> list[int]:
    return [len(list(services.archive.list(prefix))) for prefix in (REGISTER, BATCHES)]


def test_an_index_that_does_not_answer_holds_no_record_up(
    filed: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object) -> None:
        raise Unavailable("the index is down")

    monkeypatch.setattr(flow, "_ROWS", 3)
    with monkeypatch.context() as patch:
        patch.setattr(type(filed.index), "put", down)
        for _ in range(2):
            with pytest.raises(Unavailable, match="the index is down"):
                publish(filed)
    assert records(filed) == [5, Outbox.objects.filter(entry=None).count()]
    assert not Outbox.objects.filter(recorded_at=None).exists()
    assert [row.attempts > 0 for row in outbox.pending(3)] == [True, True, True]
    assert {batch.state for batch in batches.releasable()} == {Batch.State.DONE}
    assert len(batches.releasable()) == 5
    assert found(filed) == []
    deliver(filed)
    assert found(filed) == list(WORDS)
    assert verify(filed)["ok"]


def test_a_damaged_text_holds_nothing_else_up(filed: Services) -> None:
    text = StoredObject.objects.filter(role="text").order_by("id")[2]
    assert text.document
    number = text.document.entry.number
    whole = spoil(filed, text.key)
    assert publish(filed) == Outbox.objects.count() - 1
    assert len(found(filed)) == 4
    (left,) = outbox.pending(9)
    assert left.entry
    assert (left.entry.number, left.error.split(":")[0]) == (number, "Damaged")
    assert left.recorded_at
    assert not publishable()  # it rests
    assert publish(filed) == 0
    (filed.home / "archive" / text.key).write_bytes(whole)
    Outbox.objects.filter(pk=left.pk).update(retry_at=Now() - timedelta(seconds=1))
    assert publishable()
    assert publish(filed) == 1
    assert found(filed) == list(WORDS)


def test_pauses_grow_while_a_change_cannot_be_delivered(filed: Services) -> None:
    pauses = []
    for _ in range(11):
        (row,) = outbox.pending(1)
        outbox.set_aside(row, "it cannot be")
        rested = Outbox.objects.annotate(now=Now()).get(pk=row.pk)
        assert rested.retry_at
        pauses.append(round((rested.retry_at - rested.now).total_seconds()))
    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]


def test_an_archive_that_refuses_us_is_asked_once(filed: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def refused(_: object, key: str, *__: object, **___: object) -> Any:
        asked.append(key)
        raise Denied("AccessDenied")

    rows = Outbox.objects.count()
    with monkeypatch.context() as patch:
        patch.setattr(type(filed.archive), "put", refused)
        with pytest.raises(Denied):
            publish(filed)
    assert len(asked) == len(set(asked)) <= rows  # together, and then none apart
    assert {(row.attempts, row.retry_at, row.error) for row in outbox.pending(99)} == {
        (1, None, "AccessDenied")
    }
    assert publish(filed) == rows


def test_each_change_has_the_documents_of_its_moment(filed: Services) -> None:
    """A document attached later must not show under the labels of a change before it."""
    first, second = Outbox.objects.exclude(entry=None).order_by("id")[:2]
    assert first.entry
    assert second.entry
    second.entry.documents.update(entry=first.entry)
    entries = {row.pk: flow.to_index(filed, row) for row in (first, second)}
    assert [len(entries[row.pk].pages) for row in (first, second)] == [1, 1]


def test_texts_are_read_in_runs_that_fit_into_memory(
    filed: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[int] = []
    put = type(filed.index).put

    def counted(self: Any, entries: Any) -> None:
        runs.append(len(entries))
        put(self, entries)

    sizes = StoredObject.objects.filter(role="text").values_list("size", flat=True)
    monkeypatch.setattr(type(filed.index), "put", counted)
    monkeypatch.setattr(flow, "_TEXTS", 2 * max(sizes))
    publish(filed)
    assert sum(runs) == 5
    assert max(runs) == 2


def test_the_lease_is_let_go_now_and_then(filed: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = count(0, 20)
    monkeypatch.setattr(flow, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setattr(flow, "_ROWS", 1)
    before = Outbox.objects.count()
    done = publish(filed)
    assert 0 < done < before
    assert not outbox.leased("publish", lambda holder: False)
    while outbox.due():
        publish(filed)
    assert outbox.pending(1) == []


def test_a_publisher_that_lost_its_lease_stops(filed: Services) -> None:
    def lose(step: Any) -> None:
        if step.name == "recorded":
            Lease.objects.update(holder="another:1:1")

    publish(filed, lose)
    assert found(filed) == []
    assert outbox.leased("publish", lambda holder: False)
    assert not publishable()
    Lease.objects.all().delete()
    assert publishable()


def test_what_is_left_to_workers_waits_for_them(filed: Services) -> None:
    settings = filed.settings.model_copy(update={"leaves_to_workers": True})
    here = replace(filed, settings=settings)
    assert (deliver(here), quietly(here)) == (0, "")
    assert (found(filed), records(filed)) == ([], [0, 0])
    assert following.behind() == 0  # what follows is done all the same
    publish(here)
    assert (found(filed), outbox.pending(50)) == (list(WORDS), [])
