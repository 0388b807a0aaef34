"""Rebuild: the index is disposable, and is made anew from the register and the archive."""

from domain.errors import Unavailable
from flows.publish import publishing, to_index
from infra.wiring import Services
from register import outbox

_ENTRIES = 50  # put with one commit of the index


def rebuild_index(services: Services) -> int:
    """Empty the index and put every entry into it as its last delivered change left it; returns how many.

    Raises:
        Unavailable: a publisher is at work; it would put what is then taken away.
    """
    count = 0
    with publishing() as (held, renew):
        if not held:
            raise Unavailable("The intake is publishing now. Try again in a moment.")
        services.index.erase()
        for rows in outbox.latest(_ENTRIES):
            renew()
            services.index.put([to_index(services, row) for row in rows])
            count += len(rows)
    return count
