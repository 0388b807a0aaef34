"""What every index must do.

Subclass it with a class-scoped fixture ``make_index``: a function that gives a new, empty index each time.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.entry import Hit, Query, Results
from domain.errors import Usage
from index.port import Index
from tests.contracts.index_languages import LanguagesContract
from tests.contracts.mail import FOUR, MAIL, NONE, ONE, THREE, TWO, entry, numbers, only

BITS = [*'":*~^()[]{}\\/+!-“…', "boiler", '"boiler', "facturas", "waranty", "subject:", "number:", ' -"',
        "-class:", "DE89", "3704", "IN-2026", "2026", "B", "AND", "OR", "NOT", "ßä", "a", "1"]  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(BITS), max_size=12).map("".join),
    st.lists(st.sampled_from(BITS), max_size=12).map(" ".join),
)


class IndexContract(LanguagesContract):
    @pytest.fixture
    def index(self, make_index: Callable[[], Index]) -> Index:
        return make_index()

    @pytest.fixture(scope="class")
    @classmethod
    def mail(cls, make_index: Callable[[], Index]) -> Index:
        """Holds ``MAIL``; only for tests that change nothing."""
        index = make_index()
        index.put(MAIL)
        return index

    @pytest.fixture
    def own_mail(self, index: Index) -> Index:
        """Holds ``MAIL``, to be changed."""
        index.put(MAIL)
        return index

    def test_empty(self, index: Index) -> None:
        assert index.search(Query("anything")) == NONE
        assert index.search(Query("")) == NONE
        assert list(index.sequences()) == []
        index.remove([ONE])
        index.put([])

    def test_a_hit_whole(self, mail: Index) -> None:
        results = mail.search(Query("warranty companies"))
        assert results == Results(
            1,
            (
                Hit(
                    ONE, "invoice", results.hits[0].score, 2,
                    "Page two speaks of the **warranty**, the boiler again, and of other **companies**.",
                    "Boiler repair",
                ),
            ),
            {"class": {"invoice": 1}, "language": {"en": 1}, "year": {"2025": 1}},
        )  # fmt: skip
        assert results.hits[0].score > 0

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("boiler warranty", [ONE]),  # all words, on whatever page
            ("boiler facturas", []),
            ("repair letter", []),
            ("Heat warranty", [ONE]),  # across fields
            ('"repaired boiler"', [ONE]),
            ('"boiler repaired"', []),
            ('"repair boilers"', []),  # a phrase is taken as written
            ("“repaired boiler”", [ONE]),
            ('"repaired boiler', [ONE]),  # left open
            ("reclamacion -facturas", []),
            ("clients -warranty", [THREE]),
            ('clients -"numero de dossier"', []),
            ("-boiler", [TWO, THREE, FOUR]),
            ("subject:boiler", [ONE]),
            ("subject:warranty", []),
            ("subject:garantias", [TWO]),
            ("subject: boiler", [ONE]),
            ('sender:"heat sons"', [ONE]),
            ("recipient:weiss", [FOUR]),
            ("number:000003", [THREE]),
            ("number:in-2026-000004-1", [FOUR]),
            ("class:complaint -language:fr", [TWO]),
            ("Dossier: 77", [THREE]),  # no field of ours: text
            ("warranty *** !", [ONE]),
            ("***", []),
        ],
    )
    def test_words_phrases_and_fields(self, mail: Index, text: str, found: list[str]) -> None:
        assert numbers(mail, text) == found

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("invoice", [ONE]), ("INVOICES", [ONE]), ("company", [ONE]), ("repairs", [ONE]),
            ("factura", [TWO]), ("facturas", [TWO]), ("electronica", [TWO]), ("electrónico", [TWO]),
            ("reclamación", [TWO]), ("reclamaciones", [TWO]), ("año", [TWO]), ("ano nuevo", [TWO]),
            ("senores", [TWO]),
            ("réclamation", [THREE]), ("reclamations", [THREE]), ("client", [THREE]), ("societe", [THREE]),
            ("Käufer", [FOUR]), ("kaufer", [FOUR]), ("Vertrag", [FOUR]), ("vertrage", [FOUR]),
            ("Rechnung", [FOUR]), ("Rechnungen", [FOUR]), ("strasse", [FOUR]), ("Straße", [FOUR]),
            ("kaufvertrag", [FOUR]), ("WEISS", [FOUR]), ("Ka\u0308ufer", [FOUR]),
        ],
    )  # fmt: skip
    def test_stems_and_accents(self, mail: Index, text: str, found: list[str]) -> None:
        assert numbers(mail, text) == sorted(found)

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("IN-2026-000003-3", [THREE]), ("in-2026-000003", [THREE]), ("000003", [THREE]),
            ("IN 2026 000003 3", [THREE]), ("IN20260000033", [THREE]), ("2026-3", [THREE]),
            ("2024/0815-B", [ONE]), ("2024/0815-b", [ONE]), ("0815", [ONE]), ("0815-B", [ONE]),
            ("20240815B", [ONE]), ("2024 0815 B", [ONE]), ("2024/0816", []),
            ("DE89370400440532013000", [ONE]), ("DE89 3704 0044 0532 0130 00", [ONE]),
            ("de89 3704 0044 0532 0130 00", [ONE]), ("boiler DE89 3704 0044 0532 0130 00", [ONE]),
            ("DE02120300000000202051", [FOUR]), ("DE02 1203 0000 0000 2020 51", [FOUR]), ("1203", [FOUR]),
            ("77.120/B", [THREE]), ("77120B", [THREE]), ("77-120", [THREE]),
            ("2025-12-24", [ONE]), ("2025-12-25", []),
        ],
    )  # fmt: skip
    def test_identifiers_whole_and_in_parts(self, mail: Index, text: str, found: list[str]) -> None:
        assert numbers(mail, text) == found

    def test_an_identifier_is_shown_where_it_stands(self, mail: Index) -> None:
        hit = only(mail, "DE02120300000000202051")
        assert (hit.page, hit.snippet) == (2, "IBAN: **DE02 1203 0000 0000 2020 51**")
        hit = only(mail, "77120B")
        assert (hit.page, hit.snippet.endswith("Numéro de dossier **77.120/B**")) == (1, True)

    def test_hits_without_a_page(self, mail: Index) -> None:
        hit = only(mail, "subject:boiler")
        assert (hit.page, hit.snippet) == (None, "**Boiler** repair")
        hit = only(mail, "2025-12-24")
        assert hit.page is None
        assert hit.snippet.startswith("Dear Sir, please find our invoices")

    @pytest.mark.parametrize(
        ("text", "page", "snippet"),
        [
            ("invoice", 1, "Dear Sir, please find our **invoices** for the repaired boiler enclosed."),
            (
                "factura anos", 1,
                ("Estimados señores: adjuntamos las **facturas** electrónicas y una reclamación por "
                "los **años** pasados."),
            ),
            (
                "kaufer rechnung", 1,
                ("Sehr geehrter **Käufer**, anbei die Verträge mit den **Käufern** "
                "und unsere **Rech- nung** aus der Straße."),
            ),
            (
                '"repaired boiler"', 1,
                "Dear Sir, please find our invoices for the **repaired boiler** enclosed.",
            ),
        ],
    )  # fmt: skip
    def test_snippets(self, mail: Index, text: str, page: int, snippet: str) -> None:
        hit = only(mail, text)
        assert (hit.page, hit.snippet) == (page, snippet)

    def test_snippet_of_a_long_page(self, index: Index) -> None:
        page = "blah " * 500 + "\n\nthe needle lies **here** in\tthe hay\n" + "more " * 500
        index.put([entry("A-1", "nothing", page, "needle, but not the other word")])
        hit = only(index, "needle hay")
        assert hit.page == 2
        assert "the **needle** lies *here* in the **hay** more" in hit.snippet
        assert hit.snippet.startswith("…blah")
        assert hit.snippet.endswith("more…")
        assert 120 <= len(hit.snippet) <= 190

    def test_typing_errors_only_if_nothing_else_is_found(self, own_mail: Index) -> None:
        hit = only(own_mail, "waranty boiler")
        assert (hit.number, hit.page) == (ONE, 2)
        assert "**warranty**" in hit.snippet
        assert numbers(own_mail, "wraranty") == [ONE]
        assert numbers(own_mail, "wxrrxnty") == []
        assert numbers(own_mail, "dexr") == []  # too short
        assert numbers(own_mail, '"waranty"') == []
        assert numbers(own_mail, "waranty -boiler") == []
        own_mail.put([entry("IN-2026-000009-9", "the waranty")])
        assert numbers(own_mail, "waranty") == ["IN-2026-000009-9"]

    def test_empty_text_lists_newest_first(self, mail: Index) -> None:
        for text in ("", "  \n"):
            results = mail.search(Query(text))
            assert [hit.number for hit in results.hits] == [FOUR, THREE, TWO, ONE]
            assert {hit.page for hit in results.hits} == {None}
        assert [hit.number for hit in mail.search(Query("", limit=2)).hits] == [FOUR, THREE]

    def test_total_and_facets_count_all_that_match(self, mail: Index) -> None:
        facets = {
            "class": {"complaint": 2, "invoice": 1},
            "language": {"de": 1, "en": 1, "es": 1, "fr": 1},
            "year": {"2025": 1, "2026": 3},
        }
        for limit in (0, 1, 10):
            results = mail.search(Query("", limit=limit))
            assert (results.total, len(results.hits)) == (4, min(limit, 4))
            assert results.facets == facets
        with pytest.raises(Usage, match="-1"):
            mail.search(Query("", limit=-1))

    def test_better_hits_first(self, index: Index) -> None:
        filler = "other words of a long letter that says little " * 5
        index.put([
            entry("A-1", filler + "boiler " + filler),
            entry("A-2", "boiler " * 3, subject="boiler"),
            entry("A-3", filler),
        ])  # fmt: skip
        assert [hit.number for hit in index.search(Query("boiler")).hits] == ["A-2", "A-1"]

    @pytest.mark.parametrize(
        ("since", "until", "found"),
        [
            (date(2026, 1, 1), None, [TWO, THREE, FOUR]),
            (date(2026, 1, 2), None, [THREE, FOUR]),
            (None, date(2025, 12, 30), [ONE]),
            (None, date(2025, 12, 29), []),
            (date(2026, 1, 31), date(2026, 1, 31), [THREE]),
            (date(2026, 2, 1), None, [FOUR]),  # in Berlin, where it was still January in London
            (date.min, date.max, [ONE, TWO, THREE, FOUR]),
            (date(2026, 2, 1), date(2026, 1, 1), []),
        ],
    )
    def test_dates(self, mail: Index, since: date | None, until: date | None, found: list[str]) -> None:
        assert numbers(mail, "", since=since, until=until) == found

    def test_class(self, mail: Index) -> None:
        assert numbers(mail, "", label="complaint") == [TWO, THREE]
        assert numbers(mail, "factura", label="complaint") == [TWO]
        assert numbers(mail, "", label="letter") == []
        assert mail.search(Query("vertrag")).hits[0].label is None

    @pytest.mark.parametrize(
        ("access", "found"),
        [
            (None, [ONE, TWO, THREE, FOUR]),
            ((), []),
            (("office",), [ONE, TWO]),
            (("accounts", "legal"), [ONE, FOUR]),
            (("off", "Office", ""), []),
        ],
    )
    def test_access(self, mail: Index, access: tuple[str, ...] | None, found: list[str]) -> None:
        seen = [one for one in MAIL if one.number in found]
        for text in ("", "-nothing"):
            results = mail.search(Query(text, access=access))
            assert sorted(hit.number for hit in results.hits) == found
            assert results.total == len(found)
            assert results.facets["language"] == {one.language: 1 for one in seen}
            assert sum(results.facets["year"].values()) == len(found)
            assert sum(results.facets["class"].values()) == len([one for one in seen if one.label])

    def test_numbers_left_out_leave_no_trace(self, mail: Index) -> None:
        seen = [one for one in MAIL if one.number in (TWO, THREE)]
        for text in ("", "-nothing"):
            results = mail.search(Query(text, without=(ONE, FOUR, "never heard of")))
            assert (sorted(hit.number for hit in results.hits), results.total) == ([TWO, THREE], 2)
            assert results.facets["language"] == {one.language: 1 for one in seen}
        assert mail.search(Query("", access=("office",), without=(ONE, TWO))) == NONE

    def test_what_one_may_not_see_leaves_no_trace(self, mail: Index) -> None:
        for text in ("warranty", "waranty", "IN-2026-000001-7", "DE89370400440532013000", "subject:boiler"):
            assert mail.search(Query(text, access=("legal",))) == NONE
            assert mail.search(Query(text, access=())) == NONE

    def test_sequences(self, index: Index) -> None:
        index.put([entry("A-1", "old", sequence=3), entry("A-2", "two", sequence=7)])
        index.put([entry("A-1", "late", sequence=2)])
        assert (numbers(index, "old"), numbers(index, "late")) == (["A-1"], [])
        index.put([entry("A-1", "same", sequence=3)])
        assert (numbers(index, "old"), numbers(index, "same")) == ([], ["A-1"])
        index.put([entry("A-1", "new", sequence=10), entry("A-1", "between", sequence=9)])
        assert (numbers(index, "new"), numbers(index, "same between")) == (["A-1"], [])
        assert list(index.sequences()) == [("A-1", 10), ("A-2", 7)]
        assert index.search(Query("")).total == 2

    def test_put_again_changes_nothing(self, own_mail: Index) -> None:
        before = own_mail.search(Query("boiler"))
        own_mail.put(MAIL)
        own_mail.put(MAIL)
        after = own_mail.search(Query("boiler"))
        assert [hit.number for hit in after.hits] == [hit.number for hit in before.hits]
        assert (after.total, after.facets) == (before.total, before.facets)
        assert list(own_mail.sequences()) == [(one.number, 1) for one in MAIL]

    def test_remove(self, own_mail: Index) -> None:
        own_mail.remove([TWO, "unknown"])
        assert list(own_mail.sequences()) == [(ONE, 1), (THREE, 1), (FOUR, 1)]
        assert own_mail.search(Query("facturas")) == NONE
        own_mail.put([MAIL[1]])
        assert numbers(own_mail, "facturas") == [TWO]

    def test_what_was_removed_does_not_come_back(self, index: Index) -> None:
        index.put([entry("A-1", "old words", sequence=5), entry("A-2", "two")])
        index.remove(["A-1", "A-1"])
        index.put([entry("A-1", "late words", sequence=4)])
        for text in ("words", "", "-two", "A-1", "number:A-1"):
            assert "A-1" not in numbers(index, text)
        assert index.search(Query("")).total == 1
        assert list(index.sequences()) == [("A-2", 1)]
        index.remove(["A-1"])
        index.put([entry("A-1", "late words", sequence=3), entry("A-2", "two again", sequence=2)])
        assert (numbers(index, ""), numbers(index, "again")) == (["A-2"], ["A-2"])
        index.put([entry("A-1", "new words", sequence=6)])
        assert numbers(index, "words") == ["A-1"]
        assert list(index.sequences()) == [("A-1", 6), ("A-2", 2)]

    def test_erase(self, own_mail: Index) -> None:
        own_mail.erase()
        assert own_mail.search(Query("")) == NONE
        assert list(own_mail.sequences()) == []
        own_mail.put(MAIL[:1])
        assert list(own_mail.sequences()) == [(ONE, 1)]
        own_mail.erase()
        own_mail.erase()
        assert own_mail.search(Query("boiler")) == NONE

    def test_pages_of_a_long_entry(self, index: Index) -> None:
        """Of more pages, and more text, than one request would take in one piece."""
        pages = [f"page {page} of the minutes, vote {page}-{page * 7}" for page in range(1, 201)]
        pages[149] = "the heating was voted on; the heat-\ning costs 12.345/B"
        index.put([entry("A-1", *pages, subject="Minutes"), entry("A-2", "other minutes")])
        for text, page in (
            ("heating minutes", 150), ("heat", 150), ("12345B", 150), ('"heating was"', 150), ("83-581", 83),
            ('"of the minutes"', 1), ("heatinx", 150),
        ):  # fmt: skip
            hit = only(index, text) if page != 1 else index.search(Query(text)).hits[0]
            assert (hit.number, hit.page) == ("A-1", page), text
        assert only(index, "subject:minutes").page is None
        assert numbers(index, '"of the minutes" -heating') == []
        index.put([entry("A-1", *pages[:100], sequence=2)])
        assert numbers(index, "heating") == []
        assert only(index, "83-581").page == 83
        index.put([entry("A-1", "vote 83-581", sequence=3)])
        assert (only(index, "83-581").page, numbers(index, '"page 83"')) == (1, [])
        index.put([entry("A-1", *pages, sequence=4)])
        index.remove(["A-1"])
        assert numbers(index, "vote") == []

    def test_more_hits_than_one_answer_holds(self, index: Index) -> None:
        many = [entry(f"A-{number:04}", "the same words") for number in range(1_201)]
        index.put(many)
        for text in ("", "words"):
            found = index.search(Query(text, limit=1_100))
            assert (found.total, len(found.hits)) == (1_201, 1_100)
            assert len({hit.number for hit in found.hits}) == 1_100
        assert list(index.sequences()) == [(one.number, 1) for one in many]

    def test_odd_entries(self, index: Index) -> None:
        odd = [
            entry("A-1", language="xx", label=None, received=datetime(1, 1, 1, tzinfo=UTC)),
            entry("A-2", "", " ", "\ud800 broken \0 text", language=None, access=("\ud800",)),
            entry("A-3", "x" * 100_000 + " end", subject="\n"),
        ]
        index.put(odd)
        assert numbers(index, "") == ["A-1", "A-2", "A-3"]
        hit = only(index, "broken text")
        assert (hit.number, hit.page) == ("A-2", 3)
        assert only(index, "end").number == "A-3"
        with pytest.raises(ValueError, match="time zone"):
            index.put([entry("A-4", received=datetime(2026, 1, 1))])

    @pytest.mark.parametrize(
        "text",
        [
            "\0", "\ud800", "-", "--", '"', '""', '-""', ":", "subject:", 'subject:"', "-subject:-", "*",
            "(", "((a OR", "a AND", "NOT", "[a TO b]", "{", "a^9", "a~99", "/.*/", "\\", "+", "&&", "?",
            "x" * 100_000, "1" * 100_000, "a " * 5_000, "1 " * 500, "DE89 " * 100, "ß" * 3_000, "a-" * 9_000,
            "a*", "*:*", "text:x", "pages:x", "IN ['a']", "\u202e", "🙂", "ǅ", "²", "१२३", "中文", "_", "a_b",
            "class:\0", "number:-", "<b>", "%s", "'; drop", "\u0301",
        ],
    )  # fmt: skip
    def test_hostile_texts(self, mail: Index, text: str) -> None:
        results = mail.search(Query(text, label=None))
        assert results.total >= len(results.hits)
        assert mail.search(Query("", label=text)).total == 0
        assert mail.search(Query("", access=(text,))) == NONE

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(text=TEXTS)
    def test_no_text_raises(self, index: Index, text: str) -> None:
        if not list(index.sequences()):
            index.put(MAIL)
        results = index.search(Query(text))
        assert results.total == len(results.hits) <= len(MAIL)
        for hit in results.hits:
            assert "\n" not in hit.snippet
            assert hit.snippet.count("**") % 2 == 0
