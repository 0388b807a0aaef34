"""Our Elasticsearch plugin: the full distribution's analysis names, and what they make of words."""

from collections.abc import Iterator
from typing import Any

import pytest
from elasticsearch import BadRequestError
from elasticsearch import Elasticsearch as Client

from infra.services.elasticsearch import Elasticsearch
from tests.servers import fresh_name

FILTERS: dict[str, dict[str, Any]] = {
    "parts": {"type": "word_delimiter_graph", "preserve_original": True},
    "dashed": {"type": "word_delimiter_graph", "type_table": ["- => ALPHA", "\\u002f => SUBWORD_DELIM"]},
    "beginnings": {"type": "edge_ngram", "min_gram": 2, "max_gram": 4},
    "digits": {"type": "pattern_capture", "patterns": ["(\\d+)"], "preserve_original": False},
    "no_zeros": {"type": "pattern_replace", "pattern": "^0+", "replacement": ""},
    "articles": {"type": "elision", "articles": ["l", "d"]},
    "both_forms": {"type": "asciifolding", "preserve_original": True},
    "protect": {"type": "keyword_marker", "keywords": ["rechnungen"]},
    "irregular": {"type": "stemmer_override", "rules": ["mice => mouse"]},
    "short": {"type": "length", "max": 3},
    "cut": {"type": "truncate", "length": 4},
    "known": {"type": "keep", "keep_words": ["blue"]},
    **{
        f"stem_{language}": {"type": "stemmer", "language": language}
        for language in (
            "english", "possessive_english", "german", "light_german", "german2",
            "french", "light_french", "spanish", "light_spanish",
        )
    },
}  # fmt: skip
ANALYSIS: dict[str, Any] = {
    "filter": FILTERS,
    "char_filter": {
        "sharp_s": {"type": "mapping", "mappings": ["ß => ss", "\\u00f8 => o"]},
        "slashes": {"type": "pattern_replace", "pattern": "(\\d)/(\\d)", "replacement": "$1-$2"},
    },
    "tokenizer": {
        "groups": {"type": "char_group", "tokenize_on_chars": ["whitespace", "-", "\\n"]},
        "words": {"type": "pattern", "pattern": "[^\\w-]+"},
        "numbers": {"type": "simple_pattern", "pattern": "[0123456789]+"},
    },
    "normalizer": {
        "folded": {
            "type": "custom",
            "char_filter": ["sharp_s"],
            "filter": ["lowercase", "asciifolding", "trim"],
        }
    },
    "analyzer": {
        "bare_names": {
            "tokenizer": "standard",
            "filter": ["lowercase", "elision", "asciifolding", "porter_stem", "unique"],
        },
        "first_letter": {"tokenizer": "standard", "filter": ["edge_ngram"]},
        "sharp": {"tokenizer": "whitespace", "char_filter": ["sharp_s", "slashes"]},
        "marked": {"tokenizer": "whitespace", "filter": ["protect", "stem_german"]},
        "repeated": {
            "tokenizer": "whitespace",
            "filter": ["keyword_repeat", "stem_german", "remove_duplicates"],
        },
    },
}


@pytest.fixture(scope="module")
def client(elasticsearch: Elasticsearch) -> Iterator[Client]:
    with Client(elasticsearch.url, request_timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def index(client: Client) -> Iterator[str]:
    name = fresh_name("analysis")
    client.indices.create(
        index=name,
        settings={"number_of_replicas": 0, "analysis": ANALYSIS},
        mappings={"properties": {"reference": {"type": "keyword", "normalizer": "folded"}}},
    )
    yield name
    client.indices.delete(index=name)


def terms(client: Client, index: str, text: str, **components: Any) -> list[str]:
    found = client.indices.analyze(index=index, text=text, **components)
    return [token["token"] for token in found["tokens"]]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("parts", "IN-2026/007", ["IN-2026/007", "IN", "2026", "007"]),
        ("dashed", "IN-a/b", ["IN-a", "b"]),
        ("beginnings", "letter", ["le", "let", "lett"]),
        ("digits", "AB12C3", ["12", "3"]),
        ("no_zeros", "000123", ["123"]),
        ("articles", "l'avion", ["avion"]),
        ("both_forms", "été", ["ete", "été"]),
        ("irregular", "mice", ["mouse"]),
        ("short", "a long word now", ["a", "now"]),
        ("cut", "facturas", ["fact"]),
        ("known", "blue red", ["blue"]),
        ("stem_english", "invoices running", ["invoic", "run"]),
        ("stem_possessive_english", "sender's", ["sender"]),
        ("stem_german", "rechnungen häuser", ["rechnung", "haus"]),
        ("stem_light_german", "rechnungen häuser", ["rechnung", "haus"]),
        ("stem_german2", "haeuser", ["haus"]),
        ("stem_french", "factures chevaux", ["factur", "cheval"]),
        ("stem_light_french", "factures chevaux", ["factur", "cheval"]),
        ("stem_spanish", "facturas comunicaciones", ["factur", "comun"]),
        ("stem_light_spanish", "facturas comunicaciones", ["factur", "comunicacion"]),
    ],
)
def test_filters(client: Client, index: str, name: str, text: str, expected: list[str]) -> None:
    assert terms(client, index, text, tokenizer="whitespace", filter=[name]) == expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("keyword", "IN 2026/1", ["IN 2026/1"]),
        ("letter", "a1b", ["a", "b"]),
        ("groups", "IN-2026 x\ny", ["IN", "2026", "x", "y"]),
        ("words", "IN-2026, x", ["IN-2026", "x"]),
        ("numbers", "a12b345", ["12", "345"]),
        ("path_hierarchy", "a/b/c", ["a", "a/b", "a/b/c"]),
        ("uax_url_email", "an anna@office.com heute", ["an", "anna@office.com", "heute"]),
    ],
)
def test_tokenizers(client: Client, index: str, name: str, text: str, expected: list[str]) -> None:
    assert terms(client, index, text, tokenizer=name) == expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("bare_names", "L'Été des lettres des", ["et", "de", "lettr"]),
        ("first_letter", "abc de", ["a", "d"]),
        ("sharp", "Straße 1/2", ["Strasse", "1-2"]),
        ("marked", "rechnungen häuser", ["rechnungen", "haus"]),
        ("repeated", "häuser haus", ["häuser", "haus", "haus"]),
        ("english", "the running letters", ["run", "letter"]),
        ("german", "die Rechnungen", ["rechnung"]),
        ("french", "l'avion des lettres", ["avion", "letr"]),
        ("spanish", "las facturas", ["factur"]),
        ("whitespace", "A-b c", ["A-b", "c"]),
    ],
)
def test_analyzers(client: Client, index: str, name: str, text: str, expected: list[str]) -> None:
    assert terms(client, index, text, analyzer=name) == expected


def test_a_normalizer_finds_a_reference_however_it_is_written(client: Client, index: str) -> None:
    client.index(index=index, id="1", document={"reference": " Straße É-7 "}, refresh=True)
    found = client.search(index=index, query={"term": {"reference": "STRASSE e-7"}})
    assert [hit["_id"] for hit in found["hits"]["hits"]] == ["1"]


@pytest.mark.parametrize(
    ("component", "reason"),
    [
        ({"type": "stemmer", "language": "klingon"}, "Invalid stemmer class specified: klingon"),
        ({"type": "ngram", "min_gram": 1, "max_gram": 9}, "index.max_ngram_diff allows 1"),
        ({"type": "pattern_replace"}, "pattern is missing"),
        ({"type": "word_delimiter", "type_table": ["- => NOTHING"]}, "Invalid type mapping rule"),
        ({"type": "no_such_filter"}, "Unknown filter type"),
    ],
)
def test_wrong_definitions_are_refused(client: Client, component: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadRequestError) as raised:
        client.indices.create(index=fresh_name("wrong"), settings={"analysis": {"filter": {"x": component}}})
    assert reason in str(raised.value)
