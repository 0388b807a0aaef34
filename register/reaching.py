"""Where who sent an entry can be written to, if that is sure enough: a wrong address is somebody else's."""

import json
from datetime import date

from domain.correspondence import Confidentiality
from domain.office import Office
from register.models import Entry, Event, Party, PartyEvent
from register.parties import reach
from register.party_history import CAME_UP

_SURE = 0.85  # of an address that was read from paper
_OPEN = (Confidentiality.PUBLIC, Confidentiality.INTERNAL)


def sender_of(entry: Entry, today: date, office: Office) -> tuple[str, str]:
    """Address and language of who sent an entry; "" for each that is not known.

    It is the address of a sender who agreed to be told. Where none did, and what the entry holds is not
    confidential, it is the only address that was read from its pages, if it was read well and is nobody's
    here; else one that a person wrote down for the sender, if nobody else is known by that name.
    """
    people = reach(entry, today)
    for _, one in people:
        if one.email and one.consent:
            return one.email, one.language
    if entry.confidentiality not in _OPEN:
        return "", ""
    if read := _read(entry, office):
        return read, next((one.language for _, one in people if one.email == read), "")
    for party, one in people:
        if one.email and _has_no_namesake(party) and _was_written(party, one.email):
            return one.email, one.language
    return "", ""


def _has_no_namesake(party: Party) -> bool:
    return Party.objects.filter(folded=party.folded, merged_into=None).count() == 1


def _was_written(party: Party, address: str) -> bool:
    """Whether a person wrote this address down, in place of its having been read from paper."""
    events = PartyEvent.objects.filter(party__in=[party, *party.merged.all()]).select_related("content")
    for event in events:
        content = getattr(event, "content", None)
        if content is None or address not in (json.loads(content.body).get("after", {}).get("emails") or ()):
            continue
        typed = Event.objects.filter(entry__parties__party=event.party, kind__in=("entered", "amended"))
        if event.kind != CAME_UP or typed.filter(actor=event.actor, at=event.at).exists():
            return True
    return False


def _read(entry: Entry, office: Office) -> str:
    own = {one.email.casefold() for one in office.users.values()}
    own |= {one.email.casefold() for one in office.departments.values()}
    fields = [
        field
        for document in entry.documents.exclude(fates=None).values_list("fields", flat=True)
        for field in document
        if field["name"] == "email" and field["valid"] is not False and field["value"].casefold() not in own
    ]
    found = {one["value"] for one in fields}
    sure = all(one["confidence"] >= _SURE for one in fields)
    return found.pop() if len(found) == 1 and sure else ""
