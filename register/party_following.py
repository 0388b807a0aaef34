"""What follows from what became of parties: their entries are told to the index anew, in bounded steps."""

from typing import Any

from django.db.models import Exists, Max, OuterRef, Q
from django.utils import timezone

from register.models import EntryParty, Mark, Outbox, Party, PartyEvent
from register.numbers import PARTIES, events_of
from register.parties import details_of, index
from register.party_history import CHANGED, MERGED_INTO, SPLIT, adopt
from register.session import alone, write

_MARK = "followed parties"
_RENAMING = frozenset({CHANGED, MERGED_INTO, SPLIT})
_STEP = 500  # entries, or parties, of one transaction
_STEPS = 10  # at once


def follow_parties() -> int:
    """Number parties of before, and let the index hear of entries whose parties have another name now.

    At most some thousand at once; returns how many. Done again after it was stopped, it goes on there.
    """
    count = 0
    for step in (_adopt, _reindex):
        for _ in range(_STEPS):
            done = step()
            count += done
            if not done:
                break
    return count


def adopt_all() -> None:
    """Number all parties of before."""
    while _adopt():
        pass


def came_back(last: int) -> None:
    """Note that the index knows of all that came back from the archive."""
    Mark.objects.create(name=_MARK, at=timezone.now(), told={"sequence": last, "after": 0})


def _adopt() -> int:
    if not Party.objects.filter(key=None).exists():
        return 0
    with write():
        alone("parties")
        found = adopt(_STEP, timezone.now())
        for party in found:
            index(party, details_of(party))
    return len(found)


def _reindex() -> int:
    """One step: at most so many entries of the next party whose name is another; 0 when there is none."""
    if _place()["sequence"] == events_of(PARTIES):
        return 0
    with write():
        alone(_MARK)
        place = _place()
        events = PartyEvent.objects.filter(sequence__gt=place["sequence"]).order_by("sequence")[:_STEP]
        if not events:
            return 0
        for event in events:
            if event.kind in _RENAMING and _entries_of(event, place):
                break
            place = {"sequence": event.sequence, "after": 0}
        Mark.objects.update_or_create(name=_MARK, defaults={"at": timezone.now(), "told": place})
    return 1


def _entries_of(event: PartyEvent, place: dict[str, Any]) -> bool:
    """Let the index hear of some entries of its party; whether there may be more."""
    rows = EntryParty.objects.filter(Q(party=event.party_id) | Q(party__merged_into=event.party_id))
    behind = rows.filter(entry__gt=place["after"]).order_by("entry").values_list("entry", flat=True)
    entries = list(behind.distinct()[:_STEP])
    waits = Outbox.objects.filter(entry=OuterRef("entry"), delivered_at=None)
    # What waits anyway is told with the names of now.
    known = Outbox.objects.filter(entry__in=entries).exclude(Exists(waits))
    latest = known.values("entry").annotate(last=Max("pk")).values_list("last", flat=True)
    Outbox.objects.filter(pk__in=list(latest)).update(delivered_at=None, attempts=0, error="")
    if entries:
        place["after"] = entries[-1]
    return len(entries) == _STEP


def _place() -> dict[str, Any]:
    told = Mark.objects.filter(name=_MARK).values_list("told", flat=True).first()
    return told or {"sequence": 0, "after": 0}
