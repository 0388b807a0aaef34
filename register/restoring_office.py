"""Restoring what the office decided, from its records."""

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from register.models import Decision, Outbox
from register.restoring import Difference, Story, add_objects, each


def add_decisions(stories: Sequence[Story]) -> list[Difference]:
    """Add the decisions that these records tell of."""
    return each(stories, _add, lambda story: story.records[-1].kept.key)


def _add(stories: Sequence[Story]) -> list[Difference]:
    now = timezone.now()
    records = [record for story in stories for record in story.records]
    told = [record.content["decision"] for record in records]
    rows = Decision.objects.bulk_create(
        Decision(**{**one, "at": datetime.fromisoformat(one["at"])}) for one in told
    )
    Outbox.objects.bulk_create(
        Outbox(decision=row, sequence=one.sequence, body=one.body, recorded_at=now, delivered_at=now)
        for row, one in zip(rows, records, strict=True)
    )
    add_objects([one.kept for one in records])
    return []
