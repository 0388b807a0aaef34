"""The index on Elasticsearch: analysers, fields and names. A full Elasticsearch 8 takes it as it is.

What Tantivy's index holds under the same names means the same here (``index.terms``). Text goes in as it
is written; the server cuts it into words, folds case and accents, and stems it.
"""

import hashlib
import json
from typing import Any

from index import elastic_documents, mapping
from index.mapping import STEMMERS
from index.settings import IndexSettings

VERSION = 3
"""Part of the indexes' names. Counts up with what programs of before could not search; with any other change
the fingerprint is another."""

_LETTERS = 8_000  # of a word that is indexed; Lucene refuses a term of 32 kB
_CODE = 8_191  # letters of an identifier


def index_name(settings: IndexSettings, generation: int) -> str:
    """The name of the index of this generation, counted from 1: ``postroom-entries-v3-000001``."""
    return f"{settings.name}-v{VERSION}-{generation:06}"


def pattern(settings: IndexSettings) -> str:
    """What the names of all indexes of this installation look like, of whatever version."""
    return f"{settings.name}-v*-*"


def fingerprint() -> str:
    """Of mapping, analysers and what we derive ourselves; one with another takes no entries from us."""
    derived = [mapping.VERSION, elastic_documents.VERSION]
    made = json.dumps([_analysis(), _fields(), derived], sort_keys=True).encode()
    return hashlib.sha256(made).hexdigest()[:12]


def body(settings: IndexSettings) -> dict[str, Any]:
    """What an index is made with."""
    return {
        "settings": {
            "index": {
                "number_of_shards": settings.shards,
                "auto_expand_replicas": f"0-{settings.replicas}",
                "max_terms_count": 65_536,
                "max_result_window": 10_000,
            },
            "analysis": _analysis(),
        },
        "mappings": {
            "_meta": {"postroom": fingerprint()},
            "dynamic": "strict",
            # Found by, but not kept twice: what a hit shows stands in the fields that are kept.
            "_source": {"excludes": ["text", "stems", "subject_stems", "parts", "number_parts", "compact",
                                     "page.stems", "page.compact"]},
            "properties": _fields(),
        },
    }  # fmt: skip


def template(settings: IndexSettings) -> dict[str, Any]:
    """The same as an index template, for operators who set up a cluster beforehand."""
    return {
        "index_patterns": [f"{settings.name}-v{VERSION}-*"],
        "priority": 200,
        "template": body(settings),
        "_meta": {"description": "Entries of Postroom. Made from index/elastic_mapping.py"},
    }


def _analysis() -> dict[str, Any]:
    filters: dict[str, Any] = {"bounded": {"type": "length", "max": _LETTERS}}
    analyzers = {"folded": _analyzer("lowercase", "asciifolding", "bounded")}
    for language, stemmer in STEMMERS.items():
        filters[f"stem_{language}"] = {"type": "snowball", "language": stemmer.capitalize()}
        # The stemmers know their language with its accents: fold afterwards.
        analyzers[f"stem_{language}"] = _analyzer("lowercase", f"stem_{language}", "asciifolding", "bounded")
    return {
        # Letters and digits of any script; hyphens, slashes and dots part an identifier.
        "tokenizer": {"words": {"type": "pattern", "pattern": r"[^\p{IsAlphabetic}\p{N}]+"}},
        "filter": filters,
        "analyzer": analyzers,
    }


def _analyzer(*filters: str) -> dict[str, Any]:
    return {"type": "custom", "tokenizer": "words", "filter": list(filters)}


def _fields() -> dict[str, Any]:
    exact = {"type": "keyword"}
    text = {"type": "text", "analyzer": "folded"}
    stems = {
        "properties": {language: {"type": "text", "analyzer": f"stem_{language}"} for language in STEMMERS}
    }
    codes = {"type": "keyword", "ignore_above": _CODE}
    kept = {"type": "keyword", "index": False, "doc_values": False}
    return {
        "kind": exact,  # entry, page (of a long entry), or removed
        "number": exact,
        "sequence": {"type": "long"},
        "change": exact,  # both of them: an entry, and the pages that go with it
        "access": exact,
        "language": exact,
        # Of an entry.
        "received": {"type": "date", "format": "strict_date_optional_time_nanos"},
        "year": {"type": "short"},
        "label": exact,
        "subject": text,
        "subject_stems": stems,
        "sender": text,
        "recipient": text,
        "dates": {"type": "date", "format": "strict_date"},
        "amounts": {"properties": {"value": {"type": "double"}, "currency": exact}},
        "text": text,
        "stems": stems,
        "number_parts": text,
        "parts": text,
        "compact": codes,
        "page_count": {"type": "integer"},
        "pages": kept | {"copy_to": "text"},
        "page_languages": kept,  # of each page, where not all are in the entry's
        # Of a page of a long entry, whose pages are documents of their own.
        "page": {
            "properties": {
                "number": {"type": "integer"},
                "far": {"type": "boolean"},
                "text": text,
                "stems": stems,
                "compact": codes,
            }
        },
    }
