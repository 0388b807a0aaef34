"""Answers to requests that bear an idempotency key: the same again gets the same answer, and does nothing."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from domain.errors import Usage
from register.models import Answer
from register.session import write

_KEPT = timedelta(days=1)


def once(
    user: str, key: str, request: str, at: datetime, do: Callable[[], tuple[int, str]]
) -> tuple[int, str]:
    """Do it, unless this user asked for the same under this key before: status and body, of then or of now.

    What is done and its answer are written in one transaction: a crash leaves neither. A day later the key is
    free again.

    Raises:
        Usage: the key was used for another request.
    """
    if not key:
        return do()
    digest = hashlib.sha256(request.encode("utf-8", "replace")).hexdigest()
    with write():
        Answer.objects.filter(user=user, key=key, at__lt=at - _KEPT).update(
            key=f"{key} until {at.isoformat()}"[:255]
        )
        try:
            with transaction.atomic():  # a second one waits here for the first to end
                row = Answer.objects.create(user=user, key=key, request=digest, at=at)
        except IntegrityError:
            return _again(user, key, digest)
        row.status, row.body = do()
        row.save(update_fields=["status", "body"])
        return row.status, row.body


def _again(user: str, key: str, digest: str) -> tuple[int, str]:
    before = Answer.objects.get(user=user, key=key)
    if before.request != digest:
        raise Usage("Idempotency-Key was used for another request: take a new one")
    assert before.status is not None
    return before.status, before.body
