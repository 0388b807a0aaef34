"""A register whose entries are published to Elasticsearch."""

from typing import Any

import pytest

from domain.document import DocumentText
from domain.entry import Query
from domain.page import Page, Word
from domain.wire import to_json
from index import elastic_mapping
from infra.wiring import Services
from register.filing import Kept
from tests.register.filings import file_one, open_batch
from tests.servers import fresh_name

COUNT = 12
SQLITE = pytest.mark.parametrize("register", ["sqlite"], indirect=True)  # the others run on both databases


class Killed(BaseException):
    """In the place of a kill, where the process goes on."""


def file_many(services: Services, count: int, word: str = "parcel") -> None:
    batch = open_batch(f"{fresh_name()}.pdf", pages=count)
    for ordinal in range(1, count + 1):
        words = tuple(Word(one, (0.1, 0.1, 0.2, 0.2), 0.9, 1) for one in (word, "page", f"{ordinal}"))
        text = DocumentText(1, (Page(1, 595.0, 842.0, 200.0, words=words),))
        key = f"documents/{batch.key}/{ordinal}/text.json"
        kept = services.archive.put(key, to_json(text), media_type="application/json")
        file_one(
            batch, ordinal, ((0, ordinal),), key=f"{ordinal:03}-{batch.key}",
            objects=(Kept(key, kept.sha256, kept.size, "text"),),
            manifest=f"documents/{batch.key}/{ordinal}/m.json",
        )  # fmt: skip


_fields = elastic_mapping._fields


def later_fields() -> dict[str, Any]:
    """The fields of a later version."""
    return _fields() | {"seal": {"type": "keyword"}}


def another_mapping(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the program had been replaced by a later version."""
    monkeypatch.setattr(elastic_mapping, "_fields", later_fields)


def total(services: Services, text: str = "parcel") -> int:
    return services.index.search(Query(text)).total


def held(services: Services) -> dict[str, int]:
    return dict(services.index.sequences())
