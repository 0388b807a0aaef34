"""Whole letters in four languages, as they stand on paper."""

from dataclasses import replace

import pytest

from capture.fields import extract_fields
from domain.page import Page
from tests.capture.fields_pages import page
from tests.capture.letters import ENGLISH, FRENCH, GERMAN, MAIL, SPANISH, values


def test_an_english_letter() -> None:
    assert values(ENGLISH, "en") == {
        "date": ["2024-04-03"],
        "due_date": ["2024-04-30"],
        "reference": ["HW/2024/00871"],
        "sender": ["Harbour Water Company Ltd."],
        "sender_address": ["12 Quay Road;BS1 4TE;Bristol"],
        "recipient": ["Ms Jane Miller"],
        "subject": ["Your water bill for the first quarter"],
        "amount": ["1184.50 GBP"],
        "phone": ["+441174960123"],
        "email": ["service@harbourwater.example"],
    }


def test_a_german_letter() -> None:
    assert values(GERMAN, "de") == {
        "date": ["2024-03-12"],
        "due_date": ["2024-03-26"],
        "reference": ["AB-4711/24"],
        "sender": ["Stadtwerke Musterstadt GmbH"],
        "sender_address": ["Bahnhofstr. 5;12345;Musterstadt"],
        "recipient": ["Erika Mustermann"],
        "subject": ["Ihre Rechnung Nr. 2024-0815"],
        "amount": ["1234.56 EUR"],
        "iban": ["DE89370400440532013000"],
        "vat_id": ["DE136695976"],
        "tax_id": ["36574261809"],
        "phone": ["+4930231250"],
    }


def test_a_french_letter() -> None:
    assert values(FRENCH, "fr") == {
        "date": ["2024-02-01"],
        "reference": ["PC-2024/118"],
        "sender": ["Mairie de Villeneuve"],
        "sender_address": ["1 place de la République;13001;Marseille"],
        "recipient": ["Monsieur Paul Durand"],
        "subject": ["Votre demande de permis"],
        "amount": ["350.00 EUR"],
        "tax_id": ["73282932000074"],
        "phone": ["+33491551111"],
    }


def test_a_spanish_letter() -> None:
    assert values(SPANISH, "es") == {
        "date": ["2021-03-03"],
        "due_date": ["2021-04-15"],
        "reference": ["2021/000345"],
        "sender": ["Ayuntamiento de Ejemplo"],
        "sender_address": ["Plaza Mayor 1;28013;Madrid"],
        "recipient": ["D. Juan Pérez García"],
        "subject": ["Requerimiento de documentación"],
        "amount": ["2500.00 EUR"],
        "iban": ["ES9121000418450200051332"],
        "tax_id": ["P2807900B"],
        "phone": ["+34915881000"],
    }


def test_an_email_print() -> None:
    assert values(MAIL, "en") == {
        "date": ["2024-05-14"],
        "sender": ["Anna Smith"],
        "recipient": ["Robert Jones"],
        "subject": ["Minutes of the last meeting"],
        "email": ["anna.smith@example.org", "r.jones@example.com"],
    }


@pytest.mark.parametrize(
    ("text", "country", "found"),
    [
        ("Invoice date: 03/04/2024", "GB", ["2024-04-03"]),
        ("Invoice date: 03/04/2024", "US", ["2024-03-04"]),
        ("Invoice date: 03/04/2024", "", []),  # nothing tells which
        ("Invoice date: 03/04/2024\nPeriod: 03/28/2024", "", ["2024-03-04"]),
        ("Invoice date: 03.04.2024", "US", ["2024-04-03"]),
        ("Invoice date: 2024-04-03", "", ["2024-04-03"]),
        ("Invoice date: O3/O4/2O24", "GB", ["2024-04-03"]),
        ("Invoice date: 31/02/2024", "GB", []),
        ("Invoice date: 03/04/2025", "GB", []),  # after the day of receipt
        ("Date of birth: 03/04/1980", "GB", []),
        ("Order date: 3 April 2024", "GB", []),
        ("Version 1.2.3 of 10.0.0.1", "GB", []),
    ],
)
def test_a_date_is_given_only_when_it_is_certain(text: str, country: str, found: list[str]) -> None:
    assert values(text, "en", country).get("date", []) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Invoice number: 007/10/2022", ["007/10/2022"]),
        ("Invoice number: 07/10/2022", []),  # a date
        ("INVOICE\n\n\n\n# INV_1", ["INV_1"]),
        ("Client        Order        Invoice\nK4711         B0815        F2024", ["F2024"]),
        ("SUMMER SALE 1994\nMay we", []),  # a year
    ],
)
def test_references(text: str, found: list[str]) -> None:
    assert values(text, "en").get("reference", []) == found


LETTER = """
{head}

Mr Paul Smith
Programmer
12 Main Street
Bath BA1 2QT

Dear Mr Smith,

please find enclosed what you asked for.
{end}
"""


@pytest.mark.parametrize(
    ("head", "end", "sender"),
    [
        ("Harbour Ltd", "", ["Harbour Ltd"]),
        ("which has been on the cutting edge.", "", []),
        ("Yt yy", "", []),
        ("Yt yy", "Sincerely,\n\nAda King", ["Ada King"]),
    ],
)
def test_parts_of_sentences_and_smudges_name_nobody(head: str, end: str, sender: list[str]) -> None:
    found = values(LETTER.format(head=head, end=end), "en")
    assert found.get("sender", []) == sender
    assert "subject" not in found  # neither the recipient's title nor a line of the text


@pytest.mark.parametrize(
    "name", ["3 Mrz 2024", "3 mars 2024", "marzo 3, 2024", "3 de março de 2024", "3. März 2024"]
)
def test_months_have_names_in_seven_languages(name: str) -> None:
    assert values(f"Invoice date: {name}", "en")["date"] == ["2024-03-03"]


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("Subtotal  100.00\nVAT 20%  20.00\nTotal  $120.00", "en", ["120.00 USD", "100.00 USD", "20.00 USD"]),
        ("Zwischensumme  1.000,00\nMwSt  190,00\nGesamtbetrag  1.190,00 €", "de",
         ["1190.00 EUR", "1000.00 EUR", "190.00 EUR"]),
        ("Total TTC : 1 234,56 €", "fr", ["1234.56 EUR"]),
        ("Total     1     278.61     40.39     Rs 319.00", "en",
         ["319.00 INR", "278.61 INR", "40.39 INR"]),
        ("We sold 3 boats for $ 20.00 and 4 for $ 30.00", "en", []),
        ("Discount 10% on 3.50", "en", []),
        ("Total pages: 14", "en", []),
    ],
)  # fmt: skip
def test_totals(text: str, language: str, found: list[str]) -> None:
    assert values(text, language).get("amount", []) == found


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        ("IBAN DE89 3704 0044 0532 0130 00", "iban", [("DE89370400440532013000", True)]),
        ("IBAN DE89 37O4 OO44 0532 0l30 00", "iban", [("DE89370400440532013000", True)]),
        ("IBAN DE88 3704 0044 0532 0130 00", "iban", [("DE88370400440532013000", False)]),
        ("Part DE88370400440532013000", "iban", []),
        ("VAT no. GB 980 7806 84", "vat_id", [("GB980780684", True)]),
        ("USt-IdNr. DE136695978", "vat_id", [("DE136695978", False)]),
        ("Order DE136695978", "vat_id", []),
        ("NIF: 54362315K", "tax_id", [("54362315K", True)]),
        ("NIF: 54362315Z", "tax_id", [("54362315Z", False)]),
        ("Steuer-Nr. 18181508155", "tax_id", [("18181508155", None)]),
    ],
)
def test_check_digits_are_verified(text: str, name: str, found: list[tuple[str, bool | None]]) -> None:
    items = extract_fields([page(text, language="en")])
    assert [(item.value, item.valid) for item in items if item.name == name] == found


def test_a_value_comes_with_its_page_box_and_text() -> None:
    pages = [page("Nothing here to speak of", language="de"), page(GERMAN, language="de", confidence=0.8)]
    (iban,) = [item for item in extract_fields(pages) if item.name == "iban"]
    words = [word for word in pages[1].words if word.text in {"DE89", "00"}]
    assert iban.page == 2
    assert iban.text == "DE89 3704 0044 0532 0130 00"
    assert iban.box == (words[0].box[0], words[0].box[1], words[1].box[2], words[1].box[3])
    assert iban.confidence == pytest.approx(0.8 * 0.98, abs=0.001)


def test_only_the_first_three_pages_and_the_last_are_read() -> None:
    pages = [page(f"Contact p{n}@example.org", number=n) for n in range(1, 601)]
    emails = [item.value for item in extract_fields(pages) if item.name == "email"]
    assert emails == ["p1@example.org", "p2@example.org", "p3@example.org", "p600@example.org"]


def test_a_leaning_page_is_read_in_its_rows() -> None:
    import math

    straight = page(GERMAN, language="de")
    lean = math.tan(math.radians(2)) * straight.width / straight.height
    words = []
    for word in straight.words:
        x0, y0, x1, y1 = word.box
        fall = lean * ((x0 + x1) / 2 - 0.5)
        words.append(replace(word, box=(x0, y0 + fall, x1, y1 + fall)))
    leaning = replace(straight, words=tuple(words), skew=2.0)
    named = [(item.name, item.value) for item in extract_fields([leaning])]
    assert named == [(item.name, item.value) for item in extract_fields([straight])]


def test_the_same_pages_give_the_same_fields_and_no_pages_none() -> None:
    pages = [page(FRENCH)]
    assert extract_fields(pages) == extract_fields(pages)
    assert extract_fields([]) == ()
    assert extract_fields([Page(1, 595, 842, 300)]) == ()
