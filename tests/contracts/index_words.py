"""What every index must do with what people said of an entry, which stands in none of its texts."""

from index.port import Index
from tests.contracts.mail import ONE, TWO, entry, numbers, only


class WordsContract:
    def test_words_that_stand_beside_the_text(self, index: Index) -> None:
        said = ("balloon", "Kälter Keller shelf 007", "12.50 EUR", "ben", "x" * 40_000, "noise, night")
        index.put([entry(ONE, "", identifiers=said), entry(TWO, "A balloon-shaped letter.")])
        for text, found in (
            ("balloon", [ONE, TWO]), ("BALLOON ben", [ONE]), ("keller kalter", [ONE]), ('"shelf 7"', [ONE]),
            ('"keller kalter"', []), ("12.50", [ONE]), ("night noise", [ONE]), ("balloon -ben", [TWO]),
            ("x" * 40, []),
        ):  # fmt: skip
            assert numbers(index, text) == found, text
        assert only(index, "ben").number == ONE
