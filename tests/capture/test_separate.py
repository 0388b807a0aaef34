from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from capture.cover import write
from capture.separate import separate
from capture.station import SeparationPolicy, Station
from domain.document import Candidate, Cover, Cut, Fate, FateKind, Separation
from domain.page import Barcode, Page, Sheet

NOWHERE = (0.0, 0.0, 0.1, 0.1)
OWN = "IN-2026-000123-7"
SEPARATOR = Barcode("Code128", "POSTROOM-SEPARATOR", NOWHERE, "test")
PATCH = Barcode("PatchT", "T", NOWHERE, "patch")
INVOICE = Cover("invoice", "Finance", "IN")
FORM = Cover("form")


def own(text: str) -> bool:
    return text.startswith("IN-")


def sheet(source: int, page: int, *codes: Barcode, blank: bool = False) -> Sheet:
    return Sheet(source, Page(page, 595, 842, 200, blank=blank, barcodes=codes))


def label(text: str) -> Barcode:
    return Barcode("Code128", text, NOWHERE, "test")


def says(cover: Cover) -> Barcode:
    return Barcode("QRCode", write(cover), NOWHERE, "test")


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


def cuts(found: Separation) -> tuple[Cut, ...]:
    """The documents without their candidates."""
    return tuple(replace(one, candidates=()) for one in found.documents)


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
    assert cuts(found) == (Cut(((0, 1),)), Cut(((0, 2), (0, 3), (0, 4)), OWN))
    assert found.alarms == ("1 page before the first label (page 2): check that no label is missing",)


def test_label_wins_over_separator_and_blank() -> None:
    pages = [sheet(0, 1, label(OWN), SEPARATOR), sheet(0, 2, label("IN-2"), blank=True)]
    found = run(pages, station())
    assert cuts(found) == (Cut(((0, 1),), OWN), Cut(((0, 2),), "IN-2"))


def test_foreign_labels_must_match_whole() -> None:
    pages = [sheet(0, 1, label("A-1")), sheet(0, 2, label("xA-2")), sheet(0, 3, label("A-3"))]
    found = run(pages, station(label=r"A-\d"))
    assert cuts(found) == (Cut(((0, 1), (0, 2)), "A-1"), Cut(((0, 3),), "A-3"))


def test_own_number_wins_over_a_foreign_label() -> None:
    found = run([sheet(0, 1, label("A-1"), label(OWN))], station(label="A-1"))
    assert cuts(found) == (Cut(((0, 1),), OWN),)


def test_every_barcode_of_a_document_is_kept_as_a_candidate() -> None:
    foreign = Barcode("QRCode", "https://example.org", (0.2, 0.5, 0.3, 0.6), "test")
    pages = [sheet(0, 1, label(OWN), PATCH), sheet(0, 2, foreign), sheet(1, 1, label("IN-2"))]
    why = "a register number of ours; its check digit is right"
    not_ours = "neither a register number of ours nor what the station's rule for labels takes"
    assert [one.candidates for one in run(pages, station()).documents] == [
        (
            Candidate(OWN, "Code128", 0, 1, NOWHERE, True, why),
            Candidate("https://example.org", "QRCode", 0, 2, foreign.box, False, not_ours),
        ),
        (Candidate("IN-2", "Code128", 1, 1, NOWHERE, True, why),),
    ]


def test_two_numbers_on_a_page_raise_an_alarm() -> None:
    found = run([sheet(0, 1, label("IN-1"), label("IN-2"))], station())
    assert found.alarms == (
        "page 1 bears the numbers IN-1, IN-2: check that it was filed under the right one",
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
    assert cuts(found) == (Cut(((0, 1), (0, 3))),)


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
    found = run(pages, station(sheets="between"))
    assert letters(found) == "0S111"
    assert found.alarms == ()  # sheets between the documents leave none before the first


def test_pages_before_the_first_separator_raise_an_alarm() -> None:
    pages = [sheet(0, 1), sheet(0, 2, blank=True), sheet(0, 3), sheet(0, 4, PATCH), sheet(0, 5)]
    told = ("2 pages before the first separator (page 4): check that no separator is missing",)
    assert run(pages, station(patch=("T",))).alarms == told
    assert run(pages, station(patch=("T",), sheets="between")).alarms == ()
    assert run(pages, station(patch=("T",), blank=True)).alarms == ()  # blank sheets lie between
    assert run(pages[3:], station(patch=("T",))).alarms == ()


def test_a_label_in_front_of_the_first_separator_leaves_nothing_before_it() -> None:
    pages = [sheet(0, 1, label(OWN)), sheet(0, 2), sheet(0, 3, PATCH), sheet(0, 4)]
    assert run(pages, station(patch=("T",))).alarms == ()


def test_a_separator_tells_of_the_first_document_behind_it() -> None:
    pages = [
        sheet(0, 1, PATCH, SEPARATOR, says(INVOICE)), sheet(0, 2), sheet(0, 3), sheet(0, 4),
        sheet(0, 5, PATCH), sheet(0, 6),
    ]  # fmt: skip
    found = run(pages, station(pages=2))
    assert cuts(found) == (
        Cut(((0, 2), (0, 3)), cover=INVOICE), Cut(((0, 4), (0, 5))), Cut(((0, 6),)),
    )  # fmt: skip
    assert cuts(run(pages, station(patch=("T",)))) == (
        Cut(((0, 2), (0, 3), (0, 4)), cover=INVOICE), Cut(((0, 6),)),
    )  # fmt: skip


def test_our_code_separates_where_barcodes_do() -> None:
    pages = [sheet(0, 1, says(FORM)), sheet(0, 2)]
    assert cuts(run(pages, station())) == (Cut(((0, 2),), cover=FORM),)
    assert cuts(run(pages, station(barcode=""))) == (Cut(((0, 1), (0, 2))),)
    pages[0] = sheet(0, 1, PATCH, says(FORM))
    assert cuts(run(pages, station(barcode="", patch=("T",)))) == (Cut(((0, 2),), cover=FORM),)


def test_what_a_sheet_says_waits_for_its_document() -> None:
    blank, behind = sheet(0, 2, blank=True), sheet(0, 3, label(OWN))
    pages = [sheet(0, 1, says(FORM)), blank, behind]
    for profile in (station(), station(blank=True)):
        assert cuts(run(pages, profile)) == (Cut(((0, 3),), OWN, FORM),)
    # The first page of its document cannot be read: it is not the next one's.
    assert cuts(run([pages[0], behind], station(), p2="torn")) == (Cut(((0, 3),), OWN),)


def test_of_two_sheets_the_one_nearer_to_the_document_counts() -> None:
    pages = [sheet(0, 1, says(INVOICE)), sheet(0, 2, SEPARATOR), sheet(0, 3)]
    told = "nothing between the separators at page 1 and page 2: check that no document is missing"
    assert run(pages, station()) == Separation(
        (Cut(((0, 3),)),),
        (Fate(0, 1, FateKind.SEPARATOR), Fate(0, 2, FateKind.SEPARATOR), Fate(0, 3, FateKind.DOCUMENT, 0, 1)),
        (told,),
    )
    # The two sides of one sheet say it together.
    found = run(pages, station(duplex=True))
    assert (found.documents, found.alarms) == ((Cut(((0, 3),), cover=INVOICE),), ())


def test_a_sheet_that_tells_of_a_document_that_is_not_there() -> None:
    pages = [sheet(0, 1, SEPARATOR), sheet(0, 2), sheet(0, 3, says(FORM)), sheet(0, 4, blank=True)]
    assert run(pages, station()).alarms == (
        "nothing behind the separator at page 3, which tells of a document: check that it is not missing",
    )
    assert run([*pages[:2], sheet(0, 3, SEPARATOR)], station()).alarms == ()


def test_what_a_sheet_says_wrongly_is_told_with_its_page() -> None:
    altered = Barcode("QRCode", write(INVOICE).replace("Finance", "Sales"), NOWHERE, "test")
    pages = [sheet(0, 1, SEPARATOR, altered), sheet(0, 2), sheet(0, 3, says(Cover("bill"))), sheet(1, 1)]
    found = run(pages, station())
    assert cuts(found) == (Cut(((0, 2),)), Cut(((1, 1),)))
    assert found.alarms == (
        (
            "file 1 page 1: what the separator's code says is not used; its check does not fit: "
            "print the sheet anew with postroom separators"
        ),
        "file 1 page 3: there is no class 'bill'; it is told from the text",
    )


def test_fronts_and_backs_of_two_files_are_collated() -> None:
    """Sheets: a separator, a letter with a written and one with a blank back, a separator, a form."""
    fronts = [sheet(0, 1, PATCH), sheet(0, 2), sheet(0, 3), sheet(0, 4, PATCH, says(FORM)), sheet(0, 5)]
    blank = [1, 3, 4, 5]
    backs = [sheet(1, 6 - number, blank=number in blank) for number in range(1, 6)]
    profile = Station(duplex="collate", batch="folder", separation=SeparationPolicy(patch=("T",), blank=True))
    found = separate([*fronts, *backs], {}, profile, own)
    assert cuts(found) == (Cut(((0, 2), (1, 4), (0, 3))), Cut(((0, 5),), cover=FORM))
    assert letters(found) == "S00S1" + "bbb0b"
    assert [(fate.source, fate.page) for fate in found.fates] == [(s, p) for s in (0, 1) for p in range(1, 6)]
    assert found.alarms == ()
    # The rest of a batch that is tried again lies where it lay.
    again = separate(backs[1:3], {}, profile, own, {0: 5, 1: 5})
    assert cuts(again) == (Cut(((1, 4),)),)


def test_each_two_files_are_a_pile() -> None:
    profile = Station(duplex="collate", batch="folder")
    pages = [sheet(source, page) for source in range(4) for page in (1, 2)]
    assert cuts(separate(pages, {}, profile, own)) == (
        Cut(((0, 1), (1, 2), (0, 2), (1, 1))), Cut(((2, 1), (3, 2), (2, 2), (3, 1))),
    )  # fmt: skip


def test_all_combinations_of_the_rules() -> None:
    """A page starts a document exactly when one of the station's rules says so."""
    pages = [
        sheet(0, 1), sheet(0, 2, PATCH), sheet(0, 3), sheet(0, 4, SEPARATOR), sheet(0, 5),
        sheet(0, 6, label("A-1")), sheet(0, 7), sheet(0, 8, blank=True), sheet(0, 9),
        sheet(0, 10, says(FORM)), sheet(0, 11), sheet(0, 12, label(OWN)), sheet(0, 13),
    ]  # fmt: skip
    for patch, barcode, tag, blank in product((True, False), repeat=4):
        cuts = {2: patch, 4: barcode, 8: blank, 10: barcode}
        starts = {6: tag, 12: True}
        expected, document, open_ = "", 0, False
        for number in range(1, 14):
            if cuts.get(number):
                expected, document, open_ = expected + "S", document + open_, False
            elif number == 8:
                expected += "b"
            else:
                document += open_ and starts.get(number, False)
                expected, open_ = expected + str(document), True
        found = run(
            pages,
            station(
                patch=("T",) if patch else (),
                barcode="POSTROOM-SEPARATOR" if barcode else "",
                label=r"A-\d" if tag else "",
                blank=blank,
            ),
        )
        assert (patch, barcode, tag, blank, letters(found)) == (patch, barcode, tag, blank, expected)


CODES = st.sampled_from(
    [
        (), (), (PATCH,), (SEPARATOR,), (PATCH, says(FORM)), (says(Cover("bill")),), (label(OWN),),
        (label("IN-2"),), (label("A-1"),),
    ]
)  # fmt: skip
PAGES = st.lists(
    st.lists(st.tuples(CODES, st.booleans(), st.booleans()), max_size=9),
    max_size=4,
)


@given(
    PAGES,
    st.builds(
        Station,
        duplex=st.sampled_from([False, True, "collate"]),
        batch=st.just("folder"),
        separation=st.builds(
            SeparationPolicy,
            patch=st.sampled_from([(), ("T",)]),
            barcode=st.sampled_from(["", "POSTROOM-SEPARATOR"]),
            sheets=st.sampled_from(["before", "between"]),
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
    assert len(filed) == len(set(filed))
    if profile.duplex != "collate":
        assert filed == sorted(filed)
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
