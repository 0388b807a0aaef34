"""Line items: tables of invoices in four languages, typeset and as text, and real ones."""

import io
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random

import pikepdf
import pytest

from capture.digital import own_text
from capture.fields import checked
from capture.fields.columns import headings
from capture.fields.items import line_items
from capture.fields.layout import rows
from capture.fields.sums import leading, readings, sums
from capture.read import ReadOptions, read_page
from domain.document import Field
from domain.page import LineItem, PageFile
from samples.compose import compose
from samples.layout import typeset
from samples.style import draw_style
from tests.capture.fields_pages import page
from tests.capture.sheets import settings
from tests.data import shared
from tests.flows.rich_page import rich_pdf

Told = tuple[str, str, str, str, bool | None]
TABLE = """
Description                      Quantity    Unit price       VAT        Amount

Walnut desk                             2        450.00       20%        900.00
   oiled, with drawers
Lamp                                    3         19.95       20%         59.85
Discount on the desk                    1        -50.00       20%        -50.00
Subtotal                                                                 909.85
Screws, box                            10          1.20       20%         11.00
Carriage                                                                  12.00
Total                                                                    920.85
Paid by card                                                             920.85

We thank you for your order.
"""
DISCOUNTED = """
Pos.   Artikel               Menge    Einzelpreis    Rabatt      Gesamt
1      Schrank, Eiche        1,500       1.234,00      10 %    1.665,90
2      Montage                 3 Std.       60,00               180,00
"""
PRICES = """
Concepto                                   Precio
Revisión de la caldera                    95,00 €
IVA asesoría                              10,00 €
"""
PROSE = """
The total price of the work is the amount that we named.
Description of the amount: see below
Invoice number      Amount due 12.50
"""


def told(items: Sequence[LineItem]) -> list[Told]:
    return [(one.description, one.quantity, one.unit_price, one.amount, one.valid) for one in items]


def of_text(text: str) -> list[Told]:
    return told(line_items(rows(page(text), 1)))


def test_a_table_with_credits_and_sums() -> None:
    assert of_text(TABLE) == [
        ("Walnut desk oiled, with drawers", "2", "450.00", "900.00", True),
        ("Lamp", "3", "19.95", "59.85", True),
        ("Discount on the desk", "1", "-50.00", "-50.00", True),
        ("Screws, box", "10", "1.20", "11.00", False),
    ]


def test_numbers_are_read_so_that_they_agree() -> None:
    assert of_text(DISCOUNTED) == [
        ("Schrank, Eiche", "1.500", "1234.00", "1665.90", True),
        ("Montage", "3", "60.00", "180.00", True),
    ]


def test_a_price_alone_is_the_amount() -> None:
    # "IVA ..." is taken for the tax of a table without quantities.
    assert of_text(PRICES) == [("Revisión de la caldera", "", "", "95.00", None)]


def test_prose_and_labels_are_no_headings() -> None:
    assert [headings(row) for row in rows(page(PROSE), 1)] == [(), (), ()]


def test_a_ruled_row_belongs_together() -> None:
    lines = rows(page("Item        Amount\n\nOf oak\nDesk          10.00\nwith lamp\nChair          5.00"), 1)
    edges = [(row.y - 0.005, row.y + 0.005) for row in lines]
    bands = [(edges[1][0], edges[3][1]), edges[4]]
    assert told(line_items(lines, bands)) == [
        ("Of oak Desk with lamp", "", "", "10.00", None),
        ("Chair", "", "", "5.00", None),
    ]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1.234", ["1234", "1.234"]),
        ("1,234.50", ["1234.50"]),
        ("1 234,50", ["1234.50"]),
        ("1'234'567", ["1234567"]),
        ("0,125", ["0.125"]),
        ("12", ["12"]),
        ("9" * 16, []),
    ],
)
def test_what_a_number_may_be(text: str, values: list[str]) -> None:
    assert readings(text) == [Decimal(value) for value in values]


@pytest.mark.parametrize(
    ("text", "amount", "first"),
    [
        ("€ 1.999,00", ["1999.00"], ["1999.00"]),
        ("12.00-", ["-12.00"], ["12.00"]),
        ("$ -9.32", ["-9.32"], ["-9.32"]),
        ("- 9,32 EUR", ["-9.32"], ["-9.32"]),
        ("Rs 1939 a night", [], ["1939"]),
        ("of 12", [], []),
    ],
)
def test_cells_of_amounts_and_of_other_numbers(text: str, amount: list[str], first: list[str]) -> None:
    assert sums(text) == [Decimal(value) for value in amount]
    assert leading(text)[:1] == [Decimal(value) for value in first]


def item(amount: str, valid: bool | None = None) -> LineItem:
    return LineItem("x", "", "", amount, 1, (0.0, 0.0, 1.0, 1.0), 0.7, valid)


@pytest.mark.parametrize(
    ("amounts", "valid"),
    [
        ((), [None, False, True]),
        (("120.00 EUR", "100.00 EUR", "20.00 EUR"), [True, False, True]),
        (("100.00 EUR",), [True, False, True]),
        (("120.00 EUR",), [None, False, True]),  # the rest may be tax
        (("90.00",), [False, False, True]),
        (("130.00 EUR", "110.00 EUR", "20.00 EUR"), [False, False, True]),
    ],
)
def test_lines_that_nothing_proved_are_measured_by_the_sum(
    amounts: tuple[str, ...], valid: list[bool | None]
) -> None:
    fields = [Field("amount", value, 1, (0.0, 0.0, 1.0, 1.0), 0.9) for value in amounts]
    found = checked([item("60.00"), item("30.00", False), item("10.00", True)], fields)
    assert [one.valid for one in found] == valid
    sure = {None: 0.7, True: 0.95, False: 0.4}
    assert found[0].confidence == pytest.approx(sure[valid[0]])


def test_a_page_as_read_has_its_line_items_where_they_stand(tmp_path: Path) -> None:
    path = rich_pdf(tmp_path / "a.pdf")
    upright = _read(path, tmp_path / "upright", ReadOptions())
    assert told(upright.lines) == [
        ("Chair, walnut", "12", "100.00", "1200.00", True),
        ("Delivery", "1", "34.50", "34.50", True),
    ]
    words = {word.text: word.box for word in upright.page.words}
    first, last = words["Chair,"], words["1,200.00"]
    assert upright.lines[0].box == (first[0], min(first[1], last[1]), last[2], max(first[3], last[3]))
    turned = _read(path, tmp_path / "turned", ReadOptions(rotation=180))
    assert [[round(1 - edge, 6) for edge in one.box] for one in turned.lines] == [
        [one.box[at] for at in (2, 3, 0, 1)] for one in upright.lines
    ]


def _read(path: Path, out: Path, options: ReadOptions) -> PageFile:
    out.mkdir()
    return read_page(path, 1, options, settings(), out)


@pytest.mark.parametrize("language", ["en", "es", "fr", "de"])
def test_typeset_invoices_give_the_lines_of_their_truth(language: str) -> None:
    for number in range(3):
        rng = Random(f"line items {language} {number}")
        draft = compose(rng, "invoice", language)
        pdf = typeset(draft, draw_style(rng), rng, label="").pdf
        assert [one[:4] for one in told(_of_pdf(io.BytesIO(pdf)))] == list(draft.lines)


def _of_pdf(source: Path | io.BytesIO) -> list[LineItem]:
    found: list[LineItem] = []
    with pikepdf.open(source) as pdf:
        for number in range(len(pdf.pages)):
            one, single = io.BytesIO(), pikepdf.new()
            single.pages.append(pdf.pages[number])
            single.save(one)
            own = own_text(one.getvalue())
            assert own is not None
            found += [replace(line, page=number + 1) for line in own.lines]
    return found


def test_real_invoices() -> None:
    folder = shared("invoices/invoice2data")
    found = {path.stem: told(_of_pdf(path)) for path in sorted(folder.rglob("*.pdf"))}
    counts = {name: len(lines) for name, lines in found.items() if lines}
    assert counts == {
        "AzureInterior": 4, "FlipkartInvoice": 1, "NetpresseInvoice": 3, "QualityHosting": 7,
        "SammyMaystoneLinesTest": 2, "camelot-bol100649863": 1, "camelot-example": 2, "coolblue1": 6,
        "coolblue2": 8, "free_fiber": 1, "oyo": 1, "saeco": 2,
    }  # fmt: skip
    assert [line for lines in found.values() for line in lines if line[4] is False] == []
    assert found["AzureInterior"][2][1:] == ("1.00", "1.00", "0.90", True)  # less ten per cent
    assert found["FlipkartInvoice"][0][1:] == ("1", "278.61", "319.00", True)  # the tax comes to it
    assert found["camelot-example"][1][0] == "Double A printpapier - A4 - 1 DOOS - 5 pakken x 500 vel"
