"""Errors as problem details (RFC 9457): what is wrong, for people and programs."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from domain.errors import Forbidden, Missing, PostroomError, Stale, Unavailable, Usage

log = structlog.get_logger()
MEDIA = "application/problem+json"


class Problem(Schema):
    """What is wrong with a request."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""


PROBLEMS: dict[int, type[Problem]] = dict.fromkeys((400, 401, 403, 404, 409, 412, 413, 422, 503), Problem)
"""Answers of every operation beside its own."""


class Precondition(Usage):
    """What the request took for granted is not so any more."""


class TooLarge(Usage):
    """A file is larger than is taken here."""

    def __init__(self, most: int) -> None:
        super().__init__(f"the file is larger than {most} MB")


_STATUS: tuple[tuple[type[Exception], HTTPStatus], ...] = (
    (AuthenticationError, HTTPStatus.UNAUTHORIZED),
    (Precondition, HTTPStatus.PRECONDITION_FAILED),
    (Stale, HTTPStatus.PRECONDITION_FAILED),
    (Missing, HTTPStatus.NOT_FOUND),
    (Http404, HTTPStatus.NOT_FOUND),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (RequestDataTooBig, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (SuspiciousOperation, HTTPStatus.BAD_REQUEST),
    (PostroomError, HTTPStatus.UNPROCESSABLE_ENTITY),
)


def problem(status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """The answer that says so."""
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    answer = HttpResponse(json.dumps(body), status=int(status), content_type=MEDIA)
    for name, value in {"Cache-Control": "no-store", **(headers or {})}.items():
        answer[name] = value
    return answer


def add_handlers(api: NinjaAPI) -> None:
    """Let each error of this API be told as a problem."""
    for kind, status in _STATUS:
        api.add_exception_handler(kind, _teller(status))
    api.add_exception_handler(ValidationError, _invalid)
    api.add_exception_handler(HttpError, _http)
    api.add_exception_handler(Exception, _fault)


def _teller(status: HTTPStatus) -> Any:
    headers = {
        HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "Bearer"},
        HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": "10"},
    }.get(status)

    def tell(request: HttpRequest, error: Exception) -> HttpResponse:
        if status == HTTPStatus.UNAUTHORIZED:
            return problem(status, "Give a token that is valid: Authorization: Bearer TOKEN", headers)
        return problem(status, str(error), headers)

    return tell


def _invalid(request: HttpRequest, error: Any) -> HttpResponse:
    """The first value that cannot be, with its place."""
    first = error.errors[0]
    place = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{place}: {first['msg']}")


def _http(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(HTTPStatus(error.status_code), str(error))


def _fault(request: HttpRequest, error: Any) -> HttpResponse:
    log.exception("Postroom itself failed", path=request.path)
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR, "Postroom itself failed; what was asked for was not done."
    )
