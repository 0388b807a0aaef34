"""Files that people add to entries: what goes with them, and the versions that come of it.

A new version is a document of its own, whose batch says which document it replaces; the old one stays.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from domain.attachment import Attachment
from domain.errors import Missing, Usage
from domain.wire import to_plain
from register import standing
from register.acts import Act
from register.entries import locked
from register.filing import ATTACHMENT, attachment_of
from register.models import Batch, Document, Entry
from register.session import write

STATION = "attached"
"""What the batches of files that people add are said to come from."""


def with_attachment(profile: dict[str, Any], attachment: Attachment) -> dict[str, Any]:
    """The profile of a batch that attaches it."""
    return {**profile, ATTACHMENT: to_plain(attachment)}


def of_station(profile: dict[str, Any]) -> dict[str, Any]:
    """What of a batch's profile is the station's."""
    return {name: value for name, value in profile.items() if name != ATTACHMENT}


def must_attach(number: str, act: Act, replaces: str = "") -> str:
    """See that somebody may attach a file to this entry; returns the register that it stands in.

    Raises:
        Missing: there is no such entry, or it has no such document.
        Forbidden: the person may not.
        Usage: it is void, or that document was replaced already.
    """
    with write():
        entry = locked(number, act)
        if replaces:
            documents = list(standing.documents().filter(entry=entry).select_related("batch"))
            if replaces not in {one.key for one in documents}:
                raise Missing(f"{number} has no document {replaces}. Its documents: postroom show {number}")
            if newer := _newer(documents).get(replaces):
                raise Usage(f"{replaces} has a newer version: replace {newer[0].key}")
        return entry.register


def handed_in(entry: Entry) -> Sequence[Batch]:
    """The batches of files that people added to an entry, the oldest first."""
    rows = Batch.objects.filter(station=STATION, profile__attachment__entry=entry.number)
    return list(rows.order_by("id"))


def newest(documents: Sequence[Document]) -> list[Document]:
    """Each of an entry's documents in its newest version, in the place of the first."""
    newer = _newer(documents)
    return [last for one in documents if not _replaces(one) for last in _last(one, newer)]


def replaced(documents: Sequence[Document]) -> dict[str, str]:
    """By the id of each document that is a new version, the id of the one that it replaces."""
    return {one.key: _replaces(one) for one in documents if _replaces(one)}


def _last(document: Document, newer: dict[str, list[Document]]) -> Iterator[Document]:
    later = newer.get(document.key)
    if not later:
        yield document
        return
    for one in later:
        yield from _last(one, newer)


def _newer(documents: Sequence[Document]) -> dict[str, list[Document]]:
    newer: dict[str, list[Document]] = {}
    known = {one.key for one in documents}
    for one in documents:
        if (before := _replaces(one)) in known:
            newer.setdefault(before, []).append(one)
    return newer


def _replaces(document: Document) -> str:
    said = attachment_of(document.batch)
    return said.replaces if said else ""
