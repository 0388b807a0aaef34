"""Answers of the API that its operations do not give themselves: to HEAD, and where there is nothing."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from desk.api.problems import MEDIA, problem

_API = "/api/"
_SAYS = {
    HTTPStatus.NOT_FOUND: "There is nothing at {path}. What there is: /api/v1/openapi.json",
    HTTPStatus.METHOD_NOT_ALLOWED: "{path} does not take {method}, but {allow}",
}


def api_answers(answer: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], Any]:
    """Django's middleware: below ``/api/`` all errors are problems, and HEAD is GET without the body."""

    def of_api(request: HttpRequest) -> Any:
        if not request.path.startswith(_API):
            return answer(request)
        asked = request.method or ""
        if asked == "HEAD":
            request.method = "GET"
        found: Any = answer(request)
        if found.status_code >= 400 and found.get("Content-Type") != MEDIA:
            found = _told(request, asked, found)
        if asked == "HEAD":
            _emptied(found)
        return found

    return of_api


def _told(request: HttpRequest, asked: str, found: HttpResponseBase) -> HttpResponseBase:
    status = HTTPStatus(found.status_code)
    allowed = {one.strip() for one in found.get("Allow", "").split(",")} - {""}
    allow = ", ".join(sorted(allowed | ({"HEAD"} if "GET" in allowed else set())))
    says = _SAYS.get(status, status.description).format(path=request.path, method=asked, allow=allow)
    return problem(status, says, {"Allow": allow} if allow else None)


def _emptied(found: Any) -> None:
    """No body, with the length that it would have where that is known."""
    if found.streaming:
        found.streaming_content = []
    else:
        found.headers.setdefault("Content-Length", str(len(found.content)))
        found.content = b""
