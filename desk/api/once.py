"""What a request asks for is done once, however often it is sent with its idempotency key."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from django.http import HttpRequest
from ninja import Header, Schema

from desk.api.tokens import rights
from desk.instance import served
from flows.publish import quietly
from register import answers

Key = Annotated[str, Header(alias="Idempotency-Key", max_length=255)]


def once(request: HttpRequest, key: str, body: Schema, do: Callable[[], tuple[int, str]]) -> tuple[int, str]:
    """Status and answer of what is done, now or when it was asked for before; then what follows from it.

    Raises:
        Usage: the key was used for another request.
    """
    asked = f"{request.method} {request.path}\n{body.model_dump_json(by_alias=True)}"
    found = answers.once(rights(request).user.name, key, asked, datetime.now(UTC), do)
    quietly(served())
    return found
