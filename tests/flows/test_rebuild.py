"""The archive is enough: the register and the index come back from it, and what is damaged is told."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archive.keys import batch_record_key, record_key
from archive.local import LocalArchive
from domain.entry import Query
from domain.errors import Unavailable, Usage
from flows import rebuild as rebuilding
from flows.publish import deliver
from flows.rebuild import rebuild
from flows.replay import replay
from flows.verify import verify
from infra.database import disconnect
from infra.wiring import Services, open_services
from register import outbox, problems
from register.models import Batch, Correction, Document, Entry, Event, Outbox, PageFate
from register.records import write_record
from tests.archive.stores import bucket, use
from tests.flows.lost_home import Lost, hits, no_difference
from tests.flows.mixed_mail import next_number, take_in, take_in_all
from tests.register.dump import dump
from tests.small import small_tiff, train_small


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lost]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POSTROOM_PROCESSES", "1")
        home, drop = tmp_path_factory.mktemp("lost") / "home", tmp_path_factory.mktemp("drop")
        services = open_services(home)
        train_small(home)
        take_in_all(services, drop)
        assert verify(services)["ok"]
        yield Lost(home, dump(), hits(services), len(problems.open_problems()))
    disconnect()


@pytest.fixture
def home(lost: Lost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A new machine: it has a copy of the archive and a classifier."""
    monkeypatch.setenv("POSTROOM_PROCESSES", "1")
    home = tmp_path / "new"
    for name in ("archive", "models"):
        shutil.copytree(lost.home / name, home / name)
    (tmp_path / "drop").mkdir()
    yield home
    disconnect()


@pytest.fixture(params=["sqlite", "postgresql", "s3"])
def empty(
    request: pytest.FixtureRequest, lost: Lost, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Services:
    """An empty instance on the archive that is left, on either database, and once in a bucket."""
    if request.param == "postgresql":
        monkeypatch.setenv("POSTROOM_DATABASE__URL", request.getfixturevalue("register_database"))
    if request.param == "s3":
        store = request.getfixturevalue("minio")
        use(store, monkeypatch)
        settings = bucket(store, lock=False)
        monkeypatch.setenv("POSTROOM_ARCHIVE__BUCKET", settings.bucket)
        monkeypatch.setenv("POSTROOM_ARCHIVE__ENDPOINT", settings.endpoint)
        services = open_services(home)
        shutil.rmtree(home / "archive")
        left = LocalArchive(lost.home / "archive")
        for key in left.list():
            services.archive.put(key, left.read(key))
        return services
    return open_services(home)


def test_everything_comes_back(lost: Lost, empty: Services) -> None:
    empty.archive.put("documents/nobody/abc/document.pdf", b"of a run that was killed")
    found = rebuild(empty)
    assert no_difference(found, lost)
    assert found["orphans"] == 1
    assert dump() == lost.tables
    assert hits(empty) == lost.hits
    assert verify(empty)["ok"]


@pytest.mark.parametrize("empty", ["sqlite", "postgresql"], indirect=True)
def test_work_goes_on_where_it_was(lost: Lost, empty: Services) -> None:
    rebuild(empty)
    number = next_number()
    small_tiff(empty.home.parent / "drop" / "after.tif", ["After the loss"])
    assert take_in(empty, empty.home.parent / "drop").failures == []
    assert Entry.objects.latest("id").number == number
    (waiting,) = [one for one in problems.open_problems() if number in one.reason]
    assert replay(empty, [waiting.pk]).failures == []
    assert Document.objects.filter(entry__number=number).count() == 2
    assert Batch.objects.latest("id").pk == len(lost.tables["Batch"]) + 1
    assert verify(empty)["ok"]


@pytest.mark.parametrize("empty", ["sqlite", "postgresql"], indirect=True)
def test_a_rebuild_that_was_stopped_begins_anew(
    lost: Lost, empty: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(rebuilding, "settle", stop)
        with pytest.raises(Unavailable):
            rebuild(empty)
    assert (Batch.objects.count(), Event.objects.count(), Outbox.objects.count()) == (0, 0, 0)
    with monkeypatch.context() as patch:
        patch.setattr(type(empty.archive), "read", stop)
        with pytest.raises(Unavailable):
            rebuild(empty)
    assert no_difference(rebuild(empty), lost)
    assert dump() == lost.tables


def stop(*_: object) -> Any:
    raise Unavailable("the machine stopped here")


def test_only_an_empty_register_is_rebuilt(home: Path) -> None:
    services = open_services(home)
    publisher = outbox.lease("publish", "a far machine:1:1", lambda _: False)
    with publisher, pytest.raises(Usage, match="Stop it before"):
        rebuild(services)
    rebuild(services)
    before = dump()
    with pytest.raises(Usage, match="The register is not empty: it has 5 entries"):
        rebuild(services)
    assert dump() == before


def test_an_archive_without_records_is_the_wrong_one(tmp_path: Path) -> None:
    with pytest.raises(Usage, match="There is no record in the archive"):
        rebuild(open_services(tmp_path))
    disconnect()


ALTERED = "the record was altered: its SHA-256 is another"


def change(home: Path, key: str, old: str = "", new: str = "") -> None:
    """Put other bytes under the key; with nothing to replace, remove it."""
    path = home / "archive" / key
    path.chmod(0o644)
    if not old:
        path.unlink()
        return
    data = path.read_text()
    assert old in data
    path.write_text(data.replace(old, new, 1))


def told(found: dict[str, Any]) -> dict[str, list[str]]:
    """The problems of each key."""
    problems: dict[str, list[str]] = {}
    for one in found["differences"]:
        problems.setdefault(one["key"], []).append(one["problem"])
    return problems


def keys(home: Path, prefix: str) -> list[str]:
    return list(LocalArchive(home / "archive").list(prefix))


def missing(home: Path, key: str) -> str:
    return f"No object {key} in the archive {home / 'archive'}"


def rows(lost: Lost, table: str, **values: Any) -> list[dict[str, Any]]:
    return [row for row in lost.tables[table] if values.items() <= row.items()]


def batch_of(lost: Lost, station: str) -> str:
    (row,) = rows(lost, "Batch", station=station)
    return str(row["key"])


def test_records_that_are_damaged_or_gone_are_told(lost: Lost, home: Path) -> None:
    (number,) = {row["number"] for row in rows(lost, "Entry", register="OUT")}
    first, middle, last = keys(home, f"register/{number}/")
    change(home, first, '"kind": "registered"', '"kind": "registerea"')
    change(home, last, "Series", "Sevies")
    batch = batch_of(lost, "patched")
    (document,) = rows(lost, "Document", batch=batch, ordinal=0)
    (gone,) = keys(home, f"register/{document['entry']}/")
    sequence = int(Path(gone).stem)
    (after,) = rows(lost, "Event", register="IN", sequence=sequence + 1)
    change(home, gone)

    found = rebuild(open_services(home))

    assert told(found) == {
        first: [ALTERED],
        last: [ALTERED, f"{number} is as its record 2 left it: what came after is lost"],
        keys(home, f"batches/{batch}/")[-1]: [
            f"document {document['key']} has no entry",
            "of its 5 pages 4 have a fate",
        ],
        f"register/{document['entry']}/": ["this number is missing"],
        record_key(after["entry"], sequence + 1): [f"event {sequence} is missing"],
        middle: ["event 1 is missing"],
        "register/": ["OUT: the chain ends at event 2, but 3 were written"],
    }
    assert found["orphans"] == 4  # what the lost document was made of
    assert (found["entries"], found["documents"], found["indexed"]) == (4, 5, 4)
    # All else is as it was, and no number is given twice.
    assert Document.objects.get(entry__number=number).label == "letter"
    assert list(Correction.objects.values_list("after", flat=True)) == ["letter"]
    now = dump()
    for table in ("Batch", "Claim", "Problem", "Party", "Counter"):
        assert now[table] == lost.tables[table]


def test_manifests_and_objects_that_are_damaged_or_gone_are_told(lost: Lost, home: Path) -> None:
    batch = batch_of(lost, "patched")
    one, other = (rows(lost, "Document", batch=batch, ordinal=ordinal)[0] for ordinal in (0, 1))
    change(home, one["manifest"])
    change(home, other["manifest"], '"station": "patched"', '"station": "patchee"')
    (series,) = rows(lost, "Document", batch=batch_of(lost, "folders"))
    (text,) = (row["key"] for row in rows(lost, "StoredObject", document=series["key"], role="text"))
    (pdf,) = rows(lost, "StoredObject", document=series["key"], role="pdfa")
    change(home, text)
    (home / "archive" / pdf["key"]).chmod(0o644)
    with (home / "archive" / pdf["key"]).open("ab") as longer:
        longer.write(b"%")

    services = open_services(home)
    found = rebuild(services)

    unknown = "(what document {} is made of is not known without it)".format
    assert told(found) == {
        one["manifest"]: [f"{missing(home, one['manifest'])} {unknown(one['key'])}"],
        other["manifest"]: [
            f"the manifest was altered: its SHA-256 is not the one in its key {unknown(other['key'])}"
        ],
        pdf["key"]: [f"it has {pdf['size'] + 1} bytes, not {pdf['size']}"],
        text: [missing(home, text)],
        record_key(series["entry"], 3): [f"found without the text of its pages: {missing(home, text)}"],
    }
    assert found["indexed"] == 5
    assert [one.number for one in services.index.search(Query("Series")).hits] == [series["entry"]]
    now = dump()
    assert {table for table in now if now[table] != lost.tables[table]} == {"StoredObject"}
    wrong = {one["key"] for one in verify(services)["wrong"]["mismatches"]}
    assert wrong == {one["manifest"], other["manifest"], pdf["key"], text}


def test_a_batch_without_records_is_known_by_its_documents(lost: Lost, home: Path) -> None:
    batch = batch_of(lost, "patched")
    for key in keys(home, f"batches/{batch}/"):
        change(home, key)
    gap = batch_of(lost, "folders")
    change(home, batch_record_key(gap, 1))
    change(home, batch_record_key(gap, 2))

    found = rebuild(open_services(home))

    number = min(row["entry"] for row in rows(lost, "Document", batch=batch))
    assert told(found) == {
        keys(home, f"register/{number}/")[-1]: [
            f"batch {batch} has no record: it is known by its documents alone"
        ],
        batch_record_key(batch, 1): ["of its 5 pages 3 have a fate"],
        batch_record_key(gap, 1): ["the records up to 2 are gone"],
    }
    assert (found["batches"], found["pages"], found["documents"]) == (9, 18, 6)
    restored = Batch.objects.get(key=batch)
    assert (restored.pages_known, restored.state) == (5, Batch.State.RELEASED)
    now = dump()
    for table in ("Entry", "EntryParty", "Document", "Event", "EventContent", "Counter", "Problem"):
        assert now[table] == lost.tables[table]
    kept = [row for row in lost.tables["PageFate"] if row["kind"] == "document" or row["claim"][0] != batch]
    assert now["PageFate"] == kept


def test_the_command_tells_of_differences(lost: Lost, home: Path) -> None:
    (number,) = {row["number"] for row in rows(lost, "Entry", register="OUT")}
    first, middle, _ = keys(home, f"register/{number}/")
    change(home, first)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command: list[str | Path] = [
            Path(sys.executable).with_name("postroom"),
            "--home",
            home,
            "rebuild",
            *words,
        ]
        return subprocess.run(command, capture_output=True, text=True, timeout=300)

    assert run().returncode == 2
    done = run("--from-archive", "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert (found["ok"], found["entries"], found["events"]) == (False, 5, len(lost.tables["Event"]) - 1)
    assert found["differences"] == [{"key": middle, "problem": "event 1 is missing"}]
    again = run("--from-archive")
    assert (again.returncode, "The register is not empty: it has 5 entries" in again.stderr) == (2, True)


def put(home: Path, key: str, body: str) -> str:
    LocalArchive(home / "archive").put(key, body.encode())
    return key


def test_foreign_records_are_told_and_cost_nothing_else(lost: Lost, home: Path) -> None:
    (refused,) = (row["batch"] for row in rows(lost, "Problem", state="dismissed"))
    last = keys(home, f"batches/{refused}/")[-1]
    record = json.loads((home / "archive" / last).read_text())
    order = record["batch"]["order"]
    twin = {"sequence": 1, "batch": {**record["batch"], "key": "0" * 32}}
    number = lost.tables["Entry"][0]["number"]
    entry = keys(home, f"register/{number}/")[0]
    strange = {
        put(home, f"batches/{'1' * 32}/000000001.json", write_record(twin)): [
            "the record is of something else than its key says"
        ],
        put(home, f"batches/{'2' * 32}/000000001.json", "{}"): ["not a record of ours, or no longer"],
        put(home, f"batches/{'3' * 32}/000000001.json", '{"version": 3}'): [
            "a record of version 3: this program knows 2"
        ],
        put(
            home,
            f"batches/{'4' * 32}/000000001.json",
            write_record({"sequence": 1, "batch": {"key": "4" * 32}}),
        ): ["it cannot be restored (KeyError: 'order')"],
        put(home, "register/IN-2026-000009-9/000000009.json", (home / "archive" / entry).read_text()): [
            "the record is of something else than its key says"
        ],
        put(home, "register/readme.txt", "Hello"): ["this is not where a record lies"],
    }
    put(home, f"batches/{'0' * 32}/000000001.json", write_record(twin))

    found = rebuild(open_services(home))

    now = len(lost.tables["Batch"]) + 1
    strange[last] = [
        f"batch {order} is another one as well, so it is {now} now: two registers wrote into this archive"
    ]
    assert told(found) == strange
    tables = dump()
    more = {"Batch", "Claim", "PageFate", "Problem", "Outbox", "StoredObject"}
    assert {table for table in tables if tables[table] != lost.tables[table]} == more
    assert all(row in tables["PageFate"] for row in lost.tables["PageFate"])
    assert sorted(Batch.objects.filter(key__in=(refused, "0" * 32)).values_list("pk", "key")) == [
        (order, "0" * 32),
        (now, refused),
    ]


def test_what_the_spool_still_holds_is_released(lost: Lost, home: Path) -> None:
    key = batch_of(lost, "folders")
    services = open_services(home)
    (services.spool / key).mkdir(parents=True)
    rebuild(services)
    assert [one.key for one in Batch.objects.filter(state=Batch.State.DONE)] == [key]
    deliver(services)
    assert not (services.spool / key).exists()
    assert verify(services)["ok"]


def test_an_unfinished_batch_is_filed_on_another_machine(lost: Lost, home: Path, tmp_path: Path) -> None:
    services, drop = open_services(home), tmp_path / "drop"
    rebuild(services)
    small_tiff(drop / "half.tif", ["Half way there", "and the rest"])
    take_in(services, drop, fail_at="separated")
    deliver(services)
    batch = Batch.objects.latest("id")
    assert (batch.state, batch.host) == (Batch.State.KEPT, services.host)
    disconnect()
    new = tmp_path / "newer"
    for name in ("archive", "models"):
        shutil.copytree(home / name, new / name)

    services = open_services(new)
    assert rebuild(services)["differences"] == []
    again = Batch.objects.get(state=Batch.State.KEPT)
    assert (again.pk, again.key, again.host, again.plan) == (batch.pk, batch.key, "", batch.plan)
    number = next_number()
    assert take_in(services, drop).failures == []
    assert Document.objects.get(batch=again).entry.number == number
    fates = PageFate.objects.filter(claim__batch=again)
    assert sorted(fates.values_list("kind", "page")) == [("document", 1), ("document", 2)]
    assert services.index.search(Query("Half")).total == 1
    assert Batch.objects.count() == len(lost.tables["Batch"]) + 1
    assert verify(services)["ok"]
