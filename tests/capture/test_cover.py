import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.cover import NotOurs, cover_of, read, write
from domain.document import NO_COVER, Cover
from domain.page import Barcode, Page

WHOLE = Cover("invoice", "Finance", "IN")


def page(*texts: str) -> Page:
    codes = tuple(Barcode("QRCode", text, (0, 0, 0.1, 0.1), "test") for text in texts)
    return Page(1, 595, 842, 200, barcodes=codes)


def test_the_text_is_as_documented() -> None:
    text = "POSTROOM-SEPARATOR;1;class=invoice;department=Finance;register=IN;5918DD"
    assert write(WHOLE) == text
    assert read(text) == WHOLE


@given(st.builds(Cover, st.text(), st.text(max_size=64), st.text()))
def test_what_is_written_is_read(cover: Cover) -> None:
    text = write(cover)
    assert text.isascii()
    assert read(text) == cover


@pytest.mark.parametrize(
    "text", ["", "POSTROOM-SEPARATOR", "https://example.org/a;b", "POSTROOM-SEPARATORS;1;"]
)
def test_no_text_of_ours(text: str) -> None:
    assert read(text) is None


@given(st.integers(0, len(write(WHOLE)) - 1), st.characters(categories=["L", "N", "P"]))
def test_one_other_sign_is_noticed(at: int, sign: str) -> None:
    text = write(WHOLE)
    other = text[:at] + sign + text[at + 1 :]
    if other == text:
        return
    if other.startswith("POSTROOM-SEPARATOR;"):
        with pytest.raises(NotOurs, match="its check does not fit"):
            read(other)
    else:
        assert read(other) is None


@pytest.mark.parametrize(
    "text", ["POSTROOM-SEPARATOR;", "POSTROOM-SEPARATOR;1", "POSTROOM-SEPARATOR;1;class=invoice;"]
)
def test_a_text_without_its_check_is_not_used(text: str) -> None:
    with pytest.raises(NotOurs):
        read(text)


def test_another_version_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("capture.cover.VERSION", "2")
    later = write(WHOLE)
    monkeypatch.undo()
    with pytest.raises(NotOurs, match="it is of version 2, this program reads 1"):
        read(later)


def test_keys_to_come_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("capture.cover._KEYS", {"class": "name", "shelf": "department"})
    text = write(Cover("form", "7b"))
    monkeypatch.undo()
    assert read(text) == Cover("form")


def test_what_there_is_not_is_left_out_and_told() -> None:
    assert cover_of(page(write(Cover("bill", "D" * 65, "in")))) == (
        NO_COVER,
        (
            "there is no class 'bill'; it is told from the text",
            "the department has more than 64 signs; it is left out",
            "'in' is no register; the station's is used",
        ),
    )


def test_a_class_is_called_as_it_is_today() -> None:
    today = {"bill": "invoice", "invoice": "invoice"}
    assert [cover_of(page(write(Cover(name))), today) for name in ("bill", "invoice")] == [
        (Cover("invoice"), ()),
        (Cover("invoice"), ()),
    ]
    _, wrong = cover_of(page(write(Cover("letter"))), today)
    assert wrong == ("there is no class 'letter'; it is told from the text",)


def test_of_two_codes_the_first_counts() -> None:
    assert cover_of(page(write(WHOLE), write(WHOLE))) == (WHOLE, ())
    assert cover_of(page("foreign", write(WHOLE), write(Cover("form")))) == (
        WHOLE,
        ("two codes say different things; the first is used",),
    )


def test_a_page_without_our_code_says_nothing() -> None:
    assert cover_of(page("foreign")) == (None, ())
    assert cover_of(page("POSTROOM-SEPARATOR;1;123456")) == (
        None,
        (
            (
                "what the separator's code says is not used; its check does not fit: "
                "print the sheet anew with postroom separators"
            ),
        ),
    )
