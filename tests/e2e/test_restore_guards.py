"""What stands against a restore is found before anything is changed."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from archive.local import LocalArchive
from domain.errors import Unavailable, Usage
from flows.backup import back_up
from flows.publish import publish
from flows.rebuild import rebuild
from flows.restore import restore
from infra import dumps
from infra.copies import read, seal
from infra.database import disconnect
from infra.postgresql import programs
from infra.services.postgresql import PostgreSQL
from infra.settings import load_settings
from infra.wiring import Services, open_services
from register.models import Counter, Entry
from tests.databases import empty
from tests.register.dump import dump
from tests.register.filings import file_one, open_batch


def file_another(services: Services) -> None:
    batch = open_batch(f"scan {Entry.objects.count()}", received_at=datetime.now(UTC))
    file_one(batch, 0, ((0, 1),), manifest=f"documents/{batch.key}/manifest.json")
    publish(services)


@pytest.fixture
def office(register: Path) -> Services:
    """Two numbers are given, and published."""
    services = open_services(register)
    file_another(services)
    file_another(services)
    return services


def left(home: Path) -> set[str]:
    return {one.name for one in home.iterdir() if one.name.startswith("before_restore")}


def unchanged(services: Services, before: dict[str, Any]) -> bool:
    return dump() == before and left(services.home) == set()


@pytest.mark.parametrize("replace", [False, True])
def test_a_backup_older_than_the_archive_is_refused(office: Services, tmp_path: Path, replace: bool) -> None:
    back_up(office, tmp_path / "backup", archive=True)
    file_another(office)
    number, before = Entry.objects.latest("id").number, dump()
    with pytest.raises(Usage, match=f"the archive holds {number}, which this register does not know"):
        restore(office.home, tmp_path / "backup", replace=replace)
    assert unchanged(office, before)


def test_what_it_says_to_do_then_brings_all_back(
    office: Services, tmp_path: Path, postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(office, tmp_path / "backup", archive=True)
    file_another(office)
    numbers = set(Entry.objects.values_list("number", flat=True))
    objects = set(office.archive.list())
    with empty(postgresql) as url:
        monkeypatch.setenv("POSTROOM_DATABASE__URL", url)
        restore(office.home, tmp_path / "backup", replace=True, files_only=True)
        assert set(office.archive.list()) == objects
        rebuild(open_services(office.home))
        assert set(Entry.objects.values_list("number", flat=True)) == numbers
        file_another(office)
        assert Counter.objects.exclude(year=0).get().last == 4
        disconnect()


def test_the_archive_in_a_backup_is_not_newer_than_its_register(
    office: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgresql: PostgreSQL
) -> None:
    """As when mail was filed between the copy of the register and that of the archive."""
    made = dumps.dump

    def and_file(*args: Any) -> set[str]:
        found = made(*args)
        file_another(office)
        return found

    monkeypatch.setattr(dumps, "dump", and_file)
    back_up(office, tmp_path / "backup", archive=True)
    kept = LocalArchive(tmp_path / "backup" / "archive")
    entries = list(office.archive.list("register/"))
    assert list(kept.list("register/")) == entries[:2]
    assert set(office.archive.list()) - set(kept.list()) == {entries[2]}


@pytest.fixture
def server_office(
    register_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Services]:
    monkeypatch.setenv("POSTROOM_DATABASE__URL", register_database)
    services = open_services(tmp_path / "home")
    file_another(services)
    back_up(services, tmp_path / "backup", archive=False)
    yield services
    disconnect()


def test_without_the_programs_nothing_is_moved(
    server_office: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dump()
    with monkeypatch.context() as patch:
        patch.setattr(programs, "_DEBIAN", tmp_path / "none")
        patch.setattr(shutil, "which", lambda _: None)
        with pytest.raises(Usage, match=r"pg_restore of PostgreSQL .* is needed"):
            restore(server_office.home, tmp_path / "backup", replace=True)
    assert unchanged(server_office, before)


def test_a_file_that_is_no_register_moves_nothing(office: Services, tmp_path: Path) -> None:
    back_up(office, tmp_path / "backup", archive=False)
    before, about = dump(), read(tmp_path / "backup")
    (tmp_path / "backup" / dumps.name(about["database"])).write_bytes(b"no register")
    (tmp_path / "backup" / "manifest.json").unlink()
    seal(tmp_path / "backup", {name: value for name, value in about.items() if name != "files"})
    with pytest.raises(Unavailable, match=r"holds no register|pg_restore failed"):
        restore(office.home, tmp_path / "backup", replace=True)
    assert unchanged(office, before)


def test_postroom_at_work_on_the_database_is_named(
    server_office: Services, tmp_path: Path, register_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dumps, "_LEAVING", 0.5)
    before = dump()
    with psycopg.connect(register_database, application_name="postroom") as other:
        who = f"postroom from 127.0.0.1 \\(session {other.info.backend_pid}, since 20.*\\)"
        with pytest.raises(Unavailable, match=f"Postroom is at work on this database: {who}. Stop it there"):
            restore(server_office.home, tmp_path / "backup", replace=True)
    assert unchanged(server_office, before)
    with psycopg.connect(register_database, application_name="psql"):
        pass  # others are no matter
    restore(server_office.home, tmp_path / "backup", replace=True)
    assert dump() == before


def test_the_counters_of_a_backup(office: Services, tmp_path: Path) -> None:
    database = load_settings(office.home).database
    (tmp_path / "copy").mkdir()
    target = tmp_path / "copy" / dumps.name(dumps.kind(database))
    dumps.dump(office.home, database, target)
    year = datetime.now(UTC).year
    found = dumps.counters(database, target)
    assert found.pop(("parties", 0)) > 0
    assert found == {("IN", year): 2, ("IN", 0): 2}
    Counter.objects.all().delete()
    target.unlink()
    dumps.dump(office.home, database, target)
    assert dumps.counters(database, target) == {}
