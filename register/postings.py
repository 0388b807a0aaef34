"""Notices on their way out: what is due, what went, what is tried again, what was given up.

A notice waits while it has a ``due_at`` and no ``sent_at``; a digest has none until its hour has come. One
that was given up has neither, and says why. A destination that does not answer rests as a whole.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.db.models import F, Q

from domain.errors import Missing
from domain.notices import DIGEST, MAIL
from register.marks import last, note
from register.models import Mark, Notice
from register.notices import WEBHOOK
from register.session import alone, write
from register.texts import fit

TRIES = 20
"""Of a notice, in some two and a half days; then it is given up."""
_FIRST, _LONGEST = 30, 6 * 3600  # seconds until it is tried again, at first and at most
_RIPE = "digest"
_GAVE_UP = f"given up after {TRIES} tries: "
_GIVEN_UP = Q(sent_at=None, due_at=None) & ~Q(error="")


def ripen(hour: datetime, at: datetime) -> None:
    """Let the digests go that were gathered until their hour, which came last at ``hour``: once for each."""
    if not _came(hour):
        return
    with write():
        alone(_RIPE)
        if _came(hour):
            _gathered(hour).update(due_at=at)
            note(_RIPE, hour)


def _came(hour: datetime) -> bool:
    before = last(_RIPE)
    return before is None or before < hour


def _gathered(hour: datetime) -> Any:
    return Notice.objects.filter(way=DIGEST, sent_at=None, due_at=None, error="", created_at__lt=hour)


def due(way: str, at: datetime, limit: int) -> list[Notice]:
    """The oldest notices that are to go by this way, "mail" or "webhook", but for destinations that rest.

    About ``limit`` of them: digests that go together are not parted.
    """
    resting = _resting(way, at)
    if way in resting:
        return []
    found = _due(way, at).exclude(to__in=resting).select_related("entry")
    rows = list(found.order_by("due_at", "to", "way", "id")[:limit])
    if len(rows) == limit and rows[-1].way == DIGEST:
        end = rows[-1]
        rows += found.filter(way=DIGEST, due_at=end.due_at, to=end.to, pk__gt=end.pk).order_by("id")
    return rows


def _due(way: str, at: datetime) -> Any:
    ways = (MAIL, DIGEST) if way == MAIL else (way,)
    return _waiting().filter(way__in=ways, due_at__lte=at)


def anything_due(at: datetime, hour: datetime) -> bool:
    """Whether something is to go now."""
    if _came(hour) and _gathered(hour).exists():
        return True
    return any(due(way, at, 1) for way in (MAIL, WEBHOOK))


def together(rows: Sequence[Notice]) -> list[list[Notice]]:
    """Digests of one user that came due together as one, all others alone; in their order."""

    def group(one: Notice) -> tuple[Any, ...]:
        return (one.due_at, one.to) if one.way == DIGEST else (one.pk,)

    return [list(some) for _, some in groupby(rows, group)]


def went(rows: Sequence[Notice], at: datetime) -> None:
    """Note that these went."""
    _these(rows).update(sent_at=at, attempts=F("attempts") + 1, error="")


def later(rows: Sequence[Notice], error: str, at: datetime) -> None:
    """Note that these could not go, and when they are tried again; after ``TRIES`` they are given up."""
    for attempts, some in groupby(sorted(rows, key=_attempts), _attempts):
        tried = list(some)
        if attempts + 1 >= TRIES:
            give_up(tried, _GAVE_UP + error)
        else:
            again = at + pause(attempts)
            _these(tried).update(attempts=attempts + 1, error=fit(error), due_at=again)


def _attempts(one: Notice) -> int:
    return one.attempts


def pause(times: int) -> timedelta:
    """How long to wait after so many tries before."""
    return timedelta(seconds=min(_FIRST * 2 ** min(times, 16), _LONGEST))


def give_up(rows: Sequence[Notice], error: str) -> None:
    """Note that these will not go."""
    _these(rows).update(attempts=F("attempts") + 1, error=fit(error), due_at=None)


def rest(way: str, to: str, at: datetime, error: str) -> None:
    """Let a destination rest that does not answer, and all that waits for it; longer each time."""
    name = _mark(way, to)
    with write():
        told = Mark.objects.filter(name=name).values_list("told", flat=True).first() or {}
        times = int(told.get("times", 0))
        until = at + pause(times)
        said = {"times": times + 1, "until": until.isoformat()}
        Mark.objects.update_or_create(name=name, defaults={"at": at, "told": said})
        waiting = _due(way, at).filter(to=to) if to else _due(way, at)
        waiting.filter(attempts__gte=TRIES - 1).update(
            attempts=F("attempts") + 1, error=fit(_GAVE_UP + error), due_at=None
        )
        waiting.update(attempts=F("attempts") + 1, error=fit(error), due_at=until)


def answered(way: str, to: str) -> None:
    """A destination answers again."""
    Mark.objects.filter(name=_mark(way, to)).exclude(told={}).update(told={})


def _mark(way: str, to: str) -> str:
    return f"rests {way} {to}"[:64].rstrip()


def _resting(way: str, at: datetime) -> set[str]:
    """What rests of this way: names of webhooks, or the way itself."""
    start = f"rests {way}"
    marks = Mark.objects.filter(name__startswith=start).exclude(told={}).values_list("name", "told")
    return {
        name.removeprefix(start).strip() or way
        for name, told in marks
        if datetime.fromisoformat(told["until"]) > at
    }


def listed(*, failed: bool, limit: int, after: int = 0) -> list[Notice]:
    """Notices that wait to go out, or those that were given up; the oldest behind the id ``after`` first."""
    found = Notice.objects.filter(_GIVEN_UP) if failed else _waiting(digests=True)
    return list(found.filter(pk__gt=after).select_related("entry").order_by("id")[:limit])


def retry(ids: Collection[int], at: datetime) -> int:
    """Try notices anew that wait or were given up, all that were given up if none are named; how many.

    Raises:
        Missing: one is not there, or went already.
    """
    found = Notice.objects.exclude(way="inbox").filter(sent_at=None)
    if ids:
        known = set(found.filter(pk__in=ids).values_list("pk", flat=True))
        if lacking := sorted(set(ids) - known):
            raise Missing(f"No notice {lacking[0]} waits. See: postroom notice list --failed")
        found = found.filter(pk__in=ids)
    else:
        found = found.filter(_GIVEN_UP)
    Mark.objects.filter(name__startswith="rests ").exclude(told={}).update(told={})
    return int(found.update(due_at=at, attempts=0, error=""))


def _waiting(*, digests: bool = False) -> Any:
    waits = Q(due_at__isnull=False) | (Q(way=DIGEST, error="") if digests else Q(pk__in=[]))
    return Notice.objects.exclude(way="inbox").filter(waits, sent_at=None)


def _these(rows: Sequence[Notice]) -> Any:
    return Notice.objects.filter(pk__in=[one.pk for one in rows], sent_at=None)
