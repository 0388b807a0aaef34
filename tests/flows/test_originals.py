"""The originals of files of which no page was filed are kept, checked and mended like all others."""

import threading
from dataclasses import replace
from pathlib import Path

import pikepdf
from PIL import Image

from archive.local import LocalArchive
from flows.fixity import check_share
from flows.intake import intake
from flows.verify import verify
from infra.wiring import Services
from register.models import Claim, StoredObject
from tests.flows.test_fixity import flip_a_bit
from tests.small import small_tiff


def test_the_original_of_a_refused_file_is_checked(office: tuple[Services, Path]) -> None:
    services, drop = office
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(drop / "locked.pdf", encryption=pikepdf.Encryption(owner="o", user="u"))
    Image.new("1", (500, 220), 1).save(drop / "blank.tif", dpi=(100, 100))
    same = small_tiff(drop / "first.tif", ["The first"]).read_bytes()
    intake(services, drop, once=True, stop=threading.Event())
    (drop / "again.tif").write_bytes(same)
    intake(services, drop, once=True, stop=threading.Event())
    claims = {Path(one.source).name: one for one in Claim.objects.all()}
    held = StoredObject.objects.filter(role="original", document=None)
    assert set(held.values_list("key", "sha256", "size")) == {
        (one.original, one.sha256, one.size) for one in claims.values()
    }

    mirrored = replace(services, mirror=LocalArchive(services.home / "mirror"))
    check_share(mirrored, 1.0)
    for name in ("locked.pdf", "blank.tif"):
        flip_a_bit(services, claims[name].original)
    wrong = [one["key"] for one in verify(services)["wrong"]["mismatches"]]
    assert wrong == sorted(claims[name].original for name in ("locked.pdf", "blank.tif"))
    assert sorted(check_share(mirrored, 1.0).mended) == wrong
    assert verify(services)["ok"]
