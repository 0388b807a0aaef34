"""What people do with parties: enter, change, merge, separate, split. Each is an event of their history."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from django.db.models import Q

from domain.errors import Stale, Usage
from domain.party import Address, PartyDetails
from register import party_history
from register.acts import Act
from register.identifiers import EMAIL, address, checked, must_be_country, telephone
from register.matching import words_of
from register.models import Party, PartyKey, PartyPair, PartyWord
from register.parties import (
    begin,
    columns_of,
    details_from,
    details_of,
    find,
    fold,
    keys_of,
    propose,
    said,
    similar_to,
    whole,
)
from register.party_history import CHANGED, ENTERED, MERGED, MERGED_INTO, SEPARATED, SPLIT, last_event
from register.party_rights import must_edit, visible
from register.session import alone, write
from register.texts import fit

_LISTS = ("other_names", "addresses", "identifiers", "emails", "phones", "consents")


def new(details: PartyDetails, act: Act) -> Party:
    """Enter a party. Those that it may be one with are proposed.

    Args:
        details: what is known of it.
        act: who enters it.

    Raises:
        Usage: a value cannot be, or is somebody else's; says which and what to do.
        Forbidden: the person may not.
    """
    must_edit(act.rights)
    details = normal(details)
    with write():
        alone("parties")
        _must_be_free(details, None, act)
        return begin(details, ENTERED, {"reason": act.reason}, similar_to(details), act)


def change(number: str, how: Callable[[PartyDetails], PartyDetails], act: Act) -> Party:
    """Change what is known of a party; its history keeps what was known before.

    Raises:
        Missing: there is none, or none that the person may know of.
        Stale: somebody changed it since it was seen.
        Usage: a value cannot be, is somebody else's, or nothing would change.
        Forbidden: the person may not.
    """
    with write():
        party = _locked(number, act)
        before = details_of(party)
        after = normal(how(before))
        if after == before:
            raise Usage(f"{party.key} says that already: nothing is changed")
        _must_be_free(after, party, act)
        return _put(party, before, after, CHANGED, {"reason": act.reason}, act)


def merge(keep: str, other: str, act: Act) -> Party:
    """Say that two parties are one: what is known of the other is the kept one's, and its number finds it.

    Entries keep the names that stand on them.

    Raises:
        Missing: one is not there, or the person may not know of it.
        Stale: somebody was faster, or they are one already.
        Usage: there is no reason.
    """
    if not act.reason.strip():
        raise Usage(f"Say why {keep} and {other} are one: give the reason")
    with write():
        kept = _locked(keep, act)
        gone = _locked(other, replace(act, seen=None))
        if kept.pk == gone.pk:
            last = last_event(kept)
            when = last.at.isoformat(timespec="seconds")
            raise Stale(
                f"{keep} and {other} are one already, {kept.key}: {last.kind} by {last.actor} at {when}"
            )
        _must_be_itself(kept, keep)
        _must_be_itself(gone, other)
        before, theirs = details_of(kept), details_of(gone)
        after = _together(before, theirs)
        along = list(Party.objects.filter(merged_into=gone).order_by("id"))
        moved = [gone, *along]
        for one in moved:
            one.merged_into = kept
            one.save(update_fields=["merged_into"])
            told = {"kept": kept.key, "reason": act.reason}
            party_history.append(one, MERGED_INTO, told, actor=act.actor, at=act.at, source=act.source)
        PartyKey.objects.filter(party=gone).update(party=kept)
        _pair(kept, gone, separate=False)
        content: dict[str, Any] = {
            "other": gone.key,
            "along": [one.key for one in along],
            "reason": act.reason,
        }
        return _put(kept, before, after, MERGED, content, act)


def separate(one: str, other: str, act: Act) -> tuple[Party, Party]:
    """Say that two parties are two, so that they are never proposed as one again.

    Raises:
        Missing: one is not there, or the person may not know of it.
        Usage: they are one, or that was said before.
    """
    with write():
        first, second = _locked(one, act), _locked(other, replace(act, seen=None))
        if first.pk == second.pk:
            raise Usage(f"{one} and {other} are one: {first.key}. To take that back: postroom party split")
        if PartyPair.objects.filter(_of(first, second), separate=True).exists():
            raise Usage(f"{one} and {other} are said to be two already")
        _pair(first, second, separate=True)
        for mine, its in ((first, second), (second, first)):
            content = {"other": its.key, "reason": act.reason}
            party_history.append(mine, SEPARATED, content, actor=act.actor, at=act.at, source=act.source)
        return first, second


def split(number: str, act: Act) -> Party:
    """Take a merge back: the party is itself again, with its entries; what it brought goes with it.

    Raises:
        Missing: there is none, or none that the person may know of.
        Usage: it was not merged.
    """
    must_edit(act.rights)
    with write():
        alone("parties")
        kept = find(number, act.rights)
        gone = Party.objects.get(key=number.strip().upper())
        if gone.pk == kept.pk:
            raise Usage(f"{number} is merged into nobody: name the one that was merged away")
        before, theirs = details_of(kept), details_of(gone)
        told = _merge_of(kept, gone)
        after = _apart(before, theirs, _own_before(before, told))
        gone.merged_into = None
        gone.save(update_fields=["merged_into"])
        for one in Party.objects.filter(merged_into=kept, key__in=told.get("along", ())).order_by("id"):
            one.merged_into = gone
            one.save(update_fields=["merged_into"])
            content = {"kept": gone.key, "reason": act.reason}
            party_history.append(one, MERGED_INTO, content, actor=act.actor, at=act.at, source=act.source)
        for kind, value in keys_of(theirs):
            if (kind, value) not in keys_of(after):
                PartyKey.objects.filter(party=kept, kind=kind, value=value).update(party=gone)
        _pair(kept, gone, separate=True)
        _put(kept, before, after, SPLIT, {"other": gone.key, "reason": act.reason}, act)
        content = {"kept": kept.key, "reason": act.reason}
        party_history.append(gone, SPLIT, content, actor=act.actor, at=act.at, source=act.source)
        return gone


def normal(details: PartyDetails) -> PartyDetails:
    """The details, each value in its one form.

    Raises:
        Usage: one cannot be; names the field, the value and what to do.
    """
    details = fit(details)
    if not fold(details.name) or len(details.name) > 512:
        raise Usage(f"name is {details.name[:80]!r}: give a name of at most 512 signs")
    if details.language and not (len(details.language) == 2 and details.language.isalpha()):
        raise Usage(f"language is {details.language!r}: give two letters, such as en")
    places = tuple(map(_address, details.addresses))
    home = next((one.country for one in places if one.country), "")
    for one in details.consents:
        if not one.purpose.strip():
            raise Usage("consent says not to what: begin it with a purpose, such as notices")
        if one.since and one.until and one.until < one.since:
            raise Usage(f"consent to {one.purpose} ends on {one.until}, before it begins on {one.since}")
    return replace(
        details,
        name=details.name.strip(),
        other_names=_once(one.strip() for one in details.other_names if fold(one)),
        addresses=_once(places),
        identifiers=_once(map(checked, details.identifiers)),
        emails=_once(map(address, details.emails)),
        phones=_once(telephone(one, home) for one in details.phones),
        language=details.language.lower(),
        consents=_once(details.consents),
    )


def _once(some: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(some))


def _address(one: Address) -> Address:
    lines = tuple(line.strip() for line in one.lines if line.strip())
    if not (lines or one.city or one.postcode):
        raise Usage("address is empty: give street;postcode;city;country, such as 1 High St;AB1 2CD;Town;GB")
    return Address(lines, one.postcode.strip(), one.city.strip(), must_be_country(one.country))


def _locked(number: str, act: Act) -> Party:
    """The party, for the rest of the caller's transaction nobody else's."""
    must_edit(act.rights)
    alone("parties")
    party = Party.objects.select_for_update(of=("self",)).get(pk=find(number, act.rights).pk)
    if act.seen is not None:
        last = last_event(party)
        if last.sequence != act.seen:
            when = last.at.isoformat(timespec="seconds")
            raise Stale(
                f"{party.key} was changed meanwhile: {last.kind} by {last.actor} at {when}. "
                "Look at it again, then decide anew."
            )
    return party


def _must_be_itself(party: Party, number: str) -> None:
    """See that the party was not merged into another since somebody decided to merge it."""
    if party.key != number.strip().upper():
        gone = Party.objects.get(key=number.strip().upper())
        last = last_event(gone)
        when = last.at.isoformat(timespec="seconds")
        raise Stale(
            f"{number} was merged into {party.key} by {last.actor} at {when}. "
            f"Look at it again, then name {party.key} in its place."
        )


def _must_be_free(details: PartyDetails, party: Party | None, act: Act) -> None:
    """See that no identifier or address is somebody else's.

    Raises:
        Usage: one is.
    """
    for kind, value in keys_of(details):
        held = PartyKey.objects.filter(kind=kind, value=value).select_related("party__merged_into").first()
        if held is None or (party is not None and whole(held.party).pk == party.pk):
            continue
        other = whole(held.party)
        known = visible(act.rights).filter(pk=other.pk).exists()
        whose = f"{other.key}'s, {other.name}" if known else "somebody else's"
        field = "email" if kind == EMAIL else "identifier"
        told = value if kind == EMAIL else f"{kind}:{value}"
        raise Usage(
            f"{field} is {told!r}, which is {whose}. Leave it out or, if they are one: postroom party merge"
        )


def _put(
    party: Party, before: PartyDetails, after: PartyDetails, kind: str, content: dict[str, Any], act: Act
) -> Party:
    """Let this be known of the party from now on, in its history too."""
    for name, value in columns_of(after).items():
        setattr(party, name, value)
    party.save(update_fields=["name", "folded", "kind", "about"])
    index_anew(party, after)
    similar = similar_to(after, party) if kind == CHANGED else []
    propose(party, similar)
    old, now = said(before), said(after)
    changed = [name for name in {**old, **now} if old.get(name) != now.get(name)]
    told = {
        **content,
        "before": {name: old.get(name) for name in changed},
        "after": {name: now.get(name) for name in changed},
        "similar": party_history.told_similar(similar),
    }
    party_history.append(party, kind, told, actor=act.actor, at=act.at, source=act.source)
    return party


def index_anew(party: Party, details: PartyDetails) -> None:
    """Let the party be found by what it is now, and no more by what it was."""
    keys = set(keys_of(details))
    had = {(one.kind, one.value): one.pk for one in PartyKey.objects.filter(party=party)}
    PartyKey.objects.filter(pk__in=[pk for which, pk in had.items() if which not in keys]).delete()
    PartyWord.objects.filter(party=party).delete()
    more = [one for one in keys_of(details) if one not in had]
    PartyKey.objects.bulk_create(PartyKey(party=party, kind=kind, value=value) for kind, value in more)
    words = sorted(words_of((details.name, *details.other_names)))
    PartyWord.objects.bulk_create(PartyWord(party=party, value=one) for one in words)


def _together(kept: PartyDetails, gone: PartyDetails) -> PartyDetails:
    """The kept one with all that is known of the other too."""
    lists: Any = {name: _once((*getattr(kept, name), *getattr(gone, name))) for name in _LISTS}
    names = [one for one in (*kept.other_names, gone.name, *gone.other_names) if fold(one) != fold(kept.name)]
    return replace(
        kept,
        **{**lists, "other_names": _once(names)},
        kind=kept.kind or gone.kind,
        preferred=kept.preferred or gone.preferred,
        language=kept.language or gone.language,
        notes="\n".join(filter(None, _once((kept.notes, gone.notes)))),
    )


def _merge_of(kept: Party, gone: Party) -> dict[str, Any]:
    """What was written down when the other came to the kept one; {} where that is missing."""
    for event in kept.events.filter(kind=MERGED).select_related("content").order_by("-sequence"):
        told: dict[str, Any] = json.loads(event.content.body) if hasattr(event, "content") else {}
        if told.get("other") == gone.key:
            return told
    return {}


def _own_before(now: PartyDetails, told: dict[str, Any]) -> PartyDetails:
    """What the kept one knew before that merge, as far as it still stands."""
    own = {**said(now), **told.get("before", {})}
    return details_from({name: value for name, value in own.items() if value is not None})


def _apart(now: PartyDetails, gone: PartyDetails, own: PartyDetails) -> PartyDetails:
    """The kept one without what came with the other."""
    theirs = {name: {*getattr(gone, name)} for name in _LISTS}
    theirs["other_names"].add(gone.name)
    notes = own.notes if now.notes == _together(own, gone).notes else now.notes
    lists: Any = {
        name: tuple(one for one in getattr(now, name) if one not in theirs[name] or one in getattr(own, name))
        for name in _LISTS
    }
    return replace(now, **lists, notes=notes)


def _of(one: Party, other: Party) -> Q:
    first, second = sorted((one, other), key=lambda party: party.pk)
    return Q(first=first, second=second)


def _pair(one: Party, other: Party, *, separate: bool) -> None:
    first, second = sorted((one, other), key=lambda party: party.pk)
    PartyPair.objects.update_or_create(first=first, second=second, defaults={"separate": separate})
