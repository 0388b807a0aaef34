"""Which barcode of a page is its label."""

from dataclasses import replace

import pytest

from capture.labels import candidates_of, label_of
from capture.station import SeparationPolicy
from domain.document import Candidate
from domain.page import Barcode, Box, Page
from register.numbers import format_number, is_number

OWN, OTHER = format_number("IN", 2026, 123), format_number("IN", 2026, 124)
ALTERED = OWN[:-1] + str((int(OWN[-1]) + 1) % 10)
TOP: Box = (0.6, 0.03, 0.9, 0.07)
BODY: Box = (0.3, 0.45, 0.6, 0.5)
FOOT: Box = (0.1, 0.9, 0.4, 0.95)
PARCEL = Barcode("Code128", "JJD000390007881234567", TOP, "zxing-cpp")
EPC = Barcode(
    "QRCode", "BCD\n002\n1\nSCT\nBFSWDE33BER\nSomebody\nDE89370400440532013000\nEUR12.30", BODY, "zxing-cpp"
)
CARD = Barcode("QRCode", "BEGIN:VCARD\nVERSION:3.0\nN:Weber;Ada\nEND:VCARD", FOOT, "zxing-cpp")
INVOICE = Barcode("QRCode", f"https://pay.example.org/{OWN}", BODY, "zxing-cpp")


def number(text: str, box: Box = TOP, form: str = "Code128") -> Barcode:
    return Barcode(form, text, box, "zxing-cpp")


def page(*codes: Barcode) -> Page:
    return Page(3, 595, 842, 200, barcodes=codes)


def judged(found: Page, **rules: object) -> list[tuple[str, bool, str]]:
    policy = SeparationPolicy(**rules)  # type: ignore[arg-type]
    return [(one.text, one.chosen, one.why) for one in candidates_of(2, found, policy, is_number)]


def test_a_candidate_says_where_it_is() -> None:
    assert candidates_of(2, page(number(OWN)), SeparationPolicy(), is_number) == (
        Candidate(OWN, "Code128", 2, 3, TOP, True, "a register number of ours; its check digit is right"),
    )


@pytest.mark.parametrize("box", [TOP, BODY, FOOT])
def test_own_number_is_trusted_wherever_it_stands(box: Box) -> None:
    assert label_of(page(PARCEL, EPC, number(OWN, box)), SeparationPolicy(), is_number) == OWN


def test_altered_number_is_no_label() -> None:
    why = "looks like a register number, but its check digit is wrong"
    assert judged(page(number(ALTERED))) == [(ALTERED, False, why)]


@pytest.mark.parametrize("foreign", [PARCEL, EPC, CARD, INVOICE, replace(PARCEL, box=BODY)])
def test_foreign_codes_are_never_taken(foreign: Barcode) -> None:
    why = "neither a register number of ours nor what the station's rule for labels takes"
    assert judged(page(foreign)) == [(foreign.text, False, why)]
    assert judged(page(foreign), label=r"ASN\d{5}|.{1,8}") == [(foreign.text, False, why)]


@pytest.mark.parametrize("order", [1, -1])
def test_label_at_the_top_wins_over_the_number_on_a_quoted_letter(order: int) -> None:
    codes = (number(OTHER, BODY), number(OWN, TOP))[::order]
    assert sorted(judged(page(*codes))) == [
        (OWN, True, "a register number of ours; its check digit is right"),
        (OTHER, False, "another one lies nearer the edge"),
    ]


def test_same_label_twice_is_one_choice() -> None:
    assert judged(page(number(OWN, FOOT), number(OWN, BODY, "QRCode"))) == [
        (OWN, True, "a register number of ours; its check digit is right"),
        (OWN, False, "the same text again"),
    ]


def test_own_number_comes_before_a_label_by_rule() -> None:
    assert judged(page(number("A-1", TOP), number(OWN, BODY)), label=r"A-\d") == [
        ("A-1", False, "a register number of ours comes first"),
        (OWN, True, "a register number of ours; its check digit is right"),
    ]


def test_position_and_format_of_labels() -> None:
    found = page(number("A-1", BODY), number("A-2", FOOT, "QRCode"), number("A-3", FOOT))
    rules = {"label": r"A-\d", "label_formats": ("Code128",), "label_position": "bottom"}
    assert judged(found, **rules) == [
        ("A-1", False, "the station's labels lie elsewhere on the page"),
        ("A-2", False, "the station's labels are of another format"),
        ("A-3", True, "the station's rule for labels takes it"),
    ]
    assert judged(page(number(OWN, BODY)), **rules) == [
        (OWN, False, "the station's labels lie elsewhere on the page")
    ]


@pytest.mark.parametrize(
    ("position", "box"),
    [("top", TOP), ("bottom", FOOT), ("left", FOOT), ("right", TOP), ("", BODY)],
)
def test_every_position(position: str, box: Box) -> None:
    def at(where: Box) -> str | None:
        return label_of(page(number(OWN, where)), SeparationPolicy(label_position=position), is_number)  # type: ignore[arg-type]

    assert at(box) == OWN
    assert at((0.45, 0.45, 0.55, 0.55)) == (None if position else OWN)


def test_patch_codes_are_no_candidates() -> None:
    assert judged(page(Barcode("PatchT", "T", TOP, "patch"))) == []
