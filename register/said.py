"""What people said of an entry themselves, as its history tells: rules leave it as it is."""

import json

from domain.correspondence import Details
from domain.wire import to_plain
from register.models import Entry, EventContent

CUSTOM = "custom."
_USUAL = to_plain(Details())


def said_by_people(entry: Entry) -> frozenset[str]:
    """The names of what people said: what is not as usual since they entered it, and what they amended.

    Of the office's own fields each is told by itself, as ``custom.plot``.
    """
    events = EventContent.objects.filter(event__entry=entry, event__kind__in=("entered", "amended"))
    said: set[str] = set()
    for kind, body in events.values_list("event__kind", "body"):
        content = json.loads(body)
        if kind == "entered":
            before, after = _USUAL, {name: content.get(name) for name in _USUAL if name in content}
        else:
            before, after = content["before"], content["after"]
        said |= {name for name, value in after.items() if value != before.get(name)}
        had, has = before.get("custom") or {}, after.get("custom") or {}
        said |= {f"{CUSTOM}{name}" for name in {*had, *has} if had.get(name) != has.get(name)}
    return frozenset(said)
