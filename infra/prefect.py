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
        use_prefect(services)
        yield configured.removesuffix("/api")
        return
    with prefect_server.start(home, port or None) as server:
        address = prefect_server.api_url(server)
        os.environ.update(prefect_server.environment(home, address, server.auth))
        yield server.url


def use_prefect(services: Services) -> None:
    """Make this process a client of the server that the settings name. Call it before Prefect is imported."""
    settings = services.settings
    auth = settings.prefect_auth.get_secret_value()
    os.environ.update(prefect_server.environment(services.home / "prefect", settings.prefect_api_url, auth))
