"""Tantivy and Elasticsearch find the same: 5,000 entries in four languages, the same searches of both."""

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.entry import IndexEntry, Query
from index.elastic import ElasticIndex
from index.embedded import EmbeddedIndex
from index.mapping import dehyphenated, folded, stemmed
from index.port import Index
from index.settings import IndexSettings
from infra.services.elasticsearch import Elasticsearch
from samples.texts import LANGUAGES
from tests.index.comparison import Comparison, compare
from tests.index.corpus import (
    SHARED,
    TEAMS,
    corpus,
    frequent,
    other_forms,
    queries,
    sample_mail,
    shared_texts,
    vocabulary,
)
from tests.index.server import forget
from tests.servers import fresh_name

SAMPLES, ALL = 3_325, 5_000
RANKED = 60  # searches of frequent words
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


def documented() -> Stems:
    """The stems that docs/index.md lists."""
    return {(row[0], row[1]): (row[2], row[3]) for row in _ROW.findall(DOCUMENTED.read_text("utf-8"))}


def unexplained(outcome: Comparison, differing: Stems, language_of: dict[str, str | None]) -> list[object]:
    """Searches with other hits in which no word has a stem that the engines disagree on.

    The disagreement must be in a language of an entry that only one of them found.
    """
    stems = {(language, stem) for (language, _), both in differing.items() for stem in both}

    def explained(one: dict[str, Any]) -> bool:
        found = {language_of[number] for key in one if key != "text" for number in one[key]}
        return all(
            any(
                (language, word) in differing or (language, stemmed(word, language)[0]) in stems
                for word in folded(one["text"]) + one["text"].lower().split()
                if folded(word)
            )
            for language in found
            if language
        )

    return [one for one in outcome.differing if not explained(one)]


def check(engines: dict[str, Index], entries: list[IndexEntry], asked: list[Query]) -> Comparison:
    """The engines agree on all of it, and on what comes first where that says anything."""
    listed = documented()
    vocabularies = {language: set(vocabulary(entries, language)) for language in LANGUAGES}
    differing = {one: both for one, both in listed.items() if one[1] in vocabularies[one[0]]}
    outcome = compare(engines, asked + frequent(entries, RANKED))
    assert unexplained(outcome, differing, {entry.number: entry.language for entry in entries}) == []
    assert (outcome.facets, outcome.snippets) == ([], [])
    assert len(outcome.differing) <= outcome.searches // 50
    assert len(outcome.overlaps) >= RANKED
    assert outcome.overlap >= 0.8, outcome.overlap
    return outcome


def test_sample_mail(engines: dict[str, Index], mail: list[IndexEntry]) -> None:
    check(engines, mail, queries(mail, 80) + other_forms(mail, 40))


class Plainly:
    """What a search is to find, told from the entries alone, without any index."""

    def __init__(self, entries: list[IndexEntry]) -> None:
        self.entries = entries
        self.runs = {entry.number: [*map(_run, texts(entry))] for entry in entries}
        self.words = {number: {word for run in runs for word in run.split()}
                      for number, runs in self.runs.items()}  # fmt: skip
        self.stems = {
            entry.number: {stem for text in texts(entry) for stem in stemmed(text, entry.language or "en")}
            for entry in entries
        }

    def found(self, query: Query) -> set[str]:
        """The numbers, for a text of plain words without digits, a phrase in quotes, or no text."""
        return {
            entry.number for entry in self.entries if self._narrow(entry, query) and self._has(entry, query)
        }

    def _narrow(self, entry: IndexEntry, query: Query) -> bool:
        day = entry.received_at.date()
        return (
            (query.label is None or entry.label == query.label)
            and (query.since is None or day >= query.since)
            and (query.until is None or day <= query.until)
            and (query.access is None or bool(set(entry.access) & set(query.access)))
        )

    def _has(self, entry: IndexEntry, query: Query) -> bool:
        if query.text.startswith('"'):
            return any(_run(query.text) in run for run in self.runs[entry.number])
        return all(
            folded(word)[0] in self.words[entry.number]
            or stemmed(word, entry.language or "en")[0] in self.stems[entry.number]
            for word in query.text.split()
        )


def texts(entry: IndexEntry) -> list[str]:
    """What is searched of it, with words whole that are broken at the end of a line."""
    broken = " ".join(word for page in entry.pages for word in dehyphenated(page))
    return [entry.subject, entry.sender, entry.recipient, *entry.pages, broken]


def _run(text: str) -> str:
    return f" {' '.join(folded(text))} "


def plain_queries(entries: list[IndexEntry], count: int) -> list[Query]:
    """Words, phrases, dates, classes and labels that need no index to be understood."""
    rng = random.Random(17)
    differing = {word for _, word in documented()}
    made: list[Query] = []
    while len(made) < count:
        entry = rng.choice(entries)
        page = rng.choice(entry.pages)
        words = [word for word in re.findall(r"[^\W\d_]{4,30}", page) if word.lower() not in differing]
        pairs = re.findall(r"\b([^\W\d_]{2,30} [^\W\d_]{2,30})\b", page)
        if not words or not pairs:
            continue
        text = (
            rng.choice(words),
            " ".join(rng.sample(words, min(2, len(words)))),
            f'"{rng.choice(pairs)}"',
            "",
        )
        since = entry.received_at.date() - timedelta(days=rng.randrange(30))
        at = len(made)
        made.append(Query(
            text[at % 4],
            label=entry.label if at % 3 == 0 else None,
            since=since if at % 5 in (0, 1) else None,
            until=since + timedelta(days=90) if at % 5 in (1, 2) else None,
            access=tuple(rng.sample(TEAMS, 2)) if at % 2 else None,
        ))  # fmt: skip
    return made


def test_both_find_what_is_there(engines: dict[str, Index], mail: list[IndexEntry]) -> None:
    """Not only the same as each other."""
    plainly = Plainly(mail)
    sizes = []
    for query in plain_queries(mail, 120):
        expected = plainly.found(query)
        sizes.append(len(expected))
        for name, index in engines.items():
            results = index.search(replace(query, limit=len(expected) + 1))
            found = {hit.number for hit in results.hits}
            assert (results.total, found) == (len(expected), expected), (name, query)
    assert sum(1 for size in sizes if size) > 90


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
    """Of the texts from elsewhere too, where they are."""
    listed = documented()
    entries = mail + (shared_texts() if SHARED.is_dir() else [])
    found: Stems = {}
    for language in LANGUAGES:
        found |= stems_that_differ(engines["elasticsearch"], vocabulary(entries, language), language)
    assert {one for one in found if one not in listed} == set()
    assert {one: both for one, both in listed.items() if one in found} == found
    if SHARED.is_dir():
        assert listed == found


def test_five_thousand(engines: dict[str, Index], mail: list[IndexEntry]) -> None:
    """With texts that were not written for this project, where they are; else with more sample mail."""
    entries = corpus(ALL)
    held = {entry.number for entry in mail}
    for index in engines.values():
        index.put([entry for entry in entries if entry.number not in held])
        assert index.search(Query("", limit=0)).total == ALL
    check(engines, entries, queries(entries, 80, seed=5) + other_forms(entries, 40, seed=6))
