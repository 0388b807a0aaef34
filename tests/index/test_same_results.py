"""Tantivy and Elasticsearch find the same: 5,000 entries in four languages, the same searches of both."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.entry import IndexEntry, Query
from index.elastic import ElasticIndex
from index.embedded import EmbeddedIndex
from index.mapping import folded, stemmed
from index.port import Index
from index.settings import IndexSettings
from infra.services.elasticsearch import Elasticsearch
from samples.texts import LANGUAGES
from tests.index.comparison import Comparison, compare
from tests.index.corpus import SHARED, other_forms, queries, sample_mail, shared_texts, vocabulary
from tests.index.server import forget
from tests.servers import fresh_name

SAMPLES, ALL = 3_325, 5_000
DOCUMENTED = Path(__file__).resolve().parents[2] / "docs" / "index.md"
_ROW = re.compile(r"^\| (en|es|fr|de) \| `(\w+)` \| `(\w+)` \| `(\w+)` \|$", re.MULTILINE)
Stems = dict[tuple[str, str], tuple[str, str]]


@pytest.fixture(scope="module")
def mail() -> list[IndexEntry]:
    return sample_mail(SAMPLES)


@pytest.fixture(scope="module")
def engines(
    elasticsearch: Elasticsearch, tmp_path_factory: pytest.TempPathFactory, mail: list[IndexEntry]
) -> Iterator[dict[str, Index]]:
    elastic = ElasticIndex(IndexSettings(url=elasticsearch.url, name=fresh_name()))
    both: dict[str, Index] = {
        "embedded": EmbeddedIndex(tmp_path_factory.mktemp("home") / "index"), "elasticsearch": elastic,
    }  # fmt: skip
    for index in both.values():
        index.put(mail)
    yield both
    forget(elastic)


def stems_that_differ(index: Index, words: list[str], language: str) -> Stems:
    """Language and word to the stems of both engines, where they are not the same."""
    assert isinstance(index, ElasticIndex)
    found: list[str] = []
    for start in range(0, len(words), 2_000):
        text = " ".join(words[start : start + 2_000])
        asked = {"analyzer": f"stem_{language}", "text": text}
        answer = index.server.call("POST", f"/{index.alias}/_analyze", asked)
        found += [one["token"] for one in answer["tokens"]]
    return {
        (language, word): (stem, theirs)
        for word, theirs in zip(words, found, strict=True)
        if (stem := stemmed(word, language)[0]) != theirs
    }


def unexplained(outcome: Comparison, differing: Stems) -> list[object]:
    """Searches with other hits in which no word has a stem that the engines disagree on."""
    stems = {(language, stem) for (language, _), both in differing.items() for stem in both}

    def explained(text: str) -> bool:
        return any(
            (language, word) in differing or (language, stemmed(word, language)[0]) in stems
            for word in folded(text) + text.lower().split()
            for language in LANGUAGES
        )

    return [one for one in outcome.differing if not explained(one["text"])]


def check(engines: dict[str, Index], entries: list[IndexEntry], asked: list[Query]) -> Comparison:
    outcome = compare(engines, asked)
    differing: Stems = {}
    for language in LANGUAGES:
        differing |= stems_that_differ(engines["elasticsearch"], vocabulary(entries, language), language)
    assert unexplained(outcome, differing) == []
    assert (outcome.facets, outcome.snippets) == ([], [])
    assert len(outcome.differing) <= len(asked) // 50
    assert outcome.overlap >= 0.8, outcome.overlap
    assert len(outcome.overlaps) > len(asked) // 3
    return outcome


def test_sample_mail(engines: dict[str, Index], mail: list[IndexEntry]) -> None:
    check(engines, mail, queries(mail, 120) + other_forms(mail, 40))


def test_nobody_sees_what_is_not_theirs(engines: dict[str, Index], mail: list[IndexEntry]) -> None:
    labels = {entry.number: set(entry.access) for entry in mail}
    narrow = [query for query in queries(mail, 150, seed=3) if query.access is not None]
    assert len(narrow) > 40
    for query in narrow:
        wide = Query(query.text, query.label, query.since, query.until, 500)
        for index in engines.values():
            found = index.search(query)
            assert all(labels[hit.number] & set(query.access or ()) for hit in found.hits)
            all_of_it = index.search(wide)
            if all_of_it.total <= 500:
                mine = [hit for hit in all_of_it.hits if labels[hit.number] & set(query.access or ())]
                assert found.total == len(mine)


def test_stems_that_differ_are_listed(engines: dict[str, Index], mail: list[IndexEntry]) -> None:
    listed = {(row[0], row[1]): (row[2], row[3]) for row in _ROW.findall(DOCUMENTED.read_text("utf-8"))}
    found: Stems = {}
    for language in LANGUAGES:
        found |= stems_that_differ(engines["elasticsearch"], vocabulary(mail, language), language)
    assert {one for one in found if one not in listed} == set()
    assert {one: both for one, both in listed.items() if one in found} == found


def test_texts_from_elsewhere(engines: dict[str, Index], mail: list[IndexEntry]) -> None:
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not there: the texts that were not written for this project")
    entries = shared_texts()
    for index in engines.values():
        index.put(entries)
        assert index.search(Query("", limit=0)).total == ALL
    check(engines, mail + entries, queries(entries, 120, seed=5) + other_forms(entries + mail, 40, seed=6))
