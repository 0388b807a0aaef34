"""Lists: what a request for one asks for, and a page of it."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any

from ninja import Field, Query, Schema
from pydantic import AfterValidator, StringConstraints

from domain.correspondence import Channel, Confidentiality, Direction, Priority
from register.listing import Asked, Held, Order, Which

Word = Annotated[str, StringConstraints(max_length=255)]
LARGEST = (1 << 63) - 1  # id of a row, or event
MOST = 200  # of a page
Limit = Annotated[int, Query(ge=1, le=MOST)]
Cursor = Annotated[str, Query(max_length=64)]


def page(found: Sequence[Any], limit: int, place: Callable[[Any], Any]) -> dict[str, Any]:
    """Of what was found up to one more than ``limit``: those asked for, and the place of the last of them.

    ``next`` is the ``cursor`` of the page that follows, None for the last page.
    """
    items = found[:limit]
    return {"items": items, "next": place(items[-1]) if len(found) > limit else None}


def number_of(told: dict[str, Any]) -> str:
    """By which most lists go on."""
    return str(told["number"])


def _assigned(text: str) -> str:
    name, equals, _ = text.partition("=")
    if not (equals and name.strip()):
        raise ValueError("write it as NAME=VALUE")
    return text


class Wanted(Schema):
    """Which entries, in which order; what is left out is not asked."""

    code: Annotated[Word, Field(alias="register")] = ""
    year: Annotated[int | None, Field(ge=1900, le=2200)] = None
    direction: Direction | None = None
    status: Word = ""
    department: Word = ""
    person: Word = ""
    class_name: Annotated[Word, Field(alias="class")] = ""
    tags: Annotated[list[Word], Field(alias="tag", max_length=20, default_factory=list)]
    custom: Annotated[
        list[Annotated[Word, AfterValidator(_assigned)]],
        Field(alias="field", max_length=20, default_factory=list, description="NAME=VALUE"),
    ]
    channel: Channel | None = None
    priority: Priority | None = None
    confidentiality: Confidentiality | None = None
    since: Annotated[date | None, Field(alias="from")] = None
    until: Annotated[date | None, Field(alias="to")] = None
    party: Word = ""
    about: Word = ""
    which: Annotated[Which, Field(alias="void", description="Whether void ones are among them.")] = (
        Which.COUNTING
    )
    open: Annotated[bool, Field(description="Only those that have not ended.")] = False
    held: Annotated[
        Held,
        Field(description="Whether only those that no person has; or neither a person nor a department."),
    ] = Held.ANY
    order: Order = Order.NEWEST
    limit: Annotated[int, Field(ge=1, le=MOST)] = 50
    cursor: Annotated[str, StringConstraints(max_length=64)] = ""

    def asked(self) -> Asked:
        """The same, as the register takes it."""
        return Asked(
            register=self.code,
            year=self.year,
            direction=self.direction or "",
            status=self.status,
            department=self.department,
            person=self.person,
            label=self.class_name,
            tags=tuple(self.tags),
            custom={name.strip(): value for name, _, value in (one.partition("=") for one in self.custom)},
            channel=self.channel or "",
            priority=self.priority or "",
            confidentiality=self.confidentiality or "",
            since=self.since,
            until=self.until,
            party=self.party,
            about=self.about,
            which=self.which,
            open=self.open,
            held=self.held,
            order=self.order,
        )
