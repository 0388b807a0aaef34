"""What people ask of parties: one whole, a list, those that may be one. Each sees what they may."""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.db.models import Q

from domain.rights import Rights
from domain.wire import to_plain
from register.models import Entry, Party, PartyEvent, PartyPair
from register.parties import details_of, find, fold, whole
from register.party_history import CERTIFIED
from register.party_rights import visible
from register.rights import within
from register.texts import fit

_NAMING = ("other", "kept")  # keys of an event's content that hold the number of another party


def of_entry(entry: Entry) -> list[dict[str, Any]]:
    """Who sent an entry and to whom, as it is written there, each with the number of the party that it is."""
    rows = entry.parties.select_related("party__merged_into").order_by("id")
    return [{"role": one.role, "name": one.written, "party": whole(one.party).key} for one in rows]


def show(number: str, rights: Rights | None = None) -> dict[str, Any]:
    """Everything about a party; by the number of one that was merged, the one that it is now.

    Entries are counted, and other parties named, as far as the person may know of them.

    Raises:
        Missing: there is none, or none that the person may know of.
    """
    party = find(number, rights)
    return {
        "number": party.key,
        **to_plain(details_of(party)),
        "merged": list(party.merged.order_by("id").values_list("key", flat=True)),
        "entries": _entries(party, rights).count(),
        "similar": [_seen_from(party, pair) for pair in pairs(rights, party)],
        "history": _history(party, rights),
    }


def listed(
    *, name: str = "", limit: int = 50, after: str = "", rights: Rights | None = None
) -> list[dict[str, Any]]:
    """Parties in the order of their numbers, behind the number ``after``: with this in their name.

    Raises:
        Missing: there is no such party, or none that the person may know of.
    """
    found = visible(rights).filter(merged_into=None).exclude(key=None)
    if name:
        asked = Q(folded__contains=fold(fit(name)))
        of_merged = Party.objects.filter(asked).exclude(merged_into=None).values("merged_into")
        found = found.filter(asked | Q(pk__in=of_merged))
    if after:
        found = found.filter(pk__gt=find(after, rights).pk)
    return [_line(one) for one in found.order_by("pk")[:limit]]


def _line(party: Party) -> dict[str, Any]:
    details = details_of(party)
    return {
        "number": party.key,
        "name": party.name,
        "kind": details.kind,
        "emails": list(details.emails),
        "identifiers": list(details.identifiers),
    }


def similar(rights: Rights | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Pairs that may be one and that nobody has decided of, the likeliest first."""
    found: list[dict[str, Any]] = []
    for pair in pairs(rights):
        if len(found) == limit:
            break
        found.append(
            {
                "first": _name(whole(pair.first)),
                "second": _name(whole(pair.second)),
                "score": pair.score,
                "why": pair.why,
            }
        )
    return found


def pairs(rights: Rights | None = None, party: Party | None = None) -> Iterator[PartyPair]:
    """Undecided pairs of which the person may know both, each once, merged ones as what they are now."""
    rows = PartyPair.objects.order_by("-score", "pk").select_related(
        "first__merged_into", "second__merged_into"
    )
    if party is not None:
        of = {party.pk, *party.merged.values_list("pk", flat=True)}
        rows = rows.filter(Q(first__in=of) | Q(second__in=of))
    apart = {_both(one) for one in rows.filter(separate=True)}
    told: set[frozenset[int]] = set(apart)
    seen = None if rights is None or rights.keeps_parties() else _seen(rows, rights)
    for pair in rows.filter(separate=False).iterator():
        both = _both(pair)
        if len(both) == 2 and both not in told and (seen is None or both <= seen):
            told.add(both)
            yield pair


def _both(pair: PartyPair) -> frozenset[int]:
    return frozenset((whole(pair.first).pk, whole(pair.second).pk))


def _seen(rows: Any, rights: Rights) -> set[int]:
    named = {pk for one in rows for pk in _both(one)}
    return set(visible(rights).filter(pk__in=named).values_list("pk", flat=True))


def _name(party: Party) -> dict[str, Any]:
    return {"number": party.key, "name": party.name}


def _seen_from(party: Party, pair: PartyPair) -> dict[str, Any]:
    other = next(one for one in map(whole, (pair.first, pair.second)) if one.pk != party.pk)
    return {**_name(other), "score": pair.score, "why": pair.why}


def _entries(party: Party, rights: Rights | None) -> Any:
    of = Q(parties__party=party) | Q(parties__party__merged_into=party)
    return Entry.objects.filter(of).filter(within(rights)).distinct()


def history(
    number: str, rights: Rights | None = None, *, limit: int | None = None, after: int = 0
) -> list[dict[str, Any]]:
    """What became of a party, oldest first, those that were merged into it with it.

    At most ``limit`` events, of those behind the event ``after``.

    Raises:
        Missing: there is none, or none that the person may know of.
    """
    return _history(find(number, rights), rights, limit=limit, after=after)


def _history(
    party: Party, rights: Rights | None, *, limit: int | None = None, after: int = 0
) -> list[dict[str, Any]]:
    of = Q(party=party) | Q(party__merged_into=party)
    found = PartyEvent.objects.filter(of, sequence__gt=after).select_related("content", "party")
    events = list(found.order_by("sequence")[:limit])
    said = {one.pk: _said(one) for one in events}
    known = _known(said.values(), rights)
    return [
        {
            "sequence": one.sequence,
            "party": one.party.key,
            "kind": one.kind,
            "actor": one.actor,
            "at": one.at.isoformat(),
            "content": _told(said[one.pk], known),
            "hash": one.hash,
        }
        for one in events
    ]


def _said(event: PartyEvent) -> dict[str, Any] | None:
    """What an event says, but for the hash, which tells nobody anything; None where it is missing."""
    if not hasattr(event, "content"):
        return None
    said: dict[str, Any] = json.loads(event.content.body)
    said.pop(CERTIFIED, None)
    return said


def _known(said: Collection[Any], rights: Rights | None) -> Collection[str] | None:
    """Numbers of other parties that the person may know of; None for all."""
    if rights is None or rights.keeps_parties():
        return None
    named = {content[name] for content in said if content for name in _NAMING if name in content}
    named |= {one["party"] for content in said if content for one in content.get("similar", ())}
    rows = Party.objects.filter(key__in=named).select_related("merged_into")
    wholes = {str(one.key): whole(one).pk for one in rows}
    seen = set(visible(rights).filter(pk__in=wholes.values()).values_list("pk", flat=True))
    return {number for number, pk in wholes.items() if pk in seen}


def _told(content: Mapping[str, Any] | None, known: Collection[str] | None) -> Any:
    if content is None or known is None:
        return content
    hidden = {name: content[name] if content[name] in known else "" for name in _NAMING if name in content}
    alike = [one for one in content.get("similar", ()) if one["party"] in known]
    return {**content, **hidden, **({"similar": alike} if "similar" in content else {})}
