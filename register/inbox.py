"""The inbox: what a user was told of entries that they may see."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q

from domain.errors import Missing
from domain.rights import Rights
from letters.notices import Item, line
from register.models import Notice
from register.notices import INBOX
from register.rights import within


def inbox(rights: Rights, limit: int, *, unread: bool = False, before: int = 0) -> list[Notice]:
    """What a user was told, the newest first, but for entries that they may not see any more.

    Args:
        rights: of the user.
        limit: most that are wanted.
        unread: only what they did not read yet.
        before: only what is older than the notice of this id; 0 for all.
    """
    found = _own(rights).select_related("entry").order_by("-id")
    if unread:
        found = found.filter(read_at=None)
    return list((found.filter(pk__lt=before) if before else found)[:limit])


def unread(rights: Rights) -> int:
    """How many notices of a user they did not read yet."""
    return int(_own(rights).filter(read_at=None).count())


def read(ids: Collection[int], rights: Rights, at: datetime) -> list[Notice]:
    """Note that a user has read these; what was read before stays as it was.

    Raises:
        Missing: one is not in their inbox; none is changed then.
    """
    found = list(_own(rights).filter(pk__in=ids).select_related("entry").order_by("id"))
    if lacking := sorted(set(ids) - {one.pk for one in found}):
        raise Missing(f"There is no notice {lacking[0]} in your inbox. See: postroom inbox")
    Notice.objects.filter(pk__in=ids, read_at=None).update(read_at=at)
    return list(Notice.objects.filter(pk__in=ids).select_related("entry").order_by("id"))


def _own(rights: Rights) -> Any:
    may = Q(entry=None) | within(rights, of="entry__")
    return Notice.objects.filter(may, to=rights.user.name, way=INBOX)


def told(found: Iterable[Notice], language: str) -> list[dict[str, Any]]:
    """Notices as their reader is shown them; the readers may see their entries."""
    return [
        {
            "id": one.pk,
            "kind": one.kind,
            "number": one.entry.number if one.entry else None,
            "subject": one.entry.subject if one.entry else "",
            "text": line(_item(one), language),
            "told": one.told,
            "at": one.created_at.isoformat(),
            "read_at": one.read_at.isoformat() if one.read_at else None,
        }
        for one in found
    ]


def _item(one: Notice) -> Item:
    return Item(one.kind, one.entry.number if one.entry else "", one.created_at, told=one.told)
