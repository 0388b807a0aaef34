"""The desk as an ASGI application, once an instance is served."""

from collections.abc import Awaitable, Callable, Coroutine
from http import HTTPStatus
from typing import Any

from django.core.asgi import get_asgi_application

from desk.api.problems import problem
from desk.instance import serve
from infra.wiring import Services

Receive = Callable[[], Awaitable[dict[str, Any]]]
Application = Callable[[dict[str, Any], Receive, Any], Coroutine[Any, Any, None]]
_BESIDE = 1 << 16  # bytes of a form beside its file
_PUBLIC = "/check"


def application(services: Services) -> Application:
    """The application that serves this instance."""
    serve(services)
    return bounded(get_asgi_application(), (services.settings.desk.upload_mb << 20) + _BESIDE)


def bounded(inner: Any, most: int) -> Application:
    """The same application, which gets no more than so many bytes from anybody.

    Django writes a body to the disk before it asks who sends it.
    """

    async def answer(scope: dict[str, Any], receive: Receive, send: Any) -> None:
        if scope["type"] == "http":
            large = _declared(scope) > most
            if large and not scope["path"].startswith(_PUBLIC):
                await _refused(send, most)
                return
            receive = _emptied(receive) if large else _counted(receive, most)
        await inner(scope, receive, send)

    return answer


def _declared(scope: dict[str, Any]) -> int:
    length = dict(scope["headers"]).get(b"content-length", b"0")
    return int(length) if length.isdigit() else 0


async def _refused(send: Any, most: int) -> None:
    told = problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A request has {most >> 20} MB at most.")
    headers = [(name.lower().encode(), value.encode()) for name, value in told.items()]
    await send({"type": "http.response.start", "status": told.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": told.content})


def _emptied(receive: Receive) -> Receive:
    """In place of a body that is too large: the page says so by its announced length alone."""
    told = False

    async def none() -> dict[str, Any]:
        nonlocal told
        if not told:
            told = True
            return {"type": "http.request", "body": b"", "more_body": False}
        while (message := await receive())["type"] == "http.request":
            pass
        return message

    return none


def _counted(receive: Receive, most: int) -> Receive:
    left = most

    async def some() -> dict[str, Any]:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        return message if left >= 0 else {"type": "http.disconnect"}

    return some
