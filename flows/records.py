"""What a rebuild reads from the archive: records in order, manifests, sizes, and what nothing names."""

import hashlib
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby, islice, pairwise
from typing import Any, TypeVar

from archive import manifest
from archive.keys import (
    BATCHES,
    CHAMPIONS,
    DECISIONS,
    MANIFEST,
    MODELS,
    OFFICE,
    PARTIES,
    REGISTER,
    WORK,
    batch_record_key,
    document_key,
)
from archive.port import Archive, Damaged, NotFound, check_key
from domain.errors import Usage
from domain.numbers import Place, read, written
from register.filing import RENDITION, Kept
from register.records import read_record
from register.restoring import Difference, Record, Story, unknown
from register.restoring_entries import Origin, Original

ALTERED = "it was altered: its SHA-256 is another"
_READERS = 16  # requests to the archive at a time
_AHEAD = 32  # answers that may wait in memory
_LISTED = 1000  # keys that the register is asked about together
_KEY = re.compile(r"(?:register|batches|office|parties)/([^/]+)/([0-9]{9})\.json")

T = TypeVar("T")
A = TypeVar("A")


def runs(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most ``size``."""
    left = iter(items)
    while some := list(islice(left, size)):
        yield some


def ahead(ask: Callable[[T], A], items: Iterable[T]) -> Iterator[tuple[T, A | NotFound | Damaged]]:
    """Each item with the archive's answer about it, in order; some are asked for before they are wanted."""

    def answer(item: T) -> A | NotFound | Damaged:
        try:
            return ask(item)
        except (NotFound, Damaged) as error:
            return error

    waiting: deque[tuple[T, Future[A | NotFound | Damaged]]] = deque()
    with ThreadPoolExecutor(_READERS) as pool:
        for item in items:
            waiting.append((item, pool.submit(answer, item)))
            if len(waiting) == _AHEAD:
                first, answered = waiting.popleft()
                yield first, answered.result()
        for left, answered in waiting:
            yield left, answered.result()


def batches(archive: Archive, differences: list[Difference]) -> Iterator[Story]:
    """Every batch that the archive has a record of, by key. What is wrong goes to ``differences``."""
    for story, sequences in _stories(archive, BATCHES, _is_of_batch, differences):
        for before, after in pairwise((0, *sequences)):
            if after > before + 1:
                gone = (
                    "the record is gone" if after == before + 2 else f"the records up to {after - 1} are gone"
                )
                differences.append(Difference(batch_record_key(story.name, before + 1), gone))
        yield story


def entries(archive: Archive, differences: list[Difference]) -> Iterator[Story]:
    """Every entry that the archive has a record of, by number. What is wrong goes to ``differences``."""
    for story, _ in _stories(archive, REGISTER, _is_of_entry, differences):
        yield story


def decisions(archive: Archive, differences: list[Difference]) -> Iterator[Story]:
    """What the office decided of itself. What is wrong goes to ``differences``."""
    for story, _ in _stories(archive, DECISIONS, _is_decision, differences):
        yield story


def parties(archive: Archive, differences: list[Difference]) -> Iterator[Story]:
    """Every party that the archive has a record of, by number. What is wrong goes to ``differences``."""
    for story, _ in _stories(archive, PARTIES, _is_of_party, differences):
        yield story


def _stories(
    archive: Archive,
    prefix: str,
    is_of: Callable[[dict[str, Any], str, int], bool],
    differences: list[Difference],
) -> Iterator[tuple[Story, list[int]]]:
    """The stories, each with the sequences of all of its records, whole or not."""
    found = ahead(archive.read, _record_keys(archive, prefix, differences))
    for name, some in groupby(found, lambda one: one[0].split("/")[1]):
        sequences, records, wrong = [], [], ""
        for key, data in some:
            sequences.append(int(key[-14:-5]))
            try:
                record = _record(key, sequences[-1], data)
                if not is_of(record.content, name, record.sequence):
                    raise Usage("the record is of something else than its key says")
            except (Usage, NotFound, Damaged) as error:
                wrong = key
                differences.append(Difference(key, str(error)))
            else:
                records.append(record)
        last = sequences[-1]
        if records and records[-1].sequence < last:
            stands = f"{name} is as its record {records[-1].sequence} left it: what came after is lost"
            differences.append(Difference(wrong, stands))
        yield Story(name, last, tuple(records)), sequences


def _record_keys(archive: Archive, prefix: str, differences: list[Difference]) -> Iterator[str]:
    for key in archive.list(prefix):
        if _KEY.fullmatch(key):
            yield key
        else:
            differences.append(Difference(key, "this is not where a record lies"))


def _record(key: str, sequence: int, data: bytes | NotFound | Damaged) -> Record:
    if not isinstance(data, bytes):
        raise data
    content = read_record(data)
    kept = Kept(key, hashlib.sha256(data).hexdigest(), len(data), "record")
    return Record(sequence, data.decode(), content, kept)


def _is_of_batch(content: dict[str, Any], name: str, sequence: int) -> bool:
    try:
        return bool(content["batch"]["key"] == name and content["sequence"] == sequence)
    except (KeyError, TypeError):
        return False


def _is_decision(content: dict[str, Any], name: str, sequence: int) -> bool:
    try:
        return bool(content["decision"]["sequence"] == sequence)
    except (KeyError, TypeError):
        return False


def _is_of_party(content: dict[str, Any], name: str, sequence: int) -> bool:
    try:
        event, party = content["event"], content["party"]
        return bool(name == party["number"] == event["party"] and event["sequence"] == sequence)
    except (KeyError, TypeError):
        return False


def _is_of_entry(content: dict[str, Any], name: str, sequence: int) -> bool:
    try:
        event, entry = content["event"], content["entry"]
        place = Place(entry["register"], entry["year"], entry["sequence"])
        same = (
            name == written(place) and read(entry["number"]) == place and entry["number"] == event["number"]
        )
        return bool(same and event["register"] == entry["register"] and event["sequence"] == sequence)
    except (KeyError, TypeError, ValueError):
        return False


def origins(archive: Archive, stories: Sequence[Story], differences: list[Difference]) -> dict[str, Origin]:
    """What the manifests of these entries' documents tell, by document."""
    told = {
        str(one["manifest"]): str(one["document"])
        for story in stories
        for one in story.records[-1].content["entry"]["documents"]
    }
    found = {}
    for key, data in ahead(archive.read, [check_key(key) for key in told]):
        try:
            found[told[key]] = _origin(key, told[key], data)
        except (Usage, NotFound, Damaged) as error:
            lost = f"{error} (what document {told[key]} is made of is not known without it)"
            differences.append(Difference(key, lost))
            # Its key says what it was, so it is missed by every check that follows.
            itself = Kept(key, _hash_in(key), 0, "manifest")
            found[told[key]] = Origin(None, {}, (itself,))
    return found


def _origin(key: str, document: str, data: bytes | NotFound | Damaged) -> Origin:
    if not isinstance(data, bytes):
        raise data
    digest = hashlib.sha256(data).hexdigest()
    if key != document_key(document, MANIFEST, digest):
        raise Usage("the manifest was altered: its SHA-256 is not the one in its key")
    read = manifest.from_json(data)
    kept = [Kept(one.key, one.sha256, one.size, one.role) for one in read.objects]
    kept += [Kept(key, digest, len(data), "manifest")]
    kept += [Kept(one.key, one.sha256, one.size, "original") for one in read.originals]
    kept += [
        Kept(made.key, made.sha256, made.size, RENDITION)
        for made in (one.rendition for one in read.originals)
        if made
    ]
    originals = {one.key: Original(one.name, one.pages) for one in read.originals}
    return Origin(read.received_at, originals, tuple(kept))


def _hash_in(key: str) -> str:
    return key.split("/")[-2] if key.count("/") > 1 else ""


def altered(archive: Archive, objects: Iterable[Kept], *, sizes_only: bool) -> Iterator[Difference]:
    """Those of the objects that are gone, of another size or, unless ``sizes_only``, of other bytes."""

    def problem(one: Kept) -> str:
        if not sizes_only and archive.checksum(one.key) == one.sha256:
            return ""
        size = archive.stat(one.key).size
        if size != one.size:
            return f"it has {size} bytes, not {one.size}"
        return "" if sizes_only else ALTERED

    for one, found in ahead(problem, objects):
        if found:
            yield Difference(one.key, str(found))


def orphans(archive: Archive) -> int:
    """How many objects the register does not name, beside records, classifiers and scratch."""
    beside = (REGISTER, BATCHES, PARTIES, OFFICE, MODELS, CHAMPIONS, WORK)
    others = (key for key in archive.list() if not key.startswith(beside))
    return sum(len(unknown(keys)) for keys in runs(others, _LISTED))
