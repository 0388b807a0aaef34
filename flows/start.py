"""What is looked at before work begins."""

import structlog

from domain.errors import Unavailable
from flows.behind import not_behind
from infra.wiring import Services
from register.session import asking

log = structlog.get_logger()


def look_around(services: Services) -> None:
    """See that the archive takes what the settings demand, and knows of no number that would be given again.

    An archive or a database that does not answer yet is no hindrance: what is dropped is safe here too.

    Raises:
        Denied: the archive refuses us, or does not do what the settings demand.
        Usage: the register is older than the archive.
    """
    try:
        services.archive.ready()
        asking(not_behind, services)
    except Unavailable as error:
        log.warning("begun without a look around", reason=str(error))
