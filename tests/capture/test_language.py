import pytest

from capture.language import detect
from domain.errors import Usage

FOUR = ("en", "es", "fr", "de")
TEXTS = {
    "en": "Dear Sir, we have received your letter of last week and thank you for it.",
    "es": "Estimado señor: hemos recibido su carta de la semana pasada y se lo agradecemos.",
    "fr": "Monsieur, nous avons bien reçu votre courrier de la semaine dernière et vous en remercions.",
    "de": "Sehr geehrter Herr, wir haben Ihr Schreiben der vergangenen Woche erhalten und danken dafür.",
}


@pytest.mark.parametrize("language", FOUR)
def test_each_language_is_told_from_the_others(language: str) -> None:
    found, probability = detect(TEXTS[language], FOUR)
    assert found == language
    assert 0.8 < probability <= 1


@pytest.mark.parametrize("language", FOUR)
def test_capitals_and_numbers_do_not_mislead(language: str) -> None:
    text = f"{TEXTS[language].upper()} 12345 DE89370400440532013000 https://example.com/en/index"
    assert detect(text, FOUR)[0] == language


def test_only_the_languages_given_are_chosen_from() -> None:
    assert detect(TEXTS["fr"], ("es", "de"))[0] in {"es", "de"}
    assert detect(TEXTS["fr"], ("es",)) == ("es", 1.0)


@pytest.mark.parametrize("text", ["", "   \n", "Re: 4711", "1234567890 " * 20, "Dear Sir, thank you."])
def test_too_little_text_is_no_language(text: str) -> None:
    assert detect(text, FOUR) == (None, 0.0)


def test_the_same_text_gives_the_same_answer_whatever_the_order_given() -> None:
    assert detect(TEXTS["de"], FOUR) == detect(TEXTS["de"], tuple(reversed(FOUR)))


@pytest.mark.parametrize("among", [(), ("en", "xx")])
def test_a_wrong_request_is_said(among: tuple[str, ...]) -> None:
    with pytest.raises(Usage):
        detect(TEXTS["en"], among)
