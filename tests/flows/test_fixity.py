"""Fixity: a rolling share is checked, damage is recorded and alarms, and a second archive mends it."""

import hashlib
import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from prefect.client.orchestration import SyncPrefectClient
from structlog.testing import capture_logs

from archive.keys import champion_key, model_key
from archive.local import LocalArchive
from archive.s3 import S3Archive
from archive.settings import ArchiveSettings
from flows import deployed
from flows import fixity as checking
from flows.file_batch import Tools
from flows.fixity import Checked, check_share
from flows.intake import intake
from flows.serve import check_if_due, serve
from flows.steps import unwatched
from flows.verify import verify
from infra.services.object_store import ObjectStore
from infra.services.process import until
from infra.wiring import Services, open_services
from models.registry import CARD, MODEL
from postroom import books
from register import checks, views
from register.models import Batch, StoredObject
from register.session import borrowed
from tests.archive.stores import bucket, folder_of, use
from tests.contracts.archive_contract import flip
from tests.small import small_tiff


def filed(office: tuple[Services, Path]) -> Services:
    services, drop = office
    for name in ("one", "two"):
        small_tiff(drop / f"{name}.tif", [f"Letter {name}"])
    intake(services, drop, once=True, stop=threading.Event())
    checking._add_models(services.archive)  # the small classifier
    return services


def flip_a_bit(services: Services, key: str, store: str = "archive") -> None:
    path = services.home / store / key
    path.chmod(0o600)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def one_of(role: str) -> StoredObject:
    return StoredObject.objects.filter(role=role).order_by("id")[0]


def test_shares_roll_through_all_objects(office: tuple[Services, Path]) -> None:
    services = filed(office)
    total = StoredObject.objects.count()
    checked = [check_share(services, 0.34).objects for _ in range(3)]
    assert sum(checked) >= total
    assert not StoredObject.objects.filter(checked_at=None).exists()
    first = StoredObject.objects.order_by("checked_at").first()
    assert first
    before = first.checked_at
    check_share(services, 1 / total)
    first.refresh_from_db()
    assert before
    assert first.checked_at
    assert first.checked_at > before


def test_a_flipped_bit_stays_an_alarm_until_it_is_mended(office: tuple[Services, Path]) -> None:
    services = filed(office)
    mirror = LocalArchive(services.home / "mirror")
    mirrored = replace(services, mirror=mirror)
    total = StoredObject.objects.count()
    assert check_share(mirrored, 1.0) == Checked(objects=total, copied=total)
    document = StoredObject.objects.filter(role="pdfa").order_by("id")[0]
    record = StoredObject.objects.filter(role="record").order_by("id")[0]
    flip_a_bit(services, document.key)
    services.archive.delete(record.key)
    found = verify(services)
    assert not found["ok"]
    assert sorted(one["key"] for one in found["wrong"]["mismatches"]) == sorted([document.key, record.key])
    assert {one["key"]: one["found"] for one in found["wrong"]["mismatches"]}[record.key] is None
    # A later look at others does not make it forgotten.
    assert len(verify(services, share=0.0)["wrong"]["mismatches"]) == 2
    done = verify(mirrored)
    assert done["ok"]
    assert sorted(done["mended"]) == sorted([document.key, record.key])
    assert services.archive.checksum(document.key) == document.sha256
    assert verify(services, share=0.0)["ok"]


def test_damage_that_the_mirror_has_too_is_not_mended(office: tuple[Services, Path]) -> None:
    services = filed(office)
    mirrored = replace(services, mirror=LocalArchive(services.home / "mirror"))
    document = StoredObject.objects.filter(role="pdfa").order_by("id")[0]
    flip_a_bit(services, document.key)
    done = check_share(mirrored, 1.0)
    assert (done.damaged, done.mended) == ([document.key], [])
    assert not verify(mirrored)["ok"]


def test_copies_are_looked_after_too(office: tuple[Services, Path]) -> None:
    services = filed(office)
    mirror = LocalArchive(services.home / "mirror")
    mirrored = replace(services, mirror=mirror)
    total = StoredObject.objects.count()
    check_share(mirrored, 1.0)
    rotten, short, gone, worse = (one_of(role) for role in ("pdfa", "text", "record", "manifest"))
    flip_a_bit(services, rotten.key, "mirror")
    for one, content in ((short, b"short"), (worse, b"short")):
        (services.home / "mirror" / one.key).chmod(0o600)
        (services.home / "mirror" / one.key).write_bytes(content)
    mirror.delete(gone.key)
    flip_a_bit(services, worse.key)  # nobody has its true bytes any more
    done = check_share(mirrored, 1.0, turns=1)
    trouble = f"the second bucket: {worse.key} is damaged and could not be mended"
    assert (done.objects, done.copied, done.copies_mended) == (total, 2, [rotten.key])
    assert (done.damaged, done.mended, done.mirror) == ([worse.key], [], [])
    assert {key: mirror.checksum(key) for key in (rotten.key, short.key, gone.key)} == {
        one.key: one.sha256 for one in (rotten, short, gone)
    }
    services.archive.restore(worse.key, b"", sha256=hashlib.sha256(b"").hexdigest())
    assert trouble not in check_share(mirrored, 1.0, turns=1).mirror


def test_each_copy_is_read_once_in_its_turns(
    office: tuple[Services, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    services = filed(office)
    mirror = LocalArchive(services.home / "mirror")
    check_share(replace(services, mirror=mirror), 1.0)
    read: list[str] = []

    def checksum(key: str) -> str:
        read.append(key)
        return services.archive.checksum(key)

    monkeypatch.setattr(mirror, "checksum", checksum)
    for month in range(4):
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=30 * month)
        monkeypatch.setattr(
            checking, "datetime", type("Clock", (), {"now": staticmethod(lambda zone, at=at: at)})
        )
        check_share(replace(services, mirror=mirror), 1.0, turns=4)
    assert sorted(read) == sorted(StoredObject.objects.values_list("key", flat=True))


def test_a_mirror_that_is_down_keeps_nothing_else_up(office: tuple[Services, Path]) -> None:
    services = filed(office)
    nowhere = ArchiveSettings(bucket="m", endpoint="http://127.0.0.1:9", region="r", attempts=1)
    document = one_of("pdfa")
    flip_a_bit(services, document.key)
    broken = replace(services, mirror=S3Archive(nowhere))
    done = check_share(broken, 1.0)
    total = StoredObject.objects.count()
    assert (done.objects, done.damaged, done.mended, len(done.mirror)) == (total, [document.key], [], 1)
    assert not StoredObject.objects.filter(checked_at=None).exists()
    found = verify(broken)
    assert (found["ok"], found["mirror_troubles"], found["mismatches"]) == (False, 2, 1)
    with pytest.raises(checking.Damage, match=rf"1 damaged .*{document.key}.*the second bucket"):
        checking.counts(done)
    # The next night begins with what is still damaged, though it was just checked.
    mirror = LocalArchive(services.home / "mirror")
    mirror.put(document.key, b"true bytes")
    StoredObject.objects.filter(pk=document.pk).update(sha256=hashlib.sha256(b"true bytes").hexdigest())
    done = check_share(replace(services, mirror=mirror), 0.01)
    assert (done.objects, done.mended) == (2, [document.key])
    assert checks.damaged() == []


def test_classifiers_are_checked_too(office: tuple[Services, Path]) -> None:
    services = filed(office)
    before = StoredObject.objects.count()
    card = json.dumps({"sha256": hashlib.sha256(b"model").hexdigest()}).encode()
    keys = [model_key("v1", MODEL), model_key("v1", CARD), champion_key(900)]
    services.archive.put(model_key("v2", MODEL), b"its card is on its way")
    for key, content in zip(keys, (b"model", card, b"{}"), strict=True):
        services.archive.put(key, content)
    mirror = LocalArchive(services.home / "mirror")
    done = check_share(replace(services, mirror=mirror), 1.0)
    assert done == Checked(objects=before + 3, copied=before + 3)
    flip_a_bit(services, keys[0])
    assert check_share(services, 1.0).damaged == [keys[0]]
    assert check_share(replace(services, mirror=mirror), 1.0).mended == [keys[0]]
    assert services.archive.read(keys[0]) == b"model"


def test_a_model_that_was_altered_before_it_was_ever_checked(office: tuple[Services, Path]) -> None:
    services = filed(office)
    card = json.dumps({"sha256": hashlib.sha256(b"model").hexdigest()}).encode()
    services.archive.put(model_key("v1", MODEL), b"another")
    services.archive.put(model_key("v1", CARD), card)
    assert check_share(services, 1.0).damaged == [model_key("v1", MODEL)]


def test_what_a_clock_ahead_left_is_checked(office: tuple[Services, Path]) -> None:
    services = filed(office)
    services.archive.put(champion_key(900), b"{}")
    total = StoredObject.objects.count() + 1
    StoredObject.objects.update(checked_at=timezone.now() + timedelta(days=400))
    assert verify(services)["objects_checked"] == total
    assert not StoredObject.objects.filter(checked_at__gt=timezone.now()).exists()


def test_verify_tells_what_it_did_not_read(
    office: tuple[Services, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    services = filed(office)
    assert verify(services)["ok"]
    missed = one_of("pdfa").key
    longest = checks.longest_unchecked

    def others(of: checks.Round, limit: int) -> list[tuple[str, str]]:
        return [one for one in longest(of, limit) if one[0] != missed]

    monkeypatch.setattr(checks, "longest_unchecked", others)
    found = verify(services)
    assert (found["ok"], found["unchecked"], found["wrong"]["unchecked"]) == (False, 1, [missed])
    assert verify(services, share=0.9)["unchecked"] == 0


def test_a_night_is_due_once(office: tuple[Services, Path]) -> None:
    services = filed(office)
    zone = services.settings.zone
    assert not checking.due(zone)  # taken in since last night
    Batch.objects.update(received_at=timezone.now() - timedelta(days=2))
    assert checking.due(zone)
    check_share(services, 0.01)
    assert not checking.due(zone)
    StoredObject.objects.exclude(checked_at=None).update(
        checked_at=timezone.now() - timedelta(days=1, hours=1)
    )
    assert checking.due(zone)
    StoredObject.objects.filter(checked_at=None).update(checked_at=timezone.now() + timedelta(days=9))
    assert checking.due(zone)


def test_a_flipped_bit_is_an_alarm(
    office: tuple[Services, Path], prefect: SyncPrefectClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the log, as a failed flow run, in the status: until it is mended."""
    services = filed(office)
    mirror = LocalArchive(services.home / "mirror")
    check_share(replace(services, mirror=mirror), 1.0)
    document = one_of("pdfa")
    flip_a_bit(services, document.key)
    broken: Any = None
    with capture_logs() as logs, deployed.working_with(Tools(services, broken, broken)):
        state = deployed.fixity(share=1.0, return_state=True)
    (alarm,) = [one for one in logs if one["event"] == "damaged in the archive"]
    assert (alarm["log_level"], alarm["key"], alarm["expected"]) == ("error", document.key, document.sha256)
    assert state.is_failed()
    assert document.key in str(state.message)
    (run,) = [one for one in prefect.read_flow_runs() if one.state and one.state.is_failed()]
    assert run.parameters == {"share": 1.0}
    told = views.status(timezone.now(), 900)
    assert told["damaged_objects"] == 1
    people = {"deadlines": {"running": 0, "passed": 0}, "without_holder": 0, "undone": []}
    books._print_status(told | people)
    assert "1 damaged object in the archive" in " ".join(capsys.readouterr().out.split())

    mirrored = replace(services, mirror=mirror)
    with deployed.working_with(Tools(mirrored, broken, broken)):
        assert deployed.fixity(share=0.01)["mended"] == [document.key]
    assert views.status(timezone.now(), 900)["damaged_objects"] == 0

    # On one machine: due at the next start, then not again until the next night.
    before = timezone.now() - timedelta(days=3)
    StoredObject.objects.update(checked_at=before)
    for _ in range(2):
        check_if_due(services, threading.Event())
        assert StoredObject.objects.exclude(checked_at=before).count() == 1
    flip_a_bit(services, document.key)
    StoredObject.objects.exclude(pk=document.pk).update(checked_at=timezone.now() - timedelta(days=2))
    with capture_logs() as logs:
        check_if_due(services, threading.Event())
    assert logs[-1]["event"] == "fixity failed; the intake goes on"
    assert "fixity" in [one.name for one in prefect.read_flows()]


@pytest.mark.parametrize("once", [True, False])
def test_up_makes_up_for_a_missed_night(
    office: tuple[Services, Path], prefect: SyncPrefectClient, once: bool
) -> None:
    services = filed(office)
    Batch.objects.update(received_at=timezone.now() - timedelta(days=2))
    stop = threading.Event()

    def stop_when_checked() -> None:
        with borrowed():
            assert until(StoredObject.objects.exclude(checked_at=None).exists, 60)
        stop.set()

    watcher = threading.Thread(target=stop_when_checked)
    if not once:
        watcher.start()
    serve(services, office[1], once=once, stop=stop, watch=unwatched)
    if not once:
        watcher.join()
    assert StoredObject.objects.exclude(checked_at=None).count() == 1  # a thirtieth, rounded up


def test_two_buckets_of_the_settings(
    minio: ObjectStore, office: tuple[Services, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A flipped bit and an overwritten object, by the services as every command opens them."""
    use(minio, monkeypatch)
    buckets = bucket(minio), bucket(minio)
    for prefix, settings in zip(("", "MIRROR__"), buckets, strict=True):
        monkeypatch.setenv(f"POSTROOM_ARCHIVE__{prefix}BUCKET", settings.bucket)
        monkeypatch.setenv(f"POSTROOM_ARCHIVE__{prefix}ENDPOINT", settings.endpoint)
    home = tmp_path / "home"
    services = filed((open_services(home), office[1]))
    assert isinstance(services.mirror, S3Archive)
    total = StoredObject.objects.count()
    assert check_share(services, 1.0) == Checked(objects=total, copied=total)
    document, text = one_of("pdfa"), one_of("text")
    assert services.mirror.stat(document.key).media_type == "application/pdf"
    content = services.archive.read(document.key)
    flip(folder_of(minio) / "data" / buckets[0].bucket, content, len(content) // 2)
    services.archive._bucket.client.put_object(  # type: ignore[attr-defined]
        Bucket=buckets[0].bucket, Key=text.key, Body=b"other",
        Metadata={"sha256": hashlib.sha256(b"other").hexdigest()},
    )  # fmt: skip
    alone = replace(services, mirror=None)
    found = verify(alone)
    assert sorted(one["key"] for one in found["wrong"]["mismatches"]) == sorted([document.key, text.key])
    assert (found["objects_checked"], found["unchecked"]) == (total, 0)
    done = verify(services)
    assert done["ok"]
    assert sorted(done["mended"]) == sorted([document.key, text.key])
    assert services.archive.read(document.key) == content
    assert services.archive.checksum(text.key) == text.sha256
    assert len(services.archive.versions(text.key)) == 3
