"""Fixity: a rolling share is checked, damage is recorded and alarms, and a second archive mends it."""

import threading
from dataclasses import replace
from pathlib import Path

from archive.local import LocalArchive
from flows.fixity import Checked, check_share
from flows.intake import intake
from flows.verify import verify
from infra.wiring import Services
from register.models import StoredObject
from tests.small import small_tiff


def filed(office: tuple[Services, Path]) -> Services:
    services, drop = office
    for name in ("one", "two"):
        small_tiff(drop / f"{name}.tif", [f"Letter {name}"])
    intake(services, drop, once=True, stop=threading.Event())
    return services


def flip_a_bit(services: Services, key: str) -> None:
    path = services.home / "archive" / key
    path.chmod(0o600)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


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
