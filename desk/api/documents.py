"""Documents of an entry: added, and how far their reading is."""

import hashlib
import tempfile
from pathlib import Path, PurePath
from typing import Annotated, Any

from django.db import transaction
from django.http import HttpRequest
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile

from desk.api.entries import Number
from desk.api.once import Key, once
from desk.api.problems import PROBLEMS, TooLarge
from desk.api.tokens import act, rights
from desk.instance import served
from desk.reading import read_later
from desk.uploads import copy_to, is_too_large
from domain.rights import Action
from flows.attach import hand_in, hand_over
from register import attaching, views
from register.models import Batch

router = Router(by_alias=True)


class Handing(Schema, extra="forbid"):
    """Why it is added, and the id of the document of which it is a new version, "" for a document more."""

    reason: Annotated[str, Form(max_length=4000)] = ""
    replaces: Annotated[str, Form(max_length=64)] = ""


class _Asked(Handing):
    """With the hash of the file: the same request again is one with the same file."""

    sha256: str


class Handed(Schema):
    """A file that was handed in: its batch, and in which state it is; ``done`` once it is filed."""

    batch: int
    source: str
    state: str


class HandedIn(Schema):
    """Files that were handed in for an entry, the oldest first."""

    items: list[Handed]


@router.post(
    "/{number}/documents", response={202: Handed, **PROBLEMS}, summary="Add a file to an entry, as a document"
)
def attach(
    request: HttpRequest,
    number: Number,
    file: Annotated[UploadedFile, File()],
    said: Annotated[Handing, Form()],
    key: Key = "",
) -> Any:
    """It is read as a scanned one is, after this answer: the documents of the entry show it then."""
    services = served()
    if is_too_large(services, file):
        raise TooLarge(services.settings.desk.upload_mb)
    doing = act(request, said.reason)

    def answer() -> tuple[int, str]:
        with tempfile.TemporaryDirectory(prefix="postroom-hand-in-") as folder:
            copy = Path(folder) / f"copy{PurePath(file.name or '').suffix[:8]}"
            copy_to(copy, file)
            take = hand_over if services.settings.leaves_to_workers else hand_in
            batch = take(services, number, copy, doing, said.replaces, Path(file.name or "file"))
        if take is hand_in:
            transaction.on_commit(lambda: read_later(services, batch))
        return 202, str(batch.pk)

    digest = hashlib.sha256()
    for part in file.chunks():
        digest.update(part)
    asked = _Asked(**said.model_dump(), sha256=digest.hexdigest())
    status, batch = once(request, key, asked, answer)
    return Status(status, _told(Batch.objects.get(pk=batch)))


@router.get("/{number}/documents", response={200: HandedIn, **PROBLEMS}, summary="How far its files are")
def handed(request: HttpRequest, number: Number) -> Any:
    """What cannot be read waits in the exceptions queue: its batch is done, and brought no document."""
    entry = views.entry(number, rights(request), Action.VIEW)
    return {"items": [_told(one) for one in attaching.handed_in(entry)]}


def _told(batch: Batch) -> dict[str, Any]:
    return {"batch": batch.pk, "source": batch.source, "state": batch.state}
