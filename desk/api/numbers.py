"""How numbers are written, and what was received without network with numbers reserved for it."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, File, Form, Path, Router, Schema
from ninja.files import UploadedFile

from desk.api.entries import IfMatch, seen, states
from desk.api.office import decision
from desk.api.once import Key, once
from desk.api.problems import PROBLEMS, TooLarge
from desk.api.shapes import Because, Short
from desk.api.tokens import act
from desk.instance import served
from desk.uploads import is_too_large
from domain.errors import Usage
from domain.wire import to_plain
from flows.publish import quietly
from infra.classes import must_be
from register import numbering, offline

router = Router(by_alias=True)
Of = Annotated[str, Path(pattern="^(all|[A-Z][A-Z0-9]{0,15})$")]
MOST = 5000
"""Lines that are taken together at most."""
_KIND = "numbering"


class FormShape(Schema):
    """How the numbers of a register are written; ``before`` are the forms of numbers given until then."""

    code: Annotated[str, Field(alias="register")]
    form: str
    example: str
    before: list[str]


class Forms(Schema):
    """The form of all registers that have none of their own, then those that registers have."""

    items: list[FormShape]


class Written(Because):
    """How numbers are to be written from now on."""

    form: Annotated[Short, Field(min_length=1)]


class Importing(Schema, extra="forbid"):
    """Whether all lines are to be entered or none, and why it is done."""

    strict: Annotated[bool, Form()] = False
    reason: Annotated[str, Form(max_length=4000)] = ""


class FaultShape(Schema):
    """What is wrong with a line, counted from 1, of which nothing is written."""

    line: int
    field: str
    value: str
    problem: str


class Imported(Schema):
    """Numbers that were entered; that were there before, just as their lines say; lines at fault."""

    entered: list[str]
    already: list[str]
    faults: list[FaultShape]


@router.get("/forms", response={200: Forms, **PROBLEMS}, summary="How numbers are written")
def listed(request: HttpRequest) -> Any:
    """Of all registers, and of those that have a form of their own."""
    return {"items": numbering.listed(_year())}


@router.get("/forms/{code}", response={200: FormShape, **PROBLEMS}, summary="A register's numbers")
def show(request: HttpRequest, response: HttpResponse, code: Of) -> Any:
    """`all` for those that have no form of their own. Its ETag is the decision by which it holds."""
    response["ETag"] = decision(_KIND, code)
    return numbering.told(code, _year())


@router.put("/forms/{code}", response={200: FormShape, **PROBLEMS}, summary="Write numbers otherwise")
def write(
    request: HttpRequest,
    response: HttpResponse,
    code: Of,
    body: Written,
    key: Key = "",
    if_match: IfMatch = "",
) -> Any:
    """From now on; numbers that were given stay. With If-Match only if nobody has decided otherwise since."""
    doing = act(request, body.reason, seen(if_match))

    def answer() -> tuple[int, str]:
        numbering.set_form(body.form, doing, "" if code == numbering.ALL else code)
        return 200, code

    once(request, key, body, answer)
    return show(request, response, code)


@router.post("/import", response={200: Imported, **PROBLEMS}, summary="Enter what came without network")
def take(
    request: HttpRequest, file: Annotated[UploadedFile, File()], said: Annotated[Importing, Form()]
) -> Any:
    """From a CSV with a heading, or JSON lines (`.jsonl`), each line with the number reserved for it.

    Each line is entered whole or not at all. The same file may be handed in again: what was entered is told
    as already there.
    """
    services = served()
    if is_too_large(services, file):
        raise TooLarge(services.settings.desk.upload_mb)
    try:
        text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Usage("file is not UTF-8: save it so, and hand it in again") from error
    found = offline.take(
        _few(offline.read(file.name or "", text)),
        act(request, said.reason),
        zone=services.settings.zone,
        known=partial(must_be, services),
        office=states(),
        strict=said.strict,
    )
    quietly(services)
    return to_plain(found)


def _few(lines: Iterator[offline.Line]) -> list[offline.Line]:
    """All lines, read before one is entered."""
    found = list(islice(lines, MOST + 1))
    if len(found) > MOST:
        raise Usage(f"file has more than {MOST} lines: hand in its parts")
    return found


def _year() -> int:
    return datetime.now(served().settings.zone).year
