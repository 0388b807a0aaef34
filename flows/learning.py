"""What the classifier learns from: the examples it was taught, and what people said of documents."""

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from archive.port import Damaged, NotFound
from domain.document import DocumentText
from domain.evidence import Evidence, Example
from domain.wire import from_json
from infra.classes import today
from infra.classifier import examples_of
from infra.wiring import Services
from models.evidence import of_pages
from register import learning

log = structlog.get_logger()
FROZEN = 0.2
"""Share of people's labels that is never learnt from: the test set, the same for each model to come."""

_AT_ONCE = 8  # requests to the archive


@dataclass(frozen=True, slots=True)
class Said:
    """A document that a person said the class of, as the classifier sees it.

    Attributes:
        example: its key is ``document:`` and the document's id.
        at: when the person said so.
        erred: the classifier had guessed another class.
    """

    example: Example
    at: datetime
    erred: bool

    @property
    def frozen(self) -> bool:
        """Whether it belongs to the test set: by its key alone, so for ever."""
        digest = hashlib.sha256(f"frozen {self.example.key}".encode()).digest()
        return int.from_bytes(digest[:8]) / 2**64 < FROZEN


@dataclass(frozen=True, slots=True)
class Dataset:
    """Examples that a model was taught, and the documents that people labelled."""

    taught: tuple[Example, ...]
    said: tuple[Said, ...]

    @property
    def to_learn(self) -> list[Example]:
        """All but the frozen test set."""
        return [*self.taught, *(one.example for one in self.said if not one.frozen)]


def dataset(services: Services, version: str) -> Dataset:
    """What a model that follows ``version`` learns from; classes as they are called today."""
    now = today(services)
    words = learning.words()
    taught = tuple(
        replace(one, label=now.get(one.label, one.label)) for one in examples_of(services, version)
    )
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        seen = list(threads.map(lambda word: evidence(services, word.text, word.thumbnail), words))
    said = tuple(
        Said(
            Example(f"document:{word.document}", one, label := now.get(word.label, word.label)),
            word.at,
            now.get(word.guess, word.guess) != label,
        )
        for word, one in zip(words, seen, strict=True)
        if one is not None
    )
    return Dataset(taught, said)


def evidence(services: Services, text: str, thumbnail: str) -> Evidence | None:
    """What the archive holds of a document; None where its text is not there whole."""
    try:
        pages = from_json(DocumentText, services.archive.read(text)).pages if text else ()
        picture = services.archive.read(thumbnail) if thumbnail else b""
    except (NotFound, Damaged) as error:
        log.warning("not learnt from: its text is not whole in the archive", key=text, reason=str(error))
        return None
    return of_pages(pages, picture)


def documents_of(rows: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The keys in the labels of a model."""
    return frozenset(key for key, _ in rows)
