"""A new index takes the place of the old: killed anywhere, run again, and no search without its hits."""

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from domain.entry import IndexEntry
from domain.errors import Unavailable, Usage
from flows.migrate import migrate, release, status
from flows.publish import publish
from flows.steps import Step
from index import elastic_mapping
from index.elastic import ElasticIndex
from infra.wiring import Services, open_services
from postroom.main import app
from register import account, history, outbox
from register.models import Outbox
from tests.index.office import COUNT, SQLITE, Killed, another_mapping, file_many, held, total

STEPS = ("begun", "filled", "levelled", "swapped", "swept")


def outcome(migrated: bool, index: str, put: int) -> dict[str, Any]:
    """What ``migrate`` gives where nothing is wrong."""
    return {"migrated": migrated, "index": index, "put": put, "without_text": [], "refused": []}


def test_searches_never_see_a_gap(office: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    another_mapping(monkeypatch)
    seen: list[int] = []
    wrong: list[BaseException] = []
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            try:
                seen.append(total(office))
            except BaseException as error:
                wrong.append(error)

    searching = threading.Thread(target=look)
    searching.start()
    try:
        done = migrate(office)
    finally:
        over.set()
        searching.join()
    assert (wrong, set(seen)) == ([], {COUNT})
    assert len(seen) > 3
    assert done["put"] == COUNT
    assert done["index"].endswith("-v3-000002")
    assert held(office) == account.index_should_hold()


@SQLITE
def test_entries_wait_while_a_migration_is_due(office: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    another_mapping(monkeypatch)
    file_many(office, 2)
    with pytest.raises(Unavailable, match="postroom index migrate"):
        publish(office)
    assert total(office) == COUNT
    migrate(office)
    assert publish(office) >= 2
    assert total(office) == COUNT + 2
    assert held(office) == account.index_should_hold()


@SQLITE
@pytest.mark.parametrize("step", STEPS)
def test_killed_after_each_step(office: Services, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    another_mapping(monkeypatch)

    def watch(now: Step) -> None:
        assert total(office) == COUNT
        if now.name == step:
            raise Killed

    with pytest.raises(Killed):
        migrate(office, watch=watch)
    assert total(office) == COUNT
    assert migrate(office)["index"].endswith("-v3-000002")
    assert held(office) == account.index_should_hold()
    file_many(office, 1)
    publish(office)
    assert total(office) == COUNT + 1


@SQLITE
def test_killed_while_filling_it_goes_on_from_there(
    office: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, calls = ElasticIndex.put, []

    def twice(self: ElasticIndex, entries: object) -> None:
        calls.append(entries)
        if len(calls) == 2:
            raise Killed
        put(self, entries)  # type: ignore[arg-type]

    with monkeypatch.context() as within:
        within.setattr(ElasticIndex, "put", twice)
        with pytest.raises(Killed):
            migrate(office, anew=True)
    state = status(office)
    assert (state["due"], state["next"]["entries"]) == (True, 5)
    assert migrate(office)["put"] == COUNT - 5
    assert held(office) == account.index_should_hold()


def test_what_is_published_meanwhile_is_there_too(office: Services) -> None:
    """The live index has the same mapping, so publishing goes on during the fill."""

    def watch(step: Step) -> None:
        if step.name in ("begun", "filled"):
            file_many(office, 3, step.name)
            publish(office)

    migrate(office, anew=True, watch=watch)
    assert (total(office, "begun"), total(office, "filled"), total(office)) == (3, 3, COUNT + 6)
    assert held(office) == account.index_should_hold()


@pytest.mark.parametrize("noted", [True, False])
def test_a_publisher_that_was_held_up(office: Services, noted: bool) -> None:
    """It lost its lease, and writes to the old index at the last moment before the swap."""
    from flows.publish import to_index

    def watch(step: Step) -> None:
        if step.name == "levelled":
            file_many(office, 1, "straggler")
            rows = [row for row in outbox.pending(10) if row.entry]
            office.index.put([to_index(office, row) for row in rows])
            if noted:
                outbox.recorded(rows, [])
                outbox.delivered(rows)

    migrate(office, anew=True, watch=watch)
    assert total(office, "straggler") == 1
    publish(office)
    assert held(office) == account.index_should_hold()
    assert total(office, "straggler") == 1


@SQLITE
def test_release_and_status(office: Services) -> None:
    first = f"{office.settings.index.name}-v3-000001"
    assert status(office) == {
        "engine": "elasticsearch", "live": {"index": first, "entries": COUNT}, "due": False,
        "next": None, "old": [],
    }  # fmt: skip
    assert migrate(office) == outcome(False, first, 0)
    migrate(office, anew=True)
    second = first[:-1] + "2"
    state = status(office)
    assert state["live"] == {"index": second, "entries": COUNT}
    assert state["old"] == [{"index": first, "entries": COUNT}]
    assert release(office) == [first]
    assert release(office) == []
    assert status(office)["old"] == []
    assert total(office) == COUNT


@SQLITE
def test_a_migration_that_is_given_up(office: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def watch(step: Step) -> None:
        raise Killed

    with pytest.raises(Killed):
        migrate(office, anew=True, watch=watch)
    name = status(office)["next"]["index"]
    assert release(office) == []
    assert release(office, unfinished=True) == [name]
    assert (status(office)["due"], total(office)) == (False, COUNT)


@SQLITE
def test_what_the_register_does_not_know_is_not_taken_over(office: Services) -> None:
    from tests.contracts.mail import entry

    def watch(step: Step) -> None:
        if step.name == "begun":
            target = ElasticIndex(office.settings.index, alias=f"{office.settings.index.name}-next")
            target.put([entry("IN-1999-000001-1", "stray")])
            target.close()

    migrate(office, anew=True, watch=watch)
    assert held(office) == account.index_should_hold()


@SQLITE
def test_an_older_register_is_not_covered_up(office: Services) -> None:
    from tests.contracts.mail import entry

    number = next(iter(account.index_should_hold()))

    def watch(step: Step) -> None:
        if step.name == "begun":
            target = ElasticIndex(office.settings.index, alias=f"{office.settings.index.name}-next")
            target.put([entry(number, "newer", sequence=10_000)])
            target.close()

    with pytest.raises(Usage, match="older register"):
        migrate(office, anew=True, watch=watch)
    assert total(office) == COUNT


@SQLITE
def test_an_entry_that_the_new_index_refuses_keeps_the_old_one(
    office: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = elastic_mapping._fields
    monkeypatch.setattr(elastic_mapping, "_fields", lambda: before() | {"subject": {"type": "ip"}})
    with pytest.raises(Unavailable, match="not taken into use"):
        migrate(office)
    assert total(office) == COUNT
    monkeypatch.undo()


@SQLITE
def test_a_poison_change_is_set_aside(office: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stays in the outbox with the reason, and the others of the same delivery are found."""
    from register import indexing

    file_many(office, 4, "poison")
    rows = [row for row in outbox.pending(10) if row.entry]
    bad = rows[1].entry.number if rows[1].entry else ""

    def spoiled(row: Outbox, *rest: Any) -> IndexEntry:
        made = indexing.index_entry(row, *rest)
        return replace(made, label="x" * 40_000) if made.number == bad else made

    monkeypatch.setattr("flows.publish.index_entry", spoiled)
    publish(office)
    (waiting,) = account.records_pending()
    assert (waiting["number"], waiting["attempts"]) == (bad, 1)
    assert "Rejected" in waiting["error"]
    assert total(office) == COUNT + 3
    monkeypatch.undo()
    outbox.hurry()
    publish(office)
    assert (account.records_pending(), total(office)) == ([], COUNT + 4)


@SQLITE
def test_the_commands(office: Services) -> None:
    def run(*words: str) -> dict[str, Any]:
        done = CliRunner().invoke(app, ["--home", str(office.home), "index", *words, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)  # type: ignore[no-any-return]

    name = f"{office.settings.index.name}-v3-00000"
    assert run("status")["live"] == {"index": f"{name}1", "entries": COUNT}
    assert run("migrate") == outcome(False, f"{name}1", 0)
    assert run("migrate", "--anew") == outcome(True, f"{name}2", COUNT)
    assert run("release") == {"removed": [f"{name}1"]}
    assert run("release", "--unfinished") == {"removed": []}


def test_only_on_elasticsearch(tmp_path: Path) -> None:
    services = open_services(tmp_path, database=False)
    with pytest.raises(Usage, match="postroom rebuild --index"):
        migrate(services)
    assert status(services)["engine"] == "embedded"


@SQLITE
def test_history_is_untouched(office: Services) -> None:
    migrate(office, anew=True)
    assert list(history.breaks()) == []
