"""Documents filed straight into register and archive, without scanning and reading, and people's words."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count, islice
from typing import Any

from archive.keys import document_key
from domain.document import DocumentText, Verdict
from domain.evidence import Evidence, Example
from domain.page import Page, Word
from domain.wire import to_json
from flows.learning import Said
from infra.classes import today
from infra.classifier import champion
from infra.wiring import Services
from models.classify import classify
from models.evidence import of_pages
from register import review
from register.filing import Kept, close
from register.models import Document
from tests.register.filings import AT, file_one, open_batch

STOCK = {
    "letter": "Dear Sir or Madam, thank you for your letter about the parcel. Yours faithfully,",
    "invoice": "Invoice number and total amount due in euro, payment by bank transfer within days.",
    "complaint": "I am angry and ask for my money back: the kettle broke, nobody ever called me again.",
    "fine": "Parking ticket of the traffic warden: your vehicle stood before a hydrant, plate above.",
}
"""What the classes of the small classifier say, and two that it was never taught."""

UNSURE = Verdict(None, "letter", 0.4, (("letter", 0.4),), "v0", "not sure enough")


def texts(name: str, number: int, start: int = 0) -> list[str]:
    """Different documents of a class."""
    return [f"{STOCK[name]} {one}" for one in range(start, start + number)]


def pages(text: str) -> tuple[Page, ...]:
    """One page with this line, set much as the bare texts that the small classifier was taught."""
    # A little further to the right: the same document as a taught one would count once.
    words = tuple(Word(word, (0.2, 0.0, 0.9, 0.0), 0.9, 0) for word in text.split())
    return (Page(1, 595.0, 842.0, 300.0, words=words),)


def frozen(key: str) -> bool:
    return Said(Example(f"document:{key}", Evidence(()), ""), AT, erred=False).frozen


def keys(start: int, held_out: bool) -> Iterator[str]:
    """Ids of documents that belong to the test set, or of those that do not."""
    return (key for one in count(start) if frozen(key := f"paper-{one:05}") is held_out)


def file_texts(
    services: Services,
    some: Sequence[str],
    *,
    held_out: bool = False,
    verdict: Verdict | None = None,
    blind: int = 0,
) -> list[Document]:
    """File a document for each text, with the champion's verdict if none is given."""
    batch = open_batch(pages=len(some))
    model = champion(services) if verdict is None else None
    found = []
    ids = islice(keys(10 * Document.objects.count(), held_out), len(some))
    for at, (key, text) in enumerate(zip(ids, some, strict=True)):
        content = to_json(DocumentText(1, pages(text)))
        digest = hashlib.sha256(content).hexdigest()
        kept = services.archive.put(document_key(key, "text.json", digest), content)
        objects = (Kept(kept.key, kept.sha256, kept.size, "text"),)
        said = verdict or (classify(model, [of_pages(pages(text))])[0] if model else UNSURE)
        found.append(file_one(batch, at, ((0, at + 1),), key=key, verdict=said, objects=objects, blind=blind))
    close(batch, [], [])
    return found


def say(services: Services, documents: Sequence[Document], name: str, actor: str = "eva") -> list[str]:
    """Label them; their keys, as a model that learns from them knows them."""
    now = today(services)
    for one in documents:
        review.label(one.key, name, actor=actor, at=datetime.now(UTC), today=now)
    return [f"document:{one.key}" for one in documents]


def file_as(services: Services, name: str, number: int, stock: str = "", **more: Any) -> list[str]:
    """File texts, of the class or of another's ``stock``, and label them."""
    start = Document.objects.count()
    return say(services, file_texts(services, texts(stock or name, number, start), **more), name)


def with_settings(services: Services, **changes: object) -> Services:
    """With other settings of the classifier."""
    settings = services.settings
    classifier = settings.classifier.model_copy(update=changes)
    return replace(services, settings=settings.model_copy(update={"classifier": classifier}))
