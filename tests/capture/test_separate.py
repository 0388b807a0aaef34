from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from capture.separate import separate
from capture.station import SeparationPolicy, Station
from domain.document import Cut, Fate, FateKind, Separation
from domain.page import Barcode, Page, Sheet

NOWHERE = (0.0, 0.0, 0.1, 0.1)
OWN = "IN-2026-000123-7"
SEPARATOR = Barcode("Code128", "POSTROOM-SEPARATOR", NOWHERE, "test")
PATCH = Barcode("PatchT", "T", NOWHERE, "patch")


def own(text: str) -> bool:
    return text.startswith("IN-")


def sheet(source: int, page: int, *codes: Barcode, blank: bool = False) -> Sheet:
    return Sheet(source, Page(page, 595, 842, 200, blank=blank, barcodes=codes))


def label(text: str) -> Barcode:
    return Barcode("Code128", text, NOWHERE, "test")


def station(duplex: bool = False, **rules: object) -> Station:
    return Station(duplex=duplex, separation=SeparationPolicy(**rules))  # type: ignore[arg-type]


def run(sheets: Sequence[Sheet], profile: Station, **refused: str) -> Separation:
    return separate(sheets, {(0, int(k[1:])): v for k, v in refused.items()}, profile, own)


def letters(found: Separation) -> str:
    """Fates in short: a digit for the document, S separator, b blank, R refused."""
    short = {FateKind.SEPARATOR: "S", FateKind.BLANK: "b", FateKind.REFUSED: "R"}
    return "".join(
        str(fate.document) if fate.kind is FateKind.DOCUMENT else short[fate.kind] for fate in found.fates
    )


def test_one_file_is_one_document() -> None:
    found = run([sheet(0, 1), sheet(0, 2, blank=True), sheet(0, 3)], station())
    assert found == Separation(
        documents=(Cut(((0, 1), (0, 3))),),
        fates=(
            Fate(0, 1, FateKind.DOCUMENT, 0, 1),
            Fate(0, 2, FateKind.BLANK),
            Fate(0, 3, FateKind.DOCUMENT, 0, 2),
        ),
    )


def test_blank_pages_are_kept_where_the_station_says_so() -> None:
    found = run([sheet(0, 1), sheet(0, 2, blank=True)], station(drop_blank=False))
    assert letters(found) == "00"


def test_patch_sheets_and_separator_barcodes_add_up() -> None:
    pages = [sheet(0, 1), sheet(0, 2, PATCH), sheet(0, 3), sheet(0, 4, SEPARATOR), sheet(0, 5)]
    assert letters(run(pages, station(patch=("T",)))) == "0S1S2"
    assert letters(run(pages, station())) == "000S1"
    assert letters(run(pages, station(barcode=""))) == "00000"


def test_own_label_starts_a_document_under_every_policy() -> None:
    pages = [sheet(0, 1), sheet(0, 2, label(OWN)), sheet(0, 3, label(OWN)), sheet(0, 4)]
    found = run(pages, station())
    assert found.documents == (Cut(((0, 1),)), Cut(((0, 2), (0, 3), (0, 4)), OWN))
    assert found.alarms == ("1 page before the first label (page 2): check that no label is missing",)


def test_label_wins_over_separator_and_blank() -> None:
    pages = [sheet(0, 1, label(OWN), SEPARATOR), sheet(0, 2, label("IN-2"), blank=True)]
    found = run(pages, station())
    assert found.documents == (Cut(((0, 1),), OWN), Cut(((0, 2),), "IN-2"))


def test_foreign_labels_must_match_whole() -> None:
    pages = [sheet(0, 1, label("A-1")), sheet(0, 2, label("xA-2")), sheet(0, 3, label("A-3"))]
    found = run(pages, station(label=r"A-\d"))
    assert found.documents == (Cut(((0, 1), (0, 2)), "A-1"), Cut(((0, 3),), "A-3"))


def test_own_number_wins_over_a_foreign_label() -> None:
    found = run([sheet(0, 1, label("A-1"), label(OWN))], station(label="A-1"))
    assert found.documents == (Cut(((0, 1),), OWN),)


def test_two_numbers_on_a_page_raise_an_alarm() -> None:
    found = run([sheet(0, 1, label("IN-1"), label("IN-2"))], station())
    assert found.alarms == (
        "page 1 bears the numbers IN-1, IN-2: the first was taken; check which it belongs to",
    )


def test_blank_sheet_separates_only_when_both_its_sides_are_blank() -> None:
    blank = [False, True, True, True, False, False, True]
    pages = [sheet(0, number, blank=b) for number, b in enumerate(blank, start=1)]
    assert letters(run(pages, station(blank=True))) == "0SSS11S"
    assert letters(run(pages, station(duplex=True, blank=True))) == "0bSS11S"


def test_back_of_a_separator_belongs_to_it() -> None:
    pages = [sheet(0, 1), sheet(0, 2), sheet(0, 3, PATCH), sheet(0, 4, blank=True), sheet(0, 5)]
    found = run(pages, station(duplex=True, patch=("T",), drop_blank=False))
    assert letters(found) == "00SS1"
    turned = [*pages[:2], sheet(0, 3, blank=True), sheet(0, 4, PATCH), sheet(0, 5)]
    assert letters(run(turned, station(duplex=True, patch=("T",)))) == "00bS1"


def test_what_is_written_on_the_back_of_a_separator_is_kept() -> None:
    pages = [sheet(0, 1, PATCH), sheet(0, 2), sheet(0, 3)]
    assert letters(run(pages, station(duplex=True, patch=("T",)))) == "S00"


def test_count_counts_blank_and_refused_pages() -> None:
    pages = [sheet(0, 1), sheet(0, 2, blank=True), sheet(0, 4), sheet(0, 5)]
    found = run(pages, station(pages=2), p3="unreadable")
    assert letters(found) == "0bR12"
    assert found.fates[2] == Fate(0, 3, FateKind.REFUSED, reason="unreadable")


def test_refused_pages_do_not_stop_the_rest() -> None:
    found = run([sheet(0, 1), sheet(0, 2), sheet(0, 3)], station(), p2="too large")
    assert letters(found) == "0R0"
    assert found.documents == (Cut(((0, 1), (0, 3))),)


def test_only_blank_pages_make_no_document() -> None:
    found = run([sheet(0, 1, blank=True), sheet(0, 2, blank=True)], station())
    assert (letters(found), found.documents) == ("bb", ())


def test_two_separators_in_a_row_raise_an_alarm() -> None:
    pages = [sheet(0, 1, PATCH), sheet(0, 2, PATCH), sheet(0, 3)]
    profile = station(patch=("T",))
    assert run(pages, profile).alarms == (
        "nothing between the separators at page 1 and page 2: check that no document is missing",
    )
    assert run(pages, station(duplex=True, patch=("T",))).alarms == ()


def test_series_of_one_page_files_is_one_document() -> None:
    assert letters(run([sheet(source, 1) for source in range(3)], station())) == "000"


def test_files_of_several_pages_are_a_document_each() -> None:
    pages = [sheet(0, 1), sheet(0, 2), sheet(1, 1), sheet(2, 1, label(OWN)), sheet(3, 1)]
    found = run(pages, station())
    assert letters(found) == "00123"
    assert [cut.label for cut in found.documents] == [None, None, OWN, None]


def test_separators_run_over_the_files_of_a_batch() -> None:
    pages = [sheet(0, 1), sheet(0, 2, SEPARATOR), sheet(0, 3), sheet(1, 1), sheet(1, 2)]
    found = run(pages, station())
    assert letters(found) == "0S111"
    assert found.alarms == ()  # sheets between the documents leave none before the first


CODES = st.sampled_from([(), (), (PATCH,), (SEPARATOR,), (label(OWN),), (label("IN-2"),), (label("A-1"),)])
PAGES = st.lists(
    st.lists(st.tuples(CODES, st.booleans(), st.booleans()), max_size=9),
    max_size=4,
)


@given(
    PAGES,
    st.builds(
        Station,
        duplex=st.booleans(),
        batch=st.sampled_from(["file", "folder"]),
        separation=st.builds(
            SeparationPolicy,
            patch=st.sampled_from([(), ("T",)]),
            label=st.sampled_from(["", "A-1"]),
            blank=st.booleans(),
            pages=st.integers(0, 3),
            drop_blank=st.booleans(),
        ),
    ),
)
def test_every_page_has_one_fate(files: list[list[Any]], profile: Station) -> None:
    sheets, refused = [], {}
    for source, pages in enumerate(files):
        for number, (codes, blank, bad) in enumerate(pages, start=1):
            if bad:
                refused[source, number] = "bad"
            else:
                sheets.append(sheet(source, number, *codes, blank=blank))
    keys = sorted([*refused, *((one.source, one.page.number) for one in sheets)])
    found = separate(sheets, refused, profile, own)

    assert [(fate.source, fate.page) for fate in found.fates] == keys
    assert {(fate.source, fate.page) for fate in found.fates if fate.kind is FateKind.REFUSED} == set(refused)
    filed = [page for cut in found.documents for page in cut.pages]
    assert filed == sorted(set(filed))
    assert all(cut.pages for cut in found.documents)
    assert {
        (fate.source, fate.page): (fate.document, fate.position)
        for fate in found.fates
        if fate.kind is FateKind.DOCUMENT
    } == {
        page: (document, position)
        for document, cut in enumerate(found.documents)
        for position, page in enumerate(cut.pages, start=1)
    }


def test_a_file_that_stands_apart_is_a_document_by_itself() -> None:
    pages = [sheet(number, 1) for number in range(5)]
    assert letters(run(pages, station())) == "00000"
    assert letters(separate(pages, {}, station(), own, apart={1, 2})) == "01233"
    counted = station(pages=2)
    assert letters(separate(pages, {}, counted, own, apart={0})) == "01122"
    sheets = [sheet(0, 1), sheet(0, 2, SEPARATOR), sheet(0, 3), sheet(1, 1)]
    assert letters(separate(sheets, {}, station(), own, apart={0, 1})) == "0S12"
