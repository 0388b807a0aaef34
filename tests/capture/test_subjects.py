"""What an entry shows of a letter, its subject above all."""

from dataclasses import replace
from datetime import date

import pytest

from capture.fields import Headline, extract_fields, summary
from tests.capture.fields_pages import page
from tests.capture.letters import FRENCH, GERMAN, values


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


@pytest.mark.parametrize(
    "line", ["Berlin, den 12. März 2024", "Ref.: 4711/24-B", "Telefon 030 901820", "Courriel: info chez nous"]
)
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


@pytest.mark.parametrize(
    ("title", "language"),
    [("Geheimhaltungsvereinbarung", "de"), ("Reisekostenbericht", "de"), ("Location d'un emplacement", "fr")],
)
def test_a_kind_of_document_is_its_title_and_nobodys_name(title: str, language: str) -> None:
    found = values(f"{title}\n\nzwischen den Parteien gilt das Folgende.\n", language)
    assert found["subject"] == [title]
    assert "sender" not in found


NOTICE = """
Service de l'urbanisme
57, boulevard Voltaire
69002 Lyon



                                           Lyon, le 4 octobre 2023


{line}

Votre demande du 30 juillet 2023 a été instruite par nos services.
"""


@pytest.mark.parametrize(
    ("line", "subject"),
    [("Rejet partiel de travaux", ["Rejet partiel de travaux"]), ("Lyon, le 5 mai 2023", []), ("Objet", [])],
)
def test_a_line_alone_over_the_text_says_what_it_is_about(line: str, subject: list[str]) -> None:
    assert subjects(NOTICE.format(line=line), "fr") == subject


def test_without_a_subject_an_entry_shows_a_line_that_is_nobodys_name_or_address() -> None:
    shown = page("Copisteria La Tinta\nCalle Mayor 5\n28013 Madrid\nTel. 912 345 678\nPara el cliente solo")
    sender = replace(extract_fields([page(GERMAN)])[0], name="sender", value="Copisteria La Tinta")
    assert summary([sender], [shown]).subject == "Para el cliente solo"
    assert summary([sender], [page("Copisteria La Tinta\nCalle Mayor 5")]).subject == "Copisteria La Tinta"


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
