"""Which objects of the archive an entry, a change or a batch is made of."""

import json
from collections.abc import Collection, Sequence

from domain.errors import Missing, Usage
from register import attaching, standing
from register.models import Claim, Document, Entry, Outbox, StoredObject


def texts(entry: Entry) -> list[StoredObject]:
    """The texts of an entry's documents, in order, but for those withdrawn."""
    documents = standing.documents().filter(entry=entry)
    return list(StoredObject.objects.filter(document__in=documents, role="text").order_by("document_id"))


def texts_of(changes: Sequence[Outbox]) -> dict[int, list[StoredObject]]:
    """By the id of each change of an entry: the texts of the documents that stood there then, in order."""
    named = {
        row.pk: [one["document"] for one in json.loads(row.body)["entry"]["documents"] if one["account"]]
        for row in changes
    }
    keys = {key for some in named.values() for key in some}
    rows = StoredObject.objects.filter(document__key__in=keys, role="text").select_related("document")
    texts = {one.document.key: one for one in rows if one.document}
    return {row: [texts[key] for key in some if key in texts] for row, some in named.items()}


def object_keys(entries: Collection[int | None]) -> set[str]:
    """Archive keys of all that these entries, by id, are made of: contents, manifests, originals."""
    contents = StoredObject.objects.filter(document__entry__in=entries).values_list("key", flat=True)
    claims = Claim.objects.filter(fates__document__entry__in=entries).distinct()
    shared = (key for both in claims.values_list("original", "rendition") for key in both if key)
    return {*contents, *shared}


def originals_of(batches: Collection[int]) -> set[str]:
    """Archive keys of the originals of these batches, by id, whatever became of their pages."""
    claims = Claim.objects.filter(batch__in=batches).exclude(original="")
    return set(claims.values_list("original", flat=True))


def opened_of(batches: Collection[int]) -> set[str]:
    """Archive keys of what came of the files of these batches, by id, once they had been received.

    Those are files that lay in others, and renditions that are read in the place of originals.
    """
    claims = Claim.objects.filter(batch__in=batches)
    members = claims.exclude(inside=None).exclude(original="").values_list("original", flat=True)
    return {*members, *claims.exclude(rendition="").values_list("rendition", flat=True)}


def object_key(entry: Entry, roles: tuple[str, ...], document: str = "") -> str:
    """Archive key of the first object of one of these roles of the entry's first document that stands.

    Of an entry whose documents were all withdrawn, of the first that it had; of one with several versions, of
    the newest. With ``document`` of the one with this id.

    Raises:
        Missing: the entry has no such document.
        Usage: it has no such object.
    """
    first = next(iter(_documents(entry, document)), None)
    found = StoredObject.objects.filter(document=first, role__in=roles).first() if first else None
    if found is None:
        raise Usage(f"{entry.number} has no {' or '.join(roles)}.")
    return found.key


def original_keys(entry: Entry, document: str = "") -> list[tuple[str, str]]:
    """Archive key and dropped name of the files that the entry, or one document of it, came in, in order.

    Raises:
        Missing: the entry has no such document.
    """
    files = []
    for one in _documents(entry, document):
        claims = {claim.ordinal: claim for claim in one.batch.claims.all()}
        files += [claims[file] for file, _ in standing.places(one)]
    return list(dict.fromkeys((one.original, one.source) for one in files))


def _documents(entry: Entry, document: str = "") -> list[Document]:
    """The entry's documents that stand, in their newest versions; all that it had where none does."""
    of_entry = Document.objects.filter(entry=entry).select_related("batch").order_by("id")
    if document:
        if found := list(of_entry.filter(key=document)):
            return found
        number = entry.number
        raise Missing(f"{number} has no document {document}. Its documents: postroom show {number}")
    return attaching.newest(list(of_entry.filter(pk__in=standing.documents()))) or list(of_entry)


def object_key_of(document: Document, roles: tuple[str, ...]) -> str:
    """Archive key of the document's object of one of these roles."""
    return str(StoredObject.objects.values_list("key", flat=True).get(document=document, role__in=roles))
