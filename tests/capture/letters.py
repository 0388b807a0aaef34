"""Whole letters in four languages and a mail, as they stand on paper, and what is found on them."""

from datetime import date

from capture.fields import extract_fields
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
