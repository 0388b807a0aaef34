"""How an operator's edits are written, and what they make of a batch."""

import pytest

from capture.edits import Edits, apply
from domain.document import Cut, Fate, FateKind, Separation
from domain.errors import Usage
from domain.layout import Change, StandingPage

ONE, TWO, LABEL = "IN-2026-000001-7", "IN-2026-000002-5", "IN-2025-000009-1"


def batch() -> list[StandingPage]:
    """File 1: three pages, a separator, two pages in the other order; file 2: a blank page, one refused."""
    document, place = FateKind.DOCUMENT, [(0, page) for page in range(1, 7)]
    return [
        StandingPage(place[0], document, "", "a", 1, ONE, "", 0),
        StandingPage(place[1], document, "", "a", 2, ONE, "", 90),
        StandingPage(place[2], document, "", "a", 3, ONE, "", 0),
        StandingPage(place[3], FateKind.SEPARATOR),
        StandingPage(place[4], document, "", "b", 2, TWO, "", None),
        StandingPage(place[5], document, "", "b", 1, TWO, LABEL, 180),
        StandingPage((1, 1), FateKind.BLANK),
        StandingPage((1, 2), FateKind.REFUSED, "torn"),
    ]


def made(*documents: str, **options: str) -> Change:
    return apply(batch(), Edits(documents, **{name: (text,) for name, text in options.items()}))


def pages(change: Change) -> list[tuple[int, ...]]:
    """As people count them."""
    counted = {page.place: number for number, page in enumerate(batch(), start=1)}
    return [tuple(counted[place] for place in cut.pages) for cut in change.separation.documents]


@pytest.mark.parametrize(
    ("documents", "options", "cuts", "replaced"),
    [
        (["3"], {}, [(1, 2), (3,)], ("a",)),  # split
        (["2-3"], {}, [(1,), (2, 3)], ("a",)),
        (["1-3,6,5"], {}, [(1, 2, 3, 6, 5)], ("a", "b")),  # merged
        ([f"{ONE},{TWO.lower()}"], {}, [(1, 2, 3, 6, 5)], ("a", "b")),
        (["3-1"], {}, [(3, 2, 1)], ("a",)),  # put in order
        (["5,6"], {}, [(5, 6)], ("b",)),
        (["1:5-6"], {}, [(5, 6)], ("b",)),
        (["4", "2:1"], {}, [(4,), (7,)], ()),  # filed after all
        (["1-3,4"], {}, [(1, 2, 3, 4)], ("a",)),
        (["3,5"], {}, [(1, 2), (3, 5), (6,)], ("a", "b")),
        ([], {"blank": "2"}, [(1, 3)], ("a",)),
        ([], {"separator": "1-3"}, [], ("a",)),
        ([], {"separator": "7"}, [], ()),
        ([], {"rotate": "1-2=90"}, [(1, 2, 3)], ("a",)),
        (["3"], {"rotate": "6=180"}, [(1, 2), (3,), (6, 5)], ("a", "b")),
    ],
)
def test_what_becomes_of_the_documents(
    documents: list[str], options: dict[str, str], cuts: list[tuple[int, ...]], replaced: tuple[str, ...]
) -> None:
    change = made(*documents, **options)
    assert (pages(change), change.replaced) == (cuts, replaced)


def test_a_change_is_whole() -> None:
    """Its fates are of the pages that change, labels go with the page they stand on, turns add up."""
    document = FateKind.DOCUMENT
    assert made("2,6", "7", blank="4", rotate="2=180") == Change(
        Separation(
            (
                Cut(((0, 1), (0, 3))),
                Cut(((0, 2), (0, 6)), LABEL),
                Cut(((0, 5),)),
                Cut(((1, 1),)),
            ),
            (
                Fate(0, 1, document, 0, 1),
                Fate(0, 2, document, 1, 1),
                Fate(0, 3, document, 0, 2),
                Fate(0, 4, FateKind.BLANK),
                Fate(0, 5, document, 2, 1),
                Fate(0, 6, document, 1, 2),
                Fate(1, 1, document, 3, 1),
            ),
        ),
        rotations=(((0, 2), 270),),
        replaced=("a", "b"),
    )


@pytest.mark.parametrize(
    ("documents", "options", "told"),
    [
        (["9"], {}, r"There is no page 9 \(9\): the batch has pages 1-8\."),
        (["0-2"], {}, r"There is no page 0 \(0-2\)"),
        (["2:1-3"], {}, r"There is no page 3 \(2:1-3\): file 2 has pages 1-2\."),
        (["3:1"], {}, r"There is no page in file 3 \(3:1\): the batch has files 1, 2\."),
        (["1-x"], {}, r"'1-x' in '1-x' is not pages\. Write 4, 1-3, 9-7"),
        (["1,,2"], {}, r"'' in '1,,2' is not pages"),
        ([LABEL], {}, rf"{LABEL} has no page in this batch; it has {ONE}, {TWO}\."),
        (["1-2,2"], {}, r"Page 2 is named twice, in 1-2,2\. Each page is in one place\."),
        (["1-2", "2-3"], {}, r"Page 2 is named twice, in 1-2 and in 2-3\."),
        (["1"], {"blank": "1"}, r"Page 1 is named twice, in 1 and in --blank 1\."),
        (["8"], {}, r"Page 8 was not filed \(refused: torn\)\. First try it again"),
        ([], {"rotate": "1=45"}, r"'1=45' does not say how far to turn\. Write PAGES=90"),
        ([], {"rotate": "7=90"}, r"Page 7 is in no document: name it in one, too, to turn it\."),
        (["2"], {"rotate": "1,1=90"}, r"Page 1 is named twice, in 1,1=90\."),
        ([], {"rotate": "5=90"}, r"How Page 5 stands cannot be told"),
        (["1-3"], {}, r"Nothing would change: the batch stands so already \(1-3\)\."),
        ([], {"separator": "4"}, r"Nothing would change: .* \(--separator 4\)\."),
    ],
)
def test_what_cannot_be_is_told_with_the_fix(
    documents: list[str], options: dict[str, str], told: str
) -> None:
    with pytest.raises(Usage, match=told):
        made(*documents, **options)
