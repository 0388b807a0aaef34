import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from index.query import parse
from index.snippets import Finder, Match, excerpt, nearly

SHORT = st.text("abc", max_size=6)


@given(SHORT, SHORT)
def test_nearly_is_an_edit_distance_of_one(one: str, other: str) -> None:
    assert nearly(one, other) == (OSA.distance(one, other) <= 1)


@pytest.mark.parametrize(
    ("text", "language", "pages", "match"),
    [
        ("known", "en", ["nothing", "a well-\nknown fact"], Match(2, "a well- **known** fact")),
        ("wellknown", "en", ["a well-\nknown fact"], Match(1, "a **well- known** fact")),
        ("evenement", "fr", ["Les Événements"], Match(1, "Les **Événements**")),
        ("aeon", "en", ["the Æon"], Match(1, "the **Æon**")),
        ("facturas", None, ["la factura"], Match(None, "la factura")),  # no language, no stems
        ("one two", "en", ["one one one", "two one"], Match(2, "**two** **one**")),
        ("one", "en", ["one", "one one"], Match(2, "**one** **one**")),
        ("x", "en", ["", " ", "first text"], Match(None, "first text")),
        ("x", "en", [], Match(None, "")),
        ("kitabı", "ar", ["no such word"], Match(None, "no such word")),
        ("كتاب", "ar", ["هذا الكتاب"], Match(1, "هذا **الكتاب**")),
    ],
)  # fmt: skip
def test_match(text: str, language: str | None, pages: list[str], match: Match) -> None:
    assert Finder(parse(text) or ()).match(pages, [language] * len(pages)) == match


def test_each_page_is_read_in_its_language() -> None:
    found = Finder(parse("returned") or ()).match(["die returns", "he returns"], ["de", "en"])
    assert found == Match(2, "he **returns**")


@given(st.text(max_size=600), st.data())
def test_excerpt_of_anything(text: str, data: st.DataObject) -> None:
    places = st.integers(0, len(text))
    spans = [tuple(sorted((a, b))) for a, b in data.draw(st.lists(st.tuples(places, places), max_size=5))]
    found = excerpt(text, [(begin, end, 0) for begin, end in spans if begin < end])
    assert found == " ".join(found.split())
    assert found.count("**") % 2 == 0
