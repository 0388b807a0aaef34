"""``user token``, ``tokens``, ``revoke``: keys by which programs act as a user."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from postroom.acting import act, rights
from postroom.context import services
from postroom.office import By, user
from postroom.output import answer, say, table
from postroom.searching import Json

Whose = Annotated[str, typer.Argument(help="User for whom programs act with it.")]
Token = Annotated[str, typer.Argument(help="What it is for.")]


def add_to(app: typer.Typer) -> None:
    """Nothing: these verbs are the user's."""


@user.command("token")
def give(
    whose: Whose,
    name: Token,
    scope: Annotated[list[str] | None, typer.Option(help="read or write; more than once.")] = None,
    days: Annotated[int, typer.Option(min=0, help="After which it ends; 0 for never.")] = 90,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Give a token for the REST API. It is shown once."""
    instance = services()
    from register.tokens import give as make

    made = make(name, whose, scope or ("read",), days, act(instance, "", by))
    data = {"user": whose, "name": name, "token": made}
    answer(as_json, data, lambda: say(f"{made}\nKeep it: it is not shown again."))


@user.command("tokens")
def tokens(as_json: Json = False) -> None:
    """List the tokens that may be used."""
    instance = services()
    from register.tokens import listed

    data = listed(datetime.now(UTC), rights(instance))
    rows = [
        (one["user"], one["name"], ", ".join(one["scopes"]), one["expires_at"] or "never") for one in data
    ]
    answer(as_json, data, lambda: table("Tokens", ["user", "name", "scopes", "ends"], rows))


@user.command("revoke")
def revoke(whose: Whose, name: Token, by: By = "", as_json: Json = False) -> None:
    """Let a token be used no more."""
    instance = services()
    from register.tokens import revoke as end

    end(name, whose, act(instance, "", by))
    answer(
        as_json, {"user": whose, "name": name, "revoked": True}, lambda: say(f"{name} of {whose} has ended.")
    )
