"""Retention: what was filed is locked once it is published, and nobody removes it before its time."""

import io
import threading
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pillow_heif
import pytest

from archive.keys import BATCHES, CHAMPIONS, DOCUMENTS, MODELS, ORIGINALS, REGISTER, RENDITIONS
from archive.port import Locked
from flows.intake import intake
from infra.services.object_store import ObjectStore
from infra.wiring import Services, open_services
from register.models import Claim, StoredObject
from tests.archive.stores import bucket, use
from tests.small import small_page, small_tiff, train_small


@pytest.fixture
def services(minio: ObjectStore, office: tuple[Services, Path], monkeypatch: pytest.MonkeyPatch) -> Services:
    """A day's retention, in a bucket."""
    use(minio, monkeypatch)
    settings = bucket(minio)
    monkeypatch.setenv("POSTROOM_ARCHIVE__BUCKET", settings.bucket)
    monkeypatch.setenv("POSTROOM_ARCHIVE__ENDPOINT", settings.endpoint)
    monkeypatch.setenv("POSTROOM_ARCHIVE__RETENTION_DAYS", "1")
    train_small(office[0].home)  # this archive has no classifier yet
    return open_services(office[0].home)


def test_what_is_filed_cannot_be_removed(services: Services, office: tuple[Services, Path]) -> None:
    drop = office[1]
    began = datetime.now(UTC)
    small_tiff(drop / "letter.tif", ["Letter one"])
    broken, photo, mail = b"%PDF-1.7\nno document at all\n%%EOF\n", io.BytesIO(), drop / "mail.zip"
    (drop / "broken.pdf").write_bytes(broken)
    pillow_heif.from_pillow(small_page("Photo").convert("RGB")).save(photo)
    with zipfile.ZipFile(mail, "w") as archive:
        archive.writestr("inside.pdf", broken + b"\n")
        archive.writestr("photo.heic", photo.getvalue())
    done = intake(services, drop, once=True, stop=threading.Event())
    assert (done.failures, len(done.batches)) == ([], 3)
    classifier = {*services.archive.list(MODELS), *services.archive.list(CHAMPIONS)}
    keys = [key for key in services.archive.list() if key not in classifier]
    kinds = {
        kind: [key for key in keys if key.startswith(kind)]
        for kind in (ORIGINALS, RENDITIONS, DOCUMENTS, REGISTER, BATCHES)
    }
    assert (len(kinds[ORIGINALS]), len(kinds[RENDITIONS]), len(kinds[REGISTER])) == (5, 1, 2)
    assert all(kinds.values())
    assert sum(map(len, kinds.values())) == len(keys)
    assert {key.rpartition("/")[2] for key in kinds[DOCUMENTS]} >= {
        "document.pdf",
        "text.json",
        "manifest.json",
    }
    assert set(keys) == set(StoredObject.objects.values_list("key", flat=True))
    # Of a refused page too, also of one out of a ZIP: its original is locked with a record of its batch.
    assert set(kinds[ORIGINALS]) == set(Claim.objects.values_list("original", flat=True))
    for key in keys:
        until = services.archive.stat(key).locked_until
        assert until is not None, key
        assert began + timedelta(days=1) <= until <= datetime.now(UTC) + timedelta(days=1, seconds=1), key
        with pytest.raises(Locked):
            services.archive.delete(key)
    assert set(services.archive.list()) == {*keys, *classifier}
