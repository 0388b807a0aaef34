"""Receipts: given, had again, proven, and checked when one comes back."""

import json
import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import File, Form, Router, Schema
from ninja.files import UploadedFile
from pydantic import StringConstraints

from desk.api.entries import Number, in_path
from desk.api.once import Key, once
from desk.api.problems import PROBLEMS, TooLarge
from desk.api.shapes import Because
from desk.api.tokens import act, rights
from desk.instance import served
from desk.uploads import copy_to, is_too_large
from domain.errors import Missing
from domain.rights import Action
from flows import proofs, receipts
from flows.mailed import must_be_address, send
from register import views

router = Router(by_alias=True)
of_entries = Router(by_alias=True)


class Asked(Because):
    """In which language, "" for the letter's, and where it is mailed to, "" for nowhere."""

    language: Literal["", "en", "es", "de", "fr"] = ""
    mail: Annotated[str, StringConstraints(max_length=254)] = ""


class Differing(Schema):
    """A field, what the file says of it, and what was certified."""

    field: str
    file: str
    certified: str


class Verdict(Schema):
    """What a file is that somebody shows: a receipt, a document of the archive, or unknown."""

    genuine: bool
    what: Literal["receipt", "document", "unknown"]
    number: str
    says: str
    differs: list[Differing]


@of_entries.post(
    "/{number}/receipts", response={201: None, **PROBLEMS}, summary="Give a receipt, as PDF; mail it if asked"
)
def issue(request: HttpRequest, number: Number, body: Asked, key: Key = "") -> Any:
    """It stands in the entry's history. The same request again with the same key gives the last receipt."""
    services = served()
    doing = act(request, body.reason)
    to = must_be_address(body.mail) if body.mail else None
    made: list[bytes] = []

    def answer() -> tuple[int, str]:
        made.append(receipts.issue(services, number, doing, body.language, to=body.mail))
        return 201, views.entry(number).number

    status, name = once(request, key, body, answer)
    if made and to:
        send(services, name, made[0], to, body.language, doing.at)
    pdf = made[0] if made else receipts.again(services, name)
    if pdf is None:
        raise Missing(f"the receipt of {name} cannot be made again: the office looks otherwise since")
    return _pdf(pdf, name, status)


@of_entries.get(
    "/{number}/receipt", response={200: None, **PROBLEMS}, summary="The receipt that was given last, as PDF"
)
def last(request: HttpRequest, number: Number) -> Any:
    """Byte for byte, as long as the office looks the same."""
    name = views.entry(number, rights(request), Action.EXPORT).number
    pdf = receipts.again(served(), name)
    if pdf is None:
        raise Missing(f"no receipt of {name} can be had: none was given, or the office looks otherwise since")
    return _pdf(pdf, name)


@of_entries.get(
    "/{number}/proof", response={200: dict[str, Any], **PROBLEMS}, summary="What proves an entry's receipts"
)
def proof(request: HttpRequest, number: Number) -> Any:
    """Together with the published heads, without this register."""
    return JsonResponse(json.loads(proofs.prove(served(), number, act(request))))


@router.post(
    "/verify", response={200: Verdict, **PROBLEMS}, summary="Whether a receipt or document is genuine"
)
def verify(
    request: HttpRequest,
    file: Annotated[UploadedFile, File()],
    of: Annotated[str, Form(max_length=64)] = "",
) -> Any:
    """With `of`, the number of an entry, also in what it differs from what the archive holds of that.

    What was certified of an entry is told to who may know of it, or shows that they have its receipt.
    """
    services = served()
    if is_too_large(services, file):
        raise TooLarge(services.settings.desk.upload_mb)
    kind = Path(file.name or "").suffix[:8]
    with tempfile.NamedTemporaryFile(prefix="postroom-check-", suffix=kind) as copy:
        copy_to(Path(copy.name), file)
        found = receipts.check(services, Path(copy.name), rights(request), of)
    differs = [{"field": name, "file": says, "certified": was} for name, says, was in found.differs]
    return {
        "genuine": found.genuine, "what": found.what, "number": found.number, "says": found.says,
        "differs": differs,
    }  # fmt: skip


def _pdf(data: bytes, number: str, status: int = 200) -> HttpResponse:
    answer = HttpResponse(data, content_type="application/pdf", status=status)
    answer["Content-Disposition"] = f'attachment; filename="{in_path(number)}.pdf"'
    return answer
