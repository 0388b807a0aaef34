"""``party``: the people and organisations that the office writes with."""

from dataclasses import replace
from typing import Annotated, Any

import typer

from domain.errors import Usage
from domain.party import PartyDetails
from infra.wiring import Services
from postroom.acting import act, rights
from postroom.context import services
from postroom.output import answer, count, say, table
from postroom.party_options import with_party
from postroom.people import deliver
from postroom.searching import Json

Number = Annotated[str, typer.Argument(help="Number of the party, such as P-000123-3.")]
Why = Annotated[str, typer.Option("--reason", help="Why, for the history.")]
By = Annotated[str, typer.Option(help="Who does it; default: you.", show_default=False)]
Seen = Annotated[
    int | None,
    typer.Option(help="Last event of it that you saw: refused if somebody changed it since."),
]
Limit = Annotated[int, typer.Option(min=1, help="At most so many.")]

party = typer.Typer(no_args_is_help=True, help="The people and organisations that the office writes with.")


def add_to(app: typer.Typer) -> None:
    """Add these verbs."""
    app.add_typer(party, name="party")


@party.command()
@with_party
def new(
    name: Annotated[str, typer.Argument(help="Its name.")],
    said: dict[str, Any],
    reason: Why = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Enter a party: postroom party new "Ada Ltd" --identifier vat:GB980780684."""
    instance = _instance()
    from register.party_acts import new as enter

    made = enter(replace(PartyDetails(name), **said), act(instance, reason, by))
    _told(instance, str(made.key), as_json, f"{made.key} is entered.")


@party.command()
def show(number: Number, as_json: Json = False) -> None:
    """Show what is known of a party, and what it may be one with."""
    _shown(_instance(), number, as_json)


@party.command("list")
def list_parties(
    name: Annotated[str, typer.Option(help="Only those with this in their name.")] = "",
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List parties by number."""
    instance = _instance()
    from register.party_views import listed

    data = listed(name=name, limit=limit, rights=rights(instance))

    def people() -> None:
        if not data:
            say("There is none.")
            return
        rows = [(one["number"], one["name"], one["kind"], ", ".join(one["emails"])) for one in data]
        table(count(len(data), "party", "parties"), ["number", "name", "kind", "e-mail"], rows)

    answer(as_json, data, people)


@party.command()
@with_party
def change(
    number: Number,
    said: dict[str, Any],
    name: Annotated[str | None, typer.Option(help="Its name from now on.")] = None,
    reason: Why = "",
    by: By = "",
    seen: Seen = None,
    as_json: Json = False,
) -> None:
    """Change what is known of a party; what is named replaces what was there, "" takes it away."""
    said = said | ({"name": name} if name is not None else {})
    if not said:
        raise Usage("Say what is to change; see --help")
    instance = _instance()
    from register.party_acts import change as write

    done = write(number, lambda one: replace(one, **said), act(instance, reason, by, seen))
    _told(instance, str(done.key), as_json, f"{done.key} is changed.")


@party.command()
def similar(limit: Limit = 50, as_json: Json = False) -> None:
    """List pairs that may be one, the likeliest first. Nothing is merged by itself."""
    instance = _instance()
    from register.party_views import similar as pairs

    data = pairs(rights(instance), limit)

    def people() -> None:
        if not data:
            say("There is none.")
            return
        rows = [
            (
                f"{one['first']['number']} {one['first']['name']}",
                f"{one['second']['number']} {one['second']['name']}",
                f"{one['score']:.2f}",
                ", ".join(one["why"]),
            )
            for one in data
        ]
        table(count(len(data), "pair"), ["first", "second", "likeness", "why"], rows)

    answer(as_json, data, people)


@party.command()
def merge(
    number: Annotated[str, typer.Argument(help="Number of the party that stays.")],
    other: Annotated[str, typer.Argument(help="Number of the party that it is.")],
    reason: Why = "",
    by: By = "",
    seen: Seen = None,
    as_json: Json = False,
) -> None:
    """Say that two parties are one. The number of the other finds it from then on."""
    instance = _instance()
    from register.party_acts import merge as join

    done = join(number, other, act(instance, reason, by, seen))
    _told(instance, str(done.key), as_json, f"{other} is {done.key} now.")


@party.command()
def separate(
    number: Number,
    other: Annotated[str, typer.Argument(help="Number of the other.")],
    reason: Why = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Say that two parties are two: they are never proposed as one again."""
    instance = _instance()
    from register.party_acts import separate as part

    first, second = part(number, other, act(instance, reason, by))
    _told(instance, str(first.key), as_json, f"{first.key} and {second.key} are two.")


@party.command()
def split(number: Number, reason: Why = "", by: By = "", as_json: Json = False) -> None:
    """Take a merge back, by the number of the party that was merged away."""
    instance = _instance()
    from register.party_acts import split as undo

    done = undo(number, act(instance, reason, by))
    _told(instance, str(done.key), as_json, f"{done.key} is itself again.")


@party.command()
def history(number: Number, as_json: Json = False) -> None:
    """Show what became of a party, oldest first."""
    instance = _instance()
    from register.party_views import history as events

    data = events(number, rights(instance))

    def people() -> None:
        rows = [
            (
                one["sequence"],
                one["party"],
                one["kind"],
                one["actor"],
                one["at"],
                (one["content"] or {}).get("reason"),
            )
            for one in data
        ]
        table(f"party {number}", ["event", "party", "what", "who", "when", "why"], rows)

    answer(as_json, data, people)


def _instance() -> Services:
    """The instance, in which every party has its number."""
    instance = services()
    from register.party_following import adopt_all

    adopt_all()
    return instance


def _told(instance: Services, number: str, as_json: bool, said: str) -> None:
    deliver(instance)
    if as_json:
        _shown(instance, number, as_json)
    else:
        say(said)


def _shown(instance: Services, number: str, as_json: bool) -> None:
    from register.party_views import show as look

    data = look(number, rights(instance))

    def people() -> None:
        kind = f", {data['kind']}" if data["kind"] else ""
        say(f"{data['number']} {data['name']}{kind}", style="bold")
        for label, lines in _lines(data):
            for line in lines:
                say(f"{label}: {line}")
        for one in data["similar"]:
            say(f"may be {one['number']} {one['name']}: {', '.join(one['why'])}")
        say(count(data["entries"], "entry", "entries"))

    answer(as_json, data, people)


def _lines(data: dict[str, Any]) -> list[tuple[str, list[str]]]:
    places = [
        ", ".join(filter(None, (*one["lines"], f"{one['postcode']} {one['city']}".strip(), one["country"])))
        for one in data["addresses"]
    ]
    consents = [
        f"{one['purpose']}, {one['since'] or ''} - {one['until'] or ''} {one['evidence']}".strip()
        for one in data["consents"]
    ]
    return [
        ("also", data["other_names"]),
        ("address", places),
        ("identifier", data["identifiers"]),
        ("e-mail", data["emails"]),
        ("phone", data["phones"]),
        ("preferred", [data["preferred"]] if data["preferred"] else []),
        ("language", [data["language"]] if data["language"] else []),
        ("consent", consents),
        ("notes", [data["notes"]] if data["notes"] else []),
        ("merged into it", data["merged"]),
    ]
