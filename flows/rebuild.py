"""Rebuild: the index is disposable, and is made anew from the register and the archive."""

from flows.publish import to_index
from infra.wiring import Services
from register import outbox

_ENTRIES = 200  # put with one commit of the index


def rebuild_index(services: Services) -> int:
    """Empty the index and put every entry into it as its last delivered change left it; returns how many."""
    services.index.erase()
    count = 0
    for rows in outbox.latest(_ENTRIES):
        services.index.put([to_index(services, row) for row in rows])
        count += len(rows)
    return count
