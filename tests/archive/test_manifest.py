import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from archive.manifest import Content, Manifest, Original, Rendition, Run, from_json, to_json
from domain.errors import Usage

A, B = "a1" * 32, "b2" * 32
RECEIVED = datetime(2026, 3, 4, 9, 30, tzinfo=timezone(timedelta(hours=2)))
MANIFEST = Manifest(
    document="D-7",
    number=None,
    received_at=RECEIVED,
    station="front",
    batch="C-1",
    originals=(
        Original(f"originals/a1/{A}/original", A, 1234, "image/tiff", "scan 1.tif", 5),
        Original(
            f"originals/b2/{B}/original",
            B,
            99,
            "application/rtf",
            "mail.zip/a.rtf",
            1,
            f"originals/a1/{A}/original",
            Rendition(f"renditions/{B}/{A}/rendition.pdf", A, 77, "application/pdf"),
        ),
    ),
    objects=(Content("pdfa", f"documents/D-7/{B}/document.pdf", B, 4321, "application/pdf"),),
    pdfa=True,
    pdfa_reason="",
    lineage=(Run(f"originals/a1/{A}/original", 2, 3, (0, 180)),),
    tools={"tesseract": "5.5.0", "ocrmypdf": "17.1"},
)


def test_round_trip() -> None:
    assert from_json(to_json(MANIFEST)) == MANIFEST
    assert from_json(to_json(replace(MANIFEST, number="IN-2026-000123-7"))).number == "IN-2026-000123-7"


def test_same_content_same_bytes() -> None:
    other = replace(
        MANIFEST, received_at=RECEIVED.astimezone(UTC), tools={"ocrmypdf": "17.1", "tesseract": "5.5.0"}
    )
    assert to_json(other) == to_json(MANIFEST)


def test_the_format() -> None:
    assert json.loads(to_json(MANIFEST)) == {
        "version": 1,
        "document": "D-7",
        "number": None,
        "received_at": "2026-03-04T07:30:00Z",
        "created": "2026-03-04T07:30:00Z",
        "station": "front",
        "batch": "C-1",
        "originals": [
            {
                "key": f"originals/a1/{A}/original",
                "sha256": A,
                "size": 1234,
                "media_type": "image/tiff",
                "name": "scan 1.tif",
                "pages": 5,
                "inside": None,
                "rendition": None,
            },
            {
                "key": f"originals/b2/{B}/original",
                "sha256": B,
                "size": 99,
                "media_type": "application/rtf",
                "name": "mail.zip/a.rtf",
                "pages": 1,
                "inside": f"originals/a1/{A}/original",
                "rendition": {
                    "key": f"renditions/{B}/{A}/rendition.pdf",
                    "sha256": A,
                    "size": 77,
                    "media_type": "application/pdf",
                },
            },
        ],
        "objects": [
            {
                "role": "pdfa",
                "key": f"documents/D-7/{B}/document.pdf",
                "sha256": B,
                "size": 4321,
                "media_type": "application/pdf",
            }
        ],
        "pdfa": True,
        "pdfa_reason": "",
        "lineage": [{"source": f"originals/a1/{A}/original", "first": 2, "last": 3, "rotations": [0, 180]}],
        "tools": {"ocrmypdf": "17.1", "tesseract": "5.5.0"},
        "encryption": None,
    }


def test_a_manifest_of_before_is_read() -> None:
    before = json.loads(to_json(replace(MANIFEST, originals=MANIFEST.originals[:1])))
    for key in ("inside", "rendition"):
        del before["originals"][0][key]
    assert from_json(json.dumps(before).encode()) == replace(MANIFEST, originals=MANIFEST.originals[:1])


def test_what_is_no_manifest() -> None:
    later = json.loads(to_json(MANIFEST)) | {"version": 2}
    with pytest.raises(Usage, match="version 2"):
        from_json(json.dumps(later).encode())
    for data in (b"", b"{}", b"[]", b"\xff"):
        with pytest.raises(Usage, match="Not a manifest"):
            from_json(data)
    with pytest.raises(ValueError, match="time zone"):
        replace(MANIFEST, received_at=datetime(2026, 3, 4))
