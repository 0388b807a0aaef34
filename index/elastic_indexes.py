"""The indexes of one installation: which one is searched, which is being filled, which are kept.

All of that is in the aliases, so that nothing else has to be remembered: ``NAME`` is what is searched and
written, ``NAME-next`` what a migration fills, ``NAME-old`` what it replaced.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from domain.errors import Unavailable
from index.elastic_client import Failed, Server
from index.elastic_mapping import body, fingerprint, index_name, pattern


@dataclass(frozen=True, slots=True)
class State:
    """Names of indexes, and whether the live and the next one have this program's mapping.

    ``searched`` are all under the alias: one, unless somebody added another.
    """

    live: str | None
    searched: tuple[str, ...]
    current: bool
    next: str | None
    next_current: bool
    old: tuple[str, ...]
    all: tuple[str, ...]


def next_alias(server: Server) -> str:
    """What a migration fills."""
    return f"{server.settings.name}-next"


def old_alias(server: Server) -> str:
    """What migrations replaced."""
    return f"{server.settings.name}-old"


def look(server: Server) -> State:
    """How it stands now."""
    settings = server.settings
    found = server.call("GET", f"/{pattern(settings)}", expand_wildcards="all", features="aliases,mappings",
                        filter_path="*.aliases,*.mappings._meta")  # fmt: skip
    ours = re.compile(rf"{re.escape(settings.name)}-v\d+-\d{{6,}}")
    indexes = {name: one for name, one in sorted(found.items()) if ours.fullmatch(name)}

    def under(alias: str) -> list[str]:
        return [name for name, one in indexes.items() if alias in one.get("aliases", {})]

    live, following = under(settings.name), under(next_alias(server))
    return State(
        live=live[-1] if live else None,
        searched=tuple(live),
        current=bool(live) and _ours(indexes[live[-1]]),
        next=following[-1] if following else None,
        next_current=bool(following) and _ours(indexes[following[-1]]),
        old=tuple(under(old_alias(server))),
        all=tuple(indexes),
    )


def make(server: Server, alias: str, generation: int) -> str:
    """Make an empty index under this alias; its name. One that is there already stays."""
    name = index_name(server.settings, generation)
    try:
        server.call("PUT", f"/{name}", body(server.settings) | {"aliases": {alias: {}}})
    except Failed as error:
        if error.kind == "invalid_alias_name_exception":
            raise Unavailable(
                f"Elasticsearch at {server.settings.url} has an index {alias}, which is to be an alias. "
                "Remove it, or choose another [index] name"
            ) from error
        if error.kind != "resource_already_exists_exception":
            raise
    return name


def newest(state: State) -> int:
    """The generation of the newest index; 0 without any."""
    return max((int(name.rpartition("-")[2]) for name in state.all), default=0)


def check(server: Server, alias: str, *, make_it: bool) -> None:
    """See that the index under ``alias`` takes this program's entries.

    Raises:
        Unavailable: it has another mapping, is several indexes, or is not there and shall not be made.
    """
    try:
        found = server.call("GET", f"/{alias}/_mapping", filter_path="*.mappings._meta")
    except Failed as error:
        if error.status != 404:
            raise
        if not make_it:
            raise Unavailable(f"The index {alias} is gone. Begin again: postroom index migrate") from error
        state = look(server)
        lost(alias, state)
        if not state.live:
            make(server, alias, newest(state) + 1)
        return
    if len(found) > 1:
        raise several(alias, found)
    if not all(_ours(one) for one in found.values()) or not found:
        raise Unavailable(
            f"The index {alias} has the mapping of another version of Postroom. Entries wait, searches "
            "go on. After an upgrade run: postroom index migrate"
        )


def lost(alias: str, state: State) -> None:
    """Passes if there is an index under the name, or none at all because nothing was ever put.

    Raises:
        Unavailable: there are indexes, and the alias is gone.
    """
    others = [name for name in state.all if name != state.next]
    if others and not state.live:
        raise Unavailable(
            f"The index {alias} is gone, though {others[-1]} is there. Make it anew: postroom index migrate"
        )


def several(alias: str, names: Iterable[str]) -> Unavailable:
    """What it means that the alias stands for more than one index, or for one that takes no writes."""
    return Unavailable(
        f"The alias {alias} stands for {', '.join(sorted(names))}, and none is the one to write to. Entries "
        "wait. Make it one index again: postroom index migrate --anew"
    )


def close(server: Server, name: str) -> None:
    """Take no more writes into this index, and see all that it took: those under way are waited for."""
    server.call("PUT", f"/{name}/_block/write")
    server.call("POST", f"/{name}/_refresh")


def change(server: Server, actions: list[dict[str, Any]]) -> None:
    """Change aliases and remove indexes, all at once. Done again after a lost answer, it is no error."""
    if not actions:
        return
    try:
        server.call("POST", "/_aliases", {"actions": actions})
    except Failed as error:
        if error.status not in (400, 404) or not _done(server, actions):
            raise


def _done(server: Server, actions: list[dict[str, Any]]) -> bool:
    found = server.call("GET", f"/{pattern(server.settings)}/_alias", expand_wildcards="all")
    aliases = {name: set(one["aliases"]) for name, one in found.items()}

    def so(what: str, index: str, alias: str = "") -> bool:
        if what == "remove_index":
            return index not in aliases
        return (alias in aliases.get(index, ())) == (what == "add")

    return all(so(what, **of) for action in actions for what, of in action.items())


def _ours(index: dict[str, Any]) -> bool:
    return bool(index.get("mappings", {}).get("_meta", {}).get("postroom") == fingerprint())
