"""Whole letters in four languages, as they stand on paper."""

from dataclasses import replace
from datetime import date

import pytest

from capture.fields import Headline, extract_fields, summary
from domain.page import Page
from tests.capture.fields_pages import page

ENGLISH = """
                                   Harbour Water Company Ltd.
                                   12 Quay Road, Bristol BS1 4TE
                                   Tel: 0117 496 0123   Fax: 0117 496 0199
                                   service@harbourwater.example


Ms Jane Miller
7 Orchard Lane
Bath BA1 2QT

                                              3 April 2024
Our ref: HW/2024/00871

Dear Ms Miller,

Your water bill for the first quarter

Thank you for your letter of 21 March 2024. The amount due is £ 1,184.50. Please pay
by 30 April 2024.

Yours sincerely,

Peter Hall
"""
GERMAN = """
Stadtwerke Musterstadt GmbH

Stadtwerke Musterstadt GmbH - Bahnhofstr. 5 - 12345 Musterstadt

Frau
Erika Mustermann
Lindenweg 8
12347 Musterstadt

                                                    Musterstadt, den 12. März 2024
Unser Zeichen: AB-4711/24          Ihr Schreiben vom 01.03.2024
Betreff: Ihre Rechnung Nr. 2024-0815

Sehr geehrte Frau Mustermann,

der Gesamtbetrag von 1.234,56 EUR ist zahlbar bis 26.03.2024.
IBAN: DE89 3704 0044 0532 0130 00     BIC COBADEFFXXX
USt-IdNr.: DE 136 695 976     Steuer-ID 36 574 261 809
Telefon 030 23125 0

Mit freundlichen Grüßen
"""
FRENCH = """
Mairie de Villeneuve
1 place de la République
13001 Marseille
Tél. : 04 91 55 11 11
                                              Monsieur Paul Durand
                                              14 rue des Lilas
                                              13005 Marseille

                                              Marseille, le 1er février 2024
Objet : Votre demande de permis
N/Réf : PC-2024/118

Monsieur,

Nous avons bien reçu votre demande du 15 janvier 2024. Le montant total s'élève à 350,00 €.
SIRET : 732 829 320 00074
"""
SPANISH = """
Ayuntamiento de Ejemplo
Plaza Mayor, 1
28013 Madrid
CIF: P2807900B

D. Juan Pérez García
Calle de Alcalá, 20, 3º B
28014 Madrid

Madrid, 3 de marzo de 2021
Asunto: Requerimiento de documentación
Expediente nº: 2021/000345

Estimado señor Pérez:

El importe total asciende a 2.500 euros. Fecha límite: 15 de abril de 2021.
IBAN ES91 2100 0418 4502 0005 1332     Tel.: 91 588 10 00

Atentamente,
"""
MAIL = """
From:     Anna Smith <anna.smith@example.org>
Sent:     14 May 2024 09:31
To:       Robert Jones <r.jones@example.com>
Subject:  Minutes of the last meeting

Hi Robert,

please find the minutes attached. We meet again on 3 June 2024.
"""


def values(text: str, language: str, country: str = "") -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in extract_fields([page(text, language=language)], country=country, received=date(2024, 6, 1)):
        found.setdefault(item.name, []).append(item.value)
    return found


def test_an_english_letter() -> None:
    assert values(ENGLISH, "en") == {
        "date": ["2024-04-03"],
        "due_date": ["2024-04-30"],
        "reference": ["HW/2024/00871"],
        "sender": ["Harbour Water Company Ltd."],
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


def test_the_headline_of_a_letter() -> None:
    pages = [page(GERMAN, language="de")]
    assert summary(extract_fields(pages), pages) == Headline(
        subject="Ihre Rechnung Nr. 2024-0815",
        sender="Stadtwerke Musterstadt GmbH",
        recipient="Erika Mustermann",
        reference="AB-4711/24",
        date=date(2024, 3, 12),
        due_date=date(2024, 3, 26),
        amount="1234.56 EUR",
        amounts=("1234.56 EUR",),
    )


def subjects(letter: str, language: str) -> list[str]:
    return [one.text for one in extract_fields([page(letter, language=language)]) if one.name == "subject"]


def test_a_row_of_an_address_is_no_salutation_where_there_is_another() -> None:
    letter = FRENCH.replace("Monsieur Paul Durand", "Madame\n" + 46 * " " + "Paule Durand")
    letter = letter.replace("Objet : Votre demande de permis\n", "")
    about = letter.replace("\nMonsieur,\n", "\nRésiliation de mon adhésion\n\nMadame,\n")
    assert about != letter
    found = {one.name: one.text for one in extract_fields([page(about, language="fr")])}
    assert found["subject"] == "Résiliation de mon adhésion"


def test_a_name_over_the_salutation_is_not_what_the_letter_is_about() -> None:
    about = GERMAN.replace("Betreff: Ihre Rechnung Nr. 2024-0815\n", "\nKündigung meines Vertrages\n")
    named = about.replace("Sehr geehrte", "Erika Mustermann\n\nSehr geehrte", 1)
    for letter in (about, named):
        found = {one.name: one.text for one in extract_fields([page(letter, language="de")])}
        assert found["subject"] == "Kündigung meines Vertrages"


@pytest.mark.parametrize(
    ("line", "subject"),
    [
        ("Kündigung zum 31.12.2024: Strom", "Kündigung zum 31.12.2024: Strom"),
        ("Wochenlang ohne Telefon im Büro", "Wochenlang ohne Telefon im Büro"),
        ("Ref.: Buchung 2026071889, Mangel am Zimmer", "Buchung 2026071889, Mangel am Zimmer"),
    ],
)
def test_a_subject_over_the_salutation_may_name_a_day_or_a_number(line: str, subject: str) -> None:
    letter = GERMAN.replace("Betreff: Ihre Rechnung Nr. 2024-0815\n", f"\n{line}\n")
    assert subjects(letter, "de") == [subject]


@pytest.mark.parametrize("line", ["Berlin, den 12. März 2024", "Ref.: 4711/24-B", "Telefon 030 901820"])
def test_a_place_with_its_date_a_number_and_a_telephone_are_no_subject(line: str) -> None:
    letter = GERMAN.replace("Betreff: Ihre Rechnung Nr. 2024-0815\n", f"\n{line}\n")
    assert subjects(letter, "de") == []


def test_the_heads_of_a_table_and_two_signatures_are_no_title() -> None:
    text = "Sauvignac Informatique\n47 quai de la Fosse\n\nVoici nos prestations de mai." + 11 * "\n"
    for row in ("Libellé" + 40 * " " + "Montant", "Libellé"):
        plain = page(f"{text}\n{row}\n\nSauvegarde de deux téraoctets", language="fr")
        grown = [
            replace(word, box=(word.box[0], word.box[1] - 0.004, *word.box[2:])) if word.text in row else word
            for word in plain.words
        ]
        found = extract_fields([replace(plain, words=tuple(grown))])
        assert [one.text for one in found if one.name == "subject"] == ["Libellé"] * (row == "Libellé")


def test_a_kind_of_document_is_its_title_and_nobodys_name() -> None:
    found = values("Geheimhaltungsvereinbarung\n\nzwischen den Parteien gilt das Folgende.\n", "de")
    assert found["subject"] == ["Geheimhaltungsvereinbarung"]
    assert "sender" not in found


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("", "(no subject)"),
        ("12", "12"),
        ("4711\nThe quick brown fox", "The quick brown fox"),
        ("word " * 60, " ".join(["word"] * 23) + "…"),
    ],
)
def test_an_entry_is_never_without_a_subject(text: str, subject: str) -> None:
    assert summary((), [page(text)]).subject == subject
