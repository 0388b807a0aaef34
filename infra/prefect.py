"""The Prefect server that the flows run under: the one the settings name, or one of our own on loopback."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from infra.services import prefect_server
from infra.wiring import Services


@contextmanager
def prefect_api(services: Services, port: int = 0) -> Iterator[str]:
    """Gives the address people open and makes this process use its API; a server of our own ends with it.

    Prefect reads its settings when it is imported, so import the flows within the block.
    """
    home = services.home / "prefect"
    if configured := services.settings.prefect_api_url:
        os.environ.update(prefect_server.environment(home, configured))
        yield configured.removesuffix("/api")
        return
    with prefect_server.start(home, port or None) as server:
        os.environ.update(prefect_server.environment(home, prefect_server.api_url(server)))
        yield server.url
