"""A new index in the place of the old one, without a moment in which nothing is found.

The steps, each of which may be done again: ``begin`` makes an empty index beside the live one; whoever
fills it puts into what ``begin`` gives; ``swap`` makes it the live one at once; ``left_behind`` closes the
old one and says what it has newer; ``release`` removes it.
``flows.migrate`` says in which order, and why nothing is lost.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from domain.errors import Unavailable
from index import elastic_indexes as indexes
from index.elastic import ElasticIndex

T = TypeVar("T")
_LISTED = 10_000  # numbers between two signs of life


class Migration:
    """The indexes of one ``ElasticIndex``. Keeps nothing itself: every call asks the server."""

    def __init__(self, index: ElasticIndex) -> None:
        """Touches nothing."""
        self.index = index
        self._server = index.server

    def state(self) -> indexes.State:
        """How it stands now."""
        return indexes.look(self._server)

    def begin(self) -> ElasticIndex:
        """The index to fill: the one that was begun and not finished, or a new and empty one."""
        state = self.state()
        following = indexes.next_alias(self._server)
        if state.next and not state.next_current:  # begun by another version
            indexes.change(self._server, [{"remove_index": {"index": state.next}}])
        if not state.next or not state.next_current:
            indexes.make(self._server, following, indexes.newest(state) + 1)
        return self._under(following)

    def swap(self) -> None:
        """Make the index that was filled the live one, and keep the one that was.

        Raises:
            Unavailable: none is being filled.
        """
        state = self.state()
        if state.next is None:
            raise Unavailable("There is no new index any more. Begin again: postroom index migrate")
        live, old = self.index.settings.name, indexes.old_alias(self._server)
        actions: list[dict[str, Any]] = [
            {"remove": {"index": state.next, "alias": indexes.next_alias(self._server)}},
            {"add": {"index": state.next, "alias": live}},
        ]
        for name in state.searched:
            actions += [{"remove": {"index": name, "alias": live}}, {"add": {"index": name, "alias": old}}]
        indexes.change(self._server, actions)

    def left_behind(self, renew: Callable[[], object] = lambda: None) -> Iterator[str]:
        """Numbers of which a kept old index has a newer change than the live one.

        A publisher that lost its lease may have written there at the last moment. From now on nobody can.

        Args:
            renew: called every now and then.
        """
        old = self.state().old
        if not old:
            return
        for name in old:
            indexes.close(self._server, name)
        live = dict(_with(renew, self.index.sequences()))
        for number, sequence in _with(renew, self._under(indexes.old_alias(self._server)).sequences()):
            if live.get(number, -1) < sequence:
                yield number

    def release(self, *, unfinished: bool) -> list[str]:
        """Remove the old indexes, or the ``unfinished`` new one; gives the names of those removed."""
        state = self.state()
        gone = [*(state.old if not unfinished else ()), *([state.next] if unfinished and state.next else ())]
        indexes.change(self._server, [{"remove_index": {"index": name}} for name in gone])
        return gone

    def entries(self, name: str) -> int:
        """How many entries the index of this name holds."""
        asked = {"query": {"term": {"kind": "entry"}}}
        return int(self._server.call("POST", f"/{name}/_count", asked)["count"])

    def _under(self, alias: str) -> ElasticIndex:
        return ElasticIndex(self.index.settings, alias=alias, server=self._server)


def _with(renew: Callable[[], object], items: Iterable[T]) -> Iterator[T]:
    for at, item in enumerate(items):
        if at % _LISTED == 0:
            renew()
        yield item
