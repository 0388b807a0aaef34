import pytest

from index.query import MAX_PIECES, Piece, parse


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        (" \t", None),
        ("?! -", ()),
        ("unpaid Invoice", (Piece(("unpaid",)), Piece(("Invoice",)))),
        ('-"final notice" e-mail', (Piece(("final notice",), True, None, True), Piece(("e-mail",)))),
        ("SUBJECT:boiler", (Piece(("boiler",), field="subject"),)),
        ('-sender: „Grün GmbH“', (Piece(("Grün GmbH",), True, "sender", True),)),
        ("Ref:123 subject:", (Piece(("Ref:123",)), Piece(("subject:",)))),
        ("GB29 NWBK 6016 paid", (Piece(("GB29", "NWBK", "6016")), Piece(("paid",)))),
        ("IBM AG", (Piece(("IBM",)), Piece(("AG",)))),
        ("a " * 100, (Piece(("a",)),) * MAX_PIECES),
    ],
)  # fmt: skip
def test_parse(text: str, pieces: tuple[Piece, ...] | None) -> None:
    assert parse(text) == pieces


def test_compact_and_fuzzy() -> None:
    assert Piece(("2024/0815-B",)).compact == "20240815b"
    assert Piece(("DE89", "3704")).compact == "de893704"
    assert Piece(("boiler",)).compact == ""
    assert Piece(("Käufer",)).fuzzy == "kaufer"
    for piece in (Piece(("Kauf",)), Piece(("12345",)), Piece(("e-mail",)), Piece(("boiler",), phrase=True)):
        assert piece.fuzzy == ""
