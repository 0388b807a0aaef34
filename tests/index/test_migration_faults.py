"""Migrations beside stragglers, busy publishers, and an archive that cannot give all."""

import threading
from dataclasses import replace
from typing import Any

import pytest

from archive.local import LocalArchive
from archive.port import Archive
from domain.entry import IndexEntry, Query
from domain.errors import Unavailable
from flows.migrate import migrate, release, status
from flows.publish import publish, publishing, to_index
from flows.steps import Step
from index import elastic_documents
from index.elastic import ElasticIndex
from infra.wiring import Services
from register import account, indexing, outbox
from register.models import Outbox, StoredObject
from tests.index.office import COUNT, SQLITE, file_many, held, total


def straggler(office: Services) -> Outbox:
    """A change that waits to be delivered."""
    file_many(office, 1, "straggler")
    (row,) = (row for row in outbox.pending(10) if row.entry)
    return row


def write_into(office: Services, name: str, row: Outbox) -> None:
    """As a publisher that was held up since it looked where to write; without a refresh."""
    assert isinstance(office.index, ElasticIndex)
    action = elastic_documents.entry_action(to_index(office, row))
    office.index.server.call(
        "PUT", f"/{name}/_doc/{action.id}", action.source,
        version=action.version, version_type="external_gte",
    )  # fmt: skip


@SQLITE
def test_a_write_into_the_old_index_at_the_last_moment(office: Services) -> None:
    assert isinstance(office.index, ElasticIndex)
    old = status(office)["live"]["index"]
    office.index.server.call("PUT", f"/{old}/_settings", {"index": {"refresh_interval": "-1"}})
    row = straggler(office)

    def watch(step: Step) -> None:
        if step.name == "levelled":
            write_into(office, old, row)

    assert migrate(office, anew=True, watch=watch)["put"] == COUNT + 1
    assert total(office, "straggler") == 1
    with pytest.raises(Unavailable, match="takes no writes"):
        write_into(office, old, row)
    publish(office)
    assert held(office) == account.index_should_hold()


def refusing(monkeypatch: pytest.MonkeyPatch, number: str) -> None:
    """The index refuses this entry from now on."""

    def spoiled(row: Outbox, *rest: Any) -> IndexEntry:
        made = indexing.index_entry(row, *rest)
        return replace(made, label="x" * 40_000) if made.number == number else made

    monkeypatch.setattr("flows.migrate.index_entry", spoiled)


@SQLITE
def test_one_that_is_refused_after_the_swap_holds_nothing_up(
    office: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = status(office)["live"]["index"]
    file_many(office, 2, "straggler")
    rows = [row for row in outbox.pending(10) if row.entry]
    number = outbox.waits_for(rows[0])

    def watch(step: Step) -> None:
        if step.name == "levelled":
            for row in rows:
                write_into(office, old, row)
            refusing(monkeypatch, number)

    done = migrate(office, anew=True, watch=watch)
    assert (done["migrated"], done["refused"]) == (True, [number])
    assert total(office, "straggler") == 1
    assert migrate(office)["refused"] == [number]
    assert release(office) == [old]
    assert migrate(office)["refused"] == []


@SQLITE
def test_a_text_that_the_archive_cannot_give(office: Services) -> None:
    numbers = sorted(account.index_should_hold())
    gone, damaged = (StoredObject.objects.filter(document__entry__number=number, role="text").get()
                     for number in numbers[:2])  # fmt: skip
    office.archive.delete(gone.key)
    office.archive.delete(damaged.key)
    office.archive.put(damaged.key, b'{"version": 1, "pages": []}')
    done = migrate(office, anew=True)
    assert (done["migrated"], done["put"], done["without_text"]) == (True, COUNT, numbers[:2])
    assert total(office, "page") == COUNT - 2
    assert {hit.number for hit in office.index.search(Query("", limit=50)).hits} == set(numbers)
    assert held(office) == account.index_should_hold()


@SQLITE
def test_texts_are_read_several_at_a_time(office: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(4, timeout=20)
    read = LocalArchive.read

    def wait(self: Archive, key: str, **more: Any) -> bytes:
        together.wait()
        return read(self, key, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(LocalArchive, "read", wait)
    monkeypatch.setattr("flows.migrate._ENTRIES", COUNT)
    assert migrate(office, anew=True)["put"] == COUNT


@SQLITE
def test_a_commit_is_bounded_in_bytes_of_text(office: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    put = ElasticIndex.put

    def note(self: ElasticIndex, entries: list[IndexEntry]) -> None:
        sizes.append(len(entries))
        put(self, entries)

    monkeypatch.setattr(ElasticIndex, "put", note)
    monkeypatch.setattr("flows.migrate._ENTRIES", 500)
    migrate(office, anew=True)
    one = StoredObject.objects.filter(role="text").first()
    assert one
    monkeypatch.setattr("flows.migrate._BYTES", int(one.size * 3.5))
    migrate(office, anew=True)
    assert sizes == [COUNT, 4, 4, 4]


@SQLITE
def test_the_lease_is_prolonged_all_along(office: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    old = status(office)["live"]["index"]
    row = straggler(office)
    monkeypatch.setattr("index.elastic_migration._LISTED", 1)
    monkeypatch.setattr("flows.migrate._LISTED", 1)
    renewed = {"": 0}
    renew = outbox.renew

    def note(name: str, holder: str, seconds: int) -> bool:
        renewed[list(renewed)[-1]] += 1
        return renew(name, holder, seconds)

    def watch(step: Step) -> None:
        renewed[step.name] = 0
        if step.name == "levelled":
            write_into(office, old, row)

    monkeypatch.setattr(outbox, "renew", note)
    migrate(office, anew=True, watch=watch)
    assert renewed == {
        "": 0, "begun": 0, "filled": 1 + COUNT, "levelled": 0, "swapped": COUNT + COUNT + 1 + 2, "swept": 0,
    }  # fmt: skip


@SQLITE
def test_a_busy_publisher_lets_go_for_a_moment_only(
    office: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()
    pauses: list[float] = []

    def busy() -> None:
        while not over.is_set():
            with publishing():
                over.wait(0.5)
            over.wait(0.15)

    def wait(seconds: float) -> None:
        pauses.append(seconds)
        over.wait(seconds)

    monkeypatch.setattr("flows.migrate._sleep", wait)
    publisher = threading.Thread(target=busy)
    publisher.start()
    try:
        assert migrate(office, anew=True, patience_seconds=30)["migrated"]
    finally:
        over.set()
        publisher.join()
    assert set(pauses) <= {0.1}
