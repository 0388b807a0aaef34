"""What every index must do with what people said of an entry beside its texts; hits page by page."""

import pytest

from domain.entry import DEEPEST, Query
from domain.errors import Usage
from index.port import Index
from tests.contracts.mail import FOUR, ONE, THREE, TWO, entry, numbers, only


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

    def test_hits_page_by_page(self, mail: Index, index: Index) -> None:
        for skip, found in ((0, [FOUR, THREE]), (1, [THREE, TWO]), (3, [ONE]), (4, []), (9_990, [])):
            page = mail.search(Query("", limit=2, skip=skip))
            assert ([hit.number for hit in page.hits], page.total) == (found, 4)
        index.put([entry(number, "boiler " * times) for times, number in enumerate((ONE, TWO, THREE), 1)])
        for text in ("boiler", "boilr"):
            best = [hit.number for hit in index.search(Query(text)).hits]
            pages = [index.search(Query(text, limit=1, skip=skip)) for skip in range(4)]
            assert [[hit.number for hit in page.hits] for page in pages] == [*([one] for one in best), []]
        assert mail.search(Query("", limit=0, skip=2)).hits == ()
        for limit, skip in ((1, -1), (1, DEEPEST), (DEEPEST, 1)):
            with pytest.raises(Usage, match=f"{limit} hits behind {skip}"):
                mail.search(Query("", limit=limit, skip=skip))
