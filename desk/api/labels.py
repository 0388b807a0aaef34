"""Labels with register numbers, for programs that print; new numbers are reserved at ``/ranges``."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema
from pydantic import StringConstraints

from desk.api.problems import PROBLEMS
from desk.api.shapes import Because, Name, Short
from desk.api.tokens import act, rights
from desk.instance import served
from domain.errors import Usage
from letters import labels
from letters.labels import Label
from register import printing
from register.acts import Act

router = Router(by_alias=True)


class Wanted(Because):
    """Of entries, or reserved ones; or all of a range that are open."""

    numbers: Annotated[list[Name], Field(max_length=1000, default_factory=list)]
    name: Annotated[Short, Field(alias="range")] = ""


class OnSheets(Wanted):
    """On sheets of Avery's number, from a place of the first on."""

    size: Annotated[str, StringConstraints(max_length=16)] = "L7160"
    start: Annotated[int, Field(ge=1, le=100)] = 1


class ForPrinter(Wanted):
    """For a label printer: size of a label in mm, and dots per inch."""

    width: Annotated[float, Field(ge=15, le=200)] = 60.0
    height: Annotated[float, Field(ge=10, le=300)] = 30.0
    dpi: Literal[203, 300, 600] = 203


class Late(Schema):
    """A label whose paper was never scanned."""

    number: str
    printed_at: str
    days: int
    range: str | None
    place: str | None
    subject: str | None


class Waiting(Schema):
    """Labels that were printed and whose paper was never scanned, the oldest first."""

    items: list[Late]


@router.post("/sheet", response={200: None, **PROBLEMS}, summary="Labels on sheets, as PDF")
def sheet(request: HttpRequest, body: OnSheets) -> Any:
    """That they are printed is noted."""
    size = labels.must_be_size(body.size)
    if body.start > size.count:
        raise Usage(f"start is {body.start}: a sheet of this size has places 1 to {size.count}")
    doing = act(request, body.reason)
    return _printed(
        body, doing, f"sheet {body.size.upper()}", lambda some: labels.sheet_pdf(some, size, body.start),
        "application/pdf",
    )  # fmt: skip


@router.post("/zpl", response={200: None, **PROBLEMS}, summary="Labels for a label printer (ZPL II)")
def zpl(request: HttpRequest, body: ForPrinter) -> Any:
    """That they are printed is noted."""
    for number in body.numbers or [f"{body.name.partition('-')[0] or 'IN'}-2026-000123-7"]:
        labels.must_fit(number, body.width, body.height, body.dpi)
    doing = act(request, body.reason)
    return _printed(
        body, doing, "zpl", lambda some: labels.zpl(some, body.width, body.height, body.dpi).encode(),
        "application/zpl",
    )  # fmt: skip


@router.get("/waiting", response={200: Waiting, **PROBLEMS}, summary="Labels whose paper was never scanned")
def waiting(request: HttpRequest, days: Annotated[int, Query(ge=0, le=36500)] = 0) -> Any:
    """Those printed so many days ago or before, as far as the user may know of their numbers."""
    return {"items": printing.waiting(rights(request), datetime.now(UTC), days)}


def _printed(
    body: Wanted, doing: Act, form: str, render: Callable[[list[Label]], bytes], media: str
) -> HttpResponse:
    if bool(body.numbers) == bool(body.name):
        raise Usage("Say which numbers: numbers or range; new ones are reserved at /ranges")
    if body.name:
        numbers = printing.note_range(body.name, doing, form)
    else:
        numbers = printing.note(body.numbers, doing, form)
    office = served().settings.office.name
    return HttpResponse(render([Label(one, office) for one in numbers]), content_type=media)
