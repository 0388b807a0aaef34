"""What waits for a person: documents without a class, files that could not be filed."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema
from pydantic import StringConstraints

from desk.api.listing import LARGEST, Limit, page
from desk.api.once import Key, once
from desk.api.problems import PROBLEMS
from desk.api.shapes import Because
from desk.api.tokens import act, rights
from desk.instance import served
from infra.classes import current, today
from register import problems, review

reviews = Router()
documents = Router(by_alias=True)
classes = Router()
exceptions = Router()
After = Annotated[int, Query(ge=0, le=LARGEST)]
Named = Annotated[str, Path(max_length=64, pattern="^[A-Za-z0-9.-]+$")]


class ToReview(Schema):
    """A document whose class a person must say; in a ``blind`` review without the guess."""

    document: str
    number: str
    guess: str | None
    probability: float | None
    alternatives: list[dict[str, Any]]
    why: str | None
    blind: bool
    pages: int
    subject: str
    source: str


class Reviews(Schema):
    """Some documents that wait for a class, oldest first; ``next`` is the cursor of those that follow."""

    items: list[ToReview]
    next: int | None


class Labelling(Because):
    """What class it is; "" takes its class away."""

    class_name: Annotated[str, StringConstraints(max_length=64), Field(alias="class")]


class Labelled(Schema):
    """Its class now. ``differ``: two people said different things in a blind review, somebody must decide."""

    document: str
    number: str
    class_name: Annotated[str | None, Field(alias="class")]
    blind: bool
    differ: bool


class Names(Schema):
    """The classes that a document may be given today."""

    items: list[str]


class ExceptionShape(Schema):
    """A file, or a ``page`` of it, that could not be filed: why, and what to do."""

    id: int
    source: str
    page: int | None
    reason: str
    fix: str
    since: str


class Exceptions(Schema):
    """Some of what could not be filed, oldest first; ``next`` is the cursor of what follows."""

    items: list[ExceptionShape]
    next: int | None


@reviews.get("", response={200: Reviews, **PROBLEMS}, summary="Documents whose class a person must decide")
def waiting(request: HttpRequest, limit: Limit = 50, cursor: After = 0) -> Any:
    """Of entries that the user may edit."""
    found = page(review.waiting(rights(request), limit=limit + 1, after=cursor), limit, lambda one: one.pk)
    return {**found, "items": review.told(found["items"])}


@documents.post("/{document}/label", response={200: Labelled, **PROBLEMS}, summary="Say what class it is")
def label(request: HttpRequest, document: Named, body: Labelling, key: Key = "") -> Any:
    """By its id, or by the number of an entry that has one document. Retraining learns from it."""
    doing = act(request, body.reason)

    def answer() -> tuple[int, str]:
        said = review.label(
            document, body.class_name, actor=doing.actor, at=datetime.now(UTC), today=today(served()),
            reason=body.reason, rights=doing.rights, source=doing.source,
        )  # fmt: skip
        one = said.document
        told = {"document": one.key, "number": one.entry.number, "class": one.label}
        return 200, json.dumps({**told, "blind": said.blind, "differ": said.differ})

    return json.loads(once(request, key, body, answer)[1])


@classes.get("", response={200: Names, **PROBLEMS}, summary="The classes that a document may have")
def listed(request: HttpRequest) -> Any:
    """Those of today."""
    return {"items": current(served())}


@exceptions.get("", response={200: Exceptions, **PROBLEMS}, summary="Files and pages that could not be filed")
def unfiled(request: HttpRequest, limit: Limit = 50, cursor: After = 0) -> Any:
    """For who registers mail. What is to be done about them is done where the files are read."""
    found = page(problems.listed(rights(request), limit=limit + 1, after=cursor), limit, lambda one: one.pk)
    return {**found, "items": problems.told(found["items"])}
