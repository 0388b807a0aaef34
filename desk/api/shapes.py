"""What requests say and answers tell."""

from datetime import date, datetime
from typing import Annotated, Any

from ninja import Field, Schema
from pydantic import AfterValidator, StringConstraints

from domain.correspondence import Channel, Confidentiality, Direction, Priority, Relation
from domain.rights import Action

Text = Annotated[str, StringConstraints(max_length=4000)]
Short = Annotated[str, StringConstraints(max_length=255)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Names = Annotated[list[Short], Field(max_length=100)]


class Said(Schema, extra="forbid"):
    """What is said of an entry; what is left out stays as it is."""

    subject: Text | None = None
    senders: Names | None = None
    recipients: Names | None = None
    channel: Channel | None = None
    reference: Short | None = None
    dated: date | None = None
    class_name: Annotated[Short | None, Field(alias="class")] = None
    tags: Names | None = None
    priority: Priority | None = None
    confidentiality: Confidentiality | None = None
    language: Annotated[str, StringConstraints(pattern="^([a-z]{2})?$")] | None = None
    location: Short | None = None
    custom: dict[Name, str | float | bool] | None = None


def _plausible(at: datetime) -> datetime:
    """Within years that stay within what computers count, whatever the zone."""
    if not 1900 <= at.year <= 2999:
        raise ValueError("give a year from 1900 to 2999")
    return at


class NewEntry(Said):
    """An entry to be made."""

    direction: Direction = Direction.INCOMING
    code: Annotated[str, StringConstraints(pattern="^([A-Z][A-Z0-9]{0,15})?$"), Field(alias="register")] = ""
    received_at: Annotated[datetime, AfterValidator(_plausible)] | None = None
    number: Short = ""
    department: Short = ""
    person: Short = ""


class Changed(Said):
    """What is to be said of an entry from now on."""

    reason: Text = ""


class Because(Schema, extra="forbid"):
    """Why."""

    reason: Text = ""


class Moved(Because):
    """The state that follows."""

    to: Name


class Given(Because):
    """Who is to have it."""

    department: Short = ""
    person: Short = ""


class Sent(Because):
    """To whom it goes outside."""

    recipients: Names


class Related(Because):
    """What it is to another."""

    relation: Relation
    number: Name


class Struck(Because):
    """Why it is void, and what counts in its place."""

    replaced_by: Annotated[list[Name], Field(max_length=100, default_factory=list)]


class Shared(Because):
    """Who may do what with it."""

    user: Name
    action: Action = Action.VIEW


class Party(Schema):
    """Who sent it, or to whom."""

    role: str
    name: str
    party: str | None


class EntryShape(Schema):
    """An entry whole."""

    number: str
    code: Annotated[str, Field(alias="register")]
    direction: str
    received_at: str
    dispatched_at: str | None
    subject: str
    reference: str
    channel: str
    dated: str | None
    class_name: Annotated[str | None, Field(alias="class")]
    tags: list[str]
    priority: str
    confidentiality: str
    language: str | None
    location: str | None
    status: str
    department: str | None
    person: str | None
    access: list[str]
    custom: dict[str, Any]
    relations: list[dict[str, str]]
    voided_at: str | None
    void_reason: str | None
    replaced_by: list[str]
    parties: list[Party]
    alarms: list[dict[str, Any]]
    documents: list[dict[str, Any]]
    history: list[dict[str, Any]]


class Line(Schema):
    """An entry in a list."""

    number: str
    code: Annotated[str, Field(alias="register")]
    received_at: str
    direction: str
    status: str
    class_name: Annotated[str | None, Field(alias="class")]
    department: str | None
    person: str | None
    priority: str
    due_at: str | None
    subject: str
    senders: list[str]
    recipients: list[str]
    voided_at: str | None


class Page(Schema):
    """Some entries; ``next`` is the cursor of those that follow, null for the last."""

    items: list[Line]
    next: str | None


class HitShape(Schema):
    """An entry that a search found."""

    number: str
    class_name: Annotated[str | None, Field(alias="class")]
    score: float
    page: int | None
    snippet: str
    subject: str


class Found(Schema):
    """What a search found, with counts over all of it; ``next`` is the cursor of the hits that follow."""

    total: int
    hits: list[HitShape]
    facets: dict[str, dict[str, int]]
    next: int | None


class ClockShape(Schema):
    """A deadline of an entry; ``allowed`` and ``used`` in seconds of working time."""

    number: str
    deadline: str
    legal: bool
    extended: int
    state: str
    begun_at: str
    due_at: str | None
    ended_at: str | None
    allowed: float
    used: float
    department: str | None
    person: str | None
    subject: str


class Extended(Because):
    """The deadline that gets more time, where an entry has several; its last day, or so many days more."""

    deadline: Short = ""
    to: date | None = None
    days: Annotated[int, Field(ge=0, le=3660)] = 0


class ClockWhole(ClockShape):
    """With its terms, and what it has brought about and will."""

    terms: dict[str, Any]
    fired: list[dict[str, str]]
    to_come: list[dict[str, str]]


class Due(Schema):
    """Some deadlines that have not ended, those due first at the front; ``next`` as of entries."""

    items: list[ClockShape]
    next: str | None


class Clocks(Schema):
    """The deadlines of an entry."""

    items: list[ClockWhole]


class NewRange(Schema, extra="forbid"):
    """Numbers to be reserved."""

    code: Annotated[str, StringConstraints(pattern="^[A-Z][A-Z0-9]{0,15}$"), Field(alias="register")]
    count: Annotated[int, Field(ge=1, le=5000)]
    place: Short = ""
    department: Short = ""
    year: Annotated[int, Field(ge=0, le=9999)] = 0
    reason: Text = ""


class Reconciled(Because):
    """The range, and whether what is open of it becomes void, with the reason."""

    name: Annotated[Short, Field(alias="range")]
    void_rest: bool = False


class RangeShape(Schema):
    """Reserved numbers, and what became of them."""

    range: str
    code: Annotated[str, Field(alias="register")]
    year: int
    first: str
    last: str
    place: str
    department: str | None
    reserved_at: str | None
    days: int
    reserved: int
    used: int
    void: int
    open: int
    open_numbers: list[str]


class Ranges(Schema):
    """Some ranges of reserved numbers, the oldest first; ``next`` as of entries."""

    items: list[RangeShape]
    next: str | None


class Held(Schema):
    """What the office decided."""

    items: list[dict[str, Any]]


class NoticeShape(Schema):
    """Something that the user was told; ``told`` is what its text was made of."""

    id: int
    kind: str
    number: str | None
    subject: str
    text: str
    told: dict[str, Any]
    at: str
    read_at: str | None


class Inbox(Schema):
    """Some of what the user was told, the newest first; ``next`` is the cursor of what follows."""

    unread: int
    items: list[NoticeShape]
    next: int | None
