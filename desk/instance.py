"""The instance that the desk of this process serves."""

from infra.wiring import Services

_served: list[Services] = []


def serve(services: Services) -> None:
    """Let this process's desk serve this instance, whose register is connected."""
    _served[:] = [services]


def served() -> Services:
    """The instance that is served."""
    return _served[0]
