"""Identifiers, e-mail addresses and telephone numbers in their one form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Usage
from register.identifiers import address, as_read, checked, must_be_country, telephone


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("vat:ESB58378431", "vat:ESB58378431"),
        (" VAT : es b-58378431", "vat:ESB58378431"),
        ("vat:GB 980 7806 84", "vat:GB980780684"),
        ("vat:CHE-107.787.577 IVA", "vat:CHE107787577IVA"),
        ("vat:EL 094259216", "vat:EL094259216"),
        ("iban:DE89 3704 0044 0532 0130 00", "iban:DE89370400440532013000"),
        ("lei:213800KUD8LAJWSQ9D15", "lei:213800KUD8LAJWSQ9D15"),
        ("tax:ES:54362315-K", "es.nif:54362315K"),
        ("tax:co:213.123.432-1", "co.nit:2131234321"),
        ("company:FR:732 829 320 00074", "fr.siret:73282932000074"),
        ("company:FR:552 008 443", "fr.siren:552008443"),
        ("es.dni:54362315K", "es.dni:54362315K"),
    ],
)
def test_an_identifier_has_one_form(text: str, kept: str) -> None:
    assert checked(text) == kept
    assert checked(kept) == kept


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("vat:ESB58378432", "its check digits are wrong"),
        ("iban:DE88370400440532013000", "its check digits are wrong"),
        ("iban:DE89", "identifier is 'iban:DE89'"),
        ("tax:ES:123", "it has the wrong length"),
        ("vat:58378431", "put the country in front"),
        ("vat:", "write it as vat:"),
        ("B58378431", "write it as vat:"),
        ("tax:ZZ:1", "name the country, tax:ES:..., one of AR,"),
        ("email:a@b.org", "there is no kind 'email'"),
        ("es.nothing:1", "there is no kind 'es.nothing'"),
        ("../../etc:1", "there is no kind"),
    ],
)
def test_what_is_none_is_refused_with_what_is_wrong(text: str, why: str) -> None:
    with pytest.raises(Usage) as refused:
        checked(text)
    assert why in str(refused.value)
    assert repr(text) in str(refused.value)


@given(st.text() | st.text(alphabet="vatibnes:.0123456789DE ").map(lambda text: f"vat:{text}"))
def test_nothing_else_comes_of_any_text(text: str) -> None:
    try:
        kept = checked(text)
    except Usage:
        return
    assert checked(kept) == kept


def test_channels_have_one_form() -> None:
    assert address(" mailto:Ada@Example.ORG ") == "ada@example.org"
    assert telephone("+34 912 345 678") == telephone("912 345 678", "es") == "+34912345678"
    assert must_be_country("gb") == "GB"
    with pytest.raises(Usage, match="email is 'ada@'"):
        address("ada@")
    with pytest.raises(Usage, match="country is 'XX'"):
        must_be_country("XX")
    for number in ("912 345 678", "+34 1", "no number"):
        with pytest.raises(Usage, match="phone is '"):
            telephone(number)


def test_what_was_read_from_a_page() -> None:
    assert as_read("vat_id", "ESB58378431") == ("vat:ESB58378431",)
    assert as_read("tax_id", "B58378431") == ("es.nif:B58378431",)
    assert as_read("email", "Ada@x.org") == ("email:ada@x.org",)
    assert as_read("phone", "+34912345678") == ("phone:+34912345678",)
    assert as_read("iban", "DE88370400440532013000") == ()
    assert as_read("subject", "Noise") == ()
