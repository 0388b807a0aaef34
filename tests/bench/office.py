"""An office under fire: what was dropped into it, and whether its books balance."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elasticsearch import Elasticsearch
from elasticsearch.helpers import scan

from index import elastic_mapping
from index.elastic_documents import entry_action, page_actions
from tests.cluster import Cluster
from tests.small import small_tiff

if TYPE_CHECKING:
    from register.models import Chunk

SETTINGS = {
    "POSTROOM_CHUNK_PAGES": "10",
    "POSTROOM_STALE_AFTER_SECONDS": "5",
    "POSTROOM_RETRY_AFTER_SECONDS": "4",
}
STATION = "quiet_seconds = 0.1\n[separation]\npages = 2\n"
WORKERS = ("worker-1", "worker-2")
_LARGE = 40  # pages of a batch that several chunks are made of
COUNTS = ("lost_pages", "doubled", "number_gaps", "index_diff", "refused")
"""Of the books; each must be 0."""


@dataclass(slots=True)
class Campaign:
    """An office, what was dropped into it, and what it had to bear."""

    cluster: Cluster
    tell: Callable[[str], None] = lambda text: None
    files: int = 0
    pages: int = 0
    kills: int = 0
    outages: list[str] = field(default_factory=list)
    _documents: dict[int, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def open(self) -> None:
        """Start the office: a station host, two workers, an indexer."""
        folder = self.cluster.drop / "counted"
        folder.mkdir()
        (folder / "station.toml").write_text(STATION)
        self.cluster.services  # noqa: B018 - makes the tables before the others look for them
        self.cluster.station()
        for name in WORKERS:
            self.cluster.worker(name)
        self.cluster.worker("indexer", pool="index")
        self.drop(1, 2)
        self.settle()

    def drop(self, files: int, pages: int, folder: Path | None = None) -> None:
        """Drop files of so many pages, each unlike all others."""
        folder = folder or self.cluster.drop / "counted"
        for _ in range(files):
            self.files += 1
            self.pages += pages
            texts = [f"Letter {self.files}\nPage {page}" for page in range(1, pages + 1)]
            made = small_tiff(self.cluster.base / f"{self.files:04}.tif", texts)
            made.rename(folder / made.name)

    def settle(self, seconds: float = 300) -> None:
        """Until all that was dropped is filed, published and released; each of our processes runs then."""

        def settled() -> bool:
            self.supervise()
            return self.cluster.quiet(self.files)

        self.cluster.wait(settled, "the intake", seconds, 0.2)

    def supervise(self) -> None:
        """Start again who found a server silent at its start, as systemd does; no other may have ended."""
        for name in self.cluster.ended():
            last = " ".join(self.cluster.log(name)[-600:].split())
            assert "does not answer" in last, f"{name} ended by itself: {last}"
            self.cluster.revive(name)

    def at_work(self, stage: str) -> "tuple[str, Chunk]":
        """Drop a large batch; a worker that is at a chunk of this stage of it, and the chunk."""
        from register.models import Chunk

        found: list[tuple[str, Chunk]] = []

        def look() -> bool:
            for chunk in Chunk.objects.filter(stage=stage, state=Chunk.State.HELD):
                found.extend(
                    (name, chunk) for name in WORKERS if f":{self.cluster.pid(name)}:" in chunk.holder
                )
            return bool(found)

        self.drop(1, _LARGE)
        self.cluster.wait(look, f"a worker at a chunk of the stage {stage}", pause=0.05)
        return found[0]

    def caught(
        self, stage: str, strike: Callable[[str], None], undo: Callable[[str], None]
    ) -> tuple[str, Callable[[], bool]]:
        """Strike a worker while it holds a chunk of this stage; one that was done just before is let go.

        Returns its name, and what tells whether another has taken the chunk over.
        """
        while True:
            name, chunk = self.at_work(stage)
            strike(name)
            its = type(chunk).objects.filter(pk=chunk.pk, state=chunk.state, holder=chunk.holder)
            if its.exists():
                return name, partial(_none, its)
            undo(name)

    def books(self) -> dict[str, Any]:
        """What is wrong, as the campaign counts it. Index and database are compared entry by entry."""
        services = self.cluster.services
        from flows.verify import verify
        from register.models import Batch, Document, PageFate

        found = verify(services)
        wrong = found["wrong"]
        fates, documents, batches = PageFate.objects, Document.objects.count(), Batch.objects.count()
        numbers = {*wrong["index_missing"], *wrong["index_extra"], *self._differing()}
        return {
            "kills": self.kills,
            "outages": len(self.outages),
            "pages": self.pages,
            "batches": batches,
            "refused": fates.filter(kind="refused").count(),
            "lost_pages": max(0, self.pages - fates.count()) + found["mismatches"] + found["unaccounted"],
            "doubled": max(0, batches - self.files)
            + max(0, documents - self.pages // 2)
            + max(0, fates.count() - self.pages),
            "number_gaps": found["number_gaps"] + found["history_breaks"],
            "index_diff": len(numbers) + found["records_pending"],
            "verify_ok": found["ok"],
        }

    def _differing(self) -> Iterator[str]:
        """Numbers of entries that the index holds otherwise than their last delivered change says."""
        should = dict(self._should_hold())
        index = self.cluster.services.settings.index.name
        with Elasticsearch(self.cluster.servers["elasticsearch"].running.url) as server:
            held = {one["_id"]: one["_source"] for one in scan(server, index=index)}
        for name in should.keys() | held.keys():
            if should.get(name) != held.get(name):
                yield str((should.get(name) or held[name])["number"])

    def _should_hold(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each document of the index by its id, as far as the server keeps it."""
        services = self.cluster.services
        from flows.publish import to_index
        from register import outbox

        left_out = elastic_mapping.body(services.settings.index)["mappings"]["_source"]["excludes"]
        for row in chain.from_iterable(outbox.latest(500)):
            if row.pk not in self._documents:  # what was delivered never changes
                entry = to_index(services, row)
                self._documents[row.pk] = {
                    action.id: _without(left_out, json.loads(json.dumps(action.source)))
                    for action in chain([entry_action(entry)], page_actions(entry))
                }
            yield from self._documents[row.pk].items()


def _none(rows: Any) -> bool:
    return not rows.exists()


def _without(paths: list[str], source: dict[str, Any]) -> dict[str, Any]:
    for path in paths:
        *above, last = path.split(".")
        holder = source
        for name in above:
            holder = holder.get(name, {})
        holder.pop(last, None)
    return source


def unbalanced(books: Mapping[str, Any]) -> bool:
    """Whether anything is wrong."""
    return not books["verify_ok"] or any(books[name] for name in COUNTS)


def worse(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """The later books with the worse of each count, so that a trouble in the middle does not vanish."""
    worst = {name: max(before[name], now[name]) for name in COUNTS}
    return {**now, **worst, "verify_ok": before["verify_ok"] and now["verify_ok"]}
