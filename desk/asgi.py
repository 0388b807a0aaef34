"""The desk as an ASGI application, once an instance is served."""

from django.core.asgi import get_asgi_application
from django.core.handlers.asgi import ASGIHandler

from desk.instance import serve
from infra.wiring import Services


def application(services: Services) -> ASGIHandler:
    """The application that serves this instance."""
    serve(services)
    return get_asgi_application()
