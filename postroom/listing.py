"""``entry list``: entries by what they are."""

import sys
from datetime import date
from typing import Annotated

import typer

from domain.correspondence import Channel, Confidentiality, Direction, Priority, held_by
from domain.errors import Usage
from domain.states import States
from infra.classes import must_be
from postroom.acting import rights
from postroom.context import services
from postroom.entry_options import assigned
from postroom.output import answer, count, minute, say, table
from postroom.searching import Json, day


def list_entries(
    register: Annotated[str, typer.Option(help="Only those of this register.")] = "",
    year: Annotated[int | None, typer.Option(help="Only those of this year of the register.")] = None,
    direction: Annotated[Direction | None, typer.Option(help="Only those of this direction.")] = None,
    status: Annotated[str, typer.Option(help="Only those in this state.")] = "",
    department: Annotated[str, typer.Option(help="Only those of this department.")] = "",
    person: Annotated[str, typer.Option(help="Only those of this person.")] = "",
    class_name: Annotated[str, typer.Option("--class", help="Only those of this class.")] = "",
    tag: Annotated[list[str] | None, typer.Option(help="Only those with this tag; more than once.")] = None,
    field: Annotated[
        list[str] | None, typer.Option(help="Only those with this value, NAME=VALUE; more than once.")
    ] = None,
    channel: Annotated[Channel | None, typer.Option(help="Only those that came or went so.")] = None,
    priority: Annotated[Priority | None, typer.Option(help="Only those of this priority.")] = None,
    confidentiality: Annotated[Confidentiality | None, typer.Option(help="Only those of this level.")] = None,
    since: Annotated[
        date | None, typer.Option("--from", parser=day, help="Received on or after, 2026-11-30.")
    ] = None,
    until: Annotated[date | None, typer.Option("--to", parser=day, help="Received on or before.")] = None,
    party: Annotated[str, typer.Option(help="Number of a sender or recipient, or a part of the name.")] = "",
    about: Annotated[str, typer.Option(help="Stands in the subject or the reference.")] = "",
    void: Annotated[bool, typer.Option("--void", help="Only void ones.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Void ones too.")] = False,
    still: Annotated[bool, typer.Option("--open", help="Only those that have not ended.")] = False,
    unclaimed: Annotated[
        bool, typer.Option("--unclaimed", help="Only what no person has yet; with --department its queue.")
    ] = False,
    with_registry: Annotated[
        bool, typer.Option("--with-registry", help="Only what is with no department and no person.")
    ] = False,
    order: Annotated[str, typer.Option(help="What stands first: newest, or number.")] = "newest",
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    numbers: Annotated[bool, typer.Option("--numbers", help="Only their numbers, a line each.")] = False,
    as_json: Json = False,
) -> None:
    """Entries by what they are, who holds them, and when they came."""
    instance = services()
    from register.listing import Asked, Held, Order, Which, listed

    if order not in list(Order):
        raise Usage(f"--order is {order!r}: give {' or '.join(Order)}")
    if void and every:
        raise Usage("Give either --void or --all")
    asked = Asked(
        register=register,
        year=year,
        direction=direction or "",
        status=status,
        department=department,
        person=person,
        label=class_name,
        tags=tuple(tag or ()),
        custom=dict(map(assigned, field or ())),
        channel=channel or "",
        priority=priority or "",
        confidentiality=confidentiality or "",
        since=since,
        until=until,
        party=party,
        about=about,
        which=Which.VOID if void else Which.ALL if every else Which.COUNTING,
        open=still,
        held=Held.REGISTRY if with_registry else Held.UNCLAIMED if unclaimed else Held.ANY,
        order=Order(order),
    )
    data = listed(
        asked,
        zone=instance.settings.zone,
        states=States(instance.settings.states),
        known=lambda label: must_be(instance, label),
        limit=limit,
        rights=rights(instance),
    )

    def people() -> None:
        if numbers:
            sys.stdout.writelines(f"{one['number']}\n" for one in data)
            return
        if not data:
            say("There is none.")
            return
        rows = [
            (
                one["number"],
                "void" if one["voided_at"] else one["status"],
                "" if one["voided_at"] else held_by(one["department"], one["person"]),
                minute(one["due_at"], instance.settings.zone),
                "" if one["priority"] == Priority.NORMAL else one["priority"],
                "; ".join(one["recipients" if one["direction"] == Direction.OUTGOING else "senders"]),
                one["subject"],
            )
            for one in data
        ]
        columns = ["number", "state", "with", "due", "priority", "other side", "subject"]
        table(count(len(data), "entry", "entries"), columns, rows)

    answer(as_json, data, people)
