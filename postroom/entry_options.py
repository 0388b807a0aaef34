"""The options by which a person says what an entry is."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

import typer

from domain.correspondence import Channel, Confidentiality, Priority
from domain.errors import Usage
from postroom.option_sets import named, with_options

T = TypeVar("T")


class _Options:
    """The options by which a person says what an entry is."""

    subject: Annotated[str | None, typer.Option(help="What it is about.")]
    sender: Annotated[list[str] | None, typer.Option(help="Who sent it; may be given more than once.")]
    recipient: Annotated[list[str] | None, typer.Option(help="To whom; may be given more than once.")]
    channel: Annotated[Channel | None, typer.Option(help="How it came or goes.")]
    reference: Annotated[str | None, typer.Option(help="Reference of the other side.")]
    dated: Annotated[str | None, typer.Option(help="Date on the letter, YYYY-MM-DD.")]
    class_name: Annotated[str | None, typer.Option("--class", help="Its class.")]
    tag: Annotated[list[str] | None, typer.Option(help="May be given more than once.")]
    priority: Annotated[Priority | None, typer.Option(help="How soon it is to be worked on.")]
    confidentiality: Annotated[Confidentiality | None, typer.Option(help="Who may know of it.")]
    language: Annotated[str | None, typer.Option(help="Two letters, such as en.")]
    location: Annotated[str | None, typer.Option(help="Where the paper lies.")]
    field: Annotated[
        list[str] | None, typer.Option(help="A field of the office's own, NAME=VALUE; more than once.")
    ]


def _said(given: dict[str, Any]) -> dict[str, Any]:
    """The details that were named; "" takes one away."""
    return dict(_detail(option, value) for option, value in named(given).items())


def _detail(option: str, value: Any) -> tuple[str, Any]:
    match option:
        case "sender" | "recipient":
            return f"{option}s", tuple(value)
        case "field":
            return "custom", dict(map(assigned, value))
        case "tag":
            return "tags", tuple(filter(None, value))
        case "class_name":
            return "label", value
        case "language":
            return option, value.lower()
        case "dated":
            return option, read(option, value, date.fromisoformat)
    return option, value


def assigned(text: str) -> tuple[str, str]:
    """Name and value of a field, from NAME=VALUE."""
    name, equals, value = text.partition("=")
    if not equals:
        raise Usage(f"field is {text!r}: write it as NAME=VALUE")
    return name.strip(), value


def read(name: str, text: str, how: Callable[[str], T]) -> T | None:
    """The value; None for an empty text."""
    try:
        return how(text) if text else None
    except ValueError as error:
        form = "2026-03-31" if name == "dated" else "2026-03-31T09:30"
        raise Usage(f"{name} is {text!r}, which is no such date: write it as {form}") from error


def moment(name: str, text: str, zone: ZoneInfo) -> datetime | None:
    """A day and time, the office's where no offset is written; None for an empty text."""
    found = read(name, text, datetime.fromisoformat)
    return found.replace(tzinfo=zone) if found and found.tzinfo is None else found


with_details = with_options(_Options, _said)
"""Gives a command these options in place of its parameter ``said``, which gets what was given."""
