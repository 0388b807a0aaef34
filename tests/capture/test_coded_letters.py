"""Generated letters of every symbology, and how the benchmark counts."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from capture.barcodes import BarcodeOptions, read_barcodes
from tests.bench.barcodes import Found, Picture, cases_of, measure, says
from tests.bench.coded_letters import CODES, DAMAGES, PATCHES, coded_letter
from tests.capture.test_barcodes import code

NAMES = (*CODES, *PATCHES)


@pytest.mark.parametrize("name", NAMES)
def test_every_symbology_is_read_from_a_letter(name: str) -> None:
    """Each with one of the damages and turns; ``postroom bench barcodes`` has all of them."""
    at = NAMES.index(name)
    damage = "none" if name in ("RMQRCode", "DataBarOmni", "MicroPDF417") else DAMAGES[at % len(DAMAGES)]
    one = coded_letter(name, damage, (200, 300)[at % 2], 90 * (at % 4))
    patch = (one.text,) if name in PATCHES else ()
    found = read_barcodes(one.scan, one.dpi, BarcodeOptions(patch=patch, expected=True))
    assert [code.text.removeprefix("00") for code in found] == [one.text.removeprefix("00")] or [
        code.text for code in found
    ] == ["0" + one.text]  # UPC-A is given as EAN-13


@pytest.mark.parametrize("damage", DAMAGES)
def test_nothing_is_read_from_a_letter_without_a_code(damage: str) -> None:
    one = coded_letter("", damage, 200, 90)
    assert read_barcodes(one.scan, 200, BarcodeOptions(patch=("T",), expected=True)) == ()


def test_the_same_letter_is_drawn_again() -> None:
    one, two = (coded_letter("QRCode", "fax", 200, 270) for _ in range(2))
    assert (one.text, one.symbology) == (two.text, two.symbology)
    assert np.array_equal(one.scan, two.scan)


@pytest.mark.parametrize(
    ("found", "payload", "yes"),
    [
        ([("QRCode", b"a\r\nb")], b"a\nb\n", True),
        ([("QRCode", b"ab")], b"a", False),
        ([("EAN13", b"0036000291452")], b"036000291452", True),
        ([("EAN-13", b"9780201752847")], b"978020175284755999", True),
        ([("Code128", b"9780201752847")], b"978020175284755999", False),
        ([("QRCode", b"one "), ("QRCode", b"two")], b"one two", True),
        ([("QRCode", b"one ")], b"one two", False),
        ([], b"", False),
    ],
)
def test_what_counts_as_read(found: Found, payload: bytes, yes: bool) -> None:
    assert says(found, payload) == yes


def test_folders_are_counted_by_payload(tmp_path: Path) -> None:
    for folder, stems in {"qr": ("a", "b-1", "b-2", "c"), "falsepositives-1": ("x",)}.items():
        (tmp_path / folder).mkdir()
        for stem in stems:
            picture = np.pad(code("QRCode", stem, 3), 20, constant_values=255)
            Image.fromarray(picture).save(tmp_path / folder / f"{stem}.png")
    for stem, text in {"a": "a", "b": "b-1b-2"}.items():
        (tmp_path / "qr" / f"{stem}.txt").write_text(text)

    def fixed(picture: Picture) -> Found:
        codes = read_barcodes(picture.gray, picture.dpi)
        return [(code.format, b"wrong" if code.text == "a" else code.text.encode()) for code in codes]

    tallies = measure(cases_of(tmp_path), {"ours": fixed})
    told = {
        name: (one.payloads, one.read, one.wrong, one.false_positives, one.images)
        for (_, name), engines in tallies.groups.items()
        for one in [engines["ours"]]
    }
    # "c" has no payload beside it: read, not counted.
    assert told == {"qr": (2, 1, 1, 0, 4), "falsepositives-1": (0, 0, 0, 1, 1)}
