"""The options by which a person says what is known of a party."""

from datetime import date
from typing import Annotated, Any

import typer

from domain.correspondence import Channel
from domain.errors import Usage
from domain.party import Address, Consent, PartyKind
from postroom.option_sets import named, with_options


class _Options:
    """The options by which a person says what is known of a party."""

    kind: Annotated[PartyKind | None, typer.Option(help="person or organisation.")]
    other_name: Annotated[list[str] | None, typer.Option(help="By which it is known too; more than once.")]
    address: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STREET;POSTCODE;CITY;COUNTRY", help="Where it is; | between lines; more than once."
        ),
    ]
    identifier: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND:VALUE", help="Such as vat:ESB58378431 or tax:CO:...; more than once."),
    ]
    email: Annotated[list[str] | None, typer.Option(help="The first is written to; more than once.")]
    phone: Annotated[list[str] | None, typer.Option(help="Such as +34 912 345 678; more than once.")]
    preferred: Annotated[Channel | None, typer.Option(help="The channel that it wants to be reached by.")]
    language: Annotated[str | None, typer.Option(help="Of what is written to it, such as en.")]
    consent: Annotated[
        list[str] | None,
        typer.Option(metavar="PURPOSE;FROM;TO;EVIDENCE", help="What it agreed to; more than once."),
    ]
    notes: Annotated[str | None, typer.Option(help="What else is to be known.")]


def _parts(option: str, text: str, form: str) -> list[str]:
    parts = [one.strip() for one in text.split(";")]
    if len(parts) > form.count(";") + 1:
        raise Usage(f"{option} is {text!r}: write it as {form}")
    return [*parts, *[""] * (form.count(";") + 1 - len(parts))]


def _address(text: str) -> Address:
    try:
        return Address.of(text)
    except ValueError as error:
        raise Usage(f"address is {text!r}: write it as STREET;POSTCODE;CITY;COUNTRY") from error


def _consent(text: str) -> Consent:
    purpose, since, until, evidence = _parts("consent", text, "PURPOSE;FROM;TO;EVIDENCE")
    return Consent(purpose, _day(text, since), _day(text, until), evidence)


def _day(text: str, day: str) -> date | None:
    try:
        return date.fromisoformat(day) if day else None
    except ValueError as error:
        raise Usage(f"consent is {text!r}, where {day!r} is no day: write it as 2026-03-31") from error


def _said(given: dict[str, Any]) -> dict[str, Any]:
    """The details that were named; an empty text takes all of a list away."""
    return dict(_detail(option, value) for option, value in named(given).items())


def _detail(option: str, value: Any) -> tuple[str, Any]:
    match option:
        case "address":
            return "addresses", tuple(map(_address, filter(None, value)))
        case "consent":
            return "consents", tuple(map(_consent, filter(None, value)))
        case "other_name" | "identifier" | "email" | "phone":
            return f"{option}s", tuple(filter(None, value))
    return option, value


with_party = with_options(_Options, _said)
"""Gives a command these options in place of its parameter ``said``, which gets what was given."""
