from capture.separate import separate
from domain.page import Barcode, Page, Sheet, Word
from tests.capture.test_separate import OWN, PATCH, SEPARATOR, label, own, run, sheet, station


def test_a_batch_without_any_separator_raises_an_alarm() -> None:
    """The sheets were forgotten, or none was read: all letters are one document."""
    pages = [sheet(0, 1), sheet(0, 2, blank=True), sheet(0, 3), sheet(0, 4)]
    told = ("no separator in this batch: 3 pages are one document: check that no separator is missing",)
    for rules in ({"patch": ("T",)}, {"barcode": "OURS"}, {"patch": ("T",), "label": "A-1"}):
        assert run(pages, station(**rules)).alarms == told
    two = [sheet(0, 1), sheet(0, 2), sheet(1, 1), sheet(1, 2)]
    told = ("no separator in this batch: 4 pages are 2 documents: check that no separator is missing",)
    assert run(two, station(patch=("T",))).alarms == told
    told = ("no label in this batch: 3 pages are one document: check that no label is missing",)
    assert run(pages, station(label="A-1")).alarms == told


def test_a_batch_without_any_separator_may_be_one_document() -> None:
    pages = [sheet(0, 1), sheet(0, 2)]
    for rules in (
        {},
        {"blank": True},
        {"patch": ("T",), "sheets": "between"},
        {"patch": ("T",), "pages": 1},
        {"label": "A-1", "expects_code": "no"},
    ):
        assert run(pages, station(**rules)).alarms == ()
    assert run(pages[:1], station(patch=("T",))).alarms == ()
    attached = [sheet(0, 1), sheet(1, 1)]
    assert separate(attached, {}, station(patch=("T",)), own, apart={1}).alarms == ()
    again = separate(pages, {}, station(patch=("T",)), own, pages={0: 5})
    assert again.alarms == ()  # the separators were in the rest of the batch
    parted = [sheet(0, 1), sheet(0, 2, blank=True), sheet(0, 3)]
    assert run(parted, station(patch=("T",), blank=True)).alarms == ()
    assert run([sheet(0, 1, label(OWN)), sheet(0, 2)], station(patch=("T",))).alarms == ()


def test_two_blank_separators_in_a_row_raise_an_alarm() -> None:
    blank = [sheet(0, number, blank=number in (2, 3, 5)) for number in range(1, 7)]
    told = ("nothing between the separators at page 2 and page 3: check that no document is missing",)
    assert run(blank, station(blank=True)).alarms == told
    assert run(blank, station()).alarms == ()
    # The two sides of a sheet are one separator; two sheets are two.
    sides = [sheet(0, number, blank=number in range(3, 7)) for number in range(1, 9)]
    told = ("nothing between the separators at page 4 and page 5: check that no document is missing",)
    assert run(sides, station(duplex=True, blank=True)).alarms == told
    assert run([*sides[:4], *sides[6:]], station(duplex=True, blank=True)).alarms == ()
    # The back of a printed sheet, where the station does not say that sides are scanned.
    backs = [sheet(0, 1, PATCH), sheet(0, 2, blank=True), sheet(0, 3)]
    assert run(backs, station(patch=("T",), blank=True)).alarms == ()


def test_a_number_with_a_wrong_check_digit_raises_an_alarm() -> None:
    wrong = label("XX-2026-000123-8")
    pages = [sheet(0, 1, wrong, wrong), sheet(0, 2, label("parcel 12"))]
    told = (
        "page 1 bears XX-2026-000123-8, which looks like a register number, but its check digit is wrong: "
        "check which entry it belongs to"
    )
    assert run(pages, station()).alarms == (told,)
    assert run([sheet(0, 1, label(OWN), wrong)], station()).alarms == (told,)
    assert run(pages, station(label=r"XX-[-0-9]+")).alarms == ()  # numbers of somebody else's
    assert run(pages, station(), p1="torn").alarms == ()


def worded(number: int, text: str, code: Barcode) -> Sheet:
    words = tuple(Word(word, (0.1, 0.1, 0.2, 0.12), 0.9, 0) for word in text.split())
    return Sheet(0, Page(number, 595, 842, 200, words=words, barcodes=(code,)))


def test_a_letter_with_a_separator_code_raises_an_alarm() -> None:
    pages = [worded(1, "thank you for it " * 20, PATCH), sheet(0, 2), worded(3, "Separator " * 60, SEPARATOR)]
    told = ("page 1 bears a separator code and 80 words of text: check that it is not a letter",)
    assert run([*pages, sheet(0, 4)], station(patch=("T",))).alarms == told
    bars = worded(1, "|| 0 1l1 = % " * 30, PATCH)
    assert run([bars, sheet(0, 2)], station(patch=("T",))).alarms == ()
    assert run([worded(1, "thank you " * 40, label(OWN))], station()).alarms == ()
