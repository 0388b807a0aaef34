"""Migrate: a new index is filled beside the one that is searched, then takes its place.

What the register says was delivered is compared with what the new index holds, and what is missing is put:
that is the bulk fill, the taking up of a run that was killed, the catching up with what the publisher
delivered meanwhile, and the check at the end, all in one. The last comparison and the swap are made while
the publisher's lease is held, so searches never miss what they found before.

A publisher that was held up beyond its lease may still write into the old index while it is swapped out.
Writes go through the alias, so after the swap none reaches the old one: what it then holds newer than the
new one is put once more. ``postroom index release`` looks again before it removes the old.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from domain.errors import Unavailable, Usage
from flows.publish import publishing, to_index
from flows.steps import Step, Watcher, unwatched
from index.elastic import ElasticIndex
from index.elastic_migration import Migration
from index.port import Rejected
from infra.wiring import Services
from register import account, outbox

_ENTRIES = 50  # put with one commit of the index
_LISTED = 10_000  # numbers between two signs of life
_PASSES = 3  # of filling before the publisher is asked to wait

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
        ``migrated``, the name of the live ``index``, ``put`` entries.

    Raises:
        Usage: the index is not on Elasticsearch, or a new one holds what the register does not know.
        Unavailable: a service does not answer, or the new index turned entries away; searches go on in
            the old one.
    """
    move = _migration(services)
    state = move.state()
    count = 0
    needed = anew or state.next is not None or not state.current
    if needed:
        target = move.begin()
        watch(Step("begun"))
        count += _level(services, target, lambda: True, passes=_PASSES)
        watch(Step("filled"))
        with _alone(patience_seconds) as renew:
            count += _level(services, target, renew)
            watch(Step("levelled"))
            move.swap()
            watch(Step("swapped"))
            count += _sweep(services, move)
    else:
        count += _sweep(services, move)
    watch(Step("swept"))
    return {"migrated": needed, "index": move.state().live, "put": count}


def release(services: Services, *, unfinished: bool = False) -> list[str]:
    """Remove the indexes that migrations replaced, or the ``unfinished`` new one; gives their names.

    Raises:
        Usage: the index is not on Elasticsearch.
        Unavailable: it does not answer.
    """
    move = _migration(services)
    if not unfinished:
        _sweep(services, move)
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


def _level(services: Services, target: ElasticIndex, renew: Renew, *, passes: int = 0) -> int:
    """Put what the register has and the target lacks, until nothing is missing; returns how many.

    After so many ``passes`` it may leave what was delivered meanwhile; 0 for no such end.
    """
    count = done = 0
    while missing := _missing(target, renew):
        if passes and done == passes:
            break
        waiting = iter(missing)
        while numbers := list(islice(waiting, _ENTRIES)):
            renew()
            rows = outbox.last_delivered(numbers)
            try:
                target.put([to_index(services, row) for row in rows])
            except Rejected as error:
                raise Unavailable(
                    f"The new index is not taken into use. {error}. Mend that and run the migration again"
                ) from error
            count += len(rows)
        done += 1
    return count


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


def _sweep(services: Services, move: Migration) -> int:
    """Put once more what only an old index has; returns how many."""
    left = sorted(move.left_behind())
    count = 0
    for start in range(0, len(left), _ENTRIES):
        numbers = left[start : start + _ENTRIES]
        rows = outbox.last_delivered(numbers) + outbox.waiting_of(numbers)
        last = {row.entry_id: row for row in rows}
        move.index.put([to_index(services, row) for row in last.values()])
        count += len(last)
    return count


@contextmanager
def _alone(patience_seconds: float) -> Iterator[Renew]:
    """Be the one publisher while the block runs; gives what prolongs that."""
    deadline = time.monotonic() + patience_seconds
    while True:
        with publishing() as (held, renew):
            if held:
                yield _strict(renew)
                return
        if time.monotonic() > deadline:
            raise Unavailable("The intake publishes without a pause. Run the migration again later.")
        time.sleep(0.2)


def _strict(renew: Callable[[], bool]) -> Renew:
    def go_on() -> None:
        if not renew():
            raise Unavailable("Another publisher took over. Run the migration again.")

    return go_on
