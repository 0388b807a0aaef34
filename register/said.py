"""What people said of an entry themselves, as its history tells: rules leave it as it is."""

import json
from collections.abc import Mapping
from typing import Any

from domain.correspondence import Details
from domain.wire import to_plain
from register.models import Entry, EventContent

CUSTOM = "custom."
SETTABLE = ("priority", "language", "location")
"""What rules set, but for what a person said."""
_USUAL = to_plain(Details())


def as_usual(said: Mapping[str, Any]) -> list[str]:
    """The names of what a person said although it is as usual, such as ``priority`` normal."""
    names = [name for name in SETTABLE if name in said and said[name] == _USUAL[name]]
    return names + [f"{CUSTOM}{name}" for name, value in said.get("custom", {}).items() if value == ""]


def said_by_people(entry: Entry) -> frozenset[str]:
    """The names of what people said as they entered it, also if it is as usual, and what they amended.

    Of the office's own fields each is told by itself, as ``custom.plot``.
    """
    events = EventContent.objects.filter(event__entry=entry, event__kind__in=("entered", "amended"))
    said: set[str] = set()
    for kind, body in events.values_list("event__kind", "body"):
        content = json.loads(body)
        if kind == "entered":
            said |= set(content.get("said", ()))
            before, after = _USUAL, {name: content.get(name) for name in _USUAL if name in content}
        else:
            before, after = content["before"], content["after"]
        said |= {name for name, value in after.items() if value != before.get(name)}
        had, has = before.get("custom") or {}, after.get("custom") or {}
        said |= {f"{CUSTOM}{name}" for name in {*had, *has} if had.get(name) != has.get(name)}
    return frozenset(said)
