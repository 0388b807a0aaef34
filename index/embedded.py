"""The index in process: Tantivy in a folder. Any number of processes may search while one writes."""

import fcntl
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import tantivy
from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_delay, wait_random

from domain import wire
from domain.entry import Hit, IndexEntry, Query, Results
from domain.errors import Unavailable
from index import terms
from index.mapping import STEMMERS, VERSION, analyzer, clean, unique
from index.query import must_be, parse
from index.snippets import Finder

_MARK = "postroom-index.json"
_HEAP = 32_000_000  # bytes; Tantivy wants 15 MB at least
_VALUES = 1_000  # different values of a facet that are counted
_FACETS = {"class": "label", "language": "language", "year": "year"}


class EmbeddedIndex:
    """``index.port.Index`` in ``folder``, which is made at the first ``put``.

    Every search sees the last commit of any process. A writer is open only within ``put``, ``remove`` and
    ``erase``; others wait for it, through a lock file beside the folder. A commit is fsynced; a killed
    writer leaves the last commit as it was. A folder that is not there is an empty index.
    """

    def __init__(self, folder: Path, *, patience_seconds: float = 30.0) -> None:
        """Touches nothing. A writer waits ``patience_seconds`` for another, then raises ``Unavailable``."""
        self.folder = folder
        self.patience_seconds = patience_seconds
        self._opened: tuple[tuple[int, int], tantivy.Index] | None = None

    def put(self, entries: Sequence[IndexEntry]) -> None:
        """See ``Index.put``."""
        newest: dict[str, IndexEntry] = {}
        for entry in entries:
            if entry.number not in newest or entry.sequence >= newest[entry.number].sequence:
                newest[entry.number] = entry
        documents = [(entry, terms.document(entry)) for entry in newest.values()]
        if not documents:
            return
        with self._alone(), self._ours():
            index = self._open() or self._make()
            index.reload()
            searcher = index.searcher()
            with _writing(index) as writer:
                for entry, document in documents:
                    if _sequence(searcher, index.schema, entry.number) <= entry.sequence:
                        _take_away(writer, entry.number)
                        writer.add_document(document)

    def remove(self, numbers: Sequence[str]) -> None:
        """See ``Index.remove``."""
        if not numbers:
            return
        with self._alone(), self._ours():
            index = self._open()
            if index is not None:
                index.reload()
                searcher = index.searcher()
                with _writing(index) as writer:
                    for number in unique(numbers):
                        sequence = _sequence(searcher, index.schema, number)
                        _take_away(writer, number)
                        if sequence >= 0:
                            writer.add_document(terms.removed(number, sequence))

    def erase(self) -> None:
        """Forgets everything, whatever state the folder is in: the first step of a rebuild."""
        with self._alone():
            self._opened = None
            if self.folder.exists():
                old = self._beside("old")
                self.folder.rename(old)
                shutil.rmtree(old)

    def search(self, query: Query) -> Results:
        """See ``Index.search``."""
        must_be(query)
        pieces = parse(query.text)
        with self._ours():
            searcher, schema = self._searcher()
            if searcher is None or schema is None or pieces == ():
                return Results(0, (), {facet: {} for facet in _FACETS})
            narrow = terms.filters(schema, query)
            builder = terms.Builder(schema, searcher)
            whole = builder.query(pieces or (), narrow)
            fuzzy = False
            newest = not any(not piece.excluded for piece in pieces or ())
            order, most = "received" if newest else None, max(1, query.limit)
            found = searcher.search(whole, most, order_by_field=order, offset=query.skip)
            if not _count(found) and any(piece.fuzzy for piece in pieces or ()):
                fuzzy = True
                whole = builder.query(pieces or (), narrow, fuzzy=True)
                found = searcher.search(whole, most, offset=query.skip)
            facets = searcher.aggregate(
                whole,
                {
                    facet: {"terms": {"field": field, "size": _VALUES, "segment_size": _VALUES}}
                    for facet, field in _FACETS.items()
                },
            )
            finder = Finder(pieces or (), fuzzy=fuzzy)
            hits = [
                _hit(searcher.doc(address), 0.0 if newest else score, finder)
                for score, address in found.hits[: query.limit]
            ]
            return Results(
                _count(found),
                tuple(hits),
                {
                    facet: {
                        str(bucket["key"]): int(bucket["doc_count"]) for bucket in facets[facet]["buckets"]
                    }
                    for facet in _FACETS
                },
            )

    def sequences(self) -> Iterator[tuple[str, int]]:
        """See ``Index.sequences``. Read from the term dictionary: no document is opened."""
        with self._ours():
            searcher, _ = self._searcher()
            found = searcher.terms_with_prefix("key", "", tantivy.Query.all_query()) if searcher else []
        for key, _count in found:
            number, _, sequence = key.rpartition("\0")
            yield number, int(sequence)

    def close(self) -> None:
        """See ``Index.close``."""
        self._opened = None

    def _searcher(self) -> tuple[tantivy.Searcher, tantivy.Schema] | tuple[None, None]:
        index = self._open()
        if index is None:
            return None, None
        index.reload()
        return index.searcher(), index.schema

    def _open(self) -> tantivy.Index | None:
        """The index as it lies there now; None if there is none yet."""
        mark = self.folder / _MARK
        try:
            state = mark.stat()
        except FileNotFoundError:
            self._opened = None
            if self.folder.is_dir() and any(self.folder.iterdir()):
                raise self._broken("it is not an index of Postroom") from None
            return None
        same = (state.st_dev, state.st_ino)
        if self._opened is None or self._opened[0] != same:
            try:
                mapping = json.loads(mark.read_bytes())["mapping"]
            except (ValueError, KeyError, TypeError):
                mapping = None
            if mapping != VERSION:
                raise self._broken(f"its version is {mapping}, this program's is {VERSION}")
            index = tantivy.Index.open(str(self.folder))
            _register(index)
            self._opened = same, index
        return self._opened[1]

    def _make(self) -> tantivy.Index:
        """Makes the empty index beside its place and moves it there, so that it is never seen half-made."""
        new = self._beside("new")
        new.mkdir(parents=True)
        tantivy.Index(terms.schema(), path=str(new), reuse=False)
        (new / _MARK).write_text(json.dumps({"mapping": VERSION, "tantivy": version("tantivy")}))
        new.rename(self.folder)
        index = self._open()
        assert index is not None
        return index

    def _beside(self, what: str) -> Path:
        return self.folder.with_name(f"{self.folder.name}.{what}-{uuid.uuid4().hex}")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Holds the lock of all writers, across threads and processes; the system frees it if we die."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(
            self.folder.with_name(self.folder.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        )
        try:
            for attempt in Retrying(
                retry=retry_if_exception_type(BlockingIOError),
                wait=wait_random(0.01, 0.1),
                stop=stop_after_delay(self.patience_seconds),
            ):
                with attempt:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except RetryError as error:
            raise Unavailable(
                f"The index {self.folder} is being written by another process for more than "
                f"{self.patience_seconds:g} s. Wait, or see what it does: fuser {self.folder}.lock"
            ) from error
        finally:
            os.close(lock)

    @contextmanager
    def _ours(self) -> Iterator[None]:
        """Turns Tantivy's and the system's errors into ours."""
        try:
            yield
        except OSError as error:
            raise Unavailable(
                f"The index {self.folder}: {error.strerror or error}. Check its disk"
            ) from error
        except ValueError as error:
            self._opened = None
            raise self._engine(error) from error
        except BaseException as error:
            # A corrupt file can make Rust panic, which comes as a BaseException of a type of no module.
            if type(error).__name__ != "PanicException":
                raise
            self._opened = None
            raise self._engine(error) from error

    def _engine(self, error: BaseException) -> Unavailable:
        text = " ".join(str(error).split())
        if "LockBusy" in text:
            return Unavailable(
                f"The index {self.folder} is being written by a foreign program. Stop that one"
            )
        if "No space left" in text or "StorageFull" in text:
            return Unavailable(
                f"The index {self.folder}: the disk is full. Free space; the work goes on by itself"
            )
        return self._broken(text[:300])

    def _broken(self, why: str) -> Unavailable:
        return Unavailable(
            f"The index {self.folder} cannot be used: {why}. Make it anew: postroom rebuild --index"
        )


def _register(index: tantivy.Index) -> None:
    index.register_tokenizer("folded", analyzer())
    for language in STEMMERS:
        index.register_tokenizer(f"stem_{language}", analyzer(language))


@contextmanager
def _writing(index: tantivy.Index) -> Iterator[tantivy.IndexWriter]:
    """A writer that commits at the end, or leaves everything as it was."""
    writer = index.writer(_HEAP, 1)
    try:
        yield writer
        writer.commit()
    except BaseException:
        writer.rollback()
        raise
    finally:
        writer.wait_merging_threads()  # also gives the lock back


def _take_away(writer: tantivy.IndexWriter, number: str) -> None:
    for key in (clean(number), terms.gone(number)):
        writer.delete_documents_by_term("number", key)


def _sequence(searcher: tantivy.Searcher, schema: tantivy.Schema, number: str) -> int:
    """The sequence held, or removed, under this number; -1 if none was."""
    query = tantivy.Query.term_set_query(schema, "number", [clean(number), terms.gone(number)])
    addresses = [address for _, address in searcher.search(query, 1, count=False).hits]
    values = searcher.fast_field_values("sequence", addresses)
    return int(values[0] or 0) if values else -1


def _count(found: tantivy.SearchResult) -> int:
    return int(found.count)  # type: ignore[attr-defined]  # its stub forgets it


def _hit(document: tantivy.Document, score: float, finder: Finder) -> Hit:
    def text(field: str) -> str:
        return str(document.get_first(field) or "")

    pages = wire.from_json(tuple[str, ...], bytes(document.get_first("pages") or b"[]"))
    languages = wire.from_json(tuple[str | None, ...], bytes(document.get_first("page_languages") or b"[]"))
    heads = [(field, text(field)) for field in ("subject", "sender", "recipient", "number")]
    match = finder.match(pages, languages, text("language") or None, heads)
    return Hit(
        text("number"), text("label") or None, float(score), match.page, match.snippet, text("subject")
    )
