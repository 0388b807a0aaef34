"""What every index must do with entries whose documents are in several languages."""

import pytest

from domain.entry import Query
from index.port import Index
from tests.contracts.index_words import WordsContract
from tests.contracts.mail import entry, numbers, only


class LanguagesContract(WordsContract):
    @pytest.mark.parametrize("more", [0, 100])
    def test_each_page_is_stemmed_in_its_own_language(self, index: Index, more: int) -> None:
        """A German letter with an English one attached to it, also where the entry is a long one."""
        german = ["Wir kündigen die Verträge.", *["Anlage"] * more]
        index.put([
            entry("A-1", *german, "The repaired engines were returned", "sin idioma: reclamaciones",
                  language="de", languages=[*["de"] * len(german), "en", None]),
        ])  # fmt: skip
        last = len(german) + 1
        for text, page, snippet in (
            ("engine", last, "The repaired **engines** were returned"),
            ("repairing return", last, "The **repaired** engines were **returned**"),
            ("Vertrag", 1, "Wir kündigen die **Verträge**."),
            ("vertrag engine", None, None),
        ):
            hit = only(index, text)
            assert (page is None) or (hit.page, hit.snippet) == (page, snippet), text
        assert numbers(index, "reclamar") == []  # the endings of no language are taken off that page's words
        assert numbers(index, "reclamaciones language:de") == ["A-1"]
        assert index.search(Query("")).facets["language"] == {"de": 1}
        with pytest.raises(ValueError, match="1 languages of 2 pages"):
            index.put([entry("A-2", "one", "two", languages=["en"])])
