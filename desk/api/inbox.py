"""The inbox: what the user was told."""

from datetime import UTC, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router

from desk.api.listing import LARGEST, Limit, page
from desk.api.problems import PROBLEMS
from desk.api.shapes import Inbox, NoticeShape
from desk.api.tokens import rights
from register import inbox as notices

router = Router()


@router.get("", response={200: Inbox, **PROBLEMS}, summary="What the user was told")
def listed(
    request: HttpRequest,
    unread: bool = False,
    limit: Limit = 50,
    cursor: Annotated[int, Query(ge=0, le=LARGEST)] = 0,
) -> Any:
    """The newest first, but for entries that the user may not see any more."""
    may = rights(request)
    found = notices.inbox(may, limit + 1, unread=unread, before=cursor)
    some = page(found, limit, lambda one: one.pk)
    return {**some, "unread": notices.unread(may), "items": notices.told(some["items"], may.user.language)}


@router.post("/{notice}/read", response={200: NoticeShape, **PROBLEMS}, summary="Note that a notice was read")
def read(request: HttpRequest, notice: Annotated[int, Path(ge=1, le=LARGEST)]) -> Any:
    """What was read before stays as it was."""
    may = rights(request)
    (found,) = notices.told(notices.read([notice], may, datetime.now(UTC)), may.user.language)
    return found
