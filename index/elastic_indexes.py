"""The indexes of one installation: which one is searched, which is being filled, which are kept.

All of that is in the aliases, so that nothing else has to be remembered: ``NAME`` is what is searched and
written, ``NAME-next`` what a migration fills, ``NAME-old`` what it replaced.
"""

import re
from dataclasses import dataclass
from typing import Any

from domain.errors import Unavailable
from index.elastic_client import Failed, Server
from index.elastic_mapping import body, fingerprint, index_name, pattern


@dataclass(frozen=True, slots=True)
class State:
    """Names of indexes, and whether the live and the next one have this program's mapping."""

    live: str | None
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
        Unavailable: it has another mapping, or is not there and shall not be made.
    """
    try:
        found = server.call("GET", f"/{alias}/_mapping", filter_path="*.mappings._meta")
    except Failed as error:
        if error.status != 404:
            raise
        if not make_it:
            raise Unavailable(f"The index {alias} is gone. Begin again: postroom index migrate") from error
        make(server, alias, newest(look(server)) + 1)
        return
    if not all(_ours(one) for one in found.values()) or not found:
        raise Unavailable(
            f"The index {alias} has the mapping of another version of Postroom. Entries wait, searches "
            "go on. After an upgrade run: postroom index migrate"
        )


def change(server: Server, actions: list[dict[str, Any]]) -> None:
    """Change aliases and remove indexes, all at once."""
    if actions:
        server.call("POST", "/_aliases", {"actions": actions})


def _ours(index: dict[str, Any]) -> bool:
    return bool(index.get("mappings", {}).get("_meta", {}).get("postroom") == fingerprint())
