"""People and organisations of entries: which party a name on an entry is, and what the names are."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet

from domain.errors import Missing, Usage
from domain.party import Address, PartyDetails, Reached, Sighting, is_party_number
from domain.rights import Rights
from domain.wire import from_json, to_plain
from register import matching, party_history
from register.acts import Act
from register.identifiers import CHANNELS, EMAIL, PHONE, address
from register.matching import Face, Likeness, words_of
from register.models import Entry, EntryParty, Party, PartyKey, PartyPair, PartyWord
from register.party_rights import visible
from register.session import alone
from register.texts import fit

SENDER, RECIPIENT = "sender", "recipient"
NOTICES = "notices"
"""The purpose of a consent to be told by mail what becomes of one's letters."""

_LONGEST = 512
_CANDIDATES = 40  # parties with the most parts of the name that are compared
_SIMILAR = 5  # pairs told of for one party
_MAILED = re.compile(r"\s*(.*?\S)\s*<([^<>\s]+@[^<>\s]+)>\s*")


def fold(name: str) -> str:
    """A name without case, accents and doubled blanks, for finding it again."""
    return matching.fold(name)[:_LONGEST]


@dataclass(frozen=True, slots=True)
class Named:
    """A party as an entry names it; ``how`` it was found, as in ``domain.party.MATCHED``."""

    party: Party
    written: str
    how: str


def named(seen: Sequence[Sighting | str], act: Act) -> list[Named]:
    """The parties of these names, made where nobody like that is known; within the caller's transaction.

    Call it before numbers are taken: who makes a party waits for others who do.

    Raises:
        Missing: a party is named by its number, and there is none, or none that the person may know of.
        Usage: such a number has a wrong check digit.
    """
    found: dict[int, Named] = {}
    for one in seen:
        text = fit(one if isinstance(one, str) else one.name)
        if isinstance(one, str) and is_party_number(one):
            party = find(one, act.rights)
            some = Named(party, party.name, "number")
        elif fold(text):
            some = _named(fit(_sighting(one) if isinstance(one, str) else one), text[:_LONGEST], act)
        else:
            continue
        found.setdefault(some.party.pk, some)
    return list(found.values())


def _sighting(text: str) -> Sighting:
    """A name, or a name with an e-mail address as in "Ada Ltd <ada@example.org>"."""
    mailed = _MAILED.fullmatch(text)
    if mailed is None:
        return Sighting(text)
    try:
        return Sighting(mailed[1].strip("\"' "), (f"{EMAIL}:{address(mailed[2])}",))
    except Usage:
        return Sighting(text)


def _named(seen: Sighting, written: str, act: Act) -> Named:
    face = _face_of(seen)
    found = known(seen)
    if not found:
        alone("parties")  # who else makes one of this name has done so, and is seen now
        found = _sure(seen, face)
    if found:
        return Named(found[0], written, found[1])
    return Named(_make(seen, face, act), written, "new")


def known(seen: Sighting) -> tuple[Party, str] | None:
    """Who it is beyond doubt, and how that is known; None for nobody."""
    face = _face_of(seen)
    return _sure(seen, face) or _like(face)


def _face_of(seen: Sighting) -> Face:
    return Face((seen.name,), frozenset(seen.keys), seen.addresses)


def _sure(seen: Sighting, face: Face) -> tuple[Party, str] | None:
    """Who has its identifiers, or is called the same."""
    if holders := _holders(seen.keys):
        number, how = matching.recognise(face, [*map(face_of, holders)])
        if how == "identifier":
            return find(number), how
    same = _called(seen.name, face)
    return (same, "name") if same else None


def _like(face: Face) -> tuple[Party, str] | None:
    """Who is called nearly so, and can be nobody else."""
    if not (face.keys or face.addresses):
        return None  # a name alone is never enough
    number, how = matching.recognise(face, [*map(face_of, _alike(face.names, _holders(face.keys)))])
    return (find(number), how) if number else None


def _called(name: str, face: Face) -> Party | None:
    """Who is called so and has no other identifiers: of several whom most speaks for, then the oldest."""
    rows = _kept(Party.objects.filter(folded=fold(name)).order_by("id"))
    compared = [(matching.likeness(face, face_of(one)), one) for one in rows]
    fits = [(how.score, -one.pk, one) for how, one in compared if not how.against]
    return max(fits, key=lambda one: one[:2])[2] if fits else None


def _holders(keys: Iterable[str]) -> list[Party]:
    asked = Q()
    for key in keys:
        kind, _, value = key.partition(":")
        asked |= Q(kind=kind, value=value)
    if not asked:
        return []
    rows = PartyKey.objects.filter(asked).select_related("party__merged_into")
    return list({one.pk: one for one in (whole(row.party) for row in rows)}.values())


def _alike(names: Sequence[str], more: Iterable[Party] = ()) -> list[Party]:
    """Those with the most parts of these names in theirs, and ``more``."""
    words = words_of(names)
    rows = PartyWord.objects.filter(value__in=words)
    best = rows.values("party").annotate(shared=Count("pk")).order_by("-shared", "party")[:_CANDIDATES]
    found = Party.objects.select_related("merged_into").in_bulk([row["party"] for row in best])
    return [*found.values(), *(one for one in more if one.pk not in found)]


def _kept(rows: QuerySet[Party]) -> list[Party]:
    return list({one.pk: one for one in map(whole, rows.select_related("merged_into"))}.values())


def whole(party: Party) -> Party:
    """The party itself, or the one that it turned out to be."""
    return party.merged_into or party


def face_of(party: Party) -> Face:
    """What of a party is compared; it goes by the number of the one that it was merged into."""
    about = party.about
    keys = {*about.get("identifiers", ())}
    keys |= {f"{EMAIL}:{one}" for one in about.get("emails", ())}
    keys |= {f"{PHONE}:{one}" for one in about.get("phones", ())}
    places = tuple(
        Address(**{**one, "lines": tuple(one.get("lines", ()))}) for one in about.get("addresses", ())
    )
    names = (party.name, *about.get("other_names", ()))
    return Face(names, frozenset(keys), places, whole(party).key or "")


def _make(seen: Sighting, face: Face, act: Act) -> Party:
    """A new party, and who it may be. Of what the letter bears, it has what is the only one of its kind."""
    kinds = [key.partition(":")[0] for key in seen.keys]
    own = [key for key in dict.fromkeys(seen.keys) if kinds.count(key.partition(":")[0]) == 1]
    taken = {key for holder in _holders(own) for key in face_of(holder).keys}
    details = with_keys(PartyDetails(seen.name[:_LONGEST], addresses=seen.addresses), set(own) - taken)
    similar = matching.likely(face, [*map(face_of, _alike(face.names, _holders(seen.keys)))], _SIMILAR)
    return begin(details, party_history.CAME_UP, {}, similar, act)


def with_keys(details: PartyDetails, keys: Iterable[str]) -> PartyDetails:
    """The details with these identifiers, addresses and numbers too."""
    pairs = [key.partition(":") for key in sorted(keys)]
    return replace(
        details,
        identifiers=(*details.identifiers, *("".join(one) for one in pairs if one[0] not in CHANNELS)),
        emails=(*details.emails, *(value for kind, _, value in pairs if kind == EMAIL)),
        phones=(*details.phones, *(value for kind, _, value in pairs if kind == PHONE)),
    )


def begin(
    details: PartyDetails,
    kind: str,
    content: Mapping[str, Any],
    similar: Sequence[tuple[str, Likeness]],
    act: Act,
) -> Party:
    """A new party with all that it is found by, and the pairs; within the caller's transaction."""
    told = {**content, "after": said(details), "similar": party_history.told_similar(similar)}
    party = party_history.begin(
        columns_of(details), kind, told, actor=act.actor, at=act.at, source=act.source
    )
    index(party, details)
    propose(party, similar)
    return party


def columns_of(details: PartyDetails) -> dict[str, Any]:
    """Values for the columns of a party."""
    about = said(details)
    kind, name = about.pop("kind", ""), about.pop("name")
    return {"name": name, "folded": fold(name), "kind": kind, "about": about}


def said(details: PartyDetails) -> dict[str, Any]:
    """The details as they are kept: what is empty is left out."""
    return {name: value for name, value in to_plain(details).items() if value or name == "name"}


def details_of(party: Party) -> PartyDetails:
    """What is known of a party."""
    kind = {"kind": party.kind} if party.kind else {}
    return details_from({"name": party.name, **kind, **party.about})


def details_from(told: Mapping[str, Any]) -> PartyDetails:
    """The details that ``said`` told."""
    return from_json(PartyDetails, json.dumps(told))


def index(party: Party, details: PartyDetails, *, keys: bool = True) -> None:
    """Let a new party be found by its names and, unless not its own any more, identifiers and addresses."""
    PartyWord.objects.bulk_create(
        PartyWord(party=party, value=one) for one in sorted(words_of((details.name, *details.other_names)))
    )
    PartyKey.objects.bulk_create(
        PartyKey(party=party, kind=kind, value=value) for kind, value in keys_of(details) if keys
    )


def keys_of(details: PartyDetails) -> list[tuple[str, str]]:
    """What is nobody else's; a telephone may be a whole house's."""
    pairs = [key.partition(":") for key in details.identifiers]
    found = [(kind, value) for kind, _, value in pairs] + [(EMAIL, one) for one in details.emails]
    return list(dict.fromkeys(found))


def similar_to(details: PartyDetails, party: Party | None = None) -> list[tuple[str, Likeness]]:
    """Those that a party of these details may be, likeliest first, but for pairs that are known."""
    known: set[int] = set()
    if party:
        pairs = PartyPair.objects.filter(Q(first=party) | Q(second=party)).values_list("first", "second")
        known = {party.pk, *(one for pair in pairs for one in pair)}
    named = Party(name=details.name, about=said(details))
    face = face_of(named)
    others = [one for one in _alike(face.names) if known.isdisjoint((one.pk, whole(one).pk))]
    return matching.likely(face, [*map(face_of, others)], _SIMILAR)


def propose(party: Party, similar: Iterable[tuple[str, Likeness]]) -> None:
    """Write down that these may be one with it, for a person to look at."""
    for number, how in similar:
        other = Party.objects.get(key=number)
        first, second = sorted((party, other), key=lambda one: one.pk)
        PartyPair.objects.get_or_create(
            first=first, second=second, defaults={"score": how.score, "why": list(how.why)}
        )


def find(number: str, rights: Rights | None = None) -> Party:
    """The party of this number; of one that was merged, the party that it is now.

    Raises:
        Missing: there is none, or none that the person may know of.
        Usage: the check digit is wrong, or it is no number of a party.
    """
    if not is_party_number(number):
        raise Usage(f"party is {number!r}: give its number, such as P-000123-3. Find it: postroom party list")
    found = Party.objects.select_related("merged_into").filter(key=number.strip().upper()).first()
    if found is None or not visible(rights).filter(pk=whole(found).pk).exists():
        raise Missing(f"There is no party {number}. Find it: postroom party list --name WORDS")
    return whole(found)


def name_parties(entry: Entry, known_as: Mapping[str, Sequence[Named]]) -> None:
    """Let these be the senders and recipients, by role, of an entry that has none yet."""
    EntryParty.objects.bulk_create(
        EntryParty(entry=entry, party=one.party, role=role, written=one.written)
        for role, some in known_as.items()
        for one in some
    )


def set_parties(entry: Entry, role: str, wanted: Sequence[Named]) -> None:
    """Let these, and no others, be the senders or the recipients of an entry."""
    rows = EntryParty.objects.filter(entry=entry, role=role)
    had = {row.party_id: row for row in rows}
    want = {one.party.pk: one.written for one in wanted}
    # A worker, who only adds, may not delete.
    if gone := [row.pk for party, row in had.items() if party not in want]:
        EntryParty.objects.filter(pk__in=gone).delete()
    for party, written in want.items():
        if party not in had:
            EntryParty.objects.create(entry=entry, party_id=party, role=role, written=written)
        elif had[party].written != written:
            EntryParty.objects.filter(pk=had[party].pk).update(written=written)


def kept_names(entry: Entry, role: str, names: Sequence[str], act: Act) -> list[Named]:
    """The parties of these names; a name that stands there already stays who it is."""
    rows = EntryParty.objects.filter(entry=entry, role=role).select_related("party").order_by("id")
    there = {fold(row.written): row.party for row in rows}
    found: dict[int, Named] = {}
    for name in names:
        party = there.get(fold(name))
        for one in [Named(party, fit(name)[:_LONGEST], "name")] if party else named([name], act):
            found.setdefault(whole(one.party).pk, one)
    return list(found.values())


def parties(entry: Entry) -> dict[str, tuple[str, ...]]:
    """By role their names as they were written, in the order in which they were given."""
    names: dict[str, tuple[str, ...]] = {SENDER: (), RECIPIENT: ()}
    rows = EntryParty.objects.filter(entry=entry).order_by("id")
    for role, written in rows.values_list("role", "written"):
        names[role] += (written,)
    return names


def reach(entry: Entry, today: date, purpose: str = NOTICES) -> list[tuple[Party, Reached]]:
    """Those who sent the entry, and how they can be written to; "" where no address is known.

    ``consent`` is whether they agreed to this purpose, and that holds today.
    """
    rows = EntryParty.objects.filter(entry=entry, role=SENDER).select_related("party__merged_into")
    found = []
    for row in rows.order_by("id"):
        party = whole(row.party)
        details = details_of(party)
        agreed = any(one.purpose == purpose and one.holds(today) for one in details.consents)
        by = Reached(row.written, next(iter(details.emails), ""), details.language, agreed)
        found.append((party, by))
    return found
