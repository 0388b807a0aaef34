"""What of the archive is damaged, gone or foreign is told by a rebuild, and costs nothing else."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archive.keys import batch_record_key, record_key
from archive.local import LocalArchive
from domain.entry import Query
from flows.behind import not_behind
from flows.rebuild import rebuild
from flows.verify import verify
from infra.wiring import open_services
from register.models import Batch, Correction, Document, Entry
from register.numbers import format_number
from register.records import read_record, write_record
from tests.flows.lost_home import Lost, batch_of, new_machine, office_lost, rows
from tests.flows.mixed_mail import take_in
from tests.flows.test_fixity import flip_a_bit
from tests.register.dump import dump
from tests.small import small_tiff

ALTERED = "the record was altered: its SHA-256 is another"


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lost]:
    with office_lost(tmp_path_factory.mktemp("lost")) as gone:
        yield gone


@pytest.fixture
def home(lost: Lost, tmp_path: Path) -> Iterator[Path]:
    with new_machine(lost, tmp_path) as home:
        yield home


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


def counting(lost: Lost) -> int:
    """How many entries are not void."""
    return sum(row["voided_at"] is None for row in lost.tables["Entry"])


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
    one_less = len(lost.tables["Entry"]) - 1, len(lost.tables["Document"]) - 1, counting(lost) - 1
    assert (found["entries"], found["documents"], found["indexed"]) == one_less
    # All else is as it was, and no number is given twice.
    assert Document.objects.get(entry__number=number).label == "letter"
    corrections = Correction.objects.filter(document__entry__number=number)
    assert list(corrections.values_list("after", flat=True)) == ["letter"]
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
    assert found["indexed"] == counting(lost)
    assert [one.number for one in services.index.search(Query("Series")).hits] == [series["entry"]]
    now = dump()
    assert {table for table in now if now[table] != lost.tables[table]} == {"StoredObject"}
    wrong = {one["key"] for one in verify(services)["wrong"]["mismatches"]}
    assert wrong == {one["manifest"], other["manifest"], pdf["key"], text}


@pytest.mark.parametrize("sizes_only", [False, True])
def test_a_flipped_bit_is_told(lost: Lost, home: Path, sizes_only: bool) -> None:
    """Of a text also where only sizes are compared, since it is read for the index."""
    (series,) = rows(lost, "Document", batch=batch_of(lost, "folders"))
    made = {row["role"]: row["key"] for row in rows(lost, "StoredObject", document=series["key"])}
    (refused,) = (row["original"] for row in lost.tables["Claim"] if row["source"].endswith("notes.csv"))
    services = open_services(home)
    for key in (made["pdfa"], made["text"], refused):
        flip_a_bit(services, key)

    found = rebuild(services, sizes_only=sizes_only)

    other = f"{made['text']} in the archive is not what was put there. See: postroom verify"
    found_without = {record_key(series["entry"], 3): [f"found without the text of its pages: {other}"]}
    altered = "it was altered: its SHA-256 is another"
    read = {} if sizes_only else {key: [altered] for key in (made["pdfa"], made["text"], refused)}
    assert told(found) == {**read, **found_without}
    assert found["compared"] == ("sizes" if sizes_only else "hashes")
    assert dump() == lost.tables


def test_sizes_are_compared_where_hashes_are_not(lost: Lost, home: Path) -> None:
    services = open_services(home)
    (pdf, *_) = rows(lost, "StoredObject", role="pdfa")
    with (home / "archive" / pdf["key"]).open("ab") as longer:
        longer.write(b"%")
    found = rebuild(services, sizes_only=True)
    assert told(found) == {pdf["key"]: [f"it has {pdf['size'] + 1} bytes, not {pdf['size']}"]}


def test_the_number_of_a_lost_last_entry_is_not_given_again(lost: Lost, home: Path) -> None:
    number = max(row["number"] for row in rows(lost, "Entry", register="IN"))
    (document,) = rows(lost, "Document", entry=number)
    (event,) = rows(lost, "Event", entry=number)
    assert event["sequence"] == max(row["sequence"] for row in rows(lost, "Event", register="IN"))
    for key in keys(home, f"register/{number}/"):
        change(home, key)
    services = open_services(home)

    found = rebuild(services)

    last, batch = event["sequence"], document["batch"]
    assert told(found) == {
        keys(home, f"batches/{batch}/")[-1]: [
            f"document {document['key']} has no entry",
            "of its 2 pages 0 have a fate",
        ],
        f"register/{number}/": ["this number is missing"],
        "register/": [f"IN: the chain ends at event {last - 1}, but {last} were written"],
    }
    assert dump()["Counter"] == lost.tables["Counter"]
    not_behind(services)
    small_tiff(home.parent / "drop" / "after.tif", ["After the loss"])
    assert take_in(services, home.parent / "drop").failures == []
    _, year, sequence, _ = number.split("-")
    entry = Entry.objects.latest("id")
    assert entry.number == format_number("IN", int(year), int(sequence) + 1)
    assert entry.events.get().sequence == last + 1


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
    known = len(lost.tables["Batch"]), len(lost.tables["PageFate"]), len(lost.tables["Document"])
    assert (found["batches"], found["pages"], found["documents"]) == known
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
    entries = len(lost.tables["Entry"])
    assert (found["ok"], found["entries"], found["events"]) == (False, entries, len(lost.tables["Event"]) - 1)
    assert found["differences"] == [{"key": middle, "problem": "event 1 is missing"}]
    again = run("--from-archive")
    assert (again.returncode, f"The register is not empty: it has {entries} entries" in again.stderr) == (
        2,
        True,
    )


def put(home: Path, key: str, body: str) -> str:
    LocalArchive(home / "archive").put(key, body.encode())
    return key


def test_foreign_records_are_told_and_cost_nothing_else(lost: Lost, home: Path) -> None:
    (refused,) = (row["batch"] for row in rows(lost, "Problem", state="dismissed"))
    last = keys(home, f"batches/{refused}/")[-1]
    record = json.loads((home / "archive" / last).read_text())
    order = record["batch"]["order"]
    twin = {"sequence": 1, "batch": {**record["batch"], "key": "0" * 32}}
    number = rows(lost, "Entry", register="IN")[0]["number"]
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


def test_a_record_made_anew_does_not_tell_what_its_event_certified(lost: Lost, home: Path) -> None:
    """Somebody who writes to the archive, and makes the record's own SHA-256 anew."""
    number = rows(lost, "Entry", register="OUT")[0]["number"]
    forged = [keys(home, f"register/{number}/")[-1], keys(home, "parties/P-000001-1/")[-1]]
    for key, of, name in zip(forged, ("entry", "party"), ("subject", "name"), strict=True):
        path = home / "archive" / key
        record = read_record(path.read_bytes())
        record[of][name] = "Mallory"
        path.chmod(0o644)
        path.write_text(write_record(record))

    found = rebuild(open_services(home))

    altered = ["the record of its last event was altered"]
    assert {key: told(found).get(key) for key in forged} == dict.fromkeys(forged, altered)
