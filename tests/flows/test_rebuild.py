"""The archive is enough: the register and the index come back from it, and what is damaged is told."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archive.local import LocalArchive
from capture.fields.extract import ORDER
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
from register.models import Batch, Document, Entry, Event, Outbox, PageFate
from tests.archive.stores import bucket, use
from tests.flows.lost_home import Lost, batch_of, hits, new_machine, no_difference, office_lost
from tests.flows.mixed_mail import next_number, take_in
from tests.register.dump import dump
from tests.small import small_tiff


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lost]:
    with office_lost(tmp_path_factory.mktemp("lost")) as gone:
        yield gone


@pytest.fixture
def home(lost: Lost, tmp_path: Path) -> Iterator[Path]:
    with new_machine(lost, tmp_path) as home:
        yield home


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


def test_the_mail_has_all_that_a_record_can_tell(lost: Lost) -> None:
    """Else what is left out of a record, or out of what is made from it, would not be missed."""
    archive = LocalArchive(lost.home / "archive")
    told: dict[str, list[Any]] = {}

    def look(place: str, value: Any) -> None:
        told.setdefault(place, []).append(value)
        if place.endswith(
            (".plan", ".profile", ".content", ".fields", ".signatures", ".alternatives", ".edits", ".about")
        ):
            return
        for name, one in value.items() if isinstance(value, dict) else ():
            look(f"{place}.{name}", one)
        for one in value if isinstance(value, list) else ():
            look(f"{place}[]", one)

    for prefix in ("register/", "batches/", "parties/"):
        for key in archive.list(prefix):
            look(prefix[:-1], json.loads(archive.read(key)))
    # A label lies in its batch's first file here; that a later one is told is seen in the plan.
    first = "register.entry.documents[].candidates[].source"
    assert [place for place, values in told.items() if not any(values)] in ([], [first])
    names = {one["name"] for fields in told["register.entry.documents[].fields"] for one in fields}
    assert names == set(ORDER) - {"tax_id"}


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
    with pytest.raises(Usage, match="The register is not empty: it has 16 entries"):
        rebuild(services)
    assert dump() == before


def test_an_archive_without_records_is_the_wrong_one(tmp_path: Path) -> None:
    with pytest.raises(Usage, match="There is no record in the archive"):
        rebuild(open_services(tmp_path))
    disconnect()


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
