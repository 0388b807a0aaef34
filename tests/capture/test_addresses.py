"""The address of who sent a letter, as letters in several countries bear it."""

import pytest

from capture.fields import extract_fields
from domain.party import Address
from tests.capture.fields_pages import page

_BODY = """

                                                        12 March 2024

Dear Sir or Madam,

we thank you for your letter.

Yours faithfully
"""


def found(text: str, language: str = "en") -> list[str]:
    fields = extract_fields([page(text + _BODY, language=language)])
    return [one.value for one in fields if one.name == "sender_address"]


@pytest.mark.parametrize(
    ("letter", "address"),
    [
        (
            "Brightwater Ltd\n31 Abbey Walk\nDundee\nDD6 7WN\nTel. 01382 496 0018",
            "31 Abbey Walk;DD6 7WN;Dundee",
        ),
        ("Azure Interior Inc.\n4557 De Silva St\nFremont, CA 94538", "4557 De Silva St;CA 94538;Fremont"),
        ("Zimmerei Huber GmbH\nBahnhofstraße 100\nD-86114 Augsburg", "Bahnhofstraße 100;86114;Augsburg;DE"),
        ("Coolblue B.V.\nWeena 664\n3012 CN Rotterdam", "Weena 664;3012 CN;Rotterdam"),
        (
            "Mairie de Villeneuve SARL\n12 bis, rue Pasteur\n13001 Marseille Cedex 3",
            "12 bis rue Pasteur;13001;Marseille",
        ),
        (
            "\n\nHuber GmbH · Ringstraße 5 · 80331 München\n\nFrau\nRenate Uhlmann\nHafenstraße 2\n28189 Ulm",
            "Ringstraße 5;80331;München",
        ),
        ("Ayuntamiento de Ejemplo S.A.\nCalle Mayor, 3\n28013 Madrid", "Calle Mayor 3;28013;Madrid"),
        (
            "Exeter Data Ltd\nYour partner in the cloud\n67 Abbey Walk\nExeter EX7 1QY",
            "67 Abbey Walk;EX7 1QY;Exeter",
        ),
    ],
)
def test_where_the_sender_is(letter: str, address: str) -> None:
    assert found(letter) == [address]


@pytest.mark.parametrize(
    "letter",
    [
        "Brightwater Ltd\nTel. 01382 496 0018\n\nMs Jane Miller\n31 Abbey Walk\nDundee DD6 7WN",
        "Brightwater Ltd\n28013 Madrid",
        "31 Abbey Walk\nDundee DD6 7WN",
    ],
)
def test_in_doubt_there_is_none(letter: str) -> None:
    assert found(letter) == []


def test_an_address_in_one_line_is_read_again() -> None:
    one = Address(("Flat 3", "1 High St; rear"), "AB1 2CD", "London", "GB")
    assert one.text == "Flat 3|1 High St, rear;AB1 2CD;London;GB"
    assert Address.of(one.text) == Address(("Flat 3", "1 High St, rear"), "AB1 2CD", "London", "GB")
    assert Address.of("1 High St") == Address(("1 High St",))
    with pytest.raises(ValueError, match="an address is"):
        Address.of("a;b;c;d;e")
