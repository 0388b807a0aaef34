"""The machine is lost; the backup brings back the same numbers, history and unfinished work."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from domain.errors import Unavailable, Usage
from flows.backup import back_up
from flows.intake import intake
from flows.rebuild import rebuild, rebuild_index
from flows.restore import restore
from flows.steps import Step
from flows.taking import take_files
from flows.verify import verify
from infra.copies import compare, read
from infra.database import disconnect
from infra.services.postgresql import PostgreSQL
from infra.wiring import Services, open_services
from register import views
from register.models import Batch, Entry
from register.session import borrowed
from tests.databases import empty
from tests.small import small_tiff, train_small

_POSTROOM = Path(sys.executable).with_name("postroom")


@pytest.fixture(params=["sqlite", "postgresql"])
def homes(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Iterator[Path]]:
    """Homes of machines, each with an empty database of its own that is there until the test ends."""
    monkeypatch.setenv("POSTROOM_PROCESSES", "1")

    def new() -> Iterator[Path]:
        for number in range(9):
            if request.param == "sqlite":
                yield tmp_path / f"home-{number}"
                continue
            server: PostgreSQL = request.getfixturevalue("postgresql")
            with empty(server) as url:
                monkeypatch.setenv("POSTROOM_DATABASE__URL", url)
                yield tmp_path / f"home-{number}"
                disconnect()

    made = new()
    yield made
    disconnect()
    made.close()  # type: ignore[attr-defined]


def tables() -> dict[str, list[Any]]:
    """All rows of the register."""
    models = apps.get_app_config("register").get_models()
    return {model.__name__: list(model._default_manager.order_by("pk").values_list()) for model in models}


def run(services: Services, drop: Path) -> None:
    done = intake(services, drop, once=True, stop=threading.Event())
    assert (done.failures, done.held) == ([], [])


def lose(home: Path) -> None:
    disconnect()
    shutil.rmtree(home)


def office(home: Path) -> tuple[Services, Path]:
    """Eight pages filed, and two claimed that lie in the spool."""
    home.mkdir(parents=True)
    station = home / "drop" / "desk"
    station.mkdir(parents=True)
    (station / "station.toml").write_text("quiet_seconds = 0.1\n[separation]\npages = 2\n")
    (home / "postroom.toml").write_text('timezone = "Europe/Madrid"\n[index]\npassword = "geheim"\n')
    train_small(home)
    services = open_services(home)
    for name in ("first", "second"):
        small_tiff(station / f"{name}.tif", [f"{name} page {page}" for page in range(4)])
    run(services, home / "drop")
    _claim(services, small_tiff(station / "third.tif", ["third 1", "third 2"]))
    return services, home / "drop"


def _claim(services: Services, path: Path) -> None:
    """As an intake does that is cut off before it has read anything."""
    from capture.drop import Tracker
    from flows.taking import claim

    tracker = Tracker(path.parents[1], patience=0.0, close_gaps=True)
    ready = [one for now in (0.0, 10.0) for one in tracker.observe(now)]
    batch = claim(services, ready[0])
    take_files(services, batch, threading.Event())


def test_an_instance_comes_back_with_its_numbers_history_and_unfinished_work(
    homes: Iterator[Path], tmp_path: Path
) -> None:
    first = next(homes)
    services, _ = office(first)
    said = back_up(services, tmp_path / "backup", archive=True)
    assert said["spooled"] == 1
    assert not (tmp_path / "backup" / "index").exists()
    before = tables()
    assert len(before["Entry"]) == 4
    lose(first)

    second = next(homes)
    restore(second, tmp_path / "backup", replace=False)
    assert tables() == before
    again = open_services(second)
    assert again.settings.timezone == "Europe/Madrid"
    assert rebuild_index(again) == 4
    run(again, again.drop)  # the file in the spool
    books = verify(again)
    assert books["ok"], books["wrong"]
    assert [len(rows) for rows in (tables()["Entry"], tables()["Batch"])] == [5, 3]
    assert {one.state for one in Batch.objects.all()} == {Batch.State.RELEASED}


def test_a_backup_while_mail_is_taken_in_is_whole(homes: Iterator[Path], tmp_path: Path) -> None:
    """At any moment of it; restored is one taken when batches were claimed, and none was filed."""
    home = next(homes)
    services, drop = office(home)
    for number in range(2):
        small_tiff(drop / "desk" / f"more-{number}.tif", [f"more {number} {page}" for page in range(2)])
    moments: list[tuple[str, int]] = []
    one_at_a_time = threading.Lock()

    def back_up_now(step: Step) -> None:
        if step.name in ("claimed", "taken", "kept", "filed"):
            with one_at_a_time, borrowed():
                back_up(services, tmp_path / f"backup-{len(moments)}", archive=True)
                moments.append((step.name, step.batch))

    intake(services, drop, once=True, stop=threading.Event(), watch=back_up_now)
    assert len(moments) >= 8
    for number in range(1, len(moments)):
        folder = tmp_path / f"backup-{number}"
        compare(folder, read(folder)["files"])
    disconnect()
    restored = next(homes)
    restore(restored, tmp_path / "backup-0", replace=False)
    again = open_services(restored)
    rebuild_index(again)
    run(again, again.drop)
    books = verify(again)
    assert books["ok"], (moments[0], books["wrong"])
    claimed = Batch.objects.filter(source__contains="more-").count()
    assert books["pages"] == 10 + 2 * claimed
    assert views.refused_in(list(Batch.objects.values_list("pk", flat=True))) == []


def test_a_station_host_is_lost_and_the_database_is_not(
    register_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTROOM_DATABASE__URL", register_database)
    monkeypatch.setenv("POSTROOM_PROCESSES", "1")
    services, _ = office(tmp_path / "first")
    back_up(services, tmp_path / "backup", archive=True)
    before = tables()
    lose(tmp_path / "first")
    restore(tmp_path / "second", tmp_path / "backup", replace=False, files_only=True)
    again = open_services(tmp_path / "second")
    assert tables() == before
    assert again.host == services.host
    run(again, again.drop)
    assert {one.state for one in Batch.objects.all()} == {Batch.State.RELEASED}


def test_a_register_older_than_the_archive_is_made_from_the_archive(
    homes: Iterator[Path], tmp_path: Path
) -> None:
    """As docs/database.md says: only the home's files come from the backup."""
    first = next(homes)
    services, drop = office(first)
    back_up(services, tmp_path / "backup", archive=False)
    small_tiff(drop / "desk" / "later.tif", ["later 1", "later 2"])
    run(services, drop)
    numbers = list(Entry.objects.order_by("number").values_list("number", flat=True))
    assert len(numbers) == 6
    shutil.copytree(first / "archive", tmp_path / "archive")
    lose(first)

    second = next(homes)
    restore(second, tmp_path / "backup", replace=False, files_only=True)
    shutil.copytree(tmp_path / "archive", second / "archive")
    again = open_services(second)
    said = rebuild(again)
    assert said["ok"], said
    assert list(Entry.objects.order_by("number").values_list("number", flat=True)) == numbers
    books = verify(again)
    assert books["ok"], books["wrong"]
    run(again, again.drop)  # lets go of the file in the spool, which was filed since
    assert not any(path.is_file() for path in again.spool.rglob("*"))
    assert Entry.objects.count() == 6


def test_what_is_in_the_way_is_moved_aside_only_when_asked(homes: Iterator[Path], tmp_path: Path) -> None:
    home = next(homes)
    services, _ = office(home)
    back_up(services, tmp_path / "backup", archive=False)
    before = tables()
    with pytest.raises(Usage, match="there is spool/, models/, index/, a register already"):
        restore(home, tmp_path / "backup", replace=False)
    assert tables() == before
    Batch.objects.update(alarms=["since the backup"])
    said = restore(home, tmp_path / "backup", replace=True)
    assert tables() == before
    aside = home / said["moved_to"]
    moved = {one.name for one in aside.iterdir() if one.is_dir()}
    assert moved == {"index", "models", "spool"}  # the archive stays where it is
    assert (home / "host").exists()


def test_a_damaged_backup_changes_nothing(homes: Iterator[Path], tmp_path: Path) -> None:
    services = open_services(next(homes))
    train_small(services.home)
    back_up(services, tmp_path / "backup", archive=False)
    disconnect()
    fresh = next(homes)
    models = [path for path in (tmp_path / "backup" / "models").rglob("*") if path.is_file()]
    models[0].write_bytes(models[0].read_bytes() + b"x")
    with pytest.raises(Unavailable, match=r"models/.* was altered"):
        restore(fresh, tmp_path / "backup", replace=False)
    models[0].unlink()
    with pytest.raises(Unavailable, match="No such file"):
        restore(fresh, tmp_path / "backup", replace=False)
    assert not fresh.exists()


def test_a_backup_of_a_newer_postroom_is_refused(register: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    back_up(open_services(register), folder, archive=False)
    about = json.loads((folder / "manifest.json").read_text())
    about["migrations"].append("register.9999_later")
    (folder / "manifest.json").write_text(json.dumps(about))
    with pytest.raises(Usage, match=r"newer Postroom, with register\.9999_later"):
        restore(tmp_path / "new", folder, replace=False)
    (folder / "manifest.json").write_text("{}")
    with pytest.raises(Usage, match="is no backup"):
        restore(tmp_path / "new", folder, replace=False)


def test_a_register_of_the_other_kind_is_refused(
    register: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "backup"
    back_up(open_services(register), folder, archive=False)
    other = "" if "POSTROOM_DATABASE__URL" in os.environ else "postgresql://localhost:1/none"
    monkeypatch.setenv("POSTROOM_DATABASE__URL", other)
    with pytest.raises(Usage, match="the backup holds a register of"):
        restore(tmp_path / "new", folder, replace=False)


def test_the_commands_say_what_is_not_in_it_and_what_to_do_next(
    homes: Iterator[Path], tmp_path: Path
) -> None:
    home = next(homes)
    train_small(home)
    backup = str(tmp_path / "backup")

    def postroom(home: Path, *words: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [_POSTROOM, "--home", home, *words], capture_output=True, text=True, env=os.environ
        )
        return done.returncode, done.stdout, done.stderr

    code, said, why = postroom(home, "backup", backup)
    assert code == 0, why
    assert "not in it: the archive: copy it yourself, or add --archive" in said
    code, _, why = postroom(home, "backup", backup)
    assert code == 2
    assert "is there already" in " ".join(why.split())
    code, said, why = postroom(next(homes), "restore", backup, "--json")
    assert code == 0, why
    assert json.loads(said)["database"] == (
        "postgresql" if "POSTROOM_DATABASE__URL" in os.environ else "sqlite"
    )
