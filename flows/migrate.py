"""Migrate: a new index is filled beside the one that is searched, then takes its place.

What the register says was delivered is compared with what the new index holds, and what is missing is put:
that is the bulk fill, the taking up of a run that was killed, the catching up with what the publisher
delivered meanwhile, and the check at the end, all in one. The last comparison and the swap are made while
the publisher's lease is held, so searches never miss what they found before.

A publisher that was held up beyond its lease may still write into the old index while it is swapped out.
So the old one is then closed to writes, those under way are waited for, and what it holds newer than the
new one is put once more. ``postroom index release`` looks again before it removes the old.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Any

import structlog

from domain.entry import IndexEntry
from domain.errors import Unavailable, Usage
from flows.publish import publishing
from flows.records import ahead, runs
from flows.steps import Step, Watcher, unwatched
from flows.texts import pages_of
from index.elastic import ElasticIndex
from index.elastic_migration import Migration
from index.port import Rejected
from infra.wiring import Services
from register import account, outbox
from register.contents import texts_of
from register.indexing import index_entry, is_void
from register.models import Outbox

log = structlog.get_logger()
_ENTRIES = 500  # put with one commit of the index
_BYTES = 16_000_000  # of texts in the archive, after which they are put
_LISTED = 10_000  # numbers between two signs of life
_PASSES = 3  # of filling before the publisher is asked to wait
_POLL = 0.1  # seconds between two looks whether the publisher has let go
_sleep = time.sleep

Renew = Callable[[], object]


def migrate(
    services: Services, *, anew: bool = False, watch: Watcher = unwatched, patience_seconds: float = 600.0
) -> dict[str, Any]:
    """Bring the index to this program's mapping; goes on where a killed run stopped.

    Args:
        services: of the instance.
        anew: also when it has the mapping already, as after other ``shards`` were set.
        watch: is told ``begun``, ``filled``, ``levelled``, ``swapped`` and ``swept``.
        patience_seconds: to wait for a publisher at work.

    Returns:
        ``migrated``, the name of the live ``index``, ``put`` entries, numbers of those put ``without_text``
        because the archive cannot give it, and of those that the live index ``refused`` after the swap.

    Raises:
        Usage: the index is not on Elasticsearch, or a new one holds what the register does not know.
        Unavailable: a service does not answer, or the new index turned entries away; searches go on in
            the old one.
    """
    move = _migration(services)
    state = move.state()
    told = _Told()
    needed = anew or state.next is not None or not state.current
    if needed:
        target = move.begin()
        watch(Step("begun"))
        _level(services, target, told, _at_ease, passes=_PASSES)
        watch(Step("filled"))
        with _alone(patience_seconds) as renew:
            _level(services, target, told, renew)
            watch(Step("levelled"))
            move.swap()
            watch(Step("swapped"))
            _sweep(services, move, told, renew)
    else:
        _sweep(services, move, told, _at_ease)
    watch(Step("swept"))
    return {
        "migrated": needed,
        "index": move.state().live,
        "put": told.put,
        "without_text": sorted(told.without_text),
        "refused": sorted(told.refused),
    }


def release(services: Services, *, unfinished: bool = False) -> list[str]:
    """Remove the indexes that migrations replaced, or the ``unfinished`` new one; gives their names.

    What only an old one has is put into the live one first.

    Raises:
        Usage: the index is not on Elasticsearch.
        Unavailable: it does not answer.
    """
    move = _migration(services)
    if not unfinished:
        _sweep(services, move, _Told(), _at_ease)
    return move.release(unfinished=unfinished)


def status(services: Services) -> dict[str, Any]:
    """Which indexes there are, and whether a migration is due."""
    index = services.index
    if not isinstance(index, ElasticIndex):
        held = sum(1 for _ in index.sequences())
        return {"engine": "embedded", "live": {"index": "index", "entries": held}, "due": False,
                "next": None, "old": []}  # fmt: skip
    move = Migration(index)
    state = move.state()

    def one(name: str | None) -> dict[str, Any] | None:
        return {"index": name, "entries": move.entries(name)} if name else None

    return {
        "engine": "elasticsearch",
        "live": one(state.live),
        "due": state.next is not None or bool(state.live and not state.current),
        "next": one(state.next),
        "old": [one(name) for name in state.old],
    }


def _migration(services: Services) -> Migration:
    if not isinstance(services.index, ElasticIndex):
        raise Usage("This index lies in the home and is made anew instead: postroom rebuild --index")
    return Migration(services.index)


class _Told:
    """What came of it."""

    def __init__(self) -> None:
        self.put = 0
        self.without_text: set[str] = set()
        self.refused: set[str] = set()


def _at_ease() -> None:
    """In the place of what prolongs a lease, where none is held."""


def _level(services: Services, target: ElasticIndex, told: _Told, renew: Renew, *, passes: int = 0) -> None:
    """Put what the register has and the target lacks, until nothing is missing.

    After so many ``passes`` it may leave what was delivered meanwhile; 0 for no such end.
    """
    done = 0
    while missing := _missing(target, renew):
        if passes and done == passes:
            break
        for numbers in runs(missing, _ENTRIES):
            renew()
            for entries in _read(services, outbox.last_delivered(numbers), told):
                renew()
                try:
                    target.put(entries)
                except Rejected as error:
                    raise Unavailable(
                        f"The new index is not taken into use. {error}. Mend that and run the migration again"
                    ) from error
                told.put += len(entries)
        done += 1


def _read(services: Services, rows: Sequence[Outbox], told: _Told) -> Iterator[list[IndexEntry]]:
    """The entries as these changes left them, in runs of so many bytes of text; the texts are read ahead.

    Void entries are not among them.
    """
    rows = [row for row in rows if not is_void(row)]
    texts = texts_of(rows)
    answers = ahead(partial(pages_of, services), [text for row in rows for text in texts[row.pk]])
    entries: list[IndexEntry] = []
    size = 0
    for row in rows:
        found = [answer for _, answer in islice(answers, len(texts[row.pk]))]
        pages = [page for answer in found if isinstance(answer, list) for page in answer]
        if wrong := [answer for answer in found if not isinstance(answer, list)]:
            # Without some of its pages the others would have another number.
            log.warning("an entry goes without its text", of=outbox.waits_for(row), reason=str(wrong[0]))
            told.without_text.add(outbox.waits_for(row))
            pages = []
        entries.append(index_entry(row, tuple(pages), services.settings.zone))
        size += sum(text.size for text in texts[row.pk])
        if size > _BYTES:
            yield entries
            entries, size = [], 0
    if entries:
        yield entries


def _missing(target: ElasticIndex, renew: Renew) -> list[str]:
    """Numbers that are not in the target as the register says they were delivered."""
    should = account.index_should_hold()
    other: dict[str, int] = {}
    for at, (number, sequence) in enumerate(target.sequences()):
        if at % _LISTED == 0:
            renew()
        if should.get(number, -1) == sequence:
            del should[number]
        elif should.get(number, -1) < sequence:
            other[number] = sequence
    now = account.index_should_hold() if other else {}  # there may have been deliveries meanwhile
    target.remove([number for number in other if number not in now])
    newer = [number for number, sequence in other.items() if number in now and now[number] < sequence]
    if newer:
        raise Usage(
            f"The new index knows more than the register, of {newer[0]} for one. Was an older register "
            "restored? Begin again: postroom index release --unfinished, then postroom index migrate"
        )
    return sorted(should)


def _sweep(services: Services, move: Migration, told: _Told, renew: Renew) -> None:
    """Put once more what only an old index has."""
    for numbers in runs(sorted(move.left_behind(renew)), _ENTRIES):
        renew()
        rows = outbox.last_delivered(numbers) + outbox.waiting_of(numbers)
        last = {row.entry_id: row for row in rows}
        for entries in _read(services, list(last.values()), told):
            renew()
            try:
                move.index.put(entries)
            except Rejected as error:
                log.warning("the index turns away what the old one has", reasons=error.reasons)
                told.refused |= set(error.reasons)
            told.put += len(entries)


@contextmanager
def _alone(patience_seconds: float) -> Iterator[Renew]:
    """Be the one publisher while the block runs; gives what prolongs that.

    A busy publisher lets go for a moment only, so there must be many looks.
    """
    deadline = time.monotonic() + patience_seconds
    while True:
        with publishing() as (held, renew):
            if held:
                yield _strict(renew)
                return
        if time.monotonic() > deadline:
            raise Unavailable("The intake publishes without a pause. Run the migration again later.")
        _sleep(_POLL)


def _strict(renew: Callable[[], bool]) -> Renew:
    def go_on() -> None:
        if not renew():
            raise Unavailable("Another publisher took over. Run the migration again.")

    return go_on
