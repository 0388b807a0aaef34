import pytest

from capture.beginnings import beginnings
from domain.page import Page, Word

LETTER = (
    (0.06, "Brightwater Supplies Ltd"),
    (0.08, "14 Harbour Road, Leeds"),
    (0.16, "Town Hall"),
    (0.18, "York YO1 8QL"),
    (0.25, "3 March 2026"),
    (0.32, "Dear Ms Miller,"),
    (0.40, "thank you for your order of twelve chairs."),
)
INVOICE = (
    (0.06, "Chairs & Sons"),
    (0.08, "Tel. +44 113 496 0123"),
    (0.20, "Invoice"),
    (0.25, "Invoice no: 2026-4711"),
    (0.27, "Date: 4 March 2026"),
)
OTHER = (
    (0.05, "Moorland Timber plc"),
    (0.07, "2 Mill Lane, Hull"),
    *LETTER[2:6],
    (0.40, "we regret that the beams are late."),
)
LATER = (
    (0.06, "Brightwater Supplies Ltd"),
    (0.25, "As agreed we shall deliver on 7 April 2026."),
    (0.30, "Dear customers often ask for the invoice number 2026-17."),
)
TABLE = ((0.1, "1 chair 12.00"), (0.2, "2 tables 60.00"), (0.7, "Dear customers, pay by 2 April 2026"))


def page(*lines: tuple[float, str]) -> Page:
    words = []
    for number, (y, text) in enumerate(lines):
        x = 0.1
        for one in text.split():
            width = 0.011 * len(one)
            words.append(Word(one, (x, y, x + width, y + 0.012), 0.9, number))
            x += width + 0.01
    return Page(1, 595, 842, 200, language="en", words=tuple(words))


def numbered(lines: tuple[tuple[float, str], ...], text: str) -> Page:
    return page(*lines, (0.95, text))


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ([], ()),
        ([page(*LETTER)], ()),
        ([page(*LETTER), page(*LATER), page(*TABLE)], ()),
        ([page(*LETTER), page(*LATER), page(*INVOICE), page(*TABLE)], (3,)),
        ([page(*TABLE), page(*LETTER)], (2,)),  # a salutation is enough
        ([page(*LETTER), page(*LATER), page(*LETTER)], (3,)),  # the same sender, day and salutation
        ([page(*LETTER), page(*OTHER)], (2,)),
        ([page(*INVOICE), page(*INVOICE)], ()),  # the same heading on each page of a document
        ([page(*INVOICE), numbered(LETTER, "Page 2 of 3")], ()),
        ([page(*INVOICE), numbered(LETTER, "- 2 -")], ()),
        ([page(*INVOICE), numbered(LETTER, "17")], (2,)),  # some number, not of the page
        ([numbered(LATER, "Page 1 of 2"), numbered(TABLE, "2 / 2"), numbered(TABLE, "Page 1")], (3,)),
        ([page(*LETTER), numbered(TABLE, "Seite 1 von 12")], ()),  # enclosed, with nothing of a letter
        ([page(*LETTER), numbered(INVOICE, "Page 1 of 1")], (2,)),
        ([page(), page(*TABLE)], ()),
    ],
)
def test_first_pages_in_the_middle(pages: list[Page], expected: tuple[int, ...]) -> None:
    assert beginnings(pages) == expected
